"""What libraries read and write is seen, each by its own means, in a Python that holds no Clew."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.collectors.watch.duck import files_of
from clew.notebook.command import BOOT

Noted = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def noted(watched_python: Path, work: Path, tmp_path: Path) -> Noted:
    """Runs a program and tells what was noted of it: names of what was read and written, in order."""

    def run(program: str) -> dict[str, list[str]]:
        notes = tmp_path / "notes" / "file"
        notes.parent.mkdir(exist_ok=True)
        notes.write_text("")
        environ = {**os.environ, "PYTHONPATH": str(BOOT), "CLEW_NOTES": str(notes)}
        done = subprocess.run([watched_python, "-c", program], cwd=work, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found: dict[str, list[str]] = {"r": [], "w": []}
        for line in notes.read_text().splitlines():
            what, _, target, *rest = json.loads(line)
            if what in found:
                found[what].append(target.removeprefix(f"{work}/"))
            elif what == "m":
                found["w"].append(str(rest[0]).removeprefix(f"{work}/"))
        return found

    return run


PANDAS = "import pandas as pd; df = pd.DataFrame({'a': [1, 2]}); "
POLARS = "import polars as pl; df = pl.DataFrame({'a': [1, 2]}); "
ARROW = "import pyarrow as pa, pyarrow.parquet as pq; t = pa.table({'a': [1, 2]}); "


@pytest.mark.parametrize(
    ("program", "file"),
    [
        (PANDAS + "df.to_parquet('x.parquet'); pd.read_parquet('x.parquet')", "x.parquet"),
        (PANDAS + "df.to_csv('x.csv'); pd.read_csv('x.csv')", "x.csv"),
        (PANDAS + "df.to_feather('x.feather'); pd.read_feather('x.feather')", "x.feather"),
        (PANDAS + "df.to_json('x.json'); pd.read_json('x.json')", "x.json"),
        (PANDAS + "df.to_pickle('x.pkl'); pd.read_pickle('x.pkl')", "x.pkl"),
        (POLARS + "df.write_parquet('x.parquet'); pl.read_parquet('x.parquet')", "x.parquet"),
        (POLARS + "df.write_csv('x.csv'); pl.scan_csv('x.csv').collect()", "x.csv"),
        (POLARS + "df.write_ipc('x.arrow'); pl.read_ipc('x.arrow')", "x.arrow"),
        (POLARS + "df.lazy().sink_parquet('x.parquet'); pl.scan_parquet('x.parquet').collect()", "x.parquet"),
        (ARROW + "pq.write_table(t, 'x.parquet'); pq.read_table('x.parquet')", "x.parquet"),
        (ARROW + "import pyarrow.csv as c; c.write_csv(t, 'x.csv'); c.read_csv('x.csv')", "x.csv"),
        (ARROW + "import pyarrow.feather as f; f.write_feather(t, 'x.f'); f.read_table('x.f')", "x.f"),
        (
            ARROW + "import pyarrow.dataset as d; d.write_dataset(t, 'x', format='parquet'); d.dataset('x').to_table()",
            "x",
        ),
        ("import numpy as np; np.save('x.npy', np.ones(3)); np.load('x.npy')", "x.npy"),
        ("import numpy as np; np.savez('x.npz', a=np.ones(3)); np.load('x.npz')['a']", "x.npz"),
        ("import joblib; joblib.dump([1], 'x.joblib'); joblib.load('x.joblib')", "x.joblib"),
        ("import pickle; pickle.dump(1, open('x.pkl', 'wb')); pickle.load(open('x.pkl', 'rb'))", "x.pkl"),
        (
            "from safetensors.numpy import save_file, load_file; import numpy as np; "
            "save_file({'a': np.ones(3)}, 'x.safetensors'); load_file('x.safetensors')",
            "x.safetensors",
        ),
        (
            "import duckdb; duckdb.sql(\"COPY (SELECT 1 AS a) TO 'x.parquet' (FORMAT parquet)\"); "
            "duckdb.sql(\"SELECT * FROM 'x.parquet'\").fetchall()",
            "x.parquet",
        ),
        (
            "import duckdb; c = duckdb.connect(); c.sql('SELECT 1 AS a').write_csv('x.csv'); c.read_csv('x.csv')",
            "x.csv",
        ),
    ],
)
def test_what_a_library_writes_and_reads_is_noted(noted: Noted, program: str, file: str) -> None:
    found = noted(program)
    assert set(found["w"]) == {file}
    assert set(found["r"]) == {file}


def test_torch_files_are_noted(noted: Noted, watched_python: Path) -> None:
    if subprocess.run([watched_python, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("torch is not installed in the notebook environment")
    found = noted("import torch; torch.save(torch.ones(2), 'x.pt'); torch.load('x.pt')")
    assert found == {"r": ["x.pt"], "w": ["x.pt"]}


def test_a_data_set_of_sklearn_is_named_with_its_version(noted: Noted) -> None:
    found = noted("import sklearn.datasets as d; d.load_iris()")
    assert [target.partition("@")[0] for target in found["r"]] == ["sklearn:datasets/iris"]
    assert found["r"][0].partition("@")[2][0].isdigit()


def test_what_is_written_aside_and_renamed_is_noted_under_its_name(noted: Noted) -> None:
    found = noted("import os; open('x.tmp', 'w').write('1'); os.replace('x.tmp', 'x.txt')")
    assert found["w"][-1] == "x.txt"


def test_pythons_own_files_are_not_noted(noted: Noted) -> None:
    assert noted("import json, pandas, sklearn.linear_model; open('/proc/self/stat').read()") == {"r": [], "w": []}


def test_a_python_that_is_started_is_watched_too(noted: Noted) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('raw.csv').read()\"])"
    assert noted(program)["r"] == ["raw.csv"]


def test_a_file_that_is_not_there_is_not_read(noted: Noted) -> None:
    assert noted("try:\n    open('none.csv')\nexcept OSError:\n    pass") == {"r": [], "w": []}


def test_the_users_own_sitecustomize_runs(noted: Noted, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = work / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import builtins; builtins.mine = 1")
    noted("import sys; sys.path.insert(0, 'site')")  # ours leaves no trace on the path
    environ = {**os.environ, "PYTHONPATH": f"{BOOT}{os.pathsep}{site}"}
    command = ["python3", "-c", "import sys; print(mine, any('watch' in p for p in sys.path))"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "False"], done.stderr


@pytest.mark.parametrize(
    ("sql", "read", "written"),
    [
        ("SELECT * FROM 'a.csv' JOIN \"b.parquet\" USING (x)", ["a.csv", "b.parquet"], []),
        ("SELECT * FROM read_csv(['a.csv', 'b.csv'], header=true)", ["a.csv", "b.csv"], []),
        ("SELECT 'from' , 'x.csv' FROM t WHERE p = 'y.csv' AND q IN ('z.csv')", [], []),
        ("-- FROM 'no.csv'\nSELECT /* FROM 'no.csv' */ * FROM t, 'yes.csv'", ["yes.csv"], []),
        (
            "COPY t FROM 'in.data' (FORMAT csv); COPY (SELECT * FROM 'a.csv') TO 'o''k.csv'",
            ["in.data", "a.csv"],
            ["o'k.csv"],
        ),
        ("INSERT INTO t SELECT * FROM parquet_scan('s3://lake/*.parquet')", ["s3://lake/*.parquet"], []),
        ("SELECT $$ FROM 'no.csv' $$ FROM t", [], []),
        ("not sql at all '", [], []),
    ],
)
def test_files_are_found_in_sql(sql: str, read: list[str], written: list[str]) -> None:
    found = files_of(sql)
    assert (sorted(found[0]), found[1]) == (sorted(read), written)


def test_files_given_as_parameters_are_found() -> None:
    assert files_of("SELECT * FROM read_parquet(?) WHERE a = ?", ["x.parquet", 3]) == (["x.parquet"], [])
