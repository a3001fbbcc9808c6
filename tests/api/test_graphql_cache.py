"""The cache through GraphQL: entries, numbers, explanations, plans, invalidation and pins, over real runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.service import Services
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.run import run_pipeline
from clew.executors.runs.service import RunService
from clew.graph.sql import SqlEngine
from clew.metadata.blobs.local import LocalStore
from clew.metadata.record import Record

SOURCE = """
from kfp import dsl

@dsl.component
def write(text: str, out: dsl.Output[dsl.Dataset]):
    with open(out.path, "w") as target:
        target.write(text)

@dsl.component
def count(data: dsl.Input[dsl.Dataset]) -> int:
    return len(open(data.path).read())

@dsl.pipeline(name="counting")
def counting(text: str = "abc") -> int:
    return count(data=write(text=text).outputs["out"]).output
"""
ENTRIES = """query($first: Int!, $after: String) { cache { entries(first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  nodes { component state why by pinned hits savedMs costMs sizeBytes lastHitMs execution { id } outputs { id digest } }
} } }"""
STATS = "{ cache { stats { entries invalidated total { hits ran hitRate savedBytes } components { name hits } } } }"
PLAN = """query($run: NewRunInput!) { cache { plan(run: $run) { hit run wait savedMs
  tasks { name verdict reason origin changed { part before after } } } } }"""
EXPLAIN = "query($id: ID!) { cache { explain(execution: $id) { outcome reason savedBytes nondeterministic } } }"
INVALIDATE = """mutation($targets: [String!], $downstream: Boolean!) {
  invalidateCache(targets: $targets, downstream: $downstream, why: "wrong labels", actor: "ann") {
    executions audit { type customProperties { name value } }
  }
}"""
PIN = 'mutation($id: ID!, $pinned: Boolean!) { pin(id: $id, pinned: $pinned, why: "prod", actor: "ann") { type } }'


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("counting")
    (folder / "counting.py").write_text(SOURCE)
    script = Path(__file__).parents[2] / "executors" / "runs" / "compile_source.py"
    target = folder / "counting.yaml"
    subprocess.run([sys.executable, script, folder / "counting.py", "", target], check=True, timeout=120)
    return target.read_text()


@pytest.fixture
def services(tmp_path: Path, spec: str) -> Iterator[Services]:
    """A home in which a pipeline ran twice, served."""
    home = tmp_path / "home"
    with Record.open(home) as record:
        service = RunService(record, LocalStore(home / "blobs"), RunOptions(home=home, actor="ann"))
        for _ in range(2):
            run_pipeline(record, service.store, parse(spec), {}, options=service.options)
        yield Services(record, SqlEngine(record), "1.2.3", service)


@pytest.fixture
def ask(services: Services, asker_with: Any) -> Any:
    return asker_with(services)


def entries(ask: Any) -> dict[str, Any]:
    found = ask.ask(ENTRIES, first=10, after=None)["cache"]["entries"]["nodes"]
    return {entry["component"]: entry for entry in found}


def test_entries_come_a_page_at_a_time_with_what_they_saved(ask: Any) -> None:
    first = ask.ask(ENTRIES, first=1, after=None)["cache"]["entries"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = ask.ask(ENTRIES, first=5, after=first["pageInfo"]["endCursor"])["cache"]["entries"]
    assert [e["component"] for e in first["nodes"] + rest["nodes"]] == ["counting/comp-count", "counting/comp-write"]
    made = rest["nodes"][0]
    assert (made["hits"], made["sizeBytes"], made["state"], made["savedMs"]) == (1, 3, "live", made["costMs"])
    assert made["outputs"][0]["digest"].startswith("sha256:")
    assert ask.refused(ENTRIES, first=1, after="x")["code"] == "INVALID_CURSOR"


def test_numbers_tell_hits_and_savings(ask: Any) -> None:
    found = ask.ask(STATS)["cache"]["stats"]
    assert found["total"] == {"hits": 2, "ran": 2, "hitRate": 0.5, "savedBytes": 3}
    assert found["entries"] == 2
    assert {c["name"]: c["hits"] for c in found["components"]} == {"counting/comp-count": 1, "counting/comp-write": 1}


def test_a_plan_is_told_without_a_change(ask: Any, services: Services, spec: str) -> None:
    seq = services.record.seq()
    same = ask.ask(PLAN, run={"spec": spec})["cache"]["plan"]
    assert (same["hit"], same["run"], same["wait"]) == (2, 0, 0)
    other = ask.ask(PLAN, run={"spec": spec, "parameters": {"text": "abcd"}})["cache"]["plan"]
    write = next(task for task in other["tasks"] if task["name"] == "write")
    assert (other["run"], other["wait"], write["changed"]) == (
        1, 1, [{"part": "parameters.text", "before": "abc", "after": "abcd"}],
    )  # fmt: skip
    rules = {"task": {"write": {"max_age": "0s"}}}
    stale = ask.ask(PLAN, run={"spec": spec, "rules": rules})["cache"]["plan"]
    assert (stale["hit"], stale["run"], stale["wait"]) == (0, 1, 1)
    assert ask.refused(PLAN, run={"spec": spec, "rules": {"max_age": "soon"}})["code"] == "INVALID"
    assert services.record.seq() == seq
    assert ask.refused(PLAN, run={"spec": "nonsense: ["})["code"] == "INVALID_PIPELINE"


def test_what_is_invalidated_is_told_by_whom_and_why(ask: Any, spec: str) -> None:
    made = entries(ask)["counting/comp-write"]
    done = ask.ask(INVALIDATE, targets=[made["outputs"][0]["id"]], downstream=True)["invalidateCache"]
    assert done["audit"]["type"] == "clew.CacheInvalidation"
    assert made["execution"]["id"] in done["executions"]
    assert {(e["state"], e["by"], e["why"]) for e in entries(ask).values()} == {("invalidated", "ann", "wrong labels")}
    plan = ask.ask(PLAN, run={"spec": spec})["cache"]["plan"]
    assert (plan["hit"], plan["run"], plan["wait"]) == (0, 1, 1)
    assert ask.refused(INVALIDATE, targets=[made["execution"]["id"]], downstream=False)["code"] == "NOT_FOUND"
    assert ask.refused(INVALIDATE, targets=[], downstream=False)["code"] == "INVALID"


def test_pins_hold_ancestors_until_they_are_let_go(ask: Any) -> None:
    made = entries(ask)["counting/comp-write"]["outputs"][0]["id"]
    assert ask.ask(PIN, id=made, pinned=True)["pin"]["type"] == "clew.Pin"
    assert entries(ask)["counting/comp-write"]["pinned"] is True
    ask.ask(PIN, id=made, pinned=False)
    assert entries(ask)["counting/comp-write"]["pinned"] is False
    assert ask.refused(PIN, id=made, pinned=False)["code"] == "NOT_FOUND"
    assert ask.refused(PIN, id="x", pinned=True)["code"] == "INVALID"


def test_a_hit_is_explained_with_what_it_saved(ask: Any, services: Services) -> None:
    with services.record.read() as reader:
        reused = reader.executions(where="state = CACHED").items[0]
    found = ask.ask(EXPLAIN, id=str(reused.ref))["cache"]["explain"]
    assert (found["outcome"], found["savedBytes"], found["nondeterministic"]) == ("hit", 3, None)
