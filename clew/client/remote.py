"""A client of a Clew server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clew.client import wire
from clew.client.answers import address, impacted, not_recorded, why
from clew.client.http import GraphQL
from clew.client.protocol import NOW, Detail, Impacted, Lineage, Listing, Moment, Routes, Touch
from clew.client.wire import EVENT_FIELDS, NODE_FIELDS, TYPE_FIELDS
from clew.graph.protocol import Direction
from clew.metadata.change import Change, Receipt
from clew.metadata.errors import TypeNotFound, Unsupported
from clew.metadata.ids import Kind, NodeRef, Seq
from clew.metadata.node import Artifact, Committed, Context, Execution, Node, NodeType
from clew.metadata.states import EventType
from clew.settings import Settings

EVENTS_MAX = 1000
"""Events of one node fetched at most: a server's page."""
_LINEAGE = """
  depth totalNodes totalEdges partial seq tookMs
  nodes { id depth node { ...N } } edges { execution artifact type }
"""
_COMPARE = """
query($a: ID!, $b: ID!, $all: Boolean!) {
  compare(a: $a, b: $b, all: $all) {
    a b kind same partial entries { ...E } producers { ...P } tasks { ...P }
  }
}
fragment P on ComparedPair { task a b same entries { ...E } }
fragment E on ComparedEntry { section name a b same }
"""
_DETAIL = f"""
query($id: ID!, $first: Int!, $asOf: AsOf) {{
  node(id: $id, asOf: $asOf) {{
    ...N
    ... on Artifact {{ events(first: $first) {{ {EVENT_FIELDS} execution {{ ...N }} }} contexts {{ ...N }} }}
    ... on Execution {{ events(first: $first) {{ {EVENT_FIELDS} artifact {{ ...N }} }} contexts {{ ...N }} }}
    ... on Context {{
      parents {{ ...N }} children {{ ...N }}
      artifacts(first: 1) {{ totalCount }} executions(first: 1) {{ totalCount }}
    }}
  }}
}}
{NODE_FIELDS}
"""


class RemoteClient:
    """Asks and writes a record over HTTP. What one call writes, the next one sees."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.place = settings.url
        self._graphql = GraphQL(settings)
        self._min_seq = 0

    def resolve(self, text: str, moment: Moment = NOW) -> NodeRef:
        """The node named by an id, a URI or a digest; of several, the newest."""
        if text.startswith(("artifact:", "execution:", "context:")):
            return NodeRef.parse(text)
        if text.startswith(("sha256:", "tree:")):
            found = self.ask(
                """query($digest: String!, $asOf: AsOf) {
                  artifacts(filter: {digest: $digest}, orderBy: {direction: DESC}, first: 1, asOf: $asOf) {
                    nodes { id }
                  }
                }""",
                digest=text,
                asOf=_as_of(moment),
            )["artifacts"]["nodes"]
        else:
            found = self.ask(
                "query($uri: String!, $asOf: AsOf) { artifactsAt(uri: $uri, first: 1, asOf: $asOf) { id } }",
                uri=address(text),
                asOf=_as_of(moment),
            )["artifactsAt"]
        if not found:
            raise not_recorded(text)
        return NodeRef.parse(found[0]["id"])

    def nodes_by_ref(self, refs: Sequence[NodeRef], moment: Moment = NOW) -> dict[NodeRef, Node]:
        """The nodes that exist among ``refs``, in their order."""
        if not refs:
            return {}
        said = self.ask(
            "query($ids: [ID!]!, $asOf: AsOf) { nodes(ids: $ids, asOf: $asOf) { ...N } }" + NODE_FIELDS,
            ids=[str(ref) for ref in refs],
            asOf=_as_of(moment),
        )["nodes"]
        return {ref: wire.node(one) for ref, one in zip(refs, said, strict=True) if one is not None}

    def artifacts_at(self, uri: str) -> list[Artifact]:
        """The artifacts at an address, however it is spelled; newest first."""
        said = self.ask("query($uri: String!) { artifactsAt(uri: $uri) { ...N } }" + NODE_FIELDS, uri=uri)
        return _artifacts(said["artifactsAt"])

    def artifacts_with_digest(self, digest: str) -> list[Artifact]:
        """The artifacts with these bytes; newest first, a hundred at most."""
        said = self.ask(
            """query($digest: String!) {
              artifacts(filter: {digest: $digest}, orderBy: {direction: DESC}) { nodes { ...N } }
            }"""
            + NODE_FIELDS,
            digest=digest,
        )
        return _artifacts(said["artifacts"]["nodes"])

    def executions_with_fingerprint(self, fingerprint: str, limit: int = 20) -> list[Execution]:
        """The executions that depended on exactly the same; newest first."""
        said = self.ask(
            """query($fingerprint: String!, $first: Int!) {
              executionsWithFingerprint(fingerprint: $fingerprint, first: $first) { ...N }
            }"""
            + NODE_FIELDS,
            fingerprint=fingerprint,
            first=limit,
        )
        return [found for one in said["executionsWithFingerprint"] if isinstance(found := wire.node(one), Execution)]

    def find(self, kind: Kind, type: str, name: str, namespace: str = "default") -> Node | None:
        """The node of that type and name; None when there is none."""
        try:
            said = self.ask(
                """query($kind: NodeKind!, $type: String!, $name: String!, $namespace: String!) {
                  find(kind: $kind, type: $type, name: $name, namespace: $namespace) { ...N }
                }"""
                + NODE_FIELDS,
                kind=kind.name,
                type=type,
                name=name,
                namespace=namespace,
            )["find"]
        except TypeNotFound:
            return None
        return None if said is None else wire.node(said)

    def detail(self, ref: NodeRef, moment: Moment = NOW) -> Detail:
        """A node and what hangs on it."""
        said = self.ask(_DETAIL, id=str(ref), first=EVENTS_MAX, asOf=_as_of(moment))["node"]
        node = wire.node(said)
        if ref.kind is Kind.CONTEXT:
            return Detail(
                node,
                contexts=_contexts(said["parents"]),
                children=_contexts(said["children"]),
                artifact_count=int(said["artifacts"]["totalCount"]),
                execution_count=int(said["executions"]["totalCount"]),
            )
        touches = []
        for event in said["events"]:
            other = wire.node(event["execution" if ref.kind is Kind.ARTIFACT else "artifact"])
            execution_id, artifact_id = (other.id, ref.id) if ref.kind is Kind.ARTIFACT else (ref.id, other.id)
            touches.append(Touch(wire.event(event, execution_id, artifact_id), other))
        return Detail(node, touches, _contexts(said["contexts"]))

    def history(self, ref: NodeRef) -> list[Node]:
        """Every state of a node, oldest first."""
        said = self.ask("query($id: ID!) { node(id: $id) { history { ...N } } }" + NODE_FIELDS, id=str(ref))
        return [wire.node(one) for one in said["node"]["history"]]

    def nodes(
        self,
        kind: Kind,
        *,
        where: str | None = None,
        type: str | None = None,
        namespace: str | None = None,
        context: int | None = None,
        order: str = "id",
        descending: bool = False,
        after: str | None = None,
        limit: int = 100,
        moment: Moment = NOW,
    ) -> Listing:
        """One page of the nodes of a kind."""
        name = f"{kind.value}s"
        within = None if context is None else f"context:{context}"
        given = {"type": type, "namespace": namespace, "context": within}
        filter = {key: value for key, value in given.items() if value is not None}
        said = self.ask(
            f"""query($where: String, $filter: {kind.value.capitalize()}Filter, $orderBy: OrderBy, $first: Int!,
                      $after: String, $asOf: AsOf) {{
              {name}(where: $where, filter: $filter, orderBy: $orderBy, first: $first, after: $after, asOf: $asOf) {{
                nodes {{ ...N }} pageInfo {{ hasNextPage endCursor }} totalCount
              }}
            }}"""
            + NODE_FIELDS,
            where=where,
            filter=filter or None,
            orderBy={"field": order.upper(), "direction": "DESC" if descending else "ASC"},
            first=limit,
            after=after,
            asOf=_as_of(moment),
        )[name]
        page = said["pageInfo"]
        cursor = page["endCursor"] if page["hasNextPage"] else None
        return Listing([wire.node(one) for one in said["nodes"]], cursor, int(said["totalCount"]))

    def types(self, kind: Kind | None = None) -> list[tuple[NodeType, int]]:
        """The types and how many nodes each has."""
        found: list[tuple[NodeType, int]] = []
        cursor: str | None = None
        while True:
            said = self.ask(
                """query($kind: NodeKind, $after: String) {
                  types(kind: $kind, first: 500, after: $after) { nodes { ...T } pageInfo { hasNextPage endCursor } }
                }"""
                + TYPE_FIELDS,
                kind=None if kind is None else kind.name,
                after=cursor,
            )["types"]
            found += [(wire.node_type(one), int(one["count"])) for one in said["nodes"]]
            if not said["pageInfo"]["hasNextPage"]:
                return found
            cursor = said["pageInfo"]["endCursor"]

    def trace(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = 1000,
        moment: Moment = NOW,
    ) -> Lineage:
        """Walk the lineage of ``seeds``."""
        said = self.ask(
            f"""query($of: [ID!]!, $direction: Direction!, $depth: Int, $maxNodes: Int!, $asOf: AsOf,
                      $minSeq: Int64!) {{
              lineage(of: $of, direction: $direction, depth: $depth, maxNodes: $maxNodes, asOf: $asOf, minSeq: $minSeq)
              {{ {_LINEAGE} }}
            }}"""
            + NODE_FIELDS,
            of=[str(ref) for ref in seeds],
            direction=direction.name,
            depth=depth,
            maxNodes=_bounded(max_nodes),
            asOf=_as_of(moment),
            minSeq=self._min_seq,
        )["lineage"]
        return _lineage(seeds, direction, said)

    def impact(self, seeds: Sequence[NodeRef], *, depth: int | None = None, max_nodes: int | None = 1000) -> Impacted:
        """Everything made from ``seeds``."""
        said = self.ask(
            f"""query($of: [ID!]!, $depth: Int, $maxNodes: Int!, $minSeq: Int64!) {{
              impact(of: $of, depth: $depth, maxNodes: $maxNodes, minSeq: $minSeq) {{
                artifacts executions byType {{ type {{ name }} count }} leaves {{ id }} reached {{ {_LINEAGE} }}
              }}
            }}"""
            + NODE_FIELDS,
            of=[str(ref) for ref in seeds],
            depth=depth,
            maxNodes=_bounded(max_nodes),
            minSeq=self._min_seq,
        )["impact"]
        by_type: dict[str, int] = {}
        for one in said["byType"]:
            name = one["type"]["name"]
            by_type[name] = by_type.get(name, 0) + int(one["count"])
        lineage = _lineage(seeds, Direction.DOWN, said["reached"])
        leaves = [NodeRef.parse(leaf["id"]) for leaf in said["leaves"]]
        return impacted(lineage, int(said["artifacts"]), int(said["executions"]), by_type, leaves)

    def paths(self, a: NodeRef, b: NodeRef, *, limit: int = 10) -> Routes:
        """Shortest paths from ``a`` down to ``b``."""
        said = self.ask(
            """query($a: ID!, $b: ID!, $limit: Int!, $minSeq: Int64!) {
              paths(source: $a, target: $b, limit: $limit, minSeq: $minSeq) { paths { ids } length partial seq tookMs }
            }""",
            a=str(a),
            b=str(b),
            limit=limit,
            minSeq=self._min_seq,
        )["paths"]
        found = [[NodeRef.parse(id) for id in path["ids"]] for path in said["paths"]]
        nodes = self.nodes_by_ref(list(dict.fromkeys(ref for path in found for ref in path)))
        return Routes(found, nodes, said["length"], said["partial"], int(said["seq"]), said["tookMs"])

    def compare(self, a: NodeRef, b: NodeRef, *, everything: bool = False) -> dict[str, Any]:
        """What differs between two nodes of a kind."""
        said = self.ask(_COMPARE, a=str(a), b=str(b), all=everything)["compare"]
        return wire.comparison(said)

    def why(self, ref: NodeRef) -> dict[str, Any]:
        """The stored decision of the cache about an execution."""
        return why(self, ref)

    def changes(self, after: int = 0, limit: int = 1000) -> list[Committed]:
        """The change log behind ``after``."""
        said = self.ask(
            """query($after: String, $first: Int!) {
              changes(after: $after, first: $first) {
                nodes { seq timeMs actor namespace digest log }
              }
            }""",
            after=str(after) if after else None,
            first=limit,
        )["changes"]
        return [wire.committed(one) for one in said["nodes"]]

    def seq(self) -> int:
        """Position of the last change."""
        return int(self.ask("{ seq }")["seq"])

    def commit(self, change: Change) -> Receipt:
        """Record a change."""
        said = wire.SaidChange(change)
        receipt = self.ask(
            """mutation($change: ChangeInput!) {
              record(change: $change) { seq timeMs changed replayed ids types { id } }
            }""",
            change=said.input,
        )["record"]
        self._min_seq = max(self._min_seq, int(receipt["seq"]))
        ids = {id(put): int(text.rpartition(":")[2]) for put, text in zip(said.order, receipt["ids"], strict=True)}
        return Receipt(
            seq=Seq(int(receipt["seq"])),
            time_ms=int(receipt["timeMs"]),
            type_ids=tuple(int(type["id"].rpartition(":")[2]) for type in receipt["types"]),
            node_ids=tuple(ids[id(put)] for put in change.nodes),
            changed=receipt["changed"],
            replayed=receipt["replayed"],
            change=change,
        )

    def settle(self, sayings: Sequence[dict[str, Any]]) -> list[NodeRef]:
        """Report sayings, each a SayingInput; the executions they are about."""
        said = self.ask(
            "mutation($sayings: [SayingInput!]!) { settle(sayings: $sayings) { execution seq } }", sayings=list(sayings)
        )["settle"]
        self._min_seq = max(self._min_seq, *(int(one["seq"]) for one in said), 0)
        return [NodeRef.parse(one["execution"]) for one in said]

    def close(self) -> None:
        """Close the connections."""
        self._graphql.close()

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """What the server answers to a GraphQL document. Errors: whatever it raised, by its code."""
        return self._graphql.ask(query, **variables)


def _as_of(moment: Moment) -> dict[str, int] | None:
    if moment.seq is not None:
        return {"seq": moment.seq}
    return None if moment.time_ms is None else {"timeMs": moment.time_ms}


def _bounded(max_nodes: int | None) -> int:
    if max_nodes is None:
        raise Unsupported("a server answers with a bounded number of nodes", field="max_nodes", remedy="Name a number")
    return max_nodes


def _artifacts(said: list[dict[str, Any]]) -> list[Artifact]:
    return [found for one in said if isinstance(found := wire.node(one), Artifact)]


def _contexts(said: list[dict[str, Any]]) -> list[Context]:
    return [found for one in said if isinstance(found := wire.node(one), Context)]


def _lineage(seeds: Sequence[NodeRef], direction: Direction, said: dict[str, Any]) -> Lineage:
    refs = [NodeRef.parse(one["id"]) for one in said["nodes"]]
    return Lineage(
        seeds=list(dict.fromkeys(seeds)),
        direction=direction,
        nodes={ref: wire.node(one["node"]) for ref, one in zip(refs, said["nodes"], strict=True)},
        depths={ref: one["depth"] for ref, one in zip(refs, said["nodes"], strict=True)},
        edges=[
            (NodeRef.parse(edge["execution"]).id, int(EventType[edge["type"]]), NodeRef.parse(edge["artifact"]).id)
            for edge in said["edges"]
        ],
        depth=said["depth"],
        total_nodes=int(said["totalNodes"]),
        total_edges=int(said["totalEdges"]),
        partial=said["partial"],
        seq=int(said["seq"]),
        took_ms=said["tookMs"],
    )
