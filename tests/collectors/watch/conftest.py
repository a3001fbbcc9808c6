"""A Python with the libraries that are watched, and what it needs to load Clew beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.wiring import Home

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = "papermill==2.7.0 ipykernel nbclient pandas polars pyarrow duckdb scikit-learn joblib safetensors"


@pytest.fixture(scope="session")
def watched_python(client_of: Callable[[str, str, str], Path]) -> Path:
    """A Python 3.11 with what people use in notebooks."""
    probe = "import papermill, ipykernel, nbclient, pandas, polars, pyarrow, duckdb, sklearn, joblib, safetensors"
    return client_of("notebook", LIBRARIES, probe)


@pytest.fixture
def beside_clew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The environment in which that Python finds Clew and a home of its own."""
    import sysconfig

    for name in [name for name in os.environ if name.startswith("CLEW_") and not name.startswith("CLEW_TEST_")]:
        monkeypatch.delenv(name)
    site = f"{ROOT}{os.pathsep}{sysconfig.get_path('purelib')}"
    return dict(os.environ) | {
        "PYTHONPATH": site,
        "CLEW_HOME": str(tmp_path / "home"),
        "IPYTHONDIR": str(tmp_path / "ipy"),
    }


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a table, to work in."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "raw.csv").write_text("a,b\n1,2\n3,4\n")
    return folder


@pytest.fixture
def clew_exec(work: Path, beside_clew: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `clew exec ARGUMENTS` in the folder."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in beside_clew.items() if name != "PYTHONPATH"}
        command = [sys.executable, "-m", "clew", "exec", *map(str, arguments)]
        return subprocess.run(command, cwd=work, env=environ, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def told(tmp_path: Path, work: Path) -> Callable[..., dict[str, Any]]:
    """What the record says of an execution: its state, properties, and what it read and wrote, by file name."""

    def look(id: int = 1, home: Path | None = None) -> dict[str, Any]:
        from clew.metadata.states import EventType
        from clew.settings import load

        opened = Home(load({}, home=home or tmp_path / "home"))
        try:
            with opened.record.read() as reader:
                execution = reader.executions_by_id([id])[id]
                events = reader.events_of_executions([id])
                artifacts = reader.artifacts_by_id({event.artifact_id for event in events})
        finally:
            opened.close()
        named: dict[EventType, dict[str, Any]] = {EventType.INPUT: {}, EventType.OUTPUT: {}}
        for event in events:
            artifact = artifacts[event.artifact_id]
            name = "code" if event.path == ("code",) else (artifact.uri or "").rpartition("/")[2]
            named[event.type][name] = artifact
        return {
            "state": execution.state.name if execution.state else None,
            "type": execution.type,
            "properties": execution.custom_properties,
            "read": named[EventType.INPUT],
            "written": named[EventType.OUTPUT],
            "sources": {event.source for event in events},
        }

    return look
