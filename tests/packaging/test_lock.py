"""The lock pins everything that is declared, by version and hash, and names no place to fetch it from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
STANZA = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<rest>.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = [
    *PYPROJECT["project"]["dependencies"],
    *(r for extra in PYPROJECT["project"]["optional-dependencies"].values() for r in extra),
    *(r for group in PYPROJECT["dependency-groups"].values() for r in group),
]


def pins() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for stanza in STANZA.finditer(LOCK):
        found.setdefault(canonicalize_name(stanza["name"]), []).append(stanza["version"])
    return found


@pytest.mark.parametrize("declared", DECLARED)
def test_a_declared_dependency_is_pinned_to_a_version_it_allows(declared: str) -> None:
    requirement = Requirement(declared)
    versions = pins().get(canonicalize_name(requirement.name), [])
    assert versions, "run `make lock`"
    assert all(requirement.specifier.contains(version) for version in versions), "run `make lock`"


def test_every_pin_carries_a_hash() -> None:
    assert [s["name"] for s in STANZA.finditer(LOCK) if "--hash=sha256:" not in s["rest"]] == []


def test_the_lock_names_no_place_to_fetch_from() -> None:
    assert [line for line in LOCK.splitlines() if "://" in line or " @ " in line or line.startswith("--")] == []


def test_the_npm_lock_holds_no_address() -> None:
    lock = (ROOT / "ui/package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock
    assert re.findall(r'"version": "[^"]*(?:://|git\+)', lock) == []
