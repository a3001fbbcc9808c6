# ruff: noqa: D102 (a test's name is the fact it proves)
"""What every GraphEngine must do, as tests: subclass GraphEngineContract and give it one fixture.

``agrees`` and ``finds_paths`` hold an engine's answers against those of an Oracle (``graph/loom.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from clew.graph.loom import BOTH, DOWN, UP, Loom, Oracle
from clew.graph.protocol import EVERYTHING, Among, Direction, GraphEngine, NodeFilter, Trace
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import ArtifactNotFound, ExecutionNotFound, Invalid, TimedOut
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState


def agrees(
    engine: GraphEngine,
    oracle: Oracle,
    seeds: Sequence[NodeRef],
    direction: Direction = UP,
    depth: int | None = None,
    where: NodeFilter = EVERYTHING,
) -> Trace:
    """Assert that ``trace`` and ``counts`` say what the oracle says; return the trace."""
    nodes, edges, cut = oracle.trace(seeds, direction, depth, where)
    trace = engine.trace(seeds, direction, depth=depth, where=where, edges=True)
    assert dict(zip(trace.refs(), trace.depths, strict=True)) == nodes
    assert len(trace.ids) == len(nodes), "a node is listed once"
    assert list(trace.depths) == sorted(trace.depths)
    assert sorted(trace.edges) == sorted(edges)
    assert (trace.total_nodes, trace.total_edges) == (len(nodes), len(edges))
    assert trace.partial == cut
    bare = engine.trace(seeds, direction, depth=depth, where=where)
    assert dict(zip(bare.refs(), bare.depths, strict=True)) == nodes
    assert (bare.total_nodes, bare.total_edges, bare.partial, bare.depth) == (
        len(nodes), len(edges), cut, trace.depth,
    )  # fmt: skip
    counts = engine.counts(seeds, direction, depth=depth, where=where)
    assert counts.artifacts + counts.executions == len(nodes)
    assert counts.executions == sum(ref.kind is Kind.EXECUTION for ref in nodes)
    assert sum(counts.by_type.values()) == sum(counts.by_depth.values()) == len(nodes)
    assert counts.by_depth == {d: list(nodes.values()).count(d) for d in set(nodes.values())}
    assert counts.by_type == {
        t: sum(oracle.nodes[ref].type_id == t for ref in nodes) for t in {oracle.nodes[ref].type_id for ref in nodes}
    }
    assert counts.partial == cut
    return trace


def finds_paths(engine: GraphEngine, oracle: Oracle, a: NodeRef, b: NodeRef) -> None:
    """Assert that ``paths`` finds every shortest path."""
    length, paths = oracle.paths(a, b)
    found = engine.paths(a, b, limit=len(paths) + 1)
    assert found.length == length
    assert sorted(found.paths) == sorted(map(list, paths))
    assert not found.partial


def wired(engine: GraphEngine, oracle: Oracle, nodes: Sequence[NodeRef]) -> Among:
    """Assert that ``among`` says what the oracle says; return the answer."""
    counts, edges = oracle.among(nodes)
    found = engine.among(nodes, edges=True)
    assert dict(zip(found.refs(), zip(found.parents, found.children, strict=True), strict=True)) == counts
    assert len(found.ids) == len(counts), "a node is listed once"
    assert sorted(found.edges) == sorted(edges)
    return found


class GraphEngineContract:
    """Subclass it with a fixture ``make_engine`` that makes an engine over a record; ``record`` is an empty one."""

    @pytest.fixture
    def loom(self, record: Record) -> Loom:
        return Loom(record)

    @pytest.fixture
    def engine(self, make_engine: Callable[[Record], GraphEngine], record: Record) -> GraphEngine:
        return make_engine(record)

    def test_a_walk_up_reaches_what_made_it(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > clean > tidy", "tidy, config > train > model", "model > serve > endpoint")
        trace = agrees(engine, loom.oracle, [loom["model"]])
        assert loom["endpoint"] not in trace.refs()
        assert (trace.depth, trace.total_nodes, trace.total_edges) == (4, 6, 5)
        assert trace.seq == loom.seq

    def test_a_walk_down_reaches_what_was_made_from_it(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > clean > tidy", "tidy, config > train > model, report")
        assert agrees(engine, loom.oracle, [loom["raw"]], DOWN).total_nodes == 6

    def test_a_walk_both_ways_reaches_no_siblings(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > split > train_set, test_set", "train_set > train > model", "test_set > check > report")
        assert loom["report"] not in agrees(engine, loom.oracle, [loom["model"]], BOTH).refs()

    def test_events_past_the_seed_are_listed_in_a_walk_both_ways(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > clean > tidy", "tidy, raw > train > model")
        assert agrees(engine, loom.oracle, [loom["tidy"]], BOTH).total_edges == 5

    def test_an_execution_can_be_a_seed_beside_an_artifact(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > clean > tidy", "tidy > train > model")
        agrees(engine, loom.oracle, [loom["train"], loom["raw"]])
        agrees(engine, loom.oracle, [loom["train"], loom["tidy"], loom["train"]], DOWN)

    def test_depth_is_the_shortest_distance(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("a > one > b", "b > two > c", "a, c > three > d")
        trace = agrees(engine, loom.oracle, [loom["d"]])
        assert dict(zip(trace.refs(), trace.depths, strict=True))[loom["a"]] == 2

    @pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 5])
    def test_a_depth_limit_tells_whether_it_left_something_out(
        self, loom: Loom, engine: GraphEngine, depth: int
    ) -> None:
        loom.weave("a > one > b", "b > two > c", "b, a > three > d")
        for name in ("c", "d", "two"):
            for direction in Direction:
                agrees(engine, loom.oracle, [loom[name], loom["b"]], direction, depth)
                agrees(engine, loom.oracle, [loom[name]], direction, depth)

    def test_a_node_without_events_reaches_itself(self, loom: Loom, engine: GraphEngine) -> None:
        for ref in (loom.node(Kind.ARTIFACT, "alone"), loom.node(Kind.EXECUTION, "idle")):
            for direction in Direction:
                assert agrees(engine, loom.oracle, [ref], direction).refs() == [ref]

    def test_every_type_of_event_is_an_edge_and_parallel_events_are_edges_each(
        self, loom: Loom, engine: GraphEngine
    ) -> None:
        loom.weave(
            "a/DECLARED_INPUT, a/INPUT, b/INTERNAL_INPUT > run > "
            "c/DECLARED_OUTPUT, c/OUTPUT, d/INTERNAL_OUTPUT, e/PENDING_OUTPUT"
        )
        for name in ("c", "d", "e"):
            assert agrees(engine, loom.oracle, [loom[name]]).total_nodes == 4
        assert agrees(engine, loom.oracle, [loom["a"]], DOWN).total_edges == 6

    def test_an_event_reported_twice_is_one_edge(self, loom: Loom, engine: GraphEngine) -> None:
        for _ in range(3):
            loom.weave("a > run > b")
            assert agrees(engine, loom.oracle, [loom["b"]]).total_edges == 2

    def test_a_withdrawn_event_is_walked_no_longer_and_one_that_came_back_is_walked_once(
        self, loom: Loom, engine: GraphEngine
    ) -> None:
        loom.weave("a, b > run > c", "c > next > d", "a/DECLARED_INPUT > run >")
        assert agrees(engine, loom.oracle, [loom["d"]]).total_nodes == 6
        loom.withdraw(("run", EventType.INPUT, "a"), ("run", EventType.INPUT, "b"))
        assert agrees(engine, loom.oracle, [loom["d"]]).total_edges == 4
        assert agrees(engine, loom.oracle, [loom["b"]], DOWN).total_nodes == 1
        loom.weave("b > run >")
        loom.withdraw(("run", EventType.INPUT, "b"), ("next", EventType.INPUT, "c"), again=1)
        assert agrees(engine, loom.oracle, [loom["c"]]).total_edges == 3
        assert agrees(engine, loom.oracle, [loom["d"]]).total_nodes == 2
        wired(engine, loom.oracle, [loom[name] for name in ("a", "b", "c", "run", "next")])

    def test_a_cycle_in_the_data_ends(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("a > one > b", "b > two > a", "a > self > a")
        for name in ("a", "b", "one", "self"):
            for direction in Direction:
                agrees(engine, loom.oracle, [loom[name]], direction)
                agrees(engine, loom.oracle, [loom[name]], direction, 1)

    def test_max_nodes_cuts_the_list_and_not_the_totals(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > split > a, b, c, d, e")
        trace = engine.trace([loom["raw"]], DOWN, max_nodes=3, edges=True)
        assert (len(trace.ids), trace.total_nodes, trace.total_edges, trace.partial) == (3, 7, 6, True)
        assert list(trace.depths) == [0, 1, 2]
        assert len(trace.edges) == 2
        nothing = engine.trace([loom["raw"]], DOWN, max_nodes=0)
        assert (list(nothing.ids), nothing.total_nodes, nothing.partial) == ([], 7, True)
        assert not engine.trace([loom["raw"]], DOWN, max_nodes=7).partial

    def test_a_filter_hides_nodes_and_the_walk_passes_through_them(self, loom: Loom, engine: GraphEngine) -> None:
        loom.node(Kind.ARTIFACT, "model", type="Model", state=ArtifactState.LIVE)
        loom.node(Kind.EXECUTION, "train", type="Train", state=ExecutionState.FAILED)
        loom.node(Kind.ARTIFACT, "far", type="Model", namespace="other")
        loom.weave("raw, far > clean > tidy", "tidy > train > model", "model > serve > far")
        known = loom.oracle.nodes
        seeds = [loom["model"]]
        for where in (
            NodeFilter(kinds=(Kind.ARTIFACT,)),
            NodeFilter(kinds=(Kind.EXECUTION,)),
            NodeFilter(kinds=(Kind.CONTEXT,)),
            NodeFilter(kinds=(Kind.ARTIFACT, Kind.EXECUTION), type_ids=(known[loom["model"]].type_id,)),
            NodeFilter(type_ids=(known[loom["raw"]].type_id, known[loom["train"]].type_id)),
            NodeFilter(type_ids=(99_999,)),
            NodeFilter(artifact_states=(ArtifactState.LIVE,)),
            NodeFilter(artifact_states=(ArtifactState.UNKNOWN,)),
            NodeFilter(execution_states=(ExecutionState.FAILED, ExecutionState.COMPLETE)),
            NodeFilter(namespaces=("other",)),
            NodeFilter(namespaces=("default", "nowhere")),
            NodeFilter(created_from_ms=known[loom["clean"]].created_ms),
            NodeFilter(created_until_ms=known[loom["clean"]].created_ms),
            NodeFilter(created_from_ms=known[loom["train"]].created_ms, created_until_ms=known[loom["raw"]].created_ms),
            NodeFilter(created_from_ms=-1, created_until_ms=2**60),
        ):
            for direction in Direction:
                agrees(engine, loom.oracle, seeds, direction, None, where)
                agrees(engine, loom.oracle, seeds, direction, 2, where)

    def test_a_filter_sees_a_state_that_changed(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        failed = NodeFilter(kinds=(Kind.EXECUTION,), execution_states=(ExecutionState.FAILED,))
        assert agrees(engine, loom.oracle, [loom["model"]], UP, None, failed).total_nodes == 0
        loom.state("train", ExecutionState.RUNNING)
        loom.state("train", ExecutionState.FAILED)
        assert agrees(engine, loom.oracle, [loom["model"]], UP, None, failed).refs() == [loom["train"]]

    def test_ends_are_where_the_walk_can_go_no_further(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw, config > train > model, log", "model > serve > endpoint", "model > check > ")
        ends = NodeFilter(ends_only=True)
        down = agrees(engine, loom.oracle, [loom["raw"]], DOWN, None, ends)
        assert set(down.refs()) == {loom["log"], loom["endpoint"], loom["check"]}
        up = agrees(engine, loom.oracle, [loom["endpoint"]], UP, None, ends)
        assert set(up.refs()) == {loom["raw"], loom["config"]}
        agrees(engine, loom.oracle, [loom["model"]], BOTH, None, ends)
        agrees(engine, loom.oracle, [loom["raw"]], DOWN, 2, ends)
        agrees(engine, loom.oracle, [loom["raw"]], DOWN, None, replace(ends, kinds=(Kind.ARTIFACT,)))

    def test_an_unknown_seed_is_not_found(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        for id in (0, 4, 99_999, 2**62):
            with pytest.raises(ArtifactNotFound):
                engine.trace([loom["raw"], NodeRef(Kind.ARTIFACT, id)])
            with pytest.raises(ExecutionNotFound):
                engine.counts([NodeRef(Kind.EXECUTION, id)], DOWN)
        with pytest.raises(ArtifactNotFound) as failure:
            engine.paths(loom["raw"], NodeRef(Kind.ARTIFACT, 77))
        assert failure.value.value == "artifact:77"

    def test_an_empty_record_has_no_node(self, engine: GraphEngine) -> None:
        with pytest.raises(ArtifactNotFound):
            engine.trace([NodeRef(Kind.ARTIFACT, 1)])

    def test_a_context_is_no_seed(self, engine: GraphEngine) -> None:
        context = NodeRef(Kind.CONTEXT, 1)
        for ask in (
            lambda: engine.trace([context]),
            lambda: engine.counts([context]),
            lambda: engine.paths(NodeRef(Kind.ARTIFACT, 1), context),
        ):
            with pytest.raises(Invalid) as failure:
                ask()
            assert failure.value.remedy

    def test_a_bad_bound_is_invalid(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        seed, other = loom["raw"], loom["model"]
        for field_, ask in (
            ("depth", lambda: engine.trace([seed], depth=-1)),
            ("depth", lambda: engine.counts([seed], depth=True)),
            ("max_nodes", lambda: engine.trace([seed], max_nodes=-1)),
            ("limit", lambda: engine.paths(seed, other, limit=0)),
            ("max_depth", lambda: engine.paths(seed, other, max_depth=-1)),
            ("seeds", lambda: engine.trace([])),
        ):
            with pytest.raises(Invalid) as failure:
                ask()
            assert failure.value.field == field_

    def test_every_shortest_path_is_found(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave(
            "raw > split > a, b", "a > left > c", "b > right > c", "c > longer > d", "d > end > e", "c > end > f"
        )
        for a in loom.names.values():
            for b in loom.names.values():
                finds_paths(engine, loom.oracle, a, b)
        found = engine.paths(loom["raw"], loom["c"])
        assert (found.length, len(found.paths)) == (4, 2)
        assert all((path[0], path[-1]) == (loom["raw"], loom["c"]) for path in found.paths)

    def test_paths_follow_the_data_and_never_run_against_it(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        none = engine.paths(loom["model"], loom["raw"])
        assert (none.paths, none.length, none.partial) == ([], -1, False)
        itself = engine.paths(loom["model"], loom["model"])
        assert (itself.paths, itself.length) == ([[loom["model"]]], 0)

    def test_limits_on_paths_tell_that_they_left_some_out(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > split > a, b, c", "a > one > d", "b > two > d", "c > three > d", "d > four > e")
        found = engine.paths(loom["raw"], loom["e"], limit=2)
        assert (len(found.paths), found.length, found.partial) == (2, 6, True)
        assert not engine.paths(loom["raw"], loom["e"], limit=3).partial
        assert engine.paths(loom["raw"], loom["e"], limit=3, max_depth=6).length == 6
        short = engine.paths(loom["raw"], loom["e"], max_depth=5)
        assert (short.paths, short.length, short.partial) == ([], -1, True)

    def test_parallel_events_make_one_path(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw/DECLARED_INPUT, raw/INPUT > train > model/DECLARED_OUTPUT, model/OUTPUT")
        assert len(engine.paths(loom["raw"], loom["model"]).paths) == 1

    def test_what_was_just_written_is_seen(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("v0 > step0 > v1")
        for i in range(1, 20):
            seq = loom.weave(f"v{i} > step{i} > v{i + 1}")
            trace = engine.trace([loom[f"v{i + 1}"]], min_seq=seq)
            assert (trace.total_nodes, trace.seq) == (2 * i + 3, seq)

    def test_a_seq_that_never_comes_times_out(
        self, loom: Loom, engine: GraphEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clew.graph.question.MIN_SEQ_TIMEOUT_S", 0.05)
        seq = loom.weave("raw > train > model")
        with pytest.raises(TimedOut):
            engine.trace([loom["raw"]], min_seq=seq + 1)

    def test_a_count_that_stops_at_enough_says_so(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("a > one > b", "b > two > c, d", "c, d > three > e", "e > four > f")
        whole = engine.counts([loom["a"]], DOWN)
        for enough in range(12):
            for direction, seed in ((DOWN, "a"), (UP, "f"), (BOTH, "b")):
                exact, found = (
                    engine.counts([loom[seed]], direction),
                    engine.counts([loom[seed]], direction, enough=enough),
                )
                total, reached = (one.artifacts + one.executions for one in (exact, found))
                assert reached > enough if found.partial else reached == total
        assert engine.counts([loom["a"]], DOWN, enough=100).by_depth == whole.by_depth

    def test_among_some_nodes_lie_their_events_and_beside_each_its_neighbours(
        self, loom: Loom, engine: GraphEngine
    ) -> None:
        loom.weave("raw, raw/DECLARED_INPUT > clean > tidy", "tidy, raw, config > train > model, log", "model > use > ")
        loom.node(Kind.ARTIFACT, "alone")
        loom.weave("a > self > a", "raw > late > tidy")
        every = list(loom.names.values())
        for nodes in (every, every[::-1], every[::2], [loom["raw"], loom["tidy"]], [loom["clean"], loom["raw"]], []):
            assert wired(engine, loom.oracle, [*nodes, *nodes[:2]]).refs() == nodes
        assert not engine.among(every).edges

    def test_among_leaves_out_what_is_not_recorded_and_refuses_contexts(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        strange = [NodeRef(Kind.ARTIFACT, 77), NodeRef(Kind.EXECUTION, 0), NodeRef(Kind.EXECUTION, 2**62)]
        assert wired(engine, loom.oracle, [strange[0], loom["train"], *strange[1:], loom["raw"]]).refs() == [
            loom["train"],
            loom["raw"],
        ]
        with pytest.raises(Invalid):
            engine.among([loom["raw"], NodeRef(Kind.CONTEXT, 1)])

    def test_among_sees_what_was_just_written(self, loom: Loom, engine: GraphEngine) -> None:
        loom.weave("raw > train > model")
        for n in range(3):
            seq = loom.weave(f"raw, model > use{n} > ")
            assert engine.among([loom["raw"]], min_seq=seq).children[0] == n + 2
            wired(engine, loom.oracle, list(loom.names.values()))

    def test_ids_with_wide_gaps_are_followed(self, loom: Loom, engine: GraphEngine, record: Record) -> None:
        loom.weave("a > run > b")
        change = Change()
        far = [
            change.node(NodePut(kind, type, insert_id=id))
            for id in (5_000_000, 2**40)
            for kind, type in ((Kind.ARTIFACT, "Data"), (Kind.EXECUTION, "Run"))
        ]
        change.event(far[0], far[1], EventType.OUTPUT)
        change.event(loom["b"].id, far[3], EventType.INPUT)
        change.event(far[2], far[3], EventType.OUTPUT)
        change.event(far[2], far[1], EventType.INPUT)
        record.commit(change)
        trace = engine.trace([NodeRef(Kind.ARTIFACT, 5_000_000)], edges=True)
        assert trace.total_nodes == 7
        assert (2**40, int(EventType.INPUT), loom["b"].id) in trace.edges
        assert NodeRef(Kind.EXECUTION, 2**40) in trace.refs()
        loom.weave("b > later > c")
        agrees(engine, loom.oracle, [loom["c"]])
        between = engine.among([NodeRef(Kind.EXECUTION, 5_000_000), NodeRef(Kind.ARTIFACT, 2**40)], edges=True)
        assert list(zip(between.ids, between.parents, between.children, strict=True)) == [
            (5_000_000, 1, 1), (2**40, 1, 1),
        ]  # fmt: skip
        assert between.edges == [(5_000_000, int(EventType.INPUT), 2**40)]
        with pytest.raises(ArtifactNotFound):
            engine.trace([NodeRef(Kind.ARTIFACT, 4_999_999)])
