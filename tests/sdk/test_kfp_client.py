"""`clew.kfp.Client` has the calls of `kfp.Client`, and they do what their names say, on a home and through a server."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.kfp import Client, RunTimedOut
from clew.metadata.errors import Conflict, Invalid, NotFound, Unsupported

CALLS = [
    "create_run_from_pipeline_func", "create_run_from_pipeline_package", "run_pipeline", "wait_for_run_completion",
    "get_run", "list_runs", "terminate_run", "archive_run", "unarchive_run", "create_recurring_run",
    "get_recurring_run", "list_recurring_runs", "enable_recurring_run", "disable_recurring_run",
    "delete_recurring_run", "create_experiment", "get_experiment", "list_experiments",
]  # fmt: skip
SOURCE = """
from kfp import dsl

@dsl.component
def nap(seconds: float, flag: str) -> float:
    import os, time
    time.sleep(seconds)
    if os.path.exists(flag):
        raise SystemExit("the flag is up")
    return seconds

@dsl.pipeline(name="napping")
def napping(seconds: float = 0.0, flag: str = "none") -> float:
    return nap(seconds=seconds, flag=flag).output
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("napping")
    (folder / "napping.py").write_text(SOURCE)
    script = Path(__file__).parents[2] / "executors" / "runs" / "compile_source.py"
    target = folder / "napping.yaml"
    subprocess.run([sys.executable, script, folder / "napping.py", "", target], check=True, timeout=120)
    return str(target)


@pytest.fixture(params=["home", "server"])
def client(request: pytest.FixtureRequest, tmp_path: Path, server_of: Callable[..., Any]) -> Iterator[Client]:
    if request.param == "home":
        with Client(tmp_path / "home") as client:
            yield client
        return
    with server_of(tmp_path / "server") as url, Client(host=url) as client:
        yield client


def test_the_calls_take_the_arguments_of_kfp() -> None:
    script = (
        "import inspect, json, sys, warnings; warnings.simplefilter('ignore'); from kfp import Client;"
        "print(json.dumps({n: list(inspect.signature(getattr(Client, n)).parameters) for n in sys.argv[1:]}))"
    )
    said = subprocess.run([sys.executable, "-c", script, *CALLS], capture_output=True, text=True, check=True).stdout
    for name, theirs in json.loads(said).items():
        ours = inspect.signature(getattr(Client, name)).parameters
        passed_on = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in ours.values())
        unknown = [one for one in theirs if one not in ours and one not in ("job_id",)]
        assert unknown == [] or passed_on, name
        in_order = [one for one in ours if one in theirs]
        assert in_order == [one for one in theirs if one in ours], name
    assert clew.kfp.Client is Client


def test_a_run_is_started_awaited_and_told_in_kfps_words(client: Client, package: str) -> None:
    begun = datetime.now(UTC)
    result = client.create_run_from_pipeline_package(
        package, arguments={"seconds": 0.25}, run_name="siesta", experiment_name="naps"
    )
    assert repr(result) == f"RunPipelineResult(run_id={result.run_id})"
    run = result.wait_for_run_completion(timeout=60)
    assert (run.run_id, run.display_name, run.state) == (result.run_id, "siesta", "SUCCEEDED")
    assert (run.experiment_id, run.storage_state, run.outputs) == ("naps", "AVAILABLE", {"Output": 0.25})
    assert run.runtime_config.parameters == {"seconds": 0.25, "flag": "none"}
    assert run.finished_at is not None
    assert begun - timedelta(seconds=1) <= run.created_at <= run.finished_at
    details = client.get_run(run.run_id).run_details
    assert details is not None
    assert [(task.display_name, task.state) for task in details.task_details] == [("nap", "SUCCEEDED")]
    again = client.create_run_from_pipeline_package(package, arguments={"seconds": 0.25})
    again.wait_for_run_completion(timedelta(seconds=60))
    details = client.get_run(again.run_id).run_details
    assert details is not None
    assert [task.state for task in details.task_details] == ["SKIPPED"]
    off = client.create_run_from_pipeline_package(package, arguments={"seconds": 0.25}, enable_caching=False)
    off.wait_for_run_completion()
    details = client.get_run(off.run_id).run_details
    assert details is not None
    assert [task.state for task in details.task_details] == ["SUCCEEDED"]


def test_runs_are_listed_a_page_at_a_time(client: Client, package: str) -> None:
    ids = [
        client.create_run_from_pipeline_package(package, run_name=f"run {n}", experiment_name="listed").run_id
        for n in range(3)
    ]
    for id in ids:
        client.wait_for_run_completion(id, 60)
    first = client.list_runs(page_size=2, experiment_id="listed")
    assert ([run.run_id for run in first.runs], first.total_size) == ([ids[2], ids[1]], 3)
    second = client.list_runs(page_token=first.next_page_token, page_size=2, experiment_id="listed")
    assert ([run.run_id for run in second.runs], second.next_page_token) == ([ids[0]], "")
    chosen = {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": "run 1"}]}
    assert [run.run_id for run in client.list_runs(filter=json.dumps(chosen)).runs] == [ids[1]]
    chosen = {"predicates": [{"operation": "EQUALS", "key": "state", "stringValue": "SUCCEEDED"}]}
    assert len(client.list_runs(filter=json.dumps(chosen)).runs) == 3
    with pytest.raises(Invalid):
        client.list_runs(filter="not json")
    with pytest.raises(Unsupported):
        client.list_runs(sort_by="display_name")


def test_a_run_is_terminated_archived_and_retried(client: Client, package: str, tmp_path: Path) -> None:
    slow = client.create_run_from_pipeline_package(package, arguments={"seconds": 60.0})
    with pytest.raises(RunTimedOut):
        client.wait_for_run_completion(slow.run_id, timeout=0.1)
    with pytest.raises(TimeoutError):
        slow.wait_for_run_completion(0.1)
    assert client.terminate_run(slow.run_id) == {}
    assert client.wait_for_run_completion(slow.run_id, 30).state == "CANCELED"
    with pytest.raises(Conflict):
        client.terminate_run(slow.run_id)
    client.archive_run(slow.run_id)
    assert client.get_run(slow.run_id).storage_state == "ARCHIVED"
    client.unarchive_run(slow.run_id)
    assert client.get_run(slow.run_id).storage_state == "AVAILABLE"
    flag = tmp_path / "flag"
    flag.touch()
    failing = client.create_run_from_pipeline_package(package, arguments={"flag": str(flag)})
    failed = failing.wait_for_run_completion(60)
    assert failed.state == "FAILED"
    assert failed.error is not None
    assert "the flag is up" in failed.error.message
    flag.unlink()
    retried = client.retry_run(failed.run_id)
    assert client.wait_for_run_completion(retried.run_id, 60).state == "SUCCEEDED"


def test_recurring_runs_are_made_listed_switched_and_deleted(client: Client, package: str) -> None:
    experiment = client.create_experiment("naps", description="of the afternoon")
    made = client.create_recurring_run(
        experiment.experiment_id,
        "nightly",
        "while they sleep",
        cron_expression="0 0 9 ? * 2-6",
        start_time="2030-01-01T00:00:00Z",
        max_concurrency=2,
        no_catchup=True,
        params={"seconds": 0.5},
        pipeline_package_path=package,
    )
    assert (made.display_name, made.experiment_id, made.status, made.no_catchup) == ("nightly", "naps", "ENABLED", True)
    assert made.description == "while they sleep"
    assert made.trigger.cron_schedule is not None
    assert made.trigger.cron_schedule.start_time == datetime(2030, 1, 1, tzinfo=UTC)
    paused = client.create_recurring_run(
        "naps", "often", interval_second=600, pipeline_package_path=package, enabled=False
    )
    assert (paused.status, paused.mode) == ("DISABLED", "DISABLE")
    listed = client.list_recurring_runs(experiment_id="naps", page_size=1)
    assert ([one.display_name for one in listed.recurring_runs], listed.total_size) == (["often"], 2)
    rest = client.list_recurring_runs(page_token=listed.next_page_token, page_size=5, experiment_id="naps")
    assert [one.display_name for one in rest.recurring_runs] == ["nightly"]
    client.enable_recurring_run(paused.recurring_run_id)
    assert client.get_recurring_run(paused.recurring_run_id).status == "ENABLED"
    client.disable_recurring_run(paused.recurring_run_id)
    client.delete_recurring_run(paused.recurring_run_id)
    assert client.list_recurring_runs().total_size == 1
    with pytest.raises(Invalid):
        client.create_recurring_run("naps", "never", pipeline_package_path=package)


def test_experiments_are_made_once_and_listed(client: Client) -> None:
    assert client.list_experiments().experiments == []
    one = client.create_experiment("one", description="first")
    assert client.create_experiment("one").experiment_id == one.experiment_id
    client.create_experiment("two")
    assert client.get_experiment(experiment_name="one").description == "first"
    page = client.list_experiments(page_size=1)
    assert ([one.display_name for one in page.experiments], page.total_size) == (["two"], 2)
    assert client.list_experiments(page_token=page.next_page_token).experiments[0].display_name == "one"
    with pytest.raises(NotFound):
        client.get_experiment(experiment_id="three")


def test_what_clew_has_not_is_refused_by_name(client: Client, package: str) -> None:
    for given in ({"service_account": "x"}, {"pipeline_root": "s3://x"}):
        with pytest.raises(Unsupported, match=next(iter(given))):
            client.create_run_from_pipeline_package(package, **given)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="no pipeline was named"):
        client.create_recurring_run("e", "j", interval_second=60)
    with pytest.raises(Unsupported, match="pipeline_id"):
        client.run_pipeline("e", "j", pipeline_id="x")
    with pytest.raises(Invalid):
        client.create_run_from_pipeline_package(package, arguments={"nope": 1})
    assert client.list_runs().runs == []


@pytest.mark.e2e
def test_a_function_is_compiled_and_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import warnings\nwarnings.simplefilter('ignore')\nfrom clew.kfp import Client\n" + SOURCE + "\n"
        "client = Client('home')\n"
        "result = client.create_run_from_pipeline_func(napping, arguments={'seconds': 0.5}, enable_caching=True)\n"
        "print(result.wait_for_run_completion(timeout=60).outputs)\n"
    )
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "{'Output': 0.5}\n"), done.stderr
