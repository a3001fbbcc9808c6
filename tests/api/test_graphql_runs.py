"""Runs through GraphQL: started, watched, stopped and repeated, on a real home with real processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.typing import Subprotocol

from clew.api.service import Services
from clew.executors.pipeline.options import RunOptions
from clew.executors.runs.service import RunService
from clew.graph.sql import SqlEngine
from clew.metadata.blobs.local import LocalStore
from clew.metadata.record import Record

SOURCE = """
from kfp import dsl

@dsl.component
def nap(seconds: float, seen: dsl.Output[dsl.Metrics]) -> float:
    import time
    print("napping", flush=True)
    time.sleep(seconds)
    seen.log_metric("seconds", seconds)
    return seconds

@dsl.component
def wake(seconds: float, flag: str) -> float:
    import os
    if os.path.exists(flag):
        raise SystemExit("the flag is up")
    return seconds

@dsl.pipeline(name="napping")
def napping(seconds: float = 0.0, flag: str = "none") -> float:
    return wake(seconds=nap(seconds=seconds).outputs["Output"], flag=flag).output
"""
CREATE = """mutation($run: NewRunInput!) { createRun(run: $run) { id state name experiment labels { key value } } }"""
RUN = """query($id: String!) {
  run(id: $id) {
    id state parameters outputs resumedFrom clonedFrom archived error startedMs endedMs context { type }
    tasks { totalCount nodes { name kind state cached origin outputs error execution { type } } }
  }
}"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("napping")
    (folder / "napping.py").write_text(SOURCE)
    script = Path(__file__).parents[2] / "executors" / "runs" / "compile_source.py"
    target = folder / "napping.yaml"
    subprocess.run([sys.executable, script, folder / "napping.py", "", target], check=True, timeout=120)
    return target.read_text()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("runs") / "home"
    with Record.open(home) as record:
        service = RunService(record, LocalStore(home / "blobs"), RunOptions(home=home, actor="ann"))
        yield Services(record, SqlEngine(record), "1.2.3", service)


@pytest.fixture
def create(asker: Any, spec: str) -> Callable[..., str]:
    def start(**run: Any) -> str:
        id: str = asker.ask(CREATE, run={"spec": spec} | run)["createRun"]["id"]
        return id

    return start


@pytest.fixture
def over(asker: Any) -> Callable[[str], Any]:
    """The run when it is over."""

    def wait(id: str) -> Any:
        deadline = time.monotonic() + 60
        while (run := asker.ask(RUN, id=id)["run"])["state"] in ("PENDING", "RUNNING"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return run

    return wait


def test_a_run_is_started_and_tells_of_its_tasks(asker: Any, spec: str, over: Any) -> None:
    given = {
        "spec": spec,
        "parameters": {"seconds": 0.1},
        "name": "siesta",
        "experiment": "naps",
        "labels": [{"key": "team", "value": "rest"}],
        "cache": "OFF",
    }
    made = asker.ask(CREATE, run=given)["createRun"]
    assert (made["name"], made["experiment"], made["labels"]) == (
        "siesta",
        "naps",
        [{"key": "team", "value": "rest"}],
    )
    run = over(made["id"])
    assert (run["state"], run["parameters"], run["outputs"]) == (
        "COMPLETE",
        {"seconds": 0.1, "flag": "none"},
        {"Output": 0.1},
    )
    assert run["context"] == {"type": "system.PipelineRun"}
    tasks = {task["name"]: task for task in run["tasks"]["nodes"]}
    assert (run["tasks"]["totalCount"], set(tasks)) == (2, {"nap", "wake"})
    assert tasks["nap"]["execution"] == {"type": "system.ContainerExecution"}


def test_runs_are_listed_by_their_filter_a_page_at_a_time(asker: Any, create: Any, over: Any) -> None:
    ids = [create(experiment="listed") for _ in range(3)]
    for id in ids:
        over(id)
    listed = """query($after: String, $filter: RunFilter) {
      runs(first: 2, after: $after, filter: $filter) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
    }"""
    first = asker.ask(listed, filter={"experiment": "listed"})["runs"]
    assert (first["totalCount"], [run["id"] for run in first["nodes"]]) == (3, [ids[2], ids[1]])
    second = asker.ask(listed, filter={"experiment": "listed"}, after=first["pageInfo"]["endCursor"])["runs"]
    assert ([run["id"] for run in second["nodes"]], second["pageInfo"]["hasNextPage"]) == ([ids[0]], False)
    asker.ask("mutation($id: String!) { archiveRun(id: $id) { archived } }", id=ids[0])
    assert asker.ask(listed, filter={"experiment": "listed"})["runs"]["totalCount"] == 2
    assert asker.ask(listed, filter={"experiment": "listed", "archived": None})["runs"]["totalCount"] == 3
    assert asker.refused(listed, filter={"state": "ODD"})["code"] == "USAGE"


def test_a_run_is_canceled_by_a_mutation(asker: Any, create: Any, over: Any) -> None:
    id = create(parameters={"seconds": 60})
    deadline = time.monotonic() + 30
    while not asker.ask(RUN, id=id)["run"]["tasks"]["nodes"]:
        assert time.monotonic() < deadline
    asker.ask("mutation($id: String!) { cancelRun(id: $id) { state } }", id=id)
    assert over(id)["state"] == "CANCELED"
    assert asker.refused("mutation($id: String!) { cancelRun(id: $id) { state } }", id=id)["code"] == "CONFLICT"


def test_what_failed_is_retried_and_what_was_done_taken_over(
    asker: Any, create: Any, over: Any, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    id = create(parameters={"flag": str(flag)}, cache="OFF")
    assert over(id)["state"] == "FAILED"
    flag.unlink()
    again = asker.ask("mutation($id: String!) { retryRun(id: $id) { id resumedFrom } }", id=id)["retryRun"]
    assert again["resumedFrom"] == id
    run = over(again["id"])
    assert {task["name"]: task["state"] for task in run["tasks"]["nodes"]} == {"nap": "CACHED", "wake": "COMPLETE"}
    task = asker.ask('mutation($id: String!) { retryRun(id: $id, task: "nap") { id } }', id=again["id"])["retryRun"]
    assert {one["state"] for one in over(task["id"])["tasks"]["nodes"]} == {"COMPLETE"}
    resumed = asker.ask("mutation($id: String!) { resumeRun(id: $id) { id } }", id=task["id"])["resumeRun"]
    assert {one["state"] for one in over(resumed["id"])["tasks"]["nodes"]} == {"CACHED"}
    cloned = asker.ask(
        "mutation($id: String!, $p: JSON) { cloneRun(id: $id, parameters: $p) { id clonedFrom } }",
        id=id,
        p={"seconds": 0.25},
    )["cloneRun"]
    assert (cloned["clonedFrom"], over(cloned["id"])["outputs"]) == (id, {"Output": 0.25})


def test_a_run_tells_its_tally_and_where_its_tasks_lie(asker: Any, create: Any, over: Any) -> None:
    id = create(parameters={"seconds": 0.05, "flag": "tally"})
    over(id)
    query = """query($id: String!) { run(id: $id) {
      tally { steps savedMs counts { state count } } tasks { nodes { name parent iteration attempts skipped savedMs } }
    } }"""
    run = asker.ask(query, id=id)["run"]
    assert run["tally"] == {"steps": 2, "savedMs": 0, "counts": [{"state": "COMPLETE", "count": 2}]}
    nap = {"name": "nap", "parent": "", "iteration": None, "attempts": 1, "skipped": "", "savedMs": 0}
    assert nap in run["tasks"]["nodes"]
    again = create(parameters={"seconds": 0.05, "flag": "tally"})
    over(again)
    run = asker.ask(query, id=again)["run"]
    assert run["tally"]["counts"] == [{"state": "CACHED", "count": 2}]
    one = """query($id: String!, $name: String!) { run(id: $id) { task(name: $name) {
      state inputs decision { outcome origin { id } } } } }"""
    task = asker.ask(one, id=again, name="nap")["run"]["task"]
    assert (task["state"], task["inputs"], task["decision"]["outcome"]) == ("CACHED", {"seconds": 0.05}, "hit")
    assert asker.refused(one, id=again, name="nope")["code"] == "NOT_FOUND"
    assert run["tally"]["savedMs"] == sum(task["savedMs"] for task in run["tasks"]["nodes"]) > 0


def test_a_pipeline_tells_what_it_takes_and_its_tasks_before_anything_ran(asker: Any, spec: str, create: Any) -> None:
    asked = """{ name inputs { name type artifact optional default }
      tasks { path parent name kind loop condition after { task carries } } }"""
    told = asker.ask(f"query($spec: String!) {{ pipeline(spec: $spec) {asked} }}", spec=spec)["pipeline"]
    seconds = {"name": "seconds", "type": "NUMBER_DOUBLE", "artifact": False, "optional": True, "default": 0.0}
    assert (told["name"], seconds in told["inputs"]) == ("napping", True)
    wake = next(task for task in told["tasks"] if task["path"] == "wake")
    assert (wake["kind"], wake["after"]) == ("container", [{"task": "nap", "carries": ["seconds"]}])
    id = create()
    assert asker.ask(f"query($id: String!) {{ run(id: $id) {{ definition {asked} }} }}", id=id)["run"] == {
        "definition": told
    }
    assert asker.refused('{ pipeline(spec: "a: 1") { name } }')["code"] == "INVALID_PIPELINE"


def test_a_log_is_read_piece_by_piece(asker: Any, create: Any, over: Any) -> None:
    id = create(cache="OFF")
    over(id)
    log = """query($id: String!, $task: String!, $offset: Int64!) {
      runLog(run: $id, task: $task, offset: $offset) { text offset isOver }
    }"""
    piece = asker.ask(log, id=id, task="nap", offset=0)["runLog"]
    assert ("napping" in piece["text"], piece["isOver"]) == (True, True)
    assert asker.ask(log, id=id, task="nap", offset=piece["offset"])["runLog"]["text"] == ""
    assert asker.refused(log, id=id, task="../../x", offset=0)["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ({"spec": "not: ir"}, "INVALID_PIPELINE"),
        ({"parameters": {"nope": 1}}, "INVALID"),
        ({"parameters": {"seconds": "x"}}, "INVALID"),
        ({"parameters": [1]}, "INVALID"),
        ({"labels": [{"key": "-", "value": ""}]}, "USAGE"),
        ({"maxParallel": 0}, "USAGE"),
    ],
)
def test_a_bad_run_is_refused_before_anything_is_recorded(
    asker: Any, services: Services, spec: str, run: dict[str, Any], code: str
) -> None:
    before = services.record.seq()
    assert asker.refused(CREATE, run={"spec": spec} | run)["code"] == code
    assert services.record.seq() == before


def test_a_server_without_a_home_says_so(asker_with: Callable[..., Any], services: Services, spec: str) -> None:
    homeless = asker_with(Services(services.record, SqlEngine(services.record)))
    assert homeless.refused(CREATE, run={"spec": spec})["code"] == "UNSUPPORTED"


def test_the_tasks_of_a_run_are_told_as_they_change(served: str, create: Any) -> None:
    id = create(parameters={"seconds": 1.0}, cache="OFF")
    heard: list[dict[str, Any]] = []

    async def listen() -> None:
        url = served.replace("http", "ws") + "/graphql"
        async with websockets.connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send('{"type": "connection_init"}')
            told = "seq name state runState cached savedMs attempts skipped origin"
            query = f"subscription($id: String!) {{ runTasks(run: $id) {{ {told} }} }}"
            payload = {"query": query, "variables": {"id": id}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "complete":
                    return
                if message["type"] == "next":
                    heard.append(message["payload"]["data"]["runTasks"])

    asyncio.run(asyncio.wait_for(listen(), 60))
    told = [(change["name"], change["state"]) for change in heard]
    assert [state for name, state in told if name == "nap"] == ["RUNNING", "COMPLETE"]
    assert told[-1] == ("", "COMPLETE")
    assert [change["seq"] for change in heard] == sorted(change["seq"] for change in heard)


def test_a_schedule_is_made_shown_paused_and_removed(asker: Any, services: Services, spec: str) -> None:
    create = "mutation($s: NewScheduleInput!) { createSchedule(schedule: $s) { id name state nextMs cron zone } }"
    run = {"spec": spec, "name": "nightly", "experiment": "naps", "parameters": {"seconds": 0.5}}
    made = asker.ask(create, s={"run": run, "cron": "0 9 * * *", "zone": "Europe/Berlin"})["createSchedule"]
    assert (made["name"], made["state"], made["cron"], made["zone"]) == (
        "nightly",
        "ENABLED",
        "0 9 * * *",
        "Europe/Berlin",
    )
    assert made["nextMs"] > time.time() * 1000
    shown = asker.ask(
        """query { schedule(id: "nightly") { id parameters experiment runs { totalCount } context { type } } }"""
    )["schedule"]
    assert shown == {
        "id": made["id"],
        "parameters": {"seconds": 0.5, "flag": "none"},
        "experiment": "naps",
        "runs": {"totalCount": 0},
        "context": {"type": "clew.Schedule"},
    }
    for verb, state in [("pause", "PAUSED"), ("resume", "ENABLED"), ("remove", "REMOVED")]:
        changed = asker.ask(f"mutation($id: String!) {{ {verb}Schedule(id: $id) {{ state }} }}", id=made["id"])
        assert changed[f"{verb}Schedule"]["state"] == state
    listed = "query($state: String) { schedules(state: $state) { totalCount nodes { id } } }"
    assert asker.ask(listed, state="REMOVED")["schedules"] == {"totalCount": 1, "nodes": [{"id": made["id"]}]}
    assert asker.ask(listed, state="ENABLED")["schedules"]["nodes"] == []
    assert asker.refused(listed, state="ODD")["code"] == "USAGE"
    before = services.record.seq()
    for bad in ({"cron": "no"}, {"everyS": 60, "zone": "Mars"}, {}, {"everyS": 60, "maxConcurrency": 0}):
        assert asker.refused(create, s={"run": run} | bad)["code"] == "USAGE"
    assert services.record.seq() == before
