"""What the cache reads of a record, asked of a client: so that both kinds of client reuse and explain alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from clew.client.protocol import Client
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Context, Event, Execution, Node, Page

if TYPE_CHECKING:
    from clew.metadata.ids import ArtifactId, ExecutionId


class ClientReader:
    """The part of ``metadata.Reader`` that ``executors.cache`` calls."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def executions_with_fingerprint(self, fingerprint: str, limit: int = 20) -> list[Execution]:
        """Newest first."""
        return self._client.executions_with_fingerprint(fingerprint, limit)

    def events_of_executions(self, ids: Iterable[int]) -> list[Event]:
        """What these executions read and wrote."""
        details = [self._client.detail(NodeRef(Kind.EXECUTION, id)) for id in ids]
        return [touch.event for detail in details for touch in detail.touches]

    def contexts_of_executions(self, ids: Iterable[int]) -> dict[int, list[Context]]:
        """The contexts each belongs to."""
        return {id: list(self._client.detail(NodeRef(Kind.EXECUTION, id)).contexts) for id in ids}

    def artifacts_by_id(self, ids: Iterable[ArtifactId]) -> dict[int, Artifact]:
        """Those that exist."""
        found = self._client.nodes_by_ref([NodeRef(Kind.ARTIFACT, id) for id in ids])
        return {ref.id: node for ref, node in found.items() if isinstance(node, Artifact)}

    def executions_by_id(self, ids: Iterable[ExecutionId]) -> dict[int, Execution]:
        """Those that exist."""
        found = self._client.nodes_by_ref([NodeRef(Kind.EXECUTION, id) for id in ids])
        return {ref.id: node for ref, node in found.items() if isinstance(node, Execution)}

    def execution(self, id: int) -> Execution:
        """The execution. Errors: ExecutionNotFound."""
        node = self._client.detail(NodeRef(Kind.EXECUTION, id)).node
        assert isinstance(node, Execution)
        return node

    def find(self, kind: Kind, type: str, name: str, namespace: str = "default") -> Node | None:
        """The node of that type and name."""
        return self._client.find(kind, type, name, namespace)

    def executions(
        self, *, context_id: int, order: str, descending: bool, limit: int, after: str | None = None
    ) -> Page[Any]:
        """One page of the executions in a context; of its cursors, only the last is known."""
        page = self._client.nodes(
            Kind.EXECUTION, context=context_id, order=order, descending=descending, limit=limit, after=after
        )
        return Page(list(page.items), [page.next_cursor or ""], page.next_cursor is not None)
