"""`clew import mlmd` and `clew export mlmd`: exit codes, reports, interruptions; a killed import is gone on with."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clew.metadata.ids import Kind
from clew.metadata.record import Record

CLEW = Path(sys.executable).with_name("clew")
ROOT = Path(__file__).resolve().parents[2]
Clew = Callable[..., Any]


@pytest.fixture(scope="session")
def bench() -> ModuleType:
    """The benchmark, which knows how to write a store quickly."""
    spec = importlib.util.spec_from_file_location("mlmd_import", ROOT / "benchmarks" / "mlmd_import.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def store(bench: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 300 artifacts, 100 executions, 11 contexts."""
    path = tmp_path_factory.mktemp("store") / "metadata.db"
    assert bench.generate(path, 300) == 411
    return path


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def reports(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


# -- importing


def test_an_import_makes_a_home_prints_its_proof_and_keeps_a_report(clew: Clew, store: Path, tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    said = clew("import", "mlmd", "--from", url(store), "--home", home)
    assert said.code == 0, said.err
    assert said.out.startswith("added  11 contexts, 300 artifacts, 100 executions, 497 events, 300 attributions")
    assert "both sides are equal" in said.out
    (report,) = reports(tmp_path / "new")
    assert said.err == f"report: {report}\n"
    assert report.name.startswith("home.import-mlmd-metadata.db-")
    told = json.loads(report.read_text())
    assert (told["ids"], told["from"], told["proof"]["ok"]) == ("kept", "metadata.db", True)
    found = {(line["what"], line["type"]): line["equal"] for line in told["proof"]["compared"]}
    assert found["artifact", "system.Model"] == found["artifact", "system.Dataset"] == 150
    assert found["event", ""] == 497
    assert clew("show", "artifact:300", "--home", home).code == 0
    assert clew("verify", "--home", home).code == 0


def test_json_holds_what_the_report_holds(clew: Clew, store: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    arguments = ["import", "mlmd", "--from", url(store), "--home", tmp_path / "home", "--report", report, "--json"]
    said = clew(*arguments)
    assert (said.code, said.err) == (0, "")
    told = said.json()
    assert told.pop("report") == str(report)
    assert told == json.loads(report.read_text())
    again = clew(*arguments).json()
    assert (sum(again["added"].values()), again["proof"]["ok"]) == (0, True)


def test_without_a_proof_none_is_told(clew: Clew, store: Path, tmp_path: Path) -> None:
    told = clew("import", "mlmd", "--from", url(store), "--home", tmp_path / "home", "--no-proof", "--json").json()
    assert (told["proof"], told["added"]["artifact"]) == (None, 300)


def test_a_used_record_is_told_and_ids_are_mapped(clew: Clew, store: Path, trained: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    subprocess.run(["cp", "-r", trained, home], check=True)
    said = clew("import", "mlmd", "--from", url(store), "--as", "old", "--home", home)
    assert said.code == 0, said.err
    assert "the record was not empty: nodes have new ids" in said.err
    assert "mlmd:old:artifact:1" in said.err
    listed = clew("ls", "artifacts", "--where", "external_id = 'mlmd:old:artifact:7'", "--home", home, "--json").json()
    assert listed["total"] == 1


def test_a_namespace_takes_what_the_default_has_no_room_for(clew: Clew, store: Path, tmp_path: Path) -> None:
    home = ("--home", tmp_path / "home")
    assert clew("import", "mlmd", "--from", url(store), *home).code == 0
    refused = clew("import", "mlmd", "--from", url(store), "--as", "copy", *home, "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (1, "CONFLICT")
    assert "--namespace" in refused.json()["error"]["remedy"]
    assert clew("import", "mlmd", "--from", url(store), "--as", "copy", "-n", "copy", *home).code == 0


def test_a_difference_is_exit_code_1_and_named(clew: Clew, store: Path, tmp_path: Path) -> None:
    path, home = tmp_path / "metadata.db", tmp_path / "home"
    path.write_bytes(store.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO Event (artifact_id, execution_id, type) VALUES (999, 1, 3)")
    connection.commit()
    connection.close()
    said = clew("import", "mlmd", "--from", url(path), "--home", home)
    assert said.code == 1
    assert "lost  event execution:1 artifact:999  an end does not exist" in said.out
    assert "both sides are equal" not in said.out
    assert json.loads(reports(tmp_path)[0].read_text())["proof"]["lost_count"] == 1


@pytest.mark.parametrize(
    ("source", "code", "error"),
    [
        ("sqlite:///nowhere.db", 1, "NOT_FOUND"),
        ("sqlite:///", 2, "INVALID"),
        (f"sqlite:///{__file__}", 2, "INVALID"),
        ("metadata.db", 2, "USAGE"),
        ("oracle://u:secret@h/d", 2, "USAGE"),
        ("mysql://u:secret@127.0.0.1:1/d", 1, "SOURCE_UNREACHABLE"),
        ("mysql://u:secret@/", 2, "INVALID"),
        ("grpc://nohost", 2, "INVALID"),
    ],
)
def test_a_source_that_is_none_leaves_no_home(clew: Clew, tmp_path: Path, source: str, code: int, error: str) -> None:
    said = clew("import", "mlmd", "--from", source, "--home", tmp_path / "home", "--json")
    assert (said.code, said.json()["error"]["code"]) == (code, error)
    assert "secret" not in said.out + said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb"])
def test_a_name_that_is_none_is_a_usage_error(clew: Clew, store: Path, tmp_path: Path, name: str) -> None:
    said = clew("import", "mlmd", "--from", url(store), "--as", name, "--home", tmp_path / "home")
    assert said.code == (0 if name == "" else 2)


def test_another_kind_of_store_is_a_usage_error(clew: Clew, store: Path) -> None:
    assert clew("import", "mlflow", "--from", url(store)).code == 2
    assert clew("import", "mlmd").code == 2


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_report_that_cannot_be_written_is_told_before_anything_is_moved(
    clew: Clew, store: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    said = clew("import", "mlmd", "--from", url(store), "--home", tmp_path / "home", "--report", closed / "r.json")
    assert said.code == 1
    assert not (tmp_path / "home").exists()


def test_a_report_in_the_place_of_a_folder_is_told_before_anything_is_moved(
    clew: Clew, store: Path, tmp_path: Path
) -> None:
    said = clew("import", "mlmd", "--from", url(store), "--home", tmp_path / "home", "--report", tmp_path)
    assert (said.code, "cannot be written" in said.err) == (1, True)
    assert not (tmp_path / "home" / "record.db").exists()


# -- cut short


@pytest.fixture(scope="session")
def large_store(bench: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose move takes a few seconds."""
    path = tmp_path_factory.mktemp("large") / "metadata.db"
    bench.generate(path, 15_000)
    return path


def start(store: Path, home: Path) -> subprocess.Popen[str]:
    command = [str(CLEW), "import", "mlmd", "--from", url(store), "--home", str(home), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(home: Path, artifacts: int, process: subprocess.Popen[str]) -> None:
    """Until so many artifacts are there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (home / "record.db").exists():
            with Record.open(home, create=False) as record, record.read() as reader:
                if reader.count(Kind.ARTIFACT) >= artifacts:
                    return
        time.sleep(0.02)


@pytest.mark.e2e
def test_an_import_that_is_killed_again_and_again_is_gone_on_with_and_loses_nothing(
    large_store: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for artifacts in (1, 5000, 11_000):
        process = start(large_store, home)
        wait_for(home, artifacts, process)
        process.kill()
        process.communicate()
    process = start(large_store, home)
    told = json.loads(process.communicate(timeout=120)[0])
    assert (process.returncode, told["proof"]["ok"], told["ids"]) == (0, True, "kept")
    assert told["added"]["artifact"] < 15_000, "the first runs had brought some"
    with Record.open(home) as record, record.read() as reader:
        assert [reader.count(kind) for kind in Kind] == [15_000, 5000, 60]


def readers() -> set[int]:
    """Processes that read a store for another."""
    found = subprocess.run(["pgrep", "-f", "clew.collectors.mlmd.ahead"], capture_output=True, text=True).stdout
    return set(map(int, found.split()))


@pytest.mark.e2e
def test_ctrl_c_leaves_with_130_and_no_reader_behind(large_store: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = readers()
    process = start(large_store, home)
    wait_for(home, 1, process)
    (reader,) = readers() - before
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("interrupted: what was moved stays")
    assert reader not in readers()
    assert json.loads(start(large_store, home).communicate(timeout=120)[0])["proof"]["ok"] is True


@pytest.mark.e2e
def test_two_imports_at_once_are_refused(large_store: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = start(large_store, home)
    wait_for(home, 1, first)
    second = start(large_store, home)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, json.loads(out)["error"]["code"]) == (1, "CONFLICT")
    assert "another import into this home is under way" in err
    assert json.loads(first.communicate(timeout=120)[0])["proof"]["ok"] is True


@pytest.mark.e2e
def test_a_terminal_sees_a_bar(store: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = [str(CLEW), "import", "mlmd", "--from", url(store), "--home", str(tmp_path / "home")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=follower, env={**os.environ, "TERM": "xterm"})
    os.close(follower)
    seen = b""
    for part in _until_closed(leader):
        seen += part
    assert process.wait(60) == 0
    assert b"executions" in seen
    assert b"proof of executions" in seen


def _until_closed(terminal: int) -> Iterator[bytes]:
    try:
        while part := os.read(terminal, 4096):
            yield part
    except OSError:  # the other end is closed
        os.close(terminal)


# -- exporting


def test_an_export_is_a_store_that_comes_in_again(clew: Clew, store: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out.db"
    assert clew("import", "mlmd", "--from", url(store), "--home", home).code == 0
    said = clew("export", "mlmd", "--to", url(out), "--home", home)
    assert said.code == 0, said.err
    assert "written  11 contexts" in said.out
    assert "both sides are equal" in said.out
    again = clew("import", "mlmd", "--from", url(out), "--home", tmp_path / "again", "--json").json()
    assert (again["proof"]["ok"], again["added"]["event"]) == (True, 497)


def test_an_export_tells_what_it_leaves_out(clew: Clew, trained: Path, tmp_path: Path) -> None:
    said = clew("export", "mlmd", "--to", url(tmp_path / "out.db"), "--report", tmp_path / "report.json")
    assert said.code == 0, said.out + said.err
    said = clew(
        "export", "mlmd", "--to", url(tmp_path / "none.db"), "-n", "team", "--report", tmp_path / "r.json", "--json"
    )
    assert (said.code, said.json()["written"]["artifact"]) == (0, 0)
    assert "of other namespaces stay in the record only" in said.err


@pytest.mark.parametrize(
    ("target", "code", "error"),
    [
        ("mysql://h/d", 2, "USAGE"),
        ("out.db", 2, "USAGE"),
        ("sqlite:///", 2, "INVALID"),
        ("sqlite:////nowhere/x", 1, "STORE_UNAVAILABLE"),
    ],
)
def test_a_target_that_is_none_is_told(clew: Clew, tmp_path: Path, target: str, code: int, error: str) -> None:
    said = clew("export", "mlmd", "--to", target, "--report", tmp_path / "r.json", "--json")
    assert said.code == code
    assert said.json()["error"]["code"] == error


def test_a_home_that_does_not_exist_has_nothing_to_export(clew: Clew, tmp_path: Path) -> None:
    said = clew("export", "mlmd", "--to", url(tmp_path / "out.db"), "--home", tmp_path / "none")
    assert (said.code, list(tmp_path.iterdir())) == (1, [])
