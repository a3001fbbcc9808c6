"""What may stand in the tree: no registry, no machine's paths, no drawer modules, no endless files."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRAWERS = {"utils.py", "util.py", "helpers.py", "common.py", "base.py", "misc.py"}
MACHINE_PATH = re.compile(r"(?<![\w./:}>-])/(root|work|Users|home/[a-z]+)/")
MAX_LINES = 450
MAX_TEST_LINES = 700  # a model and the machine that drives it read best on one page


def text_of(file: Path) -> str:
    try:
        return "" if (ROOT / file).is_symlink() else (ROOT / file).read_text()
    except UnicodeDecodeError:
        return ""


def test_no_module_is_a_drawer(tree: list[Path]) -> None:
    assert [str(file) for file in tree if file.name in DRAWERS] == []


def test_no_python_file_is_endless(tree: list[Path]) -> None:
    written = [f for f in tree if f.suffix == ".py" and "_pb2" not in f.name]
    lengths = {str(f): text_of(f).count("\n") for f in written}
    limits = {file: MAX_TEST_LINES if file.startswith("tests/") else MAX_LINES for file in lengths}
    assert {file: lines for file, lines in lengths.items() if lines > limits[file]} == {}


def test_no_file_names_a_path_of_somebodys_machine(tree: list[Path]) -> None:
    assert {str(f): hit.group() for f in tree if (hit := MACHINE_PATH.search(text_of(f)))} == {}


def test_no_npm_lock_says_where_packages_were_fetched_from(tree: list[Path]) -> None:
    locks = [file for file in tree if file.name == "package-lock.json"]
    packages = [(str(f), name, p) for f in locks for name, p in json.loads(text_of(f))["packages"].items()]
    assert [(file, name) for file, name, package in packages if "resolved" in package] == []


def test_no_package_client_is_told_where_to_fetch_from(tree: list[Path]) -> None:
    settings = [f for f in tree if f.name in {".npmrc", "pip.conf", "uv.toml", ".pypirc", "package.json"}]
    assert [str(f) for f in settings if re.search(r"registry *=|index-url|://", text_of(f))] == []


def test_test_files_have_unique_names(tree: list[Path]) -> None:
    names = [f.name for f in tree if f.parts[0] == "tests" and f.name.startswith("test_")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def is_reexport(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(isinstance(target, ast.Name) and target.id in {"__all__", "__version__"} for target in targets)
    return isinstance(statement, ast.Import | ast.ImportFrom)


@pytest.mark.parametrize("directory", ["metadata", "graph", "collectors", "executors", "api"])
def test_a_package_file_holds_a_docstring_and_reexports_only(tree: list[Path], directory: str) -> None:
    for file in tree:
        if file.name == "__init__.py" and file.parts[0] == directory:
            module = ast.parse(text_of(file))
            assert ast.get_docstring(module), file
            assert all(is_reexport(statement) for statement in module.body[1:]), file
