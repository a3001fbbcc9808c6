"""Keep of a lineage what a reader asked for: the branches that lead to some types; the work without its reuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from clew.client.protocol import Lineage
from clew.graph.protocol import Direction
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Execution
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS, ExecutionState


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
    return _keep(lineage, kept)


def without_reuse(lineage: Lineage) -> tuple[Lineage, int]:
    """``lineage`` without the executions that only handed on what another one had made; and how many those are.

    Left out is an execution in state CACHED whose every output shown was made by one that is not; and what is reached
    through such executions only. The seeds stay.
    """
    made: dict[int, list[int]] = defaultdict(list)
    makers: dict[int, list[int]] = defaultdict(list)
    for execution, kind, artifact in lineage.edges:
        if kind in OUTPUT_EVENTS:
            made[execution].append(artifact)
            makers[artifact].append(execution)
    cached = {
        ref.id
        for ref, node in lineage.nodes.items()
        if isinstance(node, Execution) and node.state is ExecutionState.CACHED and ref not in lineage.seeds
    }
    reused = {
        execution
        for execution in cached
        if made[execution] and all(set(makers[artifact]) - cached for artifact in made[execution])
    }
    if not reused:
        return lineage, 0
    return _keep(lineage, _reached(lineage, reused)), len(reused)


def _reached(lineage: Lineage, left_out: set[int]) -> set[NodeRef]:
    """What is still reached from the seeds, each way that was walked."""
    upwards: dict[NodeRef, list[NodeRef]] = defaultdict(list)
    downwards: dict[NodeRef, list[NodeRef]] = defaultdict(list)
    for execution_id, kind, artifact_id in lineage.edges:
        execution, artifact = NodeRef(Kind.EXECUTION, execution_id), NodeRef(Kind.ARTIFACT, artifact_id)
        if execution_id in left_out:
            continue
        if kind in INPUT_EVENTS:
            upwards[execution].append(artifact)
            downwards[artifact].append(execution)
        elif kind in OUTPUT_EVENTS:
            upwards[artifact].append(execution)
            downwards[execution].append(artifact)
    ways = {Direction.UP: [upwards], Direction.DOWN: [downwards], Direction.BOTH: [upwards, downwards]}
    found = set(lineage.seeds)
    for way in ways[lineage.direction]:
        here, waiting = set(lineage.seeds), list(lineage.seeds)
        while waiting:
            new = [ref for ref in way[waiting.pop()] if ref not in here]
            here.update(new)
            waiting += new
        found |= here
    return found


def _keep(lineage: Lineage, kept: set[NodeRef]) -> Lineage:
    """The part of ``lineage`` among ``kept``, its totals of that part."""
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
