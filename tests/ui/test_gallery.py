"""The gallery of docs/ui: its pictures are made here, so that they show what there is.

`make gallery` runs this and keeps the pictures; a plain test run makes them beside the other screens.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.ui.screen import ROOT, Served, Watched, settled, shoot

Tabs = Callable[..., Watched]
GALLERY = ROOT / "docs" / "ui"
SCHEMES = ("light", "dark")


def _first(served: Served, query: str, *path: str | int) -> str:
    found = served.ask(query)
    for step in path:
        found = found[step]
    return str(found)


def _artifact(served: Served, type: str) -> str:
    narrowed = f'filter: {{type: "{type}"}}, orderBy: {{field: ID, direction: DESC}}'
    query = f"{{ artifacts(first: 1, {narrowed}) {{ nodes {{ id }} }} }}"
    return _first(served, query, "artifacts", "nodes", 0, "id").partition(":")[2]


def _runs(served: Served) -> list[str]:
    runs = served.ask("{ runs(first: 2) { nodes { id context { id } } } }")["runs"]["nodes"]
    return [runs[-1]["id"], *(f'"{run["context"]["id"]}"' for run in runs)]


def _pages(served: Served) -> dict[str, str]:
    """Name of the picture -> address."""
    model = _artifact(served, "system.Model")
    run, *contexts = _runs(served)
    return {
        "home": "",
        "explorer": f"explorer?focus=artifact:{model}",
        "run": f"runs/{run}",
        "runs": "runs",
        "artifacts": "artifacts",
        "artifact": f"artifacts/{model}",
        "executions": "executions",
        "compare": f"compare?of=[{','.join(contexts)}]",
        "cache": "cache",
        "log": "log",
        "types": "types",
        "settings": "settings",
    }


NAMES = (
    "home", "explorer", "run", "runs", "artifacts", "artifact", "executions", "compare", "cache", "log", "types",
    "settings",
)  # fmt: skip


def _still(page: Page) -> None:
    settled(page)
    page.wait_for_timeout(600)  # drawings fit themselves after they were laid out


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_every_view(example: Served, tabs: Tabs, name: str, scheme: str) -> None:
    page = tabs(scheme=scheme).page
    page.goto(f"{example.url}/{_pages(example)[name]}")
    _still(page)
    picture = shoot(page, f"gallery-{name}-{scheme}")
    assert picture.stat().st_size > 10_000, "a blank page"
    if os.environ.get("CLEW_GALLERY"):
        (GALLERY / f"{name}-{scheme}.png").write_bytes(picture.read_bytes())


def test_the_gallery_shows_every_view_light_and_dark() -> None:
    text = (GALLERY / "README.md").read_text()
    shown = set(re.findall(r"\(([\w-]+\.png)\)|src=\"([\w-]+\.png)\"", text))
    named = {one or other for one, other in shown}
    assert named == {f"{name}-{scheme}.png" for name in NAMES for scheme in SCHEMES}
    assert [name for name in named if not (GALLERY / name).is_file()] == []


def test_no_picture_is_kept_that_nothing_shows() -> None:
    kept = {path.name for path in Path(GALLERY).glob("*.png")}
    assert kept == {f"{name}-{scheme}.png" for name in NAMES for scheme in SCHEMES}
