"""What a first load brings, and all there is: gzipped JavaScript, within the budget."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from clew.api.pages import BUILT

FIRST_KB, ALL_KB = 250, 900

pytestmark = pytest.mark.skipif(not (BUILT / "index.html").is_file(), reason="the pages are not built (make setup)")


def _weight(name: str) -> int:
    return len(gzip.compress((BUILT / name).read_bytes(), 9))


def _reached(manifest: dict[str, dict[str, object]], key: str, *, later: bool) -> set[str]:
    """The files of ``key`` and of what it imports; with ``later`` also of what it imports when that is needed."""
    seen: set[str] = set()
    pending = [key]
    while pending:
        at = pending.pop()
        if at in seen:
            continue
        seen.add(at)
        for field in ("imports", "dynamicImports") if later else ("imports",):
            pending += manifest[at].get(field, [])  # type: ignore[arg-type]
    return {str(manifest[one]["file"]) for one in seen if str(manifest[one]["file"]).endswith(".js")}


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = json.loads((BUILT / ".vite" / "manifest.json").read_text())
    return loaded


@pytest.mark.parametrize("view", ["src/home/View.tsx", "src/lineage/View.tsx"])
def test_a_first_load_is_light(manifest: dict[str, dict[str, object]], view: str) -> None:
    files = _reached(manifest, "index.html", later=False) | _reached(manifest, view, later=False)
    assert sum(map(_weight, files)) <= FIRST_KB * 1000, {name: _weight(name) for name in files}


def test_all_of_the_explorer_is_light(manifest: dict[str, dict[str, object]]) -> None:
    """Workers too, which the manifest does not list; GraphiQL's page is another's code and another page."""
    files = _reached(manifest, "index.html", later=True)
    pending = list(files)
    while pending:
        text = (BUILT / pending.pop()).read_text()
        for name in re.findall(r"assets/[\w.-]+\.js", text):
            if name not in files and (BUILT / name).is_file():
                files.add(name)
                pending.append(name)
    assert sum(map(_weight, files)) <= ALL_KB * 1000, sorted((_weight(name), name) for name in files)


def test_the_pages_name_no_other_host() -> None:
    for page in ("index.html", "graphiql.html"):
        assert re.findall(r"(?:src|href)=\"(?!/)[^\"]*", (BUILT / page).read_text()) == []
