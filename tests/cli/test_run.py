"""`clew run`: one object on stdout, progress on stderr, an exit code that tells, and an end however it comes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
CLEW = Path(sys.executable).with_name("clew")
Clew = Callable[..., Any]


def test_a_run_is_one_object_on_stdout_and_its_progress_on_stderr(shell: Clew, sums: Path, tmp_path: Path) -> None:
    shown = shell("run", sums, "-p", "b=5", "--home", tmp_path, "--json")
    assert shown.code == 0
    said = shown.json()
    assert said.keys() == {"run", "state", "outputs", "tasks"}
    assert said["state"] == "COMPLETE"
    tasks = {task["name"]: task for task in said["tasks"]}
    assert set(tasks) == {
        "for-loop-2",
        "for-loop-2#0",
        "for-loop-2#0/add",
        "for-loop-2#1",
        "for-loop-2#1/add",
        "add-2",
        "save",
    }
    assert tasks["save"].keys() == {"name", "kind", "state", "cached", "seconds", "fingerprint", "execution", "outputs"}
    assert (tasks["for-loop-2"]["kind"], tasks["add-2"]["kind"]) == ("dag", "container")
    assert "done" in shown.err
    assert "save" in shown.err


def test_an_unchanged_run_is_reused_and_a_changed_parameter_runs_what_depends_on_it(
    shell: Clew, sums: Path, tmp_path: Path
) -> None:
    shell("run", sums, "--home", tmp_path)
    again = shell("run", sums, "--home", tmp_path, "--json").json()
    assert {task["state"] for task in again["tasks"] if task["kind"] == "container"} == {"CACHED"}
    changed = shell("run", sums, "-p", "b=7", "--home", tmp_path, "--json").json()
    states = {task["name"]: task["state"] for task in changed["tasks"]}
    assert (states["for-loop-2#0/add"], states["add-2"], states["save"]) == ("CACHED", "COMPLETE", "COMPLETE")
    execution = next(task["execution"] for task in changed["tasks"] if task["name"] == "add-2")
    why = shell("why", execution, "--home", tmp_path, "--json").json()
    assert [one["part"] for one in why["changed"]] == ["parameters.b"]
    assert "changed since" in shell("why", execution, "--home", tmp_path).out
    runs = shell("ls", "runs", "--home", tmp_path, "--json").json()["items"]
    assert [run["run"]["state"] for run in runs] == ["COMPLETE"] * 3
    diff = shell("diff", runs[0]["id"], runs[2]["id"], "--home", tmp_path).out
    assert "parameters  b" in diff
    assert "same" not in shell("diff", runs[0]["id"], runs[2]["id"], "--home", tmp_path, "--json").json()["tasks"]


def test_no_cache_and_refresh_run_everything(shell: Clew, sums: Path, tmp_path: Path) -> None:
    shell("run", sums, "--home", tmp_path)
    for flag in ("--no-cache", "--refresh"):
        said = shell("run", sums, flag, "--home", tmp_path, "--json").json()
        assert {task["state"] for task in said["tasks"]} == {"COMPLETE"}


def test_a_step_that_fails_is_exit_code_one_with_its_log(shell: Clew, sums: Path, tmp_path: Path) -> None:
    shown = shell("run", sums, "-p", "fail=true", "--home", tmp_path)
    assert shown.code == 1
    assert "FAILED" in shown.err
    assert "| ValueError: told to fail" in shown.err
    assert shown.out.startswith("FAILED in ")


def test_what_a_failed_step_printed_does_not_drive_the_terminal(shell: Clew, tmp_path: Path) -> None:
    home = tmp_path / "home"
    document = {
        "pipelineInfo": {"name": "loud"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": {"cry": {"componentRef": {"name": "comp-cry"}}}}},
        "components": {"comp-cry": {"executorLabel": "exec-cry"}},
        "deploymentSpec": {
            "executors": {
                "exec-cry": {"container": {"image": "x", "command": ["sh", "-c", "printf '\\033[31mred'; exit 3"]}}
            }
        },
    }
    (tmp_path / "loud.yaml").write_text(json.dumps(document))
    shown = shell("run", tmp_path / "loud.yaml", "--containers", "host", "--home", home)
    assert shown.code == 1
    assert "\\x1b[31mred" in shown.out
    assert "\x1b" not in shown.out + shown.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_whose_streams_are_closed_completes(shell: Clew, sums: Path, tmp_path: Path, closed: str) -> None:
    command = f'exec "{CLEW}" run "{sums}" --home "{tmp_path}" {closed}'
    assert subprocess.run(["sh", "-c", command], timeout=60).returncode == 0
    assert shell("runs", "ls", "--home", tmp_path, "--json").json()["items"][0]["state"] == "COMPLETE"
    assert shell("verify", "--home", tmp_path).code == 0


def test_a_step_past_its_timeout_fails(shell: Clew, sums: Path, tmp_path: Path) -> None:
    shown = shell("run", sums, "-p", "sleep=60", "--timeout", 1, "--home", tmp_path, "--json")
    assert (shown.code, shown.json()["state"]) == (1, "FAILED")


@pytest.mark.parametrize("parameters", ["b=x", "nothing=1", "b"])
def test_a_bad_parameter_is_usage_and_makes_no_home(shell: Clew, sums: Path, tmp_path: Path, parameters: str) -> None:
    shown = shell("run", sums, "-p", parameters, "--home", tmp_path / "home")
    assert shown.code == 2
    assert shown.err.count("\n") == 1
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("text", ["", "a: [", "components: 3", "- list"])
def test_a_bad_document_is_one_line(shell: Clew, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    shown = shell("run", tmp_path / "bad.yaml", "--home", tmp_path / "home")
    assert shown.code == 2
    assert shown.err.startswith("clew: ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_cleanly_and_says_so(
    shell: Clew, sums: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    running = subprocess.Popen(
        [CLEW, "run", sums, "-p", "sleep=60", "--home", tmp_path, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    seen = 0
    while seen < 3:  # the three additions; then only the sleeper is left
        seen += "add" in running.stderr.readline()
    time.sleep(1)
    running.send_signal(stop)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert '"state": "CANCELED"' in out
    assert "Traceback" not in err
    (run,) = shell("ls", "runs", "--home", tmp_path, "--json").json()["items"]
    assert run["run"]["state"] == "CANCELED"


def test_the_cache_is_told_what_to_do_on_the_command_line(shell: Clew, sums: Path, tmp_path: Path) -> None:
    def states(*options: str) -> set[str]:
        said = shell("run", sums, "--home", tmp_path, "--json", *options).json()
        return {task["state"] for task in said["tasks"] if task["kind"] == "container"}

    states()
    assert states("--max-age", "1d", "--scope", "pipeline") == {"CACHED"}
    assert states("--disable-cache") == {"COMPLETE"}
    assert states("--cache", "write") == {"COMPLETE"}
    (tmp_path / "rules.toml").write_text('max_age = "0s"')
    assert states("--cache-policy", str(tmp_path / "rules.toml"), "--max-age", "1d") == {"COMPLETE"}
    states("--ignore-input", "save.x", "-p", "b=1")
    assert "CACHED" in states("--ignore-input", "save.x", "-p", "b=2")


def test_what_the_home_forbids_no_run_allows(shell: Clew, sums: Path, tmp_path: Path) -> None:
    def states(**environ: str) -> set[str]:
        said = shell("run", sums, "--home", tmp_path, "--cache", "on", "--json", **environ).json()
        return {task["state"] for task in said["tasks"] if task["kind"] == "container"}

    assert "COMPLETE" in states()
    assert states(CLEW_CACHE="off") == {"COMPLETE"}
    assert states() == {"CACHED"}
    (tmp_path / "clew.toml").write_text('cache = "write"')
    assert states() == {"COMPLETE"}
    plan = shell("plan", sums, "--home", tmp_path, "--json").json()
    assert plan["hit"] == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--refresh", "--no-cache"], "exclude each other"),
        (["--max-age", "soon"], "no age"),
        (["--ignore-input", "seed"], "not TASK.NAME"),
        (["--ignore-input", "nope.seed"], "no task 'nope'"),
        (["--cache-policy", "/nowhere/rules.toml"], "/nowhere/rules.toml"),
    ],
)
def test_bad_rules_of_the_cache_are_refused_and_nothing_is_written(
    shell: Clew, sums: Path, tmp_path: Path, options: list[str], told: str
) -> None:
    shown = shell("run", sums, "--home", tmp_path / "home", *options)
    assert (shown.code, shown.out) == (2, "")
    assert told in shown.err
    assert not (tmp_path / "home").exists()
