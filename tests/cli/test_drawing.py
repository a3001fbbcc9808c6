"""Trees, pictures and words: what any lineage looks like as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clew.client.protocol import Lineage
from clew.client.prune import towards, without_reuse
from clew.draw.diagram import dot, mermaid
from clew.draw.tree import draw
from clew.draw.words import clean, seconds_text, size_text, time_text
from clew.graph.protocol import Direction
from clew.metadata.ids import ArtifactId, ExecutionId, Kind, NodeRef, Seq, TypeId
from clew.metadata.node import Artifact, Execution, Node
from clew.metadata.states import EventType, ExecutionState

A, E = Kind.ARTIFACT, Kind.EXECUTION


def node(ref: NodeRef, name: str | None = None) -> Node:
    if ref.kind is A:
        return Artifact(
            ArtifactId(ref.id), TypeId(1), "Thing", "default", name, None, None, None, None, None, None, {}, {}, 0, 0,
            Seq(1), Seq(1),
        )  # fmt: skip
    return Execution(
        ExecutionId(ref.id),
        TypeId(2),
        "Work",
        "default",
        name,
        None,
        None,
        None,
        None,
        None,
        {},
        {},
        0,
        0,
        Seq(1),
        Seq(1),
    )


def lineage(
    edges: Sequence[tuple[int, int, int]], seeds: list[NodeRef], direction: Direction = Direction.UP
) -> Lineage:
    """What an engine would answer: everything reached from the seeds, breadth first."""
    depths = dict.fromkeys(seeds, 0)
    level = list(seeds)
    while level:
        found = []
        for execution, kind, artifact in edges:
            made = kind == EventType.OUTPUT
            for here, there, up in (
                (NodeRef(A, artifact), NodeRef(E, execution), made),
                (NodeRef(E, execution), NodeRef(A, artifact), not made),
            ):
                wanted = direction is Direction.BOTH or (direction is Direction.UP) == up
                if here in level and wanted and there not in depths:
                    depths[there] = depths[here] + 1
                    found.append(there)
        level = found
    ordered = dict(sorted(depths.items(), key=lambda item: item[1]))
    kept = [e for e in edges if NodeRef(E, e[0]) in ordered and NodeRef(A, e[2]) in ordered]
    return Lineage(
        seeds, direction, {ref: node(ref) for ref in ordered}, ordered, kept, max(ordered.values()), len(ordered),
        len(kept), False, 1, 0.0,
    )  # fmt: skip


edges = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from([EventType.INPUT, EventType.OUTPUT]), st.integers(1, 6)),
    max_size=25, unique=True,
)  # fmt: skip


@given(edges, st.integers(1, 6), st.sampled_from([Direction.UP, Direction.DOWN]))
def test_a_tree_shows_every_node_in_full_exactly_once_cycles_and_all(
    edges: list[tuple[int, int, int]], seed: int, direction: Direction
) -> None:
    found = lineage(edges, [NodeRef(A, seed)], direction)
    lines = list(draw(found))
    full = [line for line in lines if "⤴" not in line]
    assert sorted(line.split()[-1] for line in full) == sorted(str(ref) for ref in found.nodes)
    assert len(lines) <= len(found.edges) + 1


@given(edges, st.integers(1, 6))
def test_pruning_to_every_type_keeps_everything_and_to_none_only_the_seeds(
    edges: list[tuple[int, int, int]], seed: int
) -> None:
    found = lineage(edges, [NodeRef(A, seed)])
    assert towards(found, ["Thing", "Work"]).nodes == found.nodes
    assert list(towards(found, ["Other"]).nodes) == found.seeds


def test_a_long_chain_stops_moving_to_the_right() -> None:
    chain = [edge for i in range(1, 301) for edge in ((i, EventType.OUTPUT, i), (i, EventType.INPUT, i + 1))]
    lines = list(draw(lineage(chain, [NodeRef(A, 1)])))
    assert len(lines) == 601
    assert max(len(line) for line in lines) < 250


def test_pictures_escape_what_their_languages_mean() -> None:
    found = lineage([], [NodeRef(A, 1)])
    found.nodes[NodeRef(A, 1)] = node(NodeRef(A, 1), 'a "b"\n<i> \\ #')
    assert '  "artifact:1" [shape=ellipse, penwidth=2, label="Thing\\na \\"b\\" <i> \\\\ #\\nartifact:1"];' in dot(
        found
    )
    assert '  a1(["Thing<br/>a #quot;b#quot; #lt;i#gt; \\ #35;<br/>artifact:1"])' in mermaid(found)


def test_words_for_amounts() -> None:
    assert [seconds_text(s) for s in (0.0123, 3.14, 42, 252, 7500)] == [
        "0.012 s",
        "3.1 s",
        "42 s",
        "4 min 12 s",
        "2 h 5 min",
    ]
    assert [size_text(n) for n in (0, 312, 4200, 2**31)] == ["0 B", "312 B", "4.1 KiB", "2.0 GiB"]
    assert time_text(10**18) == "1000000000000000000 ms"
    assert clean("a\nb\x1b[31m") == "a\\nb\\x1b[31m"


def test_executions_that_only_reused_a_result_are_left_out_with_what_only_they_lead_to() -> None:
    edges = [
        (1, EventType.OUTPUT, 1), (1, EventType.INPUT, 2),
        (2, EventType.OUTPUT, 1), (2, EventType.INPUT, 3),  # the same result, found again for an equal input
        (3, EventType.OUTPUT, 2),
    ]  # fmt: skip
    found = lineage(edges, [NodeRef(A, 1)])
    for id, state in ((1, ExecutionState.COMPLETE), (2, ExecutionState.CACHED), (3, ExecutionState.CACHED)):
        execution = found.nodes[NodeRef(E, id)]
        assert isinstance(execution, Execution)
        found.nodes[NodeRef(E, id)] = replace(execution, state=state)
    drawn, left_out = without_reuse(found)
    assert left_out == 1
    assert set(drawn.nodes) == {NodeRef(A, 1), NodeRef(E, 1), NodeRef(A, 2), NodeRef(E, 3)}
