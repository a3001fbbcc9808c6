"""Which engine answers: the embedded one where it can run, SQL where it cannot, and while it gets ready."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from clew.graph.protocol import EVERYTHING, Among, Counts, Direction, GraphEngine, NodeFilter, Paths, Trace
from clew.graph.sql import SqlEngine
from clew.metadata.errors import Invalid
from clew.metadata.ids import NodeRef
from clew.metadata.record import Record

log = logging.getLogger(__name__)
Choice = Literal["auto", "embedded", "sql"]
CLOSE_WAIT_S = 2.0


def choose(record: Record, folder: Path | None = None, want: Choice = "auto") -> GraphEngine:
    """The engine for a process that asks often.

    ``auto`` answers at once: by SQL until the embedded engine has been compiled and loaded in the background, which
    takes from half a second to a minute, and for good where numba is missing. ``embedded`` waits for it. ``folder``
    keeps its snapshot.
    Errors: ImportError for ``embedded`` without numba; Invalid for another word.
    """
    if want == "sql":
        return SqlEngine(record)
    if want == "embedded":
        return _embedded(record, folder)
    if want != "auto":
        raise Invalid(f"{want!r} is no engine", field="engine", value=want, remedy="Use auto, embedded or sql")
    return WarmingEngine(SqlEngine(record), lambda: _embedded(record, folder))


def _embedded(record: Record, folder: Path | None) -> GraphEngine:
    from clew.graph.embedded import EmbeddedEngine
    from clew.graph.embedded.warm import warm

    warm()
    return EmbeddedEngine(record, folder)


class WarmingEngine:
    """Answers by one engine until another is ready, then by that."""

    def __init__(self, first: GraphEngine, make: Callable[[], GraphEngine]) -> None:
        self._engine = first
        self._first = first
        self._make = make
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._warm, name="clew-graph-warming", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Name of the engine that answers now."""
        return self._engine.name

    @property
    def seq(self) -> int | None:
        """The change up to which that engine has followed; None for one that reads the record itself."""
        seq = getattr(self._engine, "seq", None)
        return seq if isinstance(seq, int) else None

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until warming has ended; whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def trace(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = None,
        where: NodeFilter = EVERYTHING,
        edges: bool = False,
        min_seq: int = 0,
    ) -> Trace:
        """Walk from ``seeds``."""
        return self._engine.trace(
            seeds, direction, depth=depth, max_nodes=max_nodes, where=where, edges=edges, min_seq=min_seq
        )

    def counts(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        where: NodeFilter = EVERYTHING,
        min_seq: int = 0,
        enough: int | None = None,
    ) -> Counts:
        """Count what ``trace`` would reach."""
        return self._engine.counts(seeds, direction, depth=depth, where=where, min_seq=min_seq, enough=enough)

    def paths(
        self, a: NodeRef, b: NodeRef, *, limit: int = 10, max_depth: int | None = None, min_seq: int = 0
    ) -> Paths:
        """Shortest paths from ``a`` down to ``b``."""
        return self._engine.paths(a, b, limit=limit, max_depth=max_depth, min_seq=min_seq)

    def among(self, nodes: Sequence[NodeRef], *, edges: bool = False, min_seq: int = 0) -> Among:
        """How ``nodes`` are wired."""
        return self._engine.among(nodes, edges=edges, min_seq=min_seq)

    def close(self) -> None:
        """Close both engines; one that is still being made is closed when it is made."""
        with self._lock:
            self._closed = True
            engine = self._engine
        engine.close()
        if engine is not self._first:
            self._first.close()
        self._thread.join(CLOSE_WAIT_S)  # a big record may be loading for a minute: nobody waits for that to end

    def _warm(self) -> None:
        try:
            engine = self._make()
        except ImportError as error:
            log.warning("the embedded engine is not available (%s); answering by SQL", error)
            return
        except Exception:
            if not self._closed:  # else: the record was closed under us
                log.exception("the embedded engine could not be loaded; answering by SQL")
            return
        with self._lock:
            if not self._closed:
                self._engine = engine
                return
        engine.close()
