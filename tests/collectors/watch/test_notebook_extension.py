"""`%load_ext clew` in a real kernel: the session as an execution, cached cells, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Told = Callable[..., dict[str, Any]]

DRIVER = """
import json, os, signal, sys, nbformat
from nbclient import NotebookClient
cells, kill = json.loads(sys.argv[1]), sys.argv[2] == "kill"
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
client = NotebookClient(book, kernel_name="python3", allow_errors=True, timeout=60)
try:
    client.execute()
except Exception:
    if not kill: raise
told = []
for cell in book.cells:
    text = ""
    for output in cell.get("outputs", []):
        text += output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue") or ""
    told.append(text)
print("TOLD" + json.dumps(told))
"""
Notebook = Callable[..., list[str]]


@pytest.fixture
def notebook(watched_python: Path, beside_clew: dict[str, str], work: Path) -> Notebook:
    """Runs cells in a kernel, after `%load_ext clew`; what each printed or returned."""

    def run(*cells: str, kill: bool = False, environ: dict[str, str] | None = None) -> list[str]:
        given = json.dumps(["%load_ext clew", *cells])
        done = subprocess.run(
            [watched_python, "-c", DRIVER, given, "kill" if kill else ""],
            cwd=work, env=beside_clew | (environ or {}), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "TOLD" in done.stdout, done.stderr
        found: list[str] = json.loads(done.stdout.partition("TOLD")[2])[1:]
        return found

    return run


def ended(told: Told) -> dict[str, Any]:
    """The session, once it has ended."""
    deadline = time.monotonic() + 30
    while (found := told())["state"] == "RUNNING":
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_a_session_is_an_execution_with_its_cells_and_what_they_read_and_wrote(notebook: Notebook, told: Told) -> None:
    notebook("import pandas as pd\ndf = pd.read_csv('raw.csv')", "df.to_parquet('out.parquet')", "1 / 0")
    found = ended(told)
    assert (found["type"], found["state"], found["sources"]) == ("Notebook", "COMPLETE", {"notebook"})
    assert (set(found["read"]), set(found["written"])) == ({"code", "raw.csv"}, {"out.parquet"})
    assert found["written"]["out.parquet"].digest.startswith("sha256:")
    assert "df.to_parquet('out.parquet')" in found["read"]["code"].custom_properties["code"]
    kept = found["properties"]
    assert (kept["cells"], kept["cells_failed"]) == (4, 1)
    assert kept["last_error"].startswith("cell 4: ZeroDivisionError")
    assert {"python", "ipython", "ipykernel", "packages"} <= kept.keys()


def test_what_a_cell_reads_back_is_no_input(notebook: Notebook, told: Told) -> None:
    notebook("open('x.txt', 'w').write('1')", "%clew", "open('x.txt').read()")
    assert set(ended(told)["read"]) == {"code"}


def test_the_status_tells_what_is_recorded(notebook: Notebook) -> None:
    (_, status) = notebook("open('raw.csv').read()", "%clew")
    assert status.startswith("execution:1 in ")
    assert ": 1 read, 0 written" in status


def test_what_runs_inside_is_told_its_execution(notebook: Notebook) -> None:
    (_, told) = notebook("%clew", "import os; os.environ['CLEW_EXECUTION'], os.environ['MLFLOW_RUN_CONTEXT']")
    assert "execution:1" in told
    assert "clew.execution" in told


def test_of_a_kernel_that_is_killed_the_session_does_not_run_for_ever(notebook: Notebook, told: Told) -> None:
    notebook("open('x.txt', 'w').write('1')", "%clew", "import os; os.kill(os.getpid(), 9)", kill=True)
    found = ended(told)
    assert (found["state"], found["properties"]["error"]) == ("FAILED", "its process was killed")
    assert set(found["written"]) == {"x.txt"}


def test_an_interrupted_cell_leaves_the_session_running(notebook: Notebook, told: Told) -> None:
    interrupt = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)"
    notebook(interrupt, "open('raw.csv').read()")
    found = ended(told)
    assert (found["state"], set(found["read"])) == ("COMPLETE", {"code", "raw.csv"})


STEP = "%%clew_step double -o big,total\nprint('ran')\nbig = twice(raw)\ntotal = int(big.sum())"
SETUP = "import numpy as np\ndef twice(x): return x * 2\nraw = np.arange(4)"


def test_a_step_is_reused_until_what_it_reads_changes(notebook: Notebook) -> None:
    again = STEP.replace("print('ran')", "print('ran')  # a comment")
    said = notebook(SETUP, STEP, again, "raw = raw + 1", STEP, "total")
    assert [said[1], said[2], said[4], said[5]] == ["ran\n", "", "ran\n", "20"]


def test_a_step_is_run_again_when_a_function_it_calls_changes(notebook: Notebook) -> None:
    said = notebook(SETUP, STEP, "def twice(x): return x * 3", STEP, "total")
    assert [said[1], said[3], said[4]] == ["ran\n", "ran\n", "18"]


def test_a_step_may_set_what_it_reads(notebook: Notebook) -> None:
    assert notebook("n = 3", "%%clew_step inc -o n\nn = n + 1", "n")[2] == "4"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%clew_step a b c\n1", "required: -o"),
        ("%%clew_step -o y -i n\ny = n + m", "the cell reads m too"),
        ("%%clew_step -o y\ny = (", "no Python"),
        ("%%clew_step -o y\ny = object()", "which a step cannot take or return"),
    ],
)
def test_a_step_that_cannot_be_is_refused(notebook: Notebook, cell: str, told: str) -> None:
    assert told in notebook("n, m = 1, 2", cell)[1]


def test_a_home_that_cannot_be_opened_is_told_and_the_notebook_goes_on(notebook: Notebook, work: Path) -> None:
    (work / "file").write_text("")
    said = notebook("%clew", "1 + 1", environ={"CLEW_HOME": str(work / "file" / "home")})
    assert said[1] == "2"
    assert "cannot be made" in said[0]


def test_loading_the_extension_imports_nothing_heavy(watched_python: Path, beside_clew: dict[str, str]) -> None:
    code = (
        "import sys; import clew.notebook.extension; print(sorted({'sqlalchemy', 'httpx', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([watched_python, "-c", code], env=os.environ | beside_clew, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
