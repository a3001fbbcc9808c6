"""A connection to a record, and the one that ``clew.execution()`` and its siblings use when none is named."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.client.connect import connect as connect_client
from clew.client.protocol import NOW, Client, Lineage, Moment
from clew.client.prune import without_reuse
from clew.draw.tree import draw
from clew.graph.protocol import Direction
from clew.metadata.blobs import LocalStore
from clew.metadata.errors import UsageError
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Context, Execution, Node
from clew.sdk.running import Running
from clew.settings import Settings, load

if TYPE_CHECKING:
    from clew.executors.claims import Claims

Named = str | Path | NodeRef | Node
"""A node: an id (``artifact:42``), a URI, a digest, a path, or the node itself."""
PAGE = 500


class Traced:
    """A lineage: iterate over its nodes, nearest first, or print it as a tree."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage

    @property
    def nodes(self) -> list[Node]:
        """The nodes, nearest first, what was asked about included."""
        return list(self.lineage.nodes.values())

    @property
    def artifacts(self) -> list[Artifact]:
        """The artifacts, nearest first."""
        return [node for node in self.nodes if isinstance(node, Artifact)]

    @property
    def executions(self) -> list[Execution]:
        """The executions, nearest first."""
        return [node for node in self.nodes if isinstance(node, Execution)]

    @property
    def partial(self) -> bool:
        """Whether ``max_nodes`` or ``depth`` left something out."""
        return self.lineage.partial

    def __iter__(self) -> Any:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.lineage.nodes)

    def __str__(self) -> str:
        return "\n".join(draw(without_reuse(self.lineage)[0]))

    __repr__ = __str__


class Connection:
    """A record to report to and to ask: a home's, in this process, or a server's. Thread-safe."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self.client = client
        self.settings = settings
        self.store = LocalStore(settings.home.absolute() / "blobs")
        """Where files and values are kept: in the home; with a server, on this machine only."""

    @cached_property
    def claims(self) -> Claims:
        """Where calls of steps claim the right to compute: where everybody who shares the record does."""
        from clew.client.embedded import EmbeddedClient
        from clew.executors.claims import FileClaims, claims_of

        locks = self.settings.home.absolute() / "locks" / "steps"  # those of pipelines: a task may be the same work
        return (
            claims_of(self.client.home.record, locks) if isinstance(self.client, EmbeddedClient) else FileClaims(locks)
        )

    @property
    def is_remote(self) -> bool:
        """Whether the record is a server's."""
        return bool(self.settings.url)

    def execution(
        self,
        type: str,
        *,
        inputs: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        name: str | None = None,
        owner: str | None = None,
        project: str | None = None,
        experiment: str | None = None,
        run: str | None = None,
        namespace: str | None = None,
    ) -> Running:
        """Work to report: use it in a ``with`` statement. See :class:`clew.sdk.running.Running`."""
        return Running(
            self,
            type,
            inputs=inputs or {},
            params=params or {},
            name=name,
            contexts={"owner": owner, "project": project, "experiment": experiment, "run": run},
            namespace=namespace or self.settings.namespace,
        )

    def artifacts(
        self, where: str | None = None, *, type: str | None = None, limit: int | None = None
    ) -> list[Artifact]:
        """Artifacts, newest first. Errors: InvalidFilter, TypeNotFound."""
        return [node for node in self._nodes(Kind.ARTIFACT, where, type, limit) if isinstance(node, Artifact)]

    def executions(
        self, where: str | None = None, *, type: str | None = None, limit: int | None = None
    ) -> list[Execution]:
        """Executions, newest first. Errors: InvalidFilter, TypeNotFound."""
        return [node for node in self._nodes(Kind.EXECUTION, where, type, limit) if isinstance(node, Execution)]

    def contexts(self, where: str | None = None, *, type: str | None = None, limit: int | None = None) -> list[Context]:
        """Contexts, newest first. Errors: InvalidFilter, TypeNotFound."""
        return [node for node in self._nodes(Kind.CONTEXT, where, type, limit) if isinstance(node, Context)]

    def trace(
        self,
        of: Named | Iterable[Named],
        direction: str = "up",
        *,
        depth: int | None = None,
        max_nodes: int = 1000,
        as_of: int | None = None,
    ) -> Traced:
        """Where ``of`` came from (``up``), what was made from it (``down``), or ``both``.

        Errors: ArtifactNotFound and its siblings; UsageError for another direction.
        """
        moment = NOW if as_of is None else Moment(seq=as_of)
        refs = [self.ref(one, moment) for one in _several(of)]
        return Traced(self.client.trace(refs, _direction(direction), depth=depth, max_nodes=max_nodes, moment=moment))

    def impact(self, of: Named | Iterable[Named], *, depth: int | None = None, max_nodes: int = 1000) -> Traced:
        """Everything that was made from ``of``, nearest first."""
        refs = [self.ref(one) for one in _several(of)]
        return Traced(self.client.impact(refs, depth=depth, max_nodes=max_nodes).lineage)

    def ref(self, of: Named, moment: Moment = NOW) -> NodeRef:
        """The id of what ``of`` names."""
        if isinstance(of, NodeRef):
            return of
        if isinstance(of, Artifact | Execution | Context):
            return of.ref
        return self.client.resolve(os.fspath(of), moment)

    def close(self) -> None:
        """Release the record."""
        if "claims" in self.__dict__:
            self.claims.close()
        self.client.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _nodes(self, kind: Kind, where: str | None, type: str | None, limit: int | None) -> list[Node]:
        found: list[Node] = []
        cursor: str | None = None
        while limit is None or len(found) < limit:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            page = self.client.nodes(kind, where=where, type=type, descending=True, after=cursor, limit=size)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        return found


_default: Connection | None = None
_lock = threading.Lock()


def connect(where: str | Path | None = None, **settings: Any) -> Connection:
    """Connect to a home (a folder; made when missing) or a server (``http://...``), and make it the default.

    Without ``where``: what CLEW_URL or CLEW_HOME name, else ``.clew`` in the working directory. ``settings`` are those
    of docs/configuration.md, as ``namespace="team-a"``.
    Errors: Invalid for a bad setting; SchemaTooNew, Corrupt, StoreReadOnly for the home.
    """
    global _default
    connection = _open(where, settings)
    with _lock:
        _default = connection
    return connection


def default() -> Connection:
    """The default connection, made when first asked for."""
    global _default
    with _lock:
        if _default is None:
            _default = _open(None, {})
        return _default


def execution(type: str, **options: Any) -> Running:
    """:meth:`Connection.execution` on the default connection."""
    return default().execution(type, **options)


def artifacts(where: str | None = None, *, type: str | None = None, limit: int | None = None) -> list[Artifact]:
    """:meth:`Connection.artifacts` on the default connection."""
    return default().artifacts(where, type=type, limit=limit)


def executions(where: str | None = None, *, type: str | None = None, limit: int | None = None) -> list[Execution]:
    """:meth:`Connection.executions` on the default connection."""
    return default().executions(where, type=type, limit=limit)


def trace(of: Named | Iterable[Named], direction: str = "up", **options: Any) -> Traced:
    """:meth:`Connection.trace` on the default connection."""
    return default().trace(of, direction, **options)


def impact(of: Named | Iterable[Named], **options: Any) -> Traced:
    """:meth:`Connection.impact` on the default connection."""
    return default().impact(of, **options)


def _open(where: str | Path | None, given: Mapping[str, Any]) -> Connection:
    named: dict[str, Any] = dict(given)
    if where is not None:
        is_url = isinstance(where, str) and where.startswith(("http://", "https://"))
        named |= {"url": where} if is_url else {"home": where, "url": ""}
    settings = load(**named)
    return Connection(connect_client(settings, create=True), settings)


def _several(of: Named | Iterable[Named]) -> list[Named]:
    if isinstance(of, str | Path | NodeRef | Artifact | Execution | Context):
        return [of]
    return list(of)


def _direction(text: str) -> Direction:
    try:
        return Direction(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no direction", field="direction", value=text, remedy="Write up, down or both"
        ) from error
