"""Neighbours, subgraphs, ranks and counts through GraphQL: what an explorer asks as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clew.api.service import Services
from clew.graph.embedded import EmbeddedEngine
from clew.graph.sql import SqlEngine
from clew.metadata.change import Change, NodePut, Receipt
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState

NEIGHBOURS = """query($of: ID!, $d: Direction!, $by: NeighbourOrder! = RECENT, $t: [String!], $w: String,
    $first: Int! = 20, $after: String, $among: [ID!]! = [], $omit: [ID!]! = [], $at: AsOf) {
  neighbours(of: $of, direction: $d, by: $by, types: $t, where: $w, first: $first, after: $after, among: $among,
      omit: $omit, asOf: $at) {
    nodes { id kind depth rank order parents children node { name } } edges { execution artifact type }
    total byType { type { name } count } byState { state count } pageInfo { hasNextPage endCursor } seq tookMs } }"""
DRAWN = """nodes { id rank order parents children depth } edges { execution artifact type }
    totalNodes totalEdges partial
    upstream { artifacts executions total depth partial } downstream { artifacts executions total depth partial }"""
LINEAGE = f"""query($of: [ID!]!, $d: Direction! = BOTH, $depth: Int, $max: Int! = 60, $w: String, $at: AsOf) {{
  lineage(of: $of, direction: $d, depth: $depth, maxNodes: $max, where: $w, asOf: $at) {{ {DRAWN} }} }}"""
SUBGRAPH = f"query($ids: [ID!]!, $at: AsOf) {{ subgraph(ids: $ids, asOf: $at) {{ {DRAWN} }} }}"


class Web:
    """raw -> clean -> tidy; tidy is read by many: train0 .. train5, each of which makes a model; model0 is served."""

    def __init__(self, record: Record) -> None:
        self.record = record
        change = Change()
        self.types = {
            name: change.type(NodeType(kind, name))
            for kind, name in (
                (Kind.ARTIFACT, "Data"), (Kind.ARTIFACT, "Model"), (Kind.EXECUTION, "Clean"),
                (Kind.EXECUTION, "Train"), (Kind.EXECUTION, "Serve"),
            )
        }  # fmt: skip
        self.puts: dict[str, NodePut] = {}
        for number, (name, type, state) in enumerate(self._nodes()):
            kind = self.types[type].type.kind
            put = NodePut(kind, self.types[type], name=name, state=state, created_ms=1000 + number)
            self.puts[name] = change.node(put)
        for execution, event, artifact in self._events():
            change.event(self.puts[artifact], self.puts[execution], event)
        self.receipt: Receipt = record.commit(change)

    def __getitem__(self, name: str) -> str:
        put = self.puts[name]
        return f"{put.kind.value}:{self.receipt.id(put)}"

    def names(self, ids: list[str]) -> list[str]:
        known = {self[name]: name for name in self.puts}
        return [known[id] for id in ids]

    def _nodes(self) -> Iterator[tuple[str, str, int]]:
        yield from (("raw", "Data", ArtifactState.LIVE), ("clean", "Clean", ExecutionState.COMPLETE))
        yield ("tidy", "Data", ArtifactState.LIVE)
        for i in range(6):
            yield (f"train{5 - i}", "Train", ExecutionState.FAILED if i == 2 else ExecutionState.COMPLETE)
            yield (f"model{5 - i}", "Model", ArtifactState.LIVE)
        yield ("serve", "Serve", ExecutionState.RUNNING)

    def _events(self) -> Iterator[tuple[str, EventType, str]]:
        yield from (("clean", EventType.INPUT, "raw"), ("clean", EventType.OUTPUT, "tidy"))
        for i in range(6):
            yield (f"train{i}", EventType.INPUT, "tidy")
            for j in range(i % 3):  # what a training reads besides: fan of its inputs
                yield (f"train{i}", EventType.DECLARED_INPUT, f"model{j}")
            yield (f"train{i}", EventType.OUTPUT, f"model{i}")
        yield ("serve", EventType.INPUT, "model0")
        yield ("serve", EventType.INPUT, "tidy")


@pytest.fixture(params=["embedded", "sql"])
def engine_of(request: pytest.FixtureRequest) -> Iterator[Callable[[Record], Any]]:
    made: list[Any] = []

    def make(record: Record) -> Any:
        made.append(EmbeddedEngine(record) if request.param == "embedded" else SqlEngine(record))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def web(record: Record) -> Web:
    return Web(record)


@pytest.fixture
def ask(web: Web, record: Record, engine_of: Callable[[Record], Any], asker_with: Any) -> Any:
    return asker_with(Services(record, engine_of(record)))


def _named(web: Web, found: dict[str, Any]) -> list[str]:
    return web.names([node["id"] for node in found["nodes"]])


def test_neighbours_are_told_newest_first_with_counts_of_all(ask: Any, web: Web) -> None:
    found = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", first=3)["neighbours"]
    assert _named(web, found) == ["serve", "train0", "train1"]
    assert [node["node"]["name"] for node in found["nodes"]] == ["serve", "train0", "train1"]
    assert (found["total"], found["pageInfo"]["hasNextPage"], found["seq"]) == (7, True, web.receipt.seq)
    assert found["byType"] == [{"type": {"name": "Train"}, "count": 6}, {"type": {"name": "Serve"}, "count": 1}]
    assert found["byState"] == [
        {"state": "COMPLETE", "count": 5}, {"state": "FAILED", "count": 1}, {"state": "RUNNING", "count": 1},
    ]  # fmt: skip
    up = ask.ask(NEIGHBOURS, of=web["clean"], d="UP")["neighbours"]
    assert (_named(web, up), up["pageInfo"]["hasNextPage"]) == (["raw"], False)
    assert [(node["parents"], node["children"]) for node in up["nodes"]] == [(0, 1)]


@pytest.mark.parametrize("by", ["RECENT", "FAN_OUT", "NAME"])
def test_pages_of_neighbours_join_without_gap_or_double(ask: Any, web: Web, by: str) -> None:
    whole = _named(web, ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", by=by)["neighbours"])
    assert sorted(whole) == sorted(["serve", *(f"train{i}" for i in range(6))])
    pages: list[str] = []
    after = None
    while True:
        page = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", by=by, first=2, after=after)["neighbours"]
        pages += _named(web, page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == whole


def test_neighbours_come_by_name_and_by_how_far_they_spread(ask: Any, web: Web) -> None:
    by_name = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", by="NAME")["neighbours"]
    assert _named(web, by_name) == sorted(_named(web, by_name))
    artifacts = ask.ask(NEIGHBOURS, of=web["train5"], d="UP", by="FAN_OUT")["neighbours"]
    assert set(_named(web, artifacts)) == {"tidy", "model0", "model1"}
    hub = ask.ask(NEIGHBOURS, of=web["clean"], d="DOWN", by="FAN_OUT")["neighbours"]["nodes"][0]
    assert (hub["parents"], hub["children"]) == (1, 7)


def test_neighbours_are_chosen_by_type_and_by_text(ask: Any, web: Web) -> None:
    served = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", t=["Serve"])["neighbours"]
    assert (_named(web, served), served["total"]) == (["serve"], 1)
    failed = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", w="last_known_state = FAILED")["neighbours"]
    assert (_named(web, failed), failed["byState"]) == (["train3"], [{"state": "FAILED", "count": 1}])
    assert ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", t=["Model"])["neighbours"]["total"] == 0
    assert ask.refused(NEIGHBOURS, of=web["tidy"], d="DOWN", t=["None such"])["code"] == "TYPE_NOT_FOUND"
    assert ask.refused(NEIGHBOURS, of=web["tidy"], d="DOWN", w="uri = 'x'")["code"] == "INVALID_FILTER"


def test_an_expansion_is_drawn_by_one_question(ask: Any, web: Web) -> None:
    drawn = [web["raw"], web["clean"], web["tidy"], web["model0"]]
    found = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", among=drawn, first=20)["neighbours"]
    ranks = dict(zip(_named(web, found), [node["rank"] for node in found["nodes"]], strict=True))
    assert ranks["train0"] == 3  # raw, clean, tidy, train0
    assert ranks["serve"] == ranks["train1"] == 5  # ... train0, model0, serve
    edges = {(edge["execution"], edge["artifact"]) for edge in found["edges"]}
    assert (web["serve"], web["model0"]) in edges
    assert (web["train0"], web["tidy"]) in edges
    assert (web["clean"], web["tidy"]) not in edges  # between what is drawn already
    assert {node["depth"] for node in found["nodes"]} == {1}


def test_what_is_drawn_already_can_be_left_out_of_the_pages(ask: Any, web: Web) -> None:
    omitted = [web["serve"], web["train0"], web["raw"]]
    found = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", omit=omitted, first=2)["neighbours"]
    assert (_named(web, found), found["total"]) == (["train1", "train2"], 7)


def test_a_page_of_none_tells_the_counts(ask: Any, web: Web) -> None:
    found = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", first=0)["neighbours"]
    assert (found["nodes"], found["edges"], found["total"], found["pageInfo"]["hasNextPage"]) == ([], [], 7, True)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"of": "artifact:1", "d": "BOTH"}, "INVALID"),
        ({"of": "context:1", "d": "UP"}, "INVALID"),
        ({"of": "artifact:1", "d": "UP", "among": ["context:1"]}, "INVALID"),
        ({"of": "artifact:999", "d": "UP"}, "ARTIFACT_NOT_FOUND"),
        ({"of": "artifact:1", "d": "UP", "first": 100_000}, "LIMIT_EXCEEDED"),
        ({"of": "artifact:1", "d": "UP", "omit": [f"artifact:{i}" for i in range(1, 2002)]}, "LIMIT_EXCEEDED"),
        ({"of": "artifact:1", "d": "UP", "after": "nonsense"}, "INVALID_CURSOR"),
        ({"of": "artifact:1", "d": "UP", "after": "nonsense", "by": "FAN_OUT"}, "INVALID_CURSOR"),
    ],
)
def test_bad_questions_are_typed_errors(ask: Any, web: Web, variables: dict[str, Any], code: str) -> None:
    assert ask.refused(NEIGHBOURS, **variables)["code"] == code


def test_a_lineage_tells_ranks_degrees_and_true_counts_beyond_its_bounds(ask: Any, web: Web) -> None:
    found = ask.ask(LINEAGE, of=web["tidy"], depth=1)["lineage"]
    nodes = dict(zip(_named(web, found), found["nodes"], strict=True))
    assert {name: node["rank"] for name, node in nodes.items() if name in ("clean", "tidy", "serve")} == {
        "clean": 0, "tidy": 1, "serve": 2,
    }  # fmt: skip
    assert (nodes["tidy"]["parents"], nodes["tidy"]["children"], nodes["train5"]["parents"]) == (1, 7, 3)
    assert found["upstream"] == {"artifacts": 1, "executions": 1, "total": 2, "depth": 2, "partial": False}
    assert found["downstream"] == {"artifacts": 6, "executions": 7, "total": 13, "depth": 2, "partial": False}
    assert found["partial"]


def test_a_count_that_would_take_long_stops_and_says_so(
    ask: Any, web: Web, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Change()
    later.node(NodePut(Kind.EXECUTION, "Train", name="later"))
    record.commit(later)
    monkeypatch.setattr("clew.api.graphql.lineage.ENOUGH", 3)
    then = {"seq": web.receipt.seq}
    found = ask.ask(LINEAGE, of=web["tidy"], at=then)["lineage"]
    assert (found["upstream"]["total"], found["upstream"]["partial"]) == (2, False)
    assert (found["downstream"]["total"], found["downstream"]["partial"]) == (7, True)


def test_the_order_key_is_the_order_of_recording(ask: Any, web: Web) -> None:
    found = ask.ask(LINEAGE, of=web["tidy"])["lineage"]
    trains = [node for name, node in zip(_named(web, found), found["nodes"], strict=True) if "train" in name]
    assert web.names([node["id"] for node in sorted(trains, key=lambda node: node["order"])]) == [
        f"train{5 - i}" for i in range(6)
    ]


def test_ranks_are_of_what_is_shown(ask: Any, web: Web) -> None:
    found = ask.ask(LINEAGE, of=web["model0"], d="UP", w="name IN ('train0', 'tidy', 'raw')")["lineage"]
    ranks = dict(zip(_named(web, found), [node["rank"] for node in found["nodes"]], strict=True))
    assert ranks == {"train0": 1, "tidy": 0, "raw": 0}


def test_ranks_need_no_edges_in_the_selection(ask: Any, web: Web) -> None:
    query = (
        "query($of: [ID!]!) { lineage(of: $of) { nodes { id rank } } impact(of: $of) { reached { nodes { rank } } } }"
    )
    found = ask.ask(query, of=web["model0"])
    assert max(node["rank"] for node in found["lineage"]["nodes"]) == 4
    assert max(node["rank"] for node in found["impact"]["reached"]["nodes"]) >= 1


def test_a_subgraph_draws_again_what_was_drawn(ask: Any, web: Web) -> None:
    names = ["serve", "raw", "clean", "tidy", "model0"]
    found = ask.ask(SUBGRAPH, ids=[web[name] for name in (*names, "raw")])["subgraph"]
    assert (_named(web, found), found["totalNodes"], found["totalEdges"], found["partial"]) == (names, 5, 4, False)
    assert [node["rank"] for node in found["nodes"]] == [3, 0, 1, 2, 0]
    assert [node["depth"] for node in found["nodes"]] == [0] * 5
    assert (found["nodes"][3]["children"], found["upstream"]["total"]) == (7, 1)


def test_a_subgraph_leaves_out_what_is_not_recorded_and_says_so(ask: Any, web: Web) -> None:
    found = ask.ask(SUBGRAPH, ids=["artifact:999", web["raw"], "execution:77"])["subgraph"]
    assert (_named(web, found), found["partial"]) == (["raw"], True)
    empty = ask.ask(SUBGRAPH, ids=["artifact:999"])["subgraph"]
    assert (empty["nodes"], empty["partial"], empty["upstream"]["total"]) == ([], True, 0)
    assert ask.ask(SUBGRAPH, ids=[])["subgraph"]["partial"] is False
    assert ask.refused(SUBGRAPH, ids=["context:1"])["code"] == "INVALID"
    assert ask.refused(SUBGRAPH, ids=[f"artifact:{i}" for i in range(1, 2002)])["code"] == "LIMIT_EXCEEDED"


def test_an_earlier_moment_has_the_neighbours_degrees_and_counts_of_then(ask: Any, web: Web, record: Record) -> None:
    change = Change()
    late = change.node(NodePut(Kind.EXECUTION, "Train", name="late"))
    change.event(int(web["tidy"].partition(":")[2]), late, EventType.INPUT)
    receipt = record.commit(change)
    id, then = f"execution:{receipt.id(late)}", {"seq": web.receipt.seq}
    now = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN")["neighbours"]
    assert (now["total"], now["nodes"][0]["id"]) == (8, id)
    for by in ("RECENT", "FAN_OUT", "NAME"):
        before = ask.ask(NEIGHBOURS, of=web["tidy"], d="DOWN", by=by, at=then)["neighbours"]
        assert (before["total"], before["seq"], len(before["nodes"])) == (7, web.receipt.seq, 7)
    tidy = [ask.ask(SUBGRAPH, ids=[web["tidy"], id], at=at)["subgraph"]["nodes"][0] for at in (then, None)]
    assert [node["children"] for node in tidy] == [7, 8]
    assert ask.ask(SUBGRAPH, ids=[web["tidy"], id], at=then)["subgraph"]["partial"]
    counts = [ask.ask(LINEAGE, of=web["tidy"], at=at)["lineage"]["downstream"]["total"] for at in (then, None)]
    assert counts == [13, 14]
