"""Reports while the server is away: kept on disk, delivered once and in order when it is back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from clew.client.connect import connect
from clew.client.report import Reporter
from clew.client.spool import Spool
from clew.collectors.watch.work import Work
from clew.metadata.errors import Invalid, SourceUnreachable, SpoolFull
from clew.metadata.identity import Touch
from clew.metadata.states import ExecutionState
from clew.settings import Settings, load
from clew.wiring import Home

AWAY = "http://127.0.0.1:9"
MIB = 1 << 20


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", MIB)


def delivered(spool: Spool) -> list[Any]:
    got: list[Any] = []
    spool.send(got.extend)
    return got


def test_reports_are_delivered_once_and_in_order(spool: Spool) -> None:
    for number in range(250):
        spool.put([{"n": number}])
    assert [one["n"] for one in delivered(spool)] == list(range(250))
    assert delivered(spool) == []
    assert spool.is_empty()


def test_reports_of_several_processes_are_delivered(spool: Spool) -> None:
    code = (
        "import sys; from pathlib import Path; from clew.client.spool import Spool\n"
        "for n in range(20): Spool(Path(sys.argv[1]), 1 << 20).put([{'p': sys.argv[2], 'n': n}])"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(spool.folder), str(p)]) for p in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    got = delivered(spool)
    assert [[one["n"] for one in got if one["p"] == str(p)] for p in range(3)] == [list(range(20))] * 3


def test_a_spool_that_is_full_says_so_and_keeps_what_it_has(spool: Spool) -> None:
    spool.put([{"n": "x" * (MIB - 1000)}])
    with pytest.raises(SpoolFull, match="clew spool send"):
        spool.put([{"n": "x" * 2000}])
    assert len(spool.waiting()) == 1


def test_a_server_that_goes_away_in_between_gets_the_rest_later(spool: Spool) -> None:
    for number in range(5):
        spool.put([{"n": number}])
    got: list[Any] = []

    def deliver(sayings: list[dict[str, Any]]) -> None:
        if len(got) == 2:
            raise SourceUnreachable("away")
        got.extend(sayings)

    with pytest.raises(SourceUnreachable):
        spool.send(deliver)
    assert [one["n"] for one in got + delivered(spool)] == [0, 1, 2, 3, 4]


def test_what_a_crash_left_half_written_is_ignored_and_swept_away(spool: Spool) -> None:
    spool.put([{"n": 1}])
    (spool.folder / "00000000000000000001-999999999-000000.draft").write_bytes(b'{"dig')
    assert delivered(spool) == [{"n": 1}]
    assert not list(spool.folder.glob("*.draft"))


@pytest.mark.parametrize("damage", [b"", b'{"digest": "sha256:', b'{"digest": "sha256:00", "body": "[]"}', b"\xff\xfe"])
def test_a_damaged_report_is_set_aside_and_the_rest_goes_on(spool: Spool, damage: bytes) -> None:
    spool.put([{"n": 1}])
    spool.waiting()[0].path.write_bytes(damage)
    spool.put([{"n": 2}])
    assert delivered(spool) == [{"n": 2}]
    assert len(spool.damaged()) == 1
    assert spool.drop() == 1


def test_what_the_server_refuses_is_set_aside_with_the_reason(spool: Spool) -> None:
    spool.put([{"n": 1}])

    def refuse(sayings: list[dict[str, Any]]) -> None:
        raise Invalid("no such thing")

    assert spool.send(refuse) == 0
    assert "no such thing" in spool.damaged()[0].with_suffix(".why").read_text()


def test_a_process_killed_while_it_writes_leaves_only_whole_reports(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from clew.client.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1]), 1 << 30); print('up', flush=True)\n"
        "while True: spool.put([{'n': 'x' * 200_000}])"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    while len(Spool(tmp_path / "s", MIB).waiting()) < 5:
        assert process.poll() is None
    process.kill()
    process.communicate()
    spool = Spool(tmp_path / "s", MIB)
    waiting = len(spool.waiting())
    assert len(delivered(spool)) == waiting
    assert spool.damaged() == []


def settings_for(tmp_path: Path, url: str) -> Settings:
    return load({}, url=url, home=tmp_path / "local", actor="ann")


def moved(settings: Settings, url: str) -> None:
    """The server that was away is at another port now: what waits for it moves along."""
    from dataclasses import replace

    old, new = Spool.of(settings), Spool.of(replace(settings, url=url))
    new.folder.parent.mkdir(parents=True, exist_ok=True)
    old.folder.rename(new.folder)


def test_what_is_told_while_the_server_is_away_is_recorded_when_it_is_back(
    tmp_path: Path, server_of: Callable[[Path], AbstractContextManager[str]]
) -> None:
    settings = settings_for(tmp_path, AWAY)
    client = connect(settings)
    reporter = Reporter(client, settings)
    work = Work("Script", "exec", "train.py", "ann", "default")
    touch = Touch("file:///data/x.csv", True, 1_700_000_000_000)
    assert reporter.settle([work.saying(ExecutionState.RUNNING)]) == [None]
    assert reporter.settle([work.saying(ExecutionState.COMPLETE, [touch])]) == [None]
    client.close()
    with server_of(tmp_path / "server") as url:
        moved(settings, url)
        there = settings_for(tmp_path, url)
        client = connect(there)
        spool = Spool.of(there)
        twice = [one.path.read_bytes() for one in spool.waiting()]
        assert Reporter(client, there).send() == 2
        for number, data in enumerate(twice):  # the crash between delivery and removal: it is delivered again
            (spool.folder / f"{number:020d}-1-000000.json").write_bytes(data)
        assert Reporter(client, there).send() == 2
        client.close()
    home = Home(load({}, home=tmp_path / "server"))
    with home.record.read() as reader:
        (execution,) = reader.executions().items
        assert (execution.state, len(reader.artifacts().items)) == (ExecutionState.COMPLETE, 1)
    home.close()


def test_an_execution_of_the_sdk_is_recorded_when_the_server_is_back(
    tmp_path: Path, server_of: Callable[[Path], AbstractContextManager[str]]
) -> None:
    import clew

    (tmp_path / "in.csv").write_text("1")
    (tmp_path / "model.bin").write_text("2")
    with clew.connect(AWAY, home=tmp_path / "local", actor="ann") as connection:
        with connection.execution("Train", inputs={"data": tmp_path / "in.csv"}, project="churn") as e:
            e.log_metric("accuracy", 0.9)
            e.output("model", tmp_path / "model.bin", type="Model")
    with server_of(tmp_path / "server") as url:
        moved(load({}, url=AWAY, home=tmp_path / "local"), url)
        there = settings_for(tmp_path, url)
        client = connect(there)
        assert Reporter(client, there).send() == 1
        assert Spool.of(there).damaged() == []
        client.close()
        with clew.connect(url, home=tmp_path / "local") as connection:
            (execution,) = connection.executions(type="Train")
            assert (execution.state, execution.custom_properties["accuracy"]) == (ExecutionState.COMPLETE, 0.9)
            assert {a.type for a in connection.artifacts()} == {"Dataset", "Model"}
            assert [c.name for c in connection.contexts(type="Project")] == ["churn"]


def test_a_command_runs_while_the_server_is_away_and_is_recorded_later(
    tmp_path: Path, server_of: Callable[[Path], AbstractContextManager[str]]
) -> None:
    environ = os.environ | {"CLEW_HOME": str(tmp_path / "local")}
    program = [sys.executable, "-c", "open('out.txt', 'w').write('1')"]

    def clew(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "clew", *arguments]
        return subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True)

    away = clew("exec", "--server", AWAY, "--", *program)
    assert (away.returncode, "waits in the spool" in away.stderr) == (0, True), away.stderr
    assert '"total": 2' in clew("spool", "ls", "--server", AWAY, "--json").stdout
    assert clew("spool", "send", "--server", AWAY).returncode == 1
    with server_of(tmp_path / "server") as url:
        moved(load({}, url=AWAY, home=tmp_path / "local"), url)
        assert clew("spool", "send", "--server", url).stdout == "2 sent\n"
        told = clew("exec", "--server", url, "--", *program)
        assert "execution:2 COMPLETE" in told.stderr
    assert clew("spool", "drop", "--all", "--server", url).stdout == "0 dropped\n"
