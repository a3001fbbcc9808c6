"""Questions that help to ask: search, and what this server is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from clew.api.graphql.arguments import First
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Kind
from clew.api.graphql.nodes import Node, artifacts_of, contexts_of, executions_of
from clew.api.graphql.operation import Info, Operation, Snapshot
from clew.api.graphql.scalars import Int64
from clew.api.settings import Limits
from clew.metadata import node as record
from clew.metadata.search import search

Text = Annotated[str, strawberry.argument(description="An id, a name, an address, a digest, or words of one.")]
Kinds = Annotated[list[Kind] | None, strawberry.argument(description="Only nodes of these kinds.")]


@strawberry.type(description="A node that a search found.")
class SearchHit:
    """A hit."""

    node: Node = strawberry.field(description="The node.")
    matched: str = strawberry.field(
        description="By what it was found: id, name, displayName (of steps, outputs and runs), externalId, uri, digest "
        "or fingerprint."
    )
    exact: bool = strawberry.field(description="Whether the text is the whole of it, to the letter.")


@strawberry.type(description="What a search found.")
class SearchAnswer:
    """Hits."""

    hits: list[SearchHit] = strawberry.field(description="The best first: exact, then beginning with, then containing.")
    partial: bool = strawberry.field(description="Whether time ran out before every node was looked at.")
    took_ms: float = strawberry.field(description="How long it took.")


@strawberry.type(description="What one operation may ask for.")
class ServerLimits:
    """Limits."""

    depth: int = strawberry.field(description="Nested selections.")
    aliases: int = strawberry.field(description="Aliases in a document.")
    tokens: int = strawberry.field(description="Words in a document.")
    cost: Int64 = strawberry.field(description="Fields an answer may hold at worst.")
    time_s: float = strawberry.field(description="Seconds an operation may take.")
    page: int = strawberry.field(description="Largest `first`.")
    nodes: int = strawberry.field(description="Largest `maxNodes`.")
    body_bytes: Int64 = strawberry.field(description="Bytes of a request.")
    subscriptions: int = strawberry.field(description="Open subscriptions on one WebSocket.")


@strawberry.type(description="The server that answers, and its record.")
class Server:
    """The server."""

    snapshot: strawberry.Private[Snapshot]
    version: str = strawberry.field(description="Clew's version.")
    started_ms: Int64 = strawberry.field(description="When it began to serve: UTC epoch milliseconds.")
    home: str = strawberry.field(description="Name of the home it serves.")
    store: str = strawberry.field(description="Database of the record: sqlite or postgresql.")
    engine: str = strawberry.field(description="Graph engine that answers: embedded, or sql until it has loaded.")
    seq: Int64 = strawberry.field(description="Position of the last committed change.")

    @resolved
    def first_change_ms(self) -> Int64 | None:
        """When the first change was committed; null for an empty record."""
        return self._time_of("ASC")

    @resolved
    def last_change_ms(self) -> Int64 | None:
        """When the last change was committed; null for an empty record."""
        return self._time_of("DESC")

    @resolved
    def namespaces(self) -> list[str]:
        """The namespaces that nodes are in, by name."""
        return self.snapshot.operation.services.namespaces.of(self.snapshot.reader)

    @resolved
    def limits(self) -> ServerLimits:
        """What one operation may ask for."""
        return _limits(self.snapshot.operation.limits)

    def _time_of(self, direction: str) -> Int64 | None:
        rows = self.snapshot.reader.query(f"SELECT time_ms FROM change ORDER BY seq {direction} LIMIT 1")
        return Int64(rows[0][0]) if rows else None


@strawberry.type
class LookQuery:
    """What a person asks first."""

    @resolved
    def search(
        self,
        info: Info,
        text: Text,
        kinds: Kinds = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only nodes of this namespace.")] = None,
        first: First = 20,
    ) -> SearchAnswer:
        """Nodes by id, name, external id, address or digest, the best first: exact, then beginning with the text, then
        containing all its words; newest first among equals. Never slow: where there is no time to look at every node,
        `partial` says so.
        """
        began = time.perf_counter()
        snapshot = info.context.snapshot()
        chosen = tuple(Kind) if kinds is None else tuple(kinds)
        found = search(snapshot.reader, text, kinds=chosen, namespace=namespace, limit=info.context.page(first))
        nodes = _wrapped(snapshot, [hit.node for hit in found.hits])
        hits = [SearchHit(node=nodes[hit.node.ref], matched=hit.matched, exact=hit.exact) for hit in found.hits]
        return SearchAnswer(hits=hits, partial=found.partial, took_ms=(time.perf_counter() - began) * 1000)

    @resolved
    def server(self, info: Info) -> Server:
        """The server that answers: version, home, store, engine, how far the record reaches, limits."""
        return _server(info.context)


def _wrapped(snapshot: Snapshot, rows: Sequence[record.Node]) -> dict[Any, Node]:
    """Nodes by reference, each kind one batch."""
    kinds: tuple[tuple[type, Any], ...] = (
        (record.Artifact, artifacts_of),
        (record.Execution, executions_of),
        (record.Context, contexts_of),
    )
    batches = (wrap(snapshot, [row for row in rows if isinstance(row, of)]) for of, wrap in kinds)
    return {node.row.ref: node for batch in batches for node in batch}


def _server(operation: Operation) -> Server:
    services, snapshot = operation.services, operation.snapshot()
    return Server(
        snapshot=snapshot,
        version=services.version,
        started_ms=Int64(services.started_ms),
        home=services.home,
        store=snapshot.reader.dialect,
        engine=services.engine.name,
        seq=Int64(snapshot.reader.seq),
    )


def _limits(limits: Limits) -> ServerLimits:
    return ServerLimits(
        depth=limits.depth,
        aliases=limits.aliases,
        tokens=limits.tokens,
        cost=Int64(limits.cost),
        time_s=limits.time_s,
        page=limits.page,
        nodes=limits.nodes,
        body_bytes=Int64(limits.body_bytes),
        subscriptions=limits.subscriptions,
    )
