"""The one service layer under every face: what is asked, answered from the record and the engine."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from clew.api.mlflow.store.database import TrackingStore
from clew.executors.runs.service import RunService
from clew.graph.protocol import GraphEngine
from clew.graph.sql import SqlEngine
from clew.metadata.identity import Identity
from clew.metadata.namespaces import Namespaces
from clew.metadata.reader import Reader
from clew.metadata.record import Record


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a face may call. Built by ``clew.wiring``."""

    record: Record
    engine: GraphEngine
    version: str = ""
    runs: RunService | None = None
    """What can be done with runs; None where there is no home to run them in."""
    most_rows: int | None = None
    """Rows a query may answer, where whoever asks must not be kept waiting; more are TooLong."""

    home: str = ""
    """Name of the home that is served."""
    started_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    """When it began to serve."""
    namespaces: Namespaces = field(default_factory=Namespaces)
    identity: Identity = None  # type: ignore[assignment]
    """What protocols say goes through it; one of the record's own, where none is given."""

    tracking: TrackingStore = None  # type: ignore[assignment]
    """What MLflow's clients tell beside the record; opened when it is first used, closed with the app."""

    def __post_init__(self) -> None:
        """Have an identity and a tracking store."""
        given: tuple[object, object] = (self.identity, self.tracking)
        if given[0] is None:
            object.__setattr__(self, "identity", Identity(self.record))
        if given[1] is None:
            object.__setattr__(self, "tracking", TrackingStore(self.record))

    def read(self) -> AbstractContextManager[Reader]:
        """A snapshot of now. Errors: TooLong beyond ``most_rows``."""
        return self.record.read(most_rows=self.most_rows)

    def engine_as_of(self, seq: int | None) -> GraphEngine:
        """The engine that answers as of a change; the usual one for None."""
        return self.engine if seq is None else SqlEngine(self.record, as_of=seq)

    def engine_seq(self) -> int | None:
        """The change up to which the engine reflects the record; None for an engine that reads the record itself."""
        seq = getattr(self.engine, "seq", None)
        return seq if isinstance(seq, int) else None
