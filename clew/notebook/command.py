"""Run a command, and record what it read and wrote: `clew exec`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.client.connect import connect
from clew.client.embedded import EmbeddedClient
from clew.client.report import Reporter
from clew.collectors.watch.around import git_of, machine, packages_in
from clew.collectors.watch.tail import Tail
from clew.collectors.watch.touched import Touched
from clew.collectors.watch.work import Code, Work, environment_of
from clew.executors.hashed import Hashed
from clew.metadata.errors import ClewError, SubmitFailed, UsageError
from clew.metadata.identity import Touch
from clew.metadata.ids import NodeRef
from clew.metadata.states import ExecutionState
from clew.metadata.value import Value
from clew.notebook.keeper import Keeper
from clew.notebook.outer import outer_execution
from clew.settings import Settings

BOOT = Path(__file__).resolve().parents[1] / "collectors" / "watch" / "boot"
PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)
CODE_MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command went."""

    execution: NodeRef | None
    """None where the server was away: the report waits in the spool."""
    state: ExecutionState
    code: int
    read: int
    written: int
    error: str = ""
    """Why its end could not be recorded."""


def run_command(
    settings: Settings,
    command: Sequence[str],
    *,
    name: str | None = None,
    type: str = "Script",
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Ran:
    """Run ``command``, its streams and signals being ours, and record it; of what is no Python, what is declared.

    Errors: SubmitFailed where it cannot be started; those of the record, before it is.
    """
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        raise SubmitFailed(
            f"there is no program {command[0]!r}", field="command", value=command[0], remedy="Check PATH and spelling"
        )
    declared = _declared(inputs, False)
    client = connect(settings, create=True)
    try:
        reporter = Reporter(client, settings)
        work = Work(
            type, "exec", name or _name(command), settings.author, settings.namespace, within=outer_execution(environ)
        )
        begun: dict[str, Value] = {"command": " ".join(command)[:8000], "folder": os.getcwd(), **machine()}
        reporter.send()
        (ref,) = reporter.settle([work.saying(ExecutionState.RUNNING, declared, properties=begun)])
        keeper = Keeper(settings, work)
        digest_of = Hashed(settings.home.absolute() / "hashed").digest_of
        with tempfile.TemporaryDirectory(prefix="clew-notes-") as folder, ThreadPoolExecutor(1) as aside:
            notes = Path(folder) / "notes"
            notes.touch()
            around = aside.submit(git_of, os.getcwd())
            touched = Touched(digest_of)
            tail = Tail(notes, touched)
            code = _run(command, program, _environment(environ, notes, settings, ref), tail)
            tail.finish()
            told = _told(touched) | around.result()
        told["exit_code"] = code
        state, error = _ended(code)
        program_code = _program(touched, command)
        touches = [t for t in touched.touches() if program_code is None or t.uri != program_code.uri]
        touches += _declared(outputs, True, digest_of)
        if program_code is not None and isinstance(client, EmbeddedClient):
            _keep(client, program_code)
        last = work.saying(
            state, touches, code=program_code, properties=told, ended_ms=time.time_ns() // 1_000_000, error=error
        )
        failed = ""
        try:
            reporter.settle([last])
            keeper.dismiss()
        except ClewError as lost:
            failed = str(lost)
        read, written = sum(not t.writes for t in touches), sum(t.writes for t in touches)
        return Ran(ref, state, code, read + len(declared), written, failed)
    finally:
        client.close()


def exit_code_of(returned: int) -> int:
    """What the shell is told: of a signal 128 and its number."""
    return returned if returned >= 0 else 128 - returned


def _run(command: Sequence[str], program: str, environ: dict[str, str], tail: Tail) -> int:
    """Run it to its end. Ctrl-C reaches it by the terminal; other signals are passed on."""
    before = {int(number): signal.getsignal(number) for number in (*PASSED_ON, signal.SIGINT)}
    process: subprocess.Popen[bytes] | None = None
    waiting: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        if process is None:
            waiting.append(number)
        elif process.returncode is None:
            process.send_signal(number)

    is_main = threading.current_thread() is threading.main_thread()
    try:
        if is_main:
            for number in PASSED_ON:
                signal.signal(number, pass_on)
            foreground = os.isatty(0)
            signal.signal(signal.SIGINT, (lambda _number, _frame: None) if foreground else pass_on)
        try:
            process = subprocess.Popen([*command], executable=program, env=environ)
        except OSError as error:
            raise SubmitFailed(
                f"cannot start {command[0]!r}: {error.strerror}", field="command", value=command[0]
            ) from error
        for early in waiting:
            process.send_signal(early)
        tail.start()
        return process.wait()
    finally:
        if is_main:
            for changed, handler in before.items():
                signal.signal(changed, handler if handler is not None else signal.SIG_DFL)


def _environment(environ: Mapping[str, str], notes: Path, settings: Settings, ref: NodeRef | None) -> dict[str, str]:
    passed = dict(environ) | watching(notes, settings, environ)
    return passed | (environment_of(ref) if ref is not None else {})


def watching(notes: Path, settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that make Pythons take notes into the file ``notes``."""
    before = environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": f"{BOOT}{os.pathsep}{before}" if before else str(BOOT),
        "CLEW_NOTES": str(notes),
        "CLEW_NOTES_OWN": str(settings.home.absolute()),
    }


def _told(touched: Touched) -> dict[str, Any]:
    """What the first Python said of itself."""
    for topic, value in touched.said:
        if topic == "python" and isinstance(value, dict):
            packages = packages_in(value.get("path", []))
            found: dict[str, Any] = {"python": str(value.get("version")), "python.executable": value.get("executable")}
            return found | ({"packages": packages} if packages else {})
    return {}


def _program(touched: Touched, command: Sequence[str]) -> Code | None:
    """The program that Python ran first: a file's text."""
    for topic, value in touched.said:
        if topic == "run_file":
            return _code(os.path.abspath(str(value)))
        if topic == "run_command":
            return None
    first = os.path.abspath(command[0])
    return _code(first) if os.sep in command[0] else None


def _code(path: str) -> Code | None:
    try:
        if os.path.getsize(path) > CODE_MAX_BYTES:
            return None
        text = Path(path).read_bytes().decode()
    except (OSError, UnicodeDecodeError):  # a binary
        return None
    return Code(text, Path(path).as_uri(), os.path.basename(path))


def _keep(client: EmbeddedClient, code: Code) -> None:
    import io

    client.home.blobs.put(io.BytesIO(code.text.encode("utf-8", "replace")))


def _declared(paths: Sequence[str], writes: bool, digest_of: Any = None) -> list[Touch]:
    """What the command line says is read or written. Errors: UsageError for an input that is not there."""
    from clew.collectors.watch.notes import READ, WRITE, now_ms
    from clew.collectors.watch.wraps import address_or_path
    from clew.metadata.blobs import digest_of_path

    touched = Touched(digest_of or digest_of_path)
    for text in paths:
        target = address_or_path(text)
        if target is None or (target.startswith("/") and not os.path.exists(target)):
            if writes:
                print(f"clew: --out {text} was not written", file=sys.stderr)
                continue
            raise UsageError(f"--in {text!r} is not there", field="in", value=text, remedy="Check the path")
        info = os.stat(target) if target.startswith("/") else None
        stand = [info.st_size, info.st_mtime_ns] if info else [-1, -1]
        touched.add([WRITE, now_ms(), target, "--out"] if writes else [READ, now_ms(), target, "--in", *stand])
    return touched.touches()


def _ended(code: int) -> tuple[ExecutionState, str]:
    if code == 0:
        return ExecutionState.COMPLETE, ""
    if code in (-signal.SIGINT, -signal.SIGTERM, 130, 143):
        return ExecutionState.CANCELED, "interrupted"
    told = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return ExecutionState.FAILED, told


def _name(command: Sequence[str]) -> str:
    """``train.py`` of ``python -u train.py``; the program where no argument names a file."""
    for text in command[1:]:
        if text.endswith(".py"):
            return os.path.basename(text)
    return os.path.basename(command[0])
