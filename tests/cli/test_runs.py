"""`clew runs`, `clew run SOURCE.py`, `--detach`: runs as people handle them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
CLEW = Path(sys.executable).with_name("clew")
Clew = Callable[..., Any]

SOURCE = """
import os
from kfp import dsl

@dsl.component
def count(n: int, seconds: float, seen: dsl.Output[dsl.Metrics]) -> int:
    import time
    print("counting to", n, flush=True)
    time.sleep(seconds)
    print("done", flush=True)
    seen.log_metric("n", n)
    return n

@dsl.component
def maybe(n: int, flag: str) -> int:
    import os
    if os.path.exists(flag):
        raise SystemExit("the flag is up")
    return n

@dsl.pipeline(name="counting")
def counting(n: int = 1, seconds: float = 0.0, flag: str = "none") -> int:
    first = count(n=n, seconds=seconds)
    return maybe(n=first.outputs["Output"], flag=flag).output
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("source") / "counting.py"
    file.write_text(SOURCE)
    return file


@pytest.fixture(scope="module")
def pipeline(source: Path) -> Path:
    target = source.with_suffix(".yaml")
    script = Path(__file__).parents[2] / "executors" / "runs" / "compile_source.py"
    subprocess.run([sys.executable, script, source, "", target], check=True, timeout=120)
    return target


class Home:
    """A home, and `clew` on it."""

    def __init__(self, shell: Clew, folder: Path, pipeline: Path) -> None:
        self.shell, self.folder, self.pipeline = shell, folder, pipeline

    def clew(self, *arguments: object) -> Any:
        return self.shell(*arguments, "--home", self.folder)

    def run(self, *arguments: object) -> str:
        """Run the pipeline; the run's id."""
        run: str = self.clew("run", self.pipeline, "--json", *arguments).json()["run"]
        return run

    def show(self, run: str) -> Any:
        return self.clew("runs", "show", run, "--json").json()


@pytest.fixture
def home(shell: Clew, tmp_path: Path, pipeline: Path) -> Home:
    return Home(shell, tmp_path / "home", pipeline)


def test_a_source_is_compiled_with_the_kfp_of_the_active_python(home: Home, source: Path) -> None:
    done = home.clew("run", source, "-p", "n=3", "--json")
    assert (done.code, done.json()["outputs"]) == (0, {"Output": 3})
    assert home.clew("run", f"{source}:counting", "--python", sys.executable, "--json").code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def broken(:", "counting.py:1 does not compile: SyntaxError"),
        ("\nimport nothing_there", "counting.py:2 does not compile: ModuleNotFoundError: No module named"),
        ("x = 1", "it has no pipeline"),
        (SOURCE + SOURCE.replace("def counting", "def other"), "it has several pipelines"),
        (SOURCE.replace("first.outputs[", "first.nothing["), "does not compile: "),
        ("raise SystemExit(3)", "does not compile: SystemExit: 3"),
    ],
)
def test_a_source_that_does_not_compile_is_one_clear_error(home: Home, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "counting.py").write_text(text)
    done = home.clew("run", tmp_path / "counting.py")
    assert done.code == 2
    assert says in done.err
    assert len(done.err.splitlines()) == 1
    assert not home.folder.exists()


def test_several_pipelines_are_told_apart_by_name(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    other = SOURCE.partition("@dsl.pipeline")[2].replace("def counting", "def other").replace('"counting"', '"other"')
    file.write_text(SOURCE + "\n@dsl.pipeline" + other)
    assert "two.py:NAME with one of counting, other" in home.clew("run", file).err
    assert home.clew("run", f"{file}:other", "--json").code == 0
    assert "no pipeline 'nope'" in home.clew("run", f"{file}:nope").err


def test_a_python_without_kfp_is_named(home: Home, source: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True, timeout=60)
    python = tmp_path / "venv" / "bin" / "python"
    done = home.clew("run", source, "--python", python)
    assert (done.code, f"{python} has no kfp" in done.err, "--python" in done.err) == (2, True, True)
    assert "cannot be run" in home.clew("run", source, "--python", tmp_path / "nothing").err


def test_parameters_come_from_a_file_and_the_command_line_adds_to_it(home: Home, tmp_path: Path) -> None:
    (tmp_path / "given.yaml").write_text("n: 4\nseconds: 0.0\n")
    (tmp_path / "given.json").write_text(json.dumps({"n": 4}))
    for file in ("given.yaml", "given.json"):
        run = home.run("--parameters", tmp_path / file, "-p", "flag=other")
        assert home.show(run)["parameters"] == {"n": 4, "seconds": 0.0, "flag": "other"}
    (tmp_path / "bad.yaml").write_text("- 1")
    done = home.clew("run", home.pipeline, "--parameters", tmp_path / "bad.yaml")
    assert (done.code, "holds no mapping" in done.err) == (2, True)


def test_runs_are_listed_by_what_they_are_called(home: Home) -> None:
    named = home.run("--name", "nightly", "-e", "churn", "--label", "team=search", "--label", "tier=1")
    plain = home.run()

    def listed(*arguments: str) -> list[str]:
        return [run["run"] for run in home.clew("runs", "ls", "--json", *arguments).json()["items"]]

    assert listed() == [plain, named]
    assert listed("--experiment", "churn") == listed("--name", "nightly") == listed("--label", "team=search") == [named]
    assert listed("--label", "team=search", "--label", "tier=2") == []
    assert listed("--state", "complete", "--pipeline", "counting") == [plain, named]
    first = home.clew("runs", "ls", "--json", "--limit", "1").json()
    assert (first["total"], [run["run"] for run in first["items"]]) == (2, [plain])
    assert listed("--after", first["next"]) == [named]
    assert "nightly" in home.clew("runs", "ls").out
    assert home.clew("runs", "ls", "--state", "odd").code == 2
    assert listed("--where", "name = 'x' OR TRUE", "--label", "tier=1") == [named]
    bad = home.clew("runs", "ls", "--experiment", "churn", "--where", "TRUE AND nme = 'x'", "--json").json()
    assert (bad["error"]["position"], "(at character 9)" in bad["error"]["message"]) == ("9", True)


def test_an_archived_run_is_left_out_until_it_is_taken_in_again(home: Home) -> None:
    run = home.run()
    assert home.clew("runs", "archive", run[:8], "--json").json()["archived"] is True
    assert home.clew("runs", "ls", "--json").json()["items"] == []
    assert [one["run"] for one in home.clew("runs", "ls", "--archived", "--json").json()["items"]] == [run]
    home.clew("runs", "unarchive", run)
    assert len(home.clew("runs", "ls", "--json").json()["items"]) == 1


def test_runs_of_other_programs_are_listed_too(home: Home) -> None:
    from clew.metadata.change import Change
    from clew.metadata.record import Record

    run = home.run()
    with Record.open(home.folder) as record:
        change = Change()
        change.context("system.PipelineRun", name="of-kubeflow", custom_properties={"namespace": "user"})
        record.commit(change)
    listed = [one["run"] for one in home.clew("runs", "ls", "--json").json()["items"]]
    assert listed == ["of-kubeflow", run]
    home.clew("runs", "archive", "of-kubeflow")
    assert [one["run"] for one in home.clew("runs", "ls", "--json").json()["items"]] == [run]
    assert [one["run"] for one in home.clew("runs", "ls", "--archived", "--json").json()["items"]] == ["of-kubeflow"]
    assert home.clew("runs", "retry", "of-kubeflow").code == 1
    assert home.clew("runs", "cancel", "of-kubeflow").code == 1


def test_a_run_of_another_namespace_is_found_and_repeated_in_it(home: Home) -> None:
    run = home.run("--namespace", "team")
    assert home.show(run[:8])["namespace"] == "team"
    for again in (
        home.clew("run", "--resume", run[:8], "--json"),
        home.clew("runs", "clone", run[:8], "--wait", "--json"),
        home.clew("runs", "retry", run[:8], "--task", "count", "--wait", "--json"),
    ):
        assert again.code == 0, again.err
        assert home.show(again.json()["run"])["namespace"] == "team"
    listed = home.clew("runs", "ls", "--namespace", "team", "--json").json()
    assert (listed["total"], home.clew("runs", "ls", "-n", "default", "--json").json()["total"]) == (4, 0)


def test_wait_starts_a_run_that_nobody_started_and_cancel_ends_one(home: Home) -> None:
    from clew.executors.pipeline.load import load
    from clew.executors.runs.again import Again
    from clew.settings import load as settings
    from clew.wiring import Home as Opened

    opened = Opened(settings({}, home=home.folder), create=True)
    service = opened.run_service()
    waiting = service.launcher.ask(Again(load(home.pipeline), {}, service.options))
    other = service.launcher.ask(Again(load(home.pipeline), {}, service.options))
    opened.close()
    assert home.show(other.id)["state"] == "PENDING"
    assert home.clew("runs", "cancel", other.id, "--json").json()["state"] == "CANCELED"
    assert home.clew("runs", "wait", waiting.id, "--json").json()["state"] == "COMPLETE"


def test_show_tells_tasks_links_and_what_failed(home: Home, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    failed = home.clew("run", home.pipeline, "-p", f"flag={flag}", "--json")
    assert failed.code == 1
    run = failed.json()["run"]
    flag.unlink()
    again = home.clew("runs", "retry", run[:6], "--wait", "--json")
    assert (again.code, again.json()["resumed_from"], again.json()["outputs"]) == (0, run, {"Output": 1})
    told = home.show(run)
    assert (told["state"], told["heirs"]) == ("FAILED", [again.json()["run"]])
    assert {task["name"]: task["state"] for task in told["tasks"]} == {"count": "COMPLETE", "maybe": "FAILED"}
    tasks = {task["name"]: task for task in home.show(again.json()["run"])["tasks"]}
    assert (tasks["count"]["state"], tasks["maybe"]["state"]) == ("CACHED", "COMPLETE")
    assert tasks["count"]["origin"] == next(t["execution"] for t in told["tasks"] if t["name"] == "count")
    assert "the flag is up" in home.clew("runs", "show", run).out


def test_logs_are_those_of_the_step_or_of_the_original(home: Home) -> None:
    run, reused = home.run(), home.run()
    assert "counting to 1" in home.clew("runs", "logs", run, "count").out
    assert "counting to 1" in home.clew("runs", "logs", reused, "count").out
    assert "count | counting to 1" in home.clew("runs", "logs", run).out
    lines = [json.loads(line) for line in home.clew("runs", "logs", run, "count", "--json").out.splitlines()]
    assert {"task": "count", "line": "done"} in lines
    missing = home.clew("runs", "logs", run, "nope")
    assert (missing.code, "Its tasks: count, maybe" in missing.err) == (1, True)


def test_a_detached_run_goes_on_by_itself_and_its_logs_can_be_followed(home: Home) -> None:
    done = home.clew("run", home.pipeline, "-p", "seconds=1.5", "--detach")
    run = done.out.strip()
    assert (done.code, len(run)) == (0, 36)
    followed = home.clew("runs", "logs", run, "-f")
    assert "count | done" in followed.out
    waited = home.clew("runs", "wait", run, "--json")
    assert (waited.code, waited.json()["state"]) == (0, "COMPLETE")
    assert (home.folder / "runs" / run / "runner.log").read_text().startswith("counting  run")


def test_cancel_stops_a_run_of_another_process(home: Home) -> None:
    run = home.clew("run", home.pipeline, "-p", "seconds=60", "--detach").out.strip()
    deadline = time.monotonic() + 30
    while not any(task["state"] == "RUNNING" for task in home.show(run)["tasks"]):
        assert time.monotonic() < deadline
    began = time.monotonic()
    done = home.clew("runs", "cancel", run[:8], "--json")
    assert (done.code, done.json()["state"]) == (0, "CANCELED")
    assert time.monotonic() - began < 10
    assert {task["state"] for task in home.show(run)["tasks"]} == {"CANCELED"}
    assert home.clew("runs", "wait", run).code == 130
    again = home.clew("runs", "cancel", run)
    assert (again.code, "is CANCELED already" in again.err) == (1, True)


def test_a_killed_runner_is_noticed_by_who_asks(home: Home) -> None:
    process = subprocess.Popen(
        [CLEW, "run", home.pipeline, "-p", "seconds=60", "--home", home.folder], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    run = process.stderr.readline().split()[-1]
    time.sleep(1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    told = home.show(run)
    assert (told["state"], told["error"]) == ("FAILED", "the process that ran it is gone")
    resumed = home.clew("run", "--resume", run, "--max-parallel", "2", "--detach", "--json")
    assert resumed.json()["resumed_from"] == run
    home.clew("runs", "cancel", resumed.json()["run"])


def test_clone_takes_other_parameters(home: Home) -> None:
    run = home.run("--name", "first")
    done = home.clew("runs", "clone", run, "-p", "n=5", "--name", "second", "--wait", "--json")
    assert (done.code, done.json()["outputs"], done.json()["cloned_from"]) == (0, {"Output": 5}, run)
    assert done.json()["name"] == "second"
    refused = home.clew("runs", "clone", run, "-p", "nope=5")
    assert (refused.code, "has no parameter 'nope'" in refused.err) == (2, True)
    assert len(home.clew("runs", "ls", "--json").json()["items"]) == 2


def test_compare_shows_what_differs_side_by_side(home: Home) -> None:
    one, two = home.run(), home.run("-p", "n=2", "--name", "two")
    told = home.clew("runs", "compare", one, two, "--json").json()
    assert [run["run"] for run in told["runs"]] == [one, two]
    assert told["parameters"] == [{"name": "n", "values": [1, 2], "same": False}]
    assert told["metrics"] == [{"name": "count.seen.n", "values": [1.0, 2.0], "same": False}]
    assert told["outputs"] == [{"name": "Output", "values": [1, 2], "same": False}]
    assert told["states"] == []
    everything = home.clew("runs", "compare", one, two, "--all", "--json").json()
    assert {"name": "run", "values": ["COMPLETE", "COMPLETE"], "same": True} in everything["states"]
    assert "count.seen.n" in home.clew("runs", "compare", one, two).out
    assert home.clew("runs", "compare", one).code == 2


def test_a_run_that_is_not_there_is_said_so_by_every_command(home: Home) -> None:
    home.run()
    for command in ("show", "logs", "cancel", "retry", "clone", "wait", "archive", "unarchive"):
        done = home.clew("runs", command, "ffff0000")
        assert (done.code, "there is no run 'ffff0000'" in done.err) == (1, True), command
        assert home.clew("runs", command, "x").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--resume", "abcd", "-p", "n=1"), ("run",), ("run", "PIPELINE", "--label", "x"),
        ("run", "PIPELINE", "--label", "a=1", "--label", "a=2"), ("run", "PIPELINE", "--name", "a\nb"),
    ],
)  # fmt: skip
def test_bad_usage_makes_no_home(home: Home, arguments: tuple[str, ...]) -> None:
    said = [home.pipeline if word == "PIPELINE" else word for word in arguments]
    assert home.clew(*said).code == 2
    assert not home.folder.exists()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a home of its own."""
    home = tmp_path_factory.mktemp("served") / "home"
    server = subprocess.Popen(
        [CLEW, "up", "--home", home, "--port", "0", "--grpc-port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CLEW_ENGINE": "sql", "CLEW_TOKEN": "secret"},
    )
    assert server.stderr is not None
    yield server.stderr.readline().split(" at ")[1].split()[0]
    server.terminate()
    server.communicate(timeout=20)


def test_the_same_is_done_through_a_server(shell: Clew, url: str, pipeline: Path, tmp_path: Path) -> None:
    from clew.client.connect import connect
    from clew.client.run_verbs import NewRun
    from clew.client.runs import Runs
    from clew.settings import load

    flag = tmp_path / "flag"
    flag.touch()
    client = connect(load({}, url=url, token="secret"))
    run = Runs(client).verbs.create(NewRun(pipeline.read_text(), {"flag": str(flag)}, name="far", labels={"a": "b"}))
    client.close()

    def clew(*arguments: object) -> Any:
        return shell("runs", *arguments, "--server", url, CLEW_TOKEN="secret")

    assert clew("wait", run).code == 1
    flag.unlink()
    assert [one["run"] for one in clew("ls", "--label", "a=b", "--json").json()["items"]] == [run]
    assert "counting to 1" in clew("logs", run, "count").out
    again = clew("retry", run, "--wait", "--json").json()
    assert (again["state"], again["resumed_from"]) == ("COMPLETE", run)
    told = clew("show", again["run"], "--json").json()
    assert {task["name"]: task["state"] for task in told["tasks"]} == {"count": "CACHED", "maybe": "COMPLETE"}
    slow = clew("clone", run, "-p", "seconds=60", "--json").json()["run"]
    assert clew("cancel", slow, "--json").json()["state"] == "CANCELED"
    assert clew("compare", run, again["run"], "--json").json()["states"][0]["values"] == ["FAILED", "COMPLETE"]
    assert clew("archive", run, "--json").json()["archived"] is True
    assert clew("unarchive", run, "--json").json()["archived"] is False
    assert clew("cancel", run).err.startswith(f"clew: run {run} is FAILED already")
    assert shell("runs", "cancel", run, "--server", url).code == 1  # without the token
