"""Report sayings: to the home's identity, or to a server; through the spool while the server is away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clew.client.embedded import EmbeddedClient
from clew.client.remote import RemoteClient
from clew.metadata.change import NodePut
from clew.metadata.errors import SourceUnreachable, TimedOut
from clew.metadata.ids import Kind, NodeRef

if TYPE_CHECKING:
    from clew.client.protocol import Client
    from clew.metadata.identity import Saying
    from clew.settings import Settings


class Reporter:
    """Reports for one process. Thread-safe."""

    def __init__(self, client: Client, settings: Settings) -> None:
        from clew.client.spool import Spool

        self._client = client
        self._spool = Spool.of(settings) if settings.url else None

    def settle(self, sayings: Sequence[Saying]) -> list[NodeRef | None]:
        """Report; the executions, or None of each where the server is away and the report waits in the spool.

        Errors: those of the record; SpoolFull.
        """
        if isinstance(self._client, EmbeddedClient):
            receipts = self._client.home.identity.settle(sayings)
            return [
                NodeRef(Kind.EXECUTION, r.id(s.execution) if isinstance(s.execution, NodePut) else s.execution)
                for r, s in zip(receipts, sayings, strict=True)
            ]
        assert isinstance(self._client, RemoteClient)
        assert self._spool is not None
        from clew.client.saying import SaidSaying

        said = [SaidSaying(saying).input for saying in sayings]
        if self._spool.is_empty():
            try:
                return list(self._client.settle(said))
            except (SourceUnreachable, TimedOut):
                pass
        for one in said:
            self._spool.put([one])
        return [None] * len(said)

    def send(self) -> int:
        """Deliver what waits; how many reports were. Nothing while the server is away."""
        if self._spool is None or self._spool.is_empty() or not isinstance(self._client, RemoteClient):
            return 0
        try:
            return self._spool.send(self._client.settle)
        except (SourceUnreachable, TimedOut):
            return 0
