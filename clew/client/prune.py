"""Keep of a lineage the branches that lead to nodes of some types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from clew.client.protocol import Lineage
from clew.metadata.ids import Kind, NodeRef


def towards(lineage: Lineage, types: Iterable[str]) -> Lineage:
    """The seeds, the nodes of ``types``, and the nodes between them that a walk away from the seeds passes.

    A node lies between when it is nearer to the seeds than what it leads to. Totals are those of what is kept.
    """
    wanted = set(types)
    before: dict[NodeRef, list[NodeRef]] = defaultdict(list)
    for execution_id, _, artifact_id in lineage.edges:
        execution, artifact = NodeRef(Kind.EXECUTION, execution_id), NodeRef(Kind.ARTIFACT, artifact_id)
        for near, far in ((execution, artifact), (artifact, execution)):
            if lineage.depths.get(near, 0) < lineage.depths.get(far, -1):
                before[far].append(near)
    kept = set(lineage.seeds)
    waiting = [ref for ref, node in lineage.nodes.items() if node.type in wanted]
    while waiting:
        ref = waiting.pop()
        if ref not in kept:
            kept.add(ref)
            waiting += before[ref]
    edges = [
        (execution_id, event_type, artifact_id)
        for execution_id, event_type, artifact_id in lineage.edges
        if NodeRef(Kind.EXECUTION, execution_id) in kept and NodeRef(Kind.ARTIFACT, artifact_id) in kept
    ]
    nodes = {ref: node for ref, node in lineage.nodes.items() if ref in kept}
    depths = {ref: lineage.depths[ref] for ref in nodes}
    return replace(
        lineage,
        nodes=nodes,
        depths=depths,
        edges=edges,
        depth=max(depths.values(), default=0),
        total_nodes=len(nodes),
        total_edges=len(edges),
    )
