"""The `clew` executable as a shell meets it: exit codes, pipes, signals, ports, folders it may not write."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
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


def test_version_and_help_need_no_home(shell: Clew, tmp_path: Path) -> None:
    assert shell("version", CLEW_HOME=str(tmp_path / "none")).out.startswith("clew 0.")
    assert shell("--version").code == 0
    assert "trace" in shell("--help").out
    assert json.loads(shell("version", "--json").out).keys() == {"clew", "python", "sqlite"}


def test_python_m_clew_is_the_same_command(trained: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clew", "ls", "artifacts", "--home", str(trained)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "artifact:9" in done.stdout


def test_no_command_prints_the_help_and_is_a_usage_error(shell: Clew) -> None:
    shown = shell()
    assert (shown.code, shown.err) == (2, "")
    assert "Usage: clew" in shown.out


@pytest.mark.parametrize("arguments", ["log --all --json", "ls artifacts --json", "trace artifact:9 --format dot"])
def test_a_reader_that_leaves_early_gets_no_complaint(trained: Path, arguments: str) -> None:
    line = f"set -o pipefail; {CLEW} {arguments} --home {trained} | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_piped_output_has_no_colours_and_whole_cells(shell: Clew, trained: Path) -> None:
    shown = shell("ls", "artifacts", "--home", trained, COLUMNS="")
    assert "\x1b" not in shown.out
    assert "…" not in shown.out


def on_terminal(arguments: list[str], columns: int = 80, **environ: str) -> str:
    """What a command prints on a terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        arguments,
        stdout=follower,
        stderr=follower,
        stdin=follower,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), **environ},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other end is closed: Linux says EIO
            break
        if not chunk:
            break
        shown += chunk
    process.wait()
    os.close(leader)
    return shown.decode()


def test_a_terminal_gets_colours_unless_no_color_says_no(trained: Path) -> None:
    command = [str(CLEW), "trace", "artifact:9", "--home", str(trained)]
    assert "\x1b[" in on_terminal(command)
    assert "\x1b[" not in on_terminal(command, NO_COLOR="1")


def test_a_table_fits_the_screen(trained: Path) -> None:
    shown = on_terminal([str(CLEW), "ls", "artifacts", "--home", str(trained)], columns=60, NO_COLOR="1")
    assert max(len(line) for line in shown.splitlines()) <= 60


def test_names_cannot_drive_the_terminal(tmp_path: Path) -> None:
    from clew.metadata.change import Change
    from clew.metadata.ids import Kind
    from clew.metadata.node import NodeType
    from clew.metadata.record import Record

    with Record.open(tmp_path) as record:
        change = Change()
        change.artifact(change.type(NodeType(Kind.ARTIFACT, "T")), name="\x1b]0;owned\x07\n\rx")
        record.commit(change)
    for command in (["ls", "artifacts"], ["show", "artifact:1"], ["trace", "artifact:1"]):
        shown = on_terminal([str(CLEW), *command, "--home", str(tmp_path)], NO_COLOR="1")
        assert "\x1b]0" not in shown
        assert "\\x1b]0;owned" in shown


def test_a_terminal_that_knows_only_ascii_gets_ascii(shell: Clew, trained: Path) -> None:
    shown = shell("trace", "artifact:9", "--home", trained, PYTHONIOENCODING="ascii")
    assert shown.code == 0
    assert "`- Step" in shown.out


def test_following_the_log_shows_changes_of_other_processes_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    from clew.metadata.change import Change
    from clew.metadata.ids import Kind
    from clew.metadata.node import NodeType
    from clew.metadata.record import Record

    with Record.open(tmp_path) as record:
        following = subprocess.Popen(
            [CLEW, "log", "--follow", "--json", "--home", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert following.stdout is not None
        change = Change(actor="someone")
        change.type(NodeType(Kind.ARTIFACT, "T"))
        time.sleep(1)
        record.commit(change)
        assert json.loads(following.stdout.readline())["actor"] == "someone"
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=10)
    assert (following.returncode, out) == (130, b"")
    assert b"Traceback" not in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: a read-only folder cannot be shown")
def test_a_read_only_home_can_be_read_and_not_recorded_into(shell: Clew, trained: Path, tmp_path: Path) -> None:
    import shutil

    home = shutil.copytree(trained, tmp_path / "home")
    for path in (*home.iterdir(), home):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert shell("ls", "artifacts", "--home", home).code == 0
    finally:
        home.chmod(0o755)


def test_a_home_that_cannot_be_made_is_one_line(shell: Clew, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shown = shell("up", "--home", tmp_path / "file" / "home", "--port", 0)
    assert shown.code == 1
    assert shown.err.startswith("clew: ")
    assert shown.err.count("\n") == 1


def test_a_port_in_use_is_one_line_and_makes_no_home(shell: Clew, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = shell("up", "--home", tmp_path / "home", "--port", port)
    assert shown.code == 1
    assert f"cannot listen on 127.0.0.1:{port}: another process listens there" in shown.err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_server_stops_cleanly_when_told(trained: Path, stop: signal.Signals) -> None:
    server = subprocess.Popen(
        [CLEW, "up", "--home", trained, "--port", "0", "--grpc-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    assert "serves" in server.stderr.readline()
    time.sleep(0.5)
    server.send_signal(stop)
    out, err = server.communicate(timeout=20)
    assert (server.returncode, out, err) == (0, "", "")


def test_completion_can_be_shown_for_a_shell(shell: Clew) -> None:
    shown = shell(_CLEW_COMPLETE="complete_bash", COMP_WORDS="clew tr", COMP_CWORD="1")
    assert shown.out.split() == ["trace"]
