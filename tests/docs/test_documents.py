"""What the documents point at exists: links, make targets, commands of `clew`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
CODE = re.compile(r"```(?:sh|console|bash)\n(.*?)```|`([^`\n]+)`", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands(document: Path, program: str) -> set[str]:
    """First words after ``program`` in code of the document."""
    code = "\n".join(block or inline for block, inline in CODE.findall(document.read_text()))
    return set(re.findall(rf"^(?:\$ )?{program} ([a-z][a-z-]*)", code, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    targets = [t.partition("#")[0] for t in LINK.findall(document.read_text()) if "://" not in t and "mailto:" not in t]
    assert [t for t in targets if t and not (document.parent / t).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_make_target_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert commands(document, "make") - targets == set()


@pytest.mark.e2e
def test_every_clew_command_named_exists() -> None:
    shown = subprocess.run([sys.executable, "-m", "clew", "--help"], capture_output=True, text=True, check=True).stdout
    named = {(str(d.relative_to(ROOT)), command) for d in DOCUMENTS for command in commands(d, "clew")}
    assert {(document, command) for document, command in named if not re.search(rf"\b{command}\b", shown)} == set()


def test_the_index_lists_every_page() -> None:
    listed = set(LINK.findall((ROOT / "docs" / "README.md").read_text()))
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == {page for page in listed if page.endswith(".md")}


@pytest.mark.e2e
def test_the_python_of_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "data").mkdir()
    for file in ("data/raw.csv", "model.bin"):
        (tmp_path / file).write_text("some bytes")
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in ("Model", "Train", "Dataset") if word not in done.stdout] == []
