"""A step from a Python that is warm is what the same step is when started the plain way, and sees nothing of others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from clew.executors import warm
from clew.executors.process import LocalProcesses
from clew.executors.protocol import Ended, Job, PythonModule, Work
from clew.metadata.errors import ExecutionLost, SubmitFailed

pytestmark = pytest.mark.skipif(not warm.IS_SUPPORTED, reason="this system has no fork, or no descriptors of processes")

_ACTOR = """
import json, os, sys
if __name__ == "__main__":
    exec(sys.argv[1])
"""
"""The module steps run: it does what its first argument says."""


class Stage:
    """A folder in which steps are run, by one executor."""

    def __init__(self, folder: Path, executor: LocalProcesses) -> None:
        self.folder = folder
        self.executor = executor
        (folder / "modules").mkdir(parents=True)
        (folder / "modules" / "actor.py").write_text(_ACTOR)

    def work(self, code: str, *args: str, timeout_s: float | None = None, **environ: str) -> Work:
        step = self.folder / "steps" / str(time.monotonic_ns())
        (step / "work").mkdir(parents=True)
        words = ("-m", "actor", code, *args)
        module = PythonModule(Path(sys.executable), "actor", (code, *args))
        shared = {"PYTHONPATH": str(self.folder / "modules"), "PYTHONUNBUFFERED": "1"}
        return Work((sys.executable, *words), step / "work", step / "log.txt", shared | environ, timeout_s, module)

    def run(self, code: str, *args: str, **more: Any) -> tuple[Ended, str]:
        work = self.work(code, *args, **more)
        return self.executor.submit(work).wait(), work.log.read_text()

    def say(self, expression: str, *args: str, **more: Any) -> Any:
        ended, log = self.run(f"print(json.dumps({expression}))", *args, **more)
        assert ended.code == 0, log
        return json.loads(log)


Staged = Callable[[bool], Stage]


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Staged]:
    executors: list[LocalProcesses] = []

    def stage(is_warm: bool) -> Stage:
        executors.append(LocalProcesses(warm=is_warm))
        return Stage(tmp_path / ("warm" if is_warm else "plain"), executors[-1])

    yield stage
    for executor in executors:
        executor.close()


@pytest.fixture
def stage(staged: Staged) -> Stage:
    return staged(True)


def _is_warm(stage: Stage) -> bool:
    """Whether its steps are children of a server."""
    return bool(stage.say("os.getppid()") != os.getpid())


def test_steps_are_forked_and_not_children_of_ours(staged: Staged) -> None:
    assert _is_warm(staged(True))
    assert not _is_warm(staged(False))


_PROBES = {
    "arguments": "sys.argv[1:]",
    "program": "os.path.basename(sys.argv[0])",
    "original arguments": "sys.orig_argv[1:]",
    "main": "[__name__, __spec__.name, os.path.basename(__file__), __package__, __doc__]",
    "main in modules": "[sys.modules['__main__'].__dict__ is globals(), 'actor' in sys.modules]",
    "folder first on the path": "[sys.path[0] == os.getcwd(), sys.path.count(os.getcwd())]",
    "rest of the path": "[p for p in sys.path[1:] if 'modules' not in p]",
    "folder of the interpreter": "[sys.executable, sys.prefix]",
    "flags": "list(sys.flags)",
    "variables": "dict(sorted((k, v) for k, v in os.environ.items() if k != 'PYTHONPATH'))",
    "input": "sys.stdin.read()",
    "streams": "[(s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.fileno()) for s in"
    " (sys.stdin, sys.stdout, sys.stderr)]",
    "descriptors": "sorted(int(d) for d in os.listdir('/proc/self/fd'))[:3]",
    "own session and group": "[os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()]",
    "mask of new files": "os.umask(0)",
    "signals": "[str(__import__('signal').getsignal(n)) for n in (1, 2, 13, 15, 17, 25)]",
    "garbage collection": "[__import__('gc').isenabled(), __import__('gc').get_threshold()]",
    "threads": "[t.name for t in __import__('threading').enumerate()]",
    "warnings": "sys.warnoptions",
}


@pytest.mark.parametrize("what", _PROBES)
def test_what_a_step_can_see_is_the_same_as_with_a_plain_start(staged: Staged, what: str) -> None:
    seen = [staged(is_warm).say(_PROBES[what], "a b", "", "ü", LANG="C.UTF-8") for is_warm in (True, False)]
    assert seen[0] == seen[1]


def test_a_step_holds_no_descriptor_of_ours_or_of_another_step(stage: Stage) -> None:
    other = stage.executor.submit(stage.work("import time; time.sleep(60)"))
    held = stage.say("[d for d in map(int, os.listdir('/proc/self/fd')) if os.path.exists(f'/proc/self/fd/{d}')]")
    assert sorted(held) == [0, 1, 2]
    other.cancel()
    assert other.wait().canceled


_ENDS = {
    "nothing": "pass",
    "a code": "sys.exit(3)",
    "a text": "sys.exit('enough')",
    "no code": "raise SystemExit",
    "an error": "raise ValueError('wrong')",
    "an interrupt": "raise KeyboardInterrupt",
    "at once": "os._exit(4)",
    "a fault": "import ctypes; ctypes.string_at(0)",
    "an abort": "os.abort()",
    "a signal": "os.kill(os.getpid(), 15)",
    "an exit handler": "import atexit; atexit.register(print, 'handled')",
    "a thread that goes on": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.2), print('later'))).start()",
    "a file left open": "import builtins; builtins.f = open('left', 'w'); f.write('kept'); g = open('lost', 'w');"
    " g.write('too')\nimport atexit; atexit.register(lambda: None)",
    "a finalizer": "class A:\n  def __del__(self, say=print): say('gone')\na = A(); a.itself = a",
    "a broken exit handler": "import atexit; atexit.register(lambda: 1 / 0)",
    "an odd exit code": "sys.exit(256 + 7)",
}


@pytest.mark.parametrize("how", _ENDS)
def test_a_step_ends_as_it_would_after_a_plain_start(staged: Staged, how: str) -> None:
    found = []
    for is_warm in (True, False):
        stage = staged(is_warm)
        work = stage.work(_ENDS[how])
        ended = stage.executor.submit(work).wait()
        left = {p.name: p.read_text() for p in work.folder.iterdir() if p.is_file() and "core" not in p.name}
        found.append((ended, work.log.read_text().splitlines()[-1:], left))
    assert found[0] == found[1]


def test_a_step_sees_nothing_of_what_another_did_to_its_process(stage: Stage) -> None:
    ended, log = stage.run(
        "import json, tempfile; json.spoiled = os.spoiled = True; os.environ['SPOILED'] = '1'; os.chdir('/');"
        "sys.path.append('/spoiled'); sys.argv.append('spoiled'); os.umask(0o777); import colorsys"
    )
    assert ended.code == 0, log
    assert (
        stage.say(
            "[hasattr(json, 'spoiled'), hasattr(os, 'spoiled'), 'SPOILED' in os.environ, os.getcwd() == '/',"
            " '/spoiled' in sys.path, 'spoiled' in sys.argv, os.umask(0) == 0o777, 'colorsys' in sys.modules]"
        )
        == [False] * 8
    )


def test_random_numbers_of_two_steps_differ(stage: Stage) -> None:
    (stage.folder / "modules" / "actor.py").write_text("import random, uuid" + _ACTOR)
    drawn = [stage.say("[random.random(), str(uuid.uuid4())]") for _ in range(2)]
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def test_steps_with_other_variables_start_from_a_python_that_has_them_from_the_start(stage: Stage) -> None:
    (stage.folder / "modules" / "actor.py").write_text("import os; AT_START = os.environ.get('SEED')" + _ACTOR)
    assert [stage.say("AT_START", SEED=seed) for seed in ("1", "2", "1")] == ["1", "2", "1"]
    assert stage.say("hash('x')", PYTHONHASHSEED="0") == stage.say("hash('x')", PYTHONHASHSEED="0", OTHER="1")


def test_a_step_is_told_what_it_is_part_of_whether_its_python_is_warm_or_not(staged: Staged) -> None:
    for is_warm in (True, False):
        stage = staged(is_warm)
        parents = []
        for execution in ("execution:7", "execution:8"):
            work = stage.work("print(os.environ['CLEW_EXECUTION'], os.environ.get('OWN'), os.getppid())", OWN="own")
            work = replace(work, told={"CLEW_EXECUTION": execution, "OWN": "told"})
            assert stage.executor.submit(work).wait().code == 0
            said = work.log.read_text().split()
            assert said[:2] == [execution, "own"]
            parents.append(said[2])
        assert parents[0] == parents[1]  # one Python serves both


def test_beyond_so_many_pythons_steps_are_started_the_plain_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "MOST_SERVERS", 1)
    parents = [stage.say("os.getppid()", NUMBER=number) for number in ("1", "2", "1")]
    assert parents[0] == parents[2] != os.getpid()
    assert parents[1] == os.getpid()


def test_what_a_step_leaves_running_ends_with_it(stage: Stage) -> None:
    ended, log = stage.run("import subprocess; print(subprocess.Popen(['sleep', '300']).pid)")
    assert ended == Ended(0)
    assert _is_gone(int(log))


_DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        open(sys.argv[2], "w").write(str(os.getpid()))
        import time
        time.sleep(300)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[2]) or not open(sys.argv[2]).read():
    pass
"""
"""Leaves its session and its parents, as a daemon does."""


@pytest.mark.parametrize("how", ["", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_daemon_ends_with_the_step_that_started_it_and_spares_the_other_steps(stage: Stage, how: str) -> None:
    other = stage.executor.submit(stage.work("import time; time.sleep(2)"))
    note = stage.folder / "daemon"
    stage.run(_DAEMON + how, str(note))
    assert not psutil.pid_exists(int(note.read_text()))
    assert other.wait().code == 0


def test_a_daemon_ends_with_a_step_past_its_time(stage: Stage) -> None:
    note = stage.folder / "daemon"
    ended, _ = stage.run(_DAEMON + "import time; time.sleep(60)", str(note), timeout_s=1.0)
    assert ended.timed_out
    assert not psutil.pid_exists(int(note.read_text()))


def test_a_daemon_ends_with_the_executor(stage: Stage) -> None:
    note = stage.folder / "daemon"
    stage.executor.submit(stage.work(_DAEMON + "import time; time.sleep(60)", str(note)))
    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stage.executor.close()
    while psutil.pid_exists(int(note.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_step_past_its_time_is_stopped_with_all_it_started(stage: Stage) -> None:
    before = time.monotonic()
    ended, log = stage.run(
        "import subprocess; p = subprocess.Popen(['sleep', '300']); print(p.pid); p.wait()", timeout_s=0.5
    )
    assert ended == Ended(-signal.SIGTERM, timed_out=True)
    assert time.monotonic() - before < 5
    assert _is_gone(int(log))


def test_a_step_that_refuses_to_stop_is_killed_when_it_is_canceled_again(stage: Stage) -> None:
    work = stage.work("import signal, time; signal.signal(15, signal.SIG_IGN); print('ready'); time.sleep(300)")
    job = stage.executor.submit(work)
    assert _wait_until(lambda: work.log.read_text() == "ready\n")
    job.cancel()
    job.cancel()
    assert job.wait() == Ended(-signal.SIGKILL, canceled=True)


def test_a_step_that_floods_its_output_finds_it_all_in_its_log(stage: Stage) -> None:
    work = stage.work("sys.stdout.write('x' * 20_000_000); os.write(2, b'y' * 1_000_000)")
    assert stage.executor.submit(work).wait() == Ended(0)
    assert work.log.stat().st_size == 21_000_000


def test_arguments_of_any_length_reach_a_step(stage: Stage) -> None:
    job = stage.executor.submit(stage.work("sys.exit(len(sys.argv[2]) != 5_000_000)", "x" * 5_000_000))
    assert job.wait() == Ended(0)


def test_many_steps_from_many_threads_end_each_in_its_own_way(stage: Stage) -> None:
    codes: dict[int, int] = {}

    def run(number: int) -> None:
        codes[number] = stage.run(f"sys.exit({number})")[0].code

    threads = [threading.Thread(target=run, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {number: number for number in range(24)}


def test_a_step_that_kills_its_server_is_lost_and_the_next_is_started_the_plain_way(stage: Stage) -> None:
    work = stage.work("import time; print(os.getpid()); os.kill(os.getppid(), 9); time.sleep(300)")
    job = stage.executor.submit(work)
    with pytest.raises(ExecutionLost):
        job.wait()
    assert _is_gone(int(work.log.read_text()))
    assert not list(stage.folder.glob("steps/*/.pid"))
    assert not _is_warm(stage)


def test_a_module_that_cannot_be_imported_fails_as_with_a_plain_start(staged: Staged) -> None:
    for is_warm in (True, False):
        stage = staged(is_warm)
        (stage.folder / "modules" / "actor.py").write_text("import nothing_of_that_name")
        ended, log = stage.run("pass")
        assert ended == Ended(1)
        assert "No module named 'nothing_of_that_name'" in log


def test_a_python_that_does_not_get_ready_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_READY_S", 0.3)
    (stage.folder / "modules" / "actor.py").write_text(
        "import time\nif __name__ != '__main__': time.sleep(300)\n" + _ACTOR
    )
    assert not _is_warm(stage)


def test_a_python_that_is_not_there_is_an_error_of_the_step(stage: Stage) -> None:
    work = stage.work("pass")
    assert work.module is not None
    module = PythonModule(Path("/nowhere/python"), "actor", work.module.args)
    with pytest.raises(SubmitFailed, match="/nowhere/python"):
        stage.executor.submit(Work(("/nowhere/python",), work.folder, work.log, work.environ, None, module))


def test_a_log_that_cannot_be_opened_is_an_error_of_the_step(stage: Stage) -> None:
    work = stage.work("pass")
    work.log.mkdir()
    with pytest.raises(SubmitFailed, match="directory"):
        stage.executor.submit(work)


def test_closing_an_executor_ends_its_pythons_and_what_runs_under_them(stage: Stage) -> None:
    work = stage.work("import time; print(os.getpid(), os.getppid(), flush=True); time.sleep(300)")
    job: Job = stage.executor.submit(work)
    assert _wait_until(lambda: work.log.read_text().endswith("\n"))
    stage.executor.close()
    with pytest.raises(ExecutionLost):
        job.wait()
    assert all(_is_gone(int(pid)) for pid in work.log.read_text().split())


_RUNNER = """
import sys, time
from pathlib import Path
from clew.executors.process import LocalProcesses
from clew.executors.protocol import PythonModule, Work
folder = Path(sys.argv[1])
code = '''import os, subprocess, time
print(os.getpid(), os.getppid(), subprocess.Popen(["sleep", "300"]).pid, flush=True)
time.sleep(300)
'''
module = PythonModule(Path(sys.executable), "actor", (code,))
environ = {"PYTHONPATH": sys.argv[2]}
LocalProcesses().submit(Work(("none",), folder, folder / "log.txt", environ, None, module)).wait()
"""


def test_steps_and_their_python_end_when_whoever_started_them_is_killed(stage: Stage) -> None:
    folder = stage.folder / "run"
    folder.mkdir()
    runner = subprocess.Popen([sys.executable, "-c", _RUNNER, str(folder), str(stage.folder / "modules")])
    log = folder / "log.txt"
    assert _wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
    runner.kill()
    runner.wait()
    assert all(_is_gone(int(pid)) for pid in log.read_text().split())


def _is_gone(pid: int, within_s: float = 10.0) -> bool:
    """Whether a process ends soon; a zombie nobody buries has ended."""

    def ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return _wait_until(ended, within_s)


def _wait_until(condition: Callable[[], bool], within_s: float = 20.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
