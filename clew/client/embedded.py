"""A client of the record in this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from clew.client.answers import address, impacted, not_recorded, why
from clew.client.protocol import NOW, Detail, Impacted, Lineage, Listing, Moment, Routes, Touch
from clew.client.values import portable
from clew.graph.protocol import Direction, Trace
from clew.metadata import digest as digests
from clew.metadata.change import Change, Receipt
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Committed, Execution, Node, NodeType
from clew.metadata.reader import Reader
from clew.wiring import Home


class EmbeddedClient:
    """Asks and writes the record of a home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.place = str(home.settings.record_url or home.path)

    def resolve(self, text: str, moment: Moment = NOW) -> NodeRef:
        """The node named by an id, a URI or a digest; of several, the newest."""
        if text.startswith(("artifact:", "execution:", "context:")):
            return NodeRef.parse(text)
        with self._read(moment) as reader:
            if text.startswith(("sha256:", "tree:")):
                found = reader.artifacts_with_digest(digests.parse(text))
            else:
                found = reader.artifacts_at(address(text))
        if not found:
            raise not_recorded(text)
        return found[0].ref

    def nodes_by_ref(self, refs: Sequence[NodeRef], moment: Moment = NOW) -> dict[NodeRef, Node]:
        """The nodes that exist among ``refs``, in their order."""
        with self._read(moment) as reader:
            return nodes_by_ref(reader, refs)

    def artifacts_at(self, uri: str) -> list[Artifact]:
        """The artifacts at an address, however it is spelled; newest first."""
        with self._read(NOW) as reader:
            return reader.artifacts_at(uri)

    def artifacts_with_digest(self, digest: str) -> list[Artifact]:
        """The artifacts with these bytes; newest first, a hundred at most."""
        with self._read(NOW) as reader:
            return reader.artifacts_with_digest(digest)[:100]

    def executions_with_fingerprint(self, fingerprint: str, limit: int = 20) -> list[Execution]:
        """The executions that depended on exactly the same; newest first."""
        with self._read(NOW) as reader:
            return reader.executions_with_fingerprint(fingerprint, limit)

    def find(self, kind: Kind, type: str, name: str, namespace: str = "default") -> Node | None:
        """The node of that type and name; None when there is none."""
        with self._read(NOW) as reader:
            try:
                return reader.find(kind, type, name, namespace)
            except TypeNotFound:
                return None

    def detail(self, ref: NodeRef, moment: Moment = NOW) -> Detail:
        """A node and what hangs on it."""
        with self._read(moment) as reader:
            node = reader.node(ref)
            if ref.kind is Kind.CONTEXT:
                return Detail(
                    node,
                    contexts=reader.parents_of([ref.id]).get(ref.id, []),
                    children=reader.children_of([ref.id]).get(ref.id, []),
                    artifact_count=reader.count(Kind.ARTIFACT, context_id=ref.id),
                    execution_count=reader.count(Kind.EXECUTION, context_id=ref.id),
                )
            if ref.kind is Kind.ARTIFACT:
                events = reader.events_of_artifacts([ref.id])
                executions = reader.executions_by_id({event.execution_id for event in events})
                touches = [Touch(event, executions[event.execution_id]) for event in events]
                return Detail(node, touches, reader.contexts_of_artifacts([ref.id]).get(ref.id, []))
            events = reader.events_of_executions([ref.id])
            artifacts = reader.artifacts_by_id({event.artifact_id for event in events})
            touches = [Touch(event, artifacts[event.artifact_id]) for event in events]
            return Detail(node, touches, reader.contexts_of_executions([ref.id]).get(ref.id, []))

    def history(self, ref: NodeRef) -> list[Node]:
        """Every state of a node, oldest first."""
        with self._read(NOW) as reader:
            return reader.history(ref)

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
        with self._read(moment) as reader:
            listed: Any = {
                Kind.ARTIFACT: reader.artifacts,
                Kind.EXECUTION: reader.executions,
                Kind.CONTEXT: reader.contexts,
            }[kind]
            within = {} if context is None else {"context_id": context}
            page = listed(
                **within,
                where=where,
                type=type,
                namespace=namespace,
                order=order,
                descending=descending,
                after=after,
                limit=limit,
            )
            # Counting a million nodes costs more than listing fifty: count only where there is more than this page.
            total = len(page.items)
            if page.has_next or after is not None:
                total = reader.count(kind, where=where, type=type, namespace=namespace, **within)
        return Listing(list(page.items), page.next_cursor, total)

    def types(self, kind: Kind | None = None) -> list[tuple[NodeType, int]]:
        """The types and how many nodes each has."""
        with self._read(NOW) as reader:
            found = reader.types(kind)
            counts = {k: reader.count_by_type(k) for k in {type.kind for type in found}}
        return [(type, counts[type.kind].get(type.id, 0)) for type in found]

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
        with self._read(moment) as reader:
            at = None if moment == NOW else reader.seq
        found = self.home.asked_once(at).trace(seeds, direction, depth=depth, max_nodes=max_nodes, edges=True)
        with self._read(moment) as reader:
            return lineage_of(reader, seeds, direction, found)

    def impact(self, seeds: Sequence[NodeRef], *, depth: int | None = None, max_nodes: int | None = 1000) -> Impacted:
        """Everything made from ``seeds``."""
        from clew.graph.impact import impact

        limit = self.home.record.seq() if max_nodes is None else max_nodes
        found = impact(self.home.asked_once(), seeds, depth=depth, max_nodes=limit, edges=True)
        counts = found.counts
        with self._read(NOW) as reader:
            lineage = lineage_of(reader, seeds, Direction.DOWN, found.trace)
            names = {id: type.name for id, type in reader.types_by_id(counts.by_type).items()}
        by_type: dict[str, int] = {}
        for id, nodes in counts.by_type.items():
            by_type[names[id]] = by_type.get(names[id], 0) + nodes
        return impacted(lineage, counts.artifacts, counts.executions, by_type, found.leaves)

    def paths(self, a: NodeRef, b: NodeRef, *, limit: int = 10) -> Routes:
        """Shortest paths from ``a`` down to ``b``."""
        found = self.home.asked_once().paths(a, b, limit=limit)
        refs = list(dict.fromkeys(ref for path in found.paths for ref in path))
        return Routes(found.paths, self.nodes_by_ref(refs), found.length, found.partial, found.seq, found.took_ms)

    def compare(self, a: NodeRef, b: NodeRef, *, everything: bool = False) -> dict[str, Any]:
        """What differs between two nodes of a kind."""
        from clew.graph.compare import compare

        with self._read(NOW) as reader:
            found: dict[str, Any] = portable(compare(reader, a, b, everything=everything).as_dict())
            return found

    def why(self, ref: NodeRef) -> dict[str, Any]:
        """The stored decision of the cache about an execution."""
        return why(self, ref)

    def changes(self, after: int = 0, limit: int = 1000) -> list[Committed]:
        """The change log behind ``after``."""
        with self._read(NOW) as reader:
            return reader.changes(after, limit)

    def seq(self) -> int:
        """Position of the last change."""
        return self.home.record.seq()

    def commit(self, change: Change) -> Receipt:
        """Record a change."""
        return self.home.record.commit(change)

    def close(self) -> None:
        """Close the home."""
        self.home.close()

    def _read(self, moment: Moment) -> AbstractContextManager[Reader]:
        return self.home.record.read(as_of=moment.seq, as_of_ms=moment.time_ms)


def nodes_by_ref(reader: Reader, refs: Iterable[NodeRef]) -> dict[NodeRef, Node]:
    """The nodes that exist among ``refs``, in their order: one query a kind."""
    refs = list(refs)
    ids: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    for ref in refs:
        ids[ref.kind].append(ref.id)
    found: dict[NodeRef, Node] = {}
    if ids[Kind.ARTIFACT]:
        found |= {artifact.ref: artifact for artifact in reader.artifacts_by_id(ids[Kind.ARTIFACT]).values()}
    if ids[Kind.EXECUTION]:
        found |= {execution.ref: execution for execution in reader.executions_by_id(ids[Kind.EXECUTION]).values()}
    if ids[Kind.CONTEXT]:
        found |= {context.ref: context for context in reader.contexts_by_id(ids[Kind.CONTEXT]).values()}
    return {ref: found[ref] for ref in refs if ref in found}


def lineage_of(reader: Reader, seeds: Sequence[NodeRef], direction: Direction, found: Trace) -> Lineage:
    """An engine's answer with its nodes."""
    refs = found.refs()
    return Lineage(
        seeds=list(dict.fromkeys(seeds)),
        direction=direction,
        nodes=nodes_by_ref(reader, refs),
        depths=dict(zip(refs, (int(depth) for depth in found.depths), strict=True)),
        edges=[(int(e), int(t), int(a)) for e, t, a in found.edges],
        depth=found.depth,
        total_nodes=found.total_nodes,
        total_edges=found.total_edges,
        partial=found.partial,
        seq=found.seq,
        took_ms=found.took_ms,
    )
