"""The cache: what reuse saved, why something was or was not reused, and taking results out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]

ENTRIES = """{ cache { entries(first: 100) { nodes { component state pinned hits execution { id } } }
    stats { total { hits ran savedMs } entries invalidated } } }"""


@pytest.fixture
def own(example_home: Path, tmp_path: Path, serve: Serve) -> Served:
    """The example, in a home that may be written."""
    return serve(Path(copytree(example_home, tmp_path / "own")))


def cells(page: Page) -> list[str]:
    """What the rows of the table say."""
    return page.get_by_role("grid").get_by_role("row").all_inner_texts()


def entries(served: Served) -> list[dict[str, Any]]:
    return list(served.ask(ENTRIES)["cache"]["entries"]["nodes"])


def test_an_empty_cache_says_what_will_be_reused(serve: Serve, tab: Watched) -> None:
    tab.page.goto(f"{serve().url}/cache")
    expect(tab.page.get_by_role("heading", name="Nothing can be reused yet")).to_be_visible()
    assert axe(tab.page) == []


def test_what_reuse_saved_is_told_as_the_api_tells_it(example: Served, page: Page) -> None:
    stats = example.ask(ENTRIES)["cache"]["stats"]
    page.goto(f"{example.url}/cache")
    expect(page.get_by_text(f"{stats['total']['hits']} reused, {stats['total']['ran']} ran")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(stats["entries"] + 1)  # and the head
    page.get_by_role("navigation", name="Components").get_by_role("button", name="comp-train").click()
    page.wait_for_url("**component=*")
    trained = [one for one in entries(example) if one["component"].endswith("comp-train")]
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(len(trained) + 1)
    page.get_by_role("button", name="Took").click()
    page.wait_for_url("**by=COST*")
    settled(page)
    assert len(cells(page)) == len(trained) + 1


def test_any_execution_is_explained_and_the_address_keeps_it(example: Served, page: Page) -> None:
    second = example.ask("""{ executions(where: "state = CACHED", first: 1) { nodes { id } } }""")["executions"][
        "nodes"
    ]
    page.goto(f"{example.url}/cache")
    settled(page)
    page.get_by_label("Explain an execution").fill(second[0]["id"].split(":")[1])
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name=f"Why: {second[0]['id']}")
    expect(panel).to_contain_text("The work was done by")
    page.reload()
    expect(panel).to_contain_text("The work was done by")
    page.goto(f"{example.url}/cache?of=execution:1")
    expect(page.get_by_role("heading", name="There is no decision on it")).to_be_visible()


def test_results_are_taken_out_with_all_that_was_made_from_them(own: Served, page: Page) -> None:
    before = {one["execution"]["id"] for one in entries(own) if one["state"] == "live"}
    page.goto(f"{own.url}/cache")
    settled(page)
    page.get_by_role("navigation", name="Components").get_by_role("button", name="comp-split").click()
    expect(page.get_by_role("grid").get_by_role("row")).to_have_count(2)
    page.get_by_role("grid").get_by_role("checkbox").last.click()
    page.get_by_role("button", name="Invalidate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Also everything that was made from it").check()
    expect(dialog).to_contain_text("executions further on")
    dialog.get_by_label("Why").fill("the split was wrong")
    dialog.get_by_label("Who").fill("ann")
    assert axe(page) == []
    shoot(page, "cache-invalidate")
    dialog.get_by_role("button", name="Take it out").click()
    taken = dialog.get_by_role("list", name="Taken out").get_by_role("listitem")
    expect(taken.first).to_be_visible()
    told = set(taken.all_inner_texts())
    after = own.ask("{ cache { entries(first: 100) { nodes { state why by execution { id } } } } }")
    out = {one["execution"]["id"] for one in after["cache"]["entries"]["nodes"] if one["state"] == "invalidated"}
    assert out & before == told & before
    assert len(told) > 1
    assert all(
        "ann" in (one["by"] or "") for one in after["cache"]["entries"]["nodes"] if one["state"] == "invalidated"
    )
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("grid")).to_contain_text("Invalidated")


def test_a_result_is_pinned_and_let_go(own: Served, page: Page) -> None:
    page.goto(f"{own.url}/cache")
    settled(page)
    page.get_by_role("grid").get_by_role("checkbox").nth(1).click()  # the first is the head's
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_text("The result is kept, with what it was made from.")).to_be_visible()
    expect(page.get_by_role("grid").get_by_role("img", name="Pinned").first).to_be_visible()
    assert any(one["pinned"] for one in entries(own))
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("grid").get_by_role("img", name="Pinned")).to_have_count(0)
    page.get_by_role("grid").get_by_role("checkbox").first.click()  # none
    page.get_by_role("grid").get_by_role("checkbox").first.click()  # all
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_text("results are kept, with what they were made from.")).to_be_visible()
    assert all(one["pinned"] for one in entries(own))


def test_the_entries_are_exported(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/cache")
    settled(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as found:
        page.get_by_role("menuitem", name="CSV").click()
    rows = list(csv.DictReader(Path(found.value.path()).read_text().splitlines()))
    assert [row["Component"] for row in rows] == [one["component"] for one in entries(example)]


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_cache_is_legible_and_open_to_all(example: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    made = entries(example)[0]["execution"]["id"]
    for name, path in (("cache", "/cache"), ("cache-why", f"/cache?of={made}")):
        page.goto(example.url + path)
        settled(page)
        shoot(page, f"{name}-{size}-{scheme}")
        assert axe(page) == []
        assert crowded(page) == []
