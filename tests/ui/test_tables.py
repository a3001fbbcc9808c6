"""Lists of nodes: sorted, filtered, chosen from, walked by keys, exported; whatever was recorded."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.odd import many_home, odd_home
from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]
WIDER = """(width) => [...document.querySelectorAll("[role=columnheader]")].some(
    (head) => head.textContent.trim() === "Type" && head.getBoundingClientRect().width > width)"""
LISTS = ("artifacts", "executions", "contexts", "types")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("odd")
    odd_home(folder)
    served = Served(folder / "home")
    yield served
    served.stop()


def grid(page: Page) -> Locator:
    return page.get_by_role("grid")


def names(page: Page) -> list[str]:
    """What the rows in view are called."""
    return page.locator("[role=grid] [role=row] a[href^='/']").all_inner_texts()


def header(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def shows(page: Page, count: str) -> None:
    expect(page.get_by_role("status").filter(has_text=re.compile(rf"^{count}$"))).to_be_visible()


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_without_rows_says_what_would_put_some_there(serve: Serve, tab: Watched, name: str) -> None:
    page = tab.page
    page.goto(f"{serve().url}/{name}")
    if name == "types":
        expect(grid(page)).to_be_visible()  # every record knows some
    else:
        expect(page.get_by_role("heading", name=f"No {name} yet")).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
def test_lists_are_readable_by_everybody_whatever_names_they_show(
    odd: Served, tabs: Tabs, size: str, scheme: str
) -> None:
    page = tabs(size=size, scheme=scheme).page
    for name in LISTS:
        page.goto(f"{odd.url}/{name}")
        expect(grid(page).get_by_role("row").nth(1)).to_be_visible()
        settled(page)
        shoot(page, f"list-{name}-{size}-{scheme}")
        assert axe(page) == []
        assert crowded(page) == []


def test_a_header_sorts_and_the_address_tells_it(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts")
    header(page, "Size").get_by_role("button").click()
    expect(header(page, "Size")).to_have_attribute("aria-sort", "descending")
    assert address(page)["sort"] == ["-SIZE"]
    told = example.ask("{artifacts(orderBy: {field: SIZE, direction: DESC}, first: 50) {nodes {label}}}")["artifacts"][
        "nodes"
    ]
    expect(page.locator("[data-stale]")).to_have_count(0)  # the rows are of the new order
    expect(grid(page)).not_to_have_attribute("aria-busy", "true")
    assert names(page)[:10] == [node["label"] for node in told][:10]
    page.reload()
    expect(header(page, "Size")).to_have_attribute("aria-sort", "descending")
    header(page, "Size").get_by_role("button").click()
    expect(header(page, "Size")).to_have_attribute("aria-sort", "ascending")


def test_a_filter_is_completed_and_its_mistake_is_shown_before_it_is_asked(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts")
    box = page.get_by_role("textbox", name="Filter", exact=True)
    expect(box).to_be_visible()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("typ")
    expect(page.get_by_role("option", name=re.compile("^type "))).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("= 'system.Mod")
    page.get_by_role("option", name=re.compile("system.Model")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile(r"^type ?= ?'system\.Model' ?$"))
    page.keyboard.type(" AND state = LIVER")
    expect(page.get_by_role("alert")).to_contain_text("LIVER")
    expect(page.locator("mark")).to_have_text("LIVER")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert axe(page) == []
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+Enter")
    models = example.ask("{artifacts(where: \"type = 'system.Model'\", first: 0) {totalCount}}")["artifacts"][
        "totalCount"
    ]
    shows(page, f"{models} rows")
    assert "LIVE" in address(page)["q"][0]
    page.reload()
    shows(page, f"{models} rows")
    page.get_by_role("button", name="Clear the filter").click()
    expect(box).to_have_value("")
    assert "q" not in address(page)


def test_a_filter_the_server_refuses_says_so_in_its_words(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts?q=nonsense%20%3D%201")
    expect(page.get_by_role("alert").filter(has_text="INVALID_FILTER")).to_be_visible()
    assert axe(page) == []


def test_chips_narrow_by_type_state_and_time_and_a_link_reproduces_them(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/executions")
    page.get_by_role("combobox", name="Type").click()
    page.get_by_role("option", name="system.ContainerExecution").click()
    page.get_by_role("button", name="Any state").click()
    page.get_by_role("checkbox", name="Reused").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Any time").click()
    page.get_by_role("button", name="Last 7 days").click()
    where = "type = 'system.ContainerExecution' AND last_known_state = CACHED"
    told = example.ask("query($w: String) {executions(where: $w, first: 0) {totalCount}}", w=where)
    shows(page, f"{told['executions']['totalCount']} rows")
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    shows(page, f"{told['executions']['totalCount']} rows")
    expect(page.get_by_role("button", name="Reused", exact=True)).to_be_visible()
    page.get_by_role("combobox", name="Type").click()
    page.get_by_role("option", name="system.DAGExecution").click()
    expect(page.get_by_role("heading", name="No executions match")).to_be_visible()
    assert axe(page) == []


def test_a_filter_is_saved_under_a_name_and_taken_again(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts?type=system.Model")
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("textbox", name="Name of the filter").fill("models")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(f"{example.url}/artifacts")
    page.get_by_role("button", name="Saved").click()
    assert axe(page) == []
    page.get_by_role("button", name="models", exact=True).click()
    expect(page.get_by_role("combobox", name="Type")).to_have_value("system.Model")
    page.get_by_role("button", name="Saved").click()
    page.get_by_role("button", name="Forget models").click()
    expect(page.get_by_text("No filter is saved in this browser.")).to_be_visible()


def test_a_property_becomes_a_column_and_stays_in_the_address(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts?type=system.Model")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("textbox", name="Find a column").fill("cv_acc")
    page.get_by_role("checkbox", name="cv_accuracy").check()
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(header(page, "cv_accuracy")).to_be_visible()
    expect(page.get_by_role("gridcell", name=re.compile(r"^0\.9")).first).to_be_visible()
    page.reload()
    expect(header(page, "cv_accuracy")).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="As they were").click()
    expect(header(page, "cv_accuracy")).to_have_count(0)


def test_a_column_is_dragged_or_widened_by_keys_and_the_browser_keeps_it(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts")

    def width() -> float:
        box = header(page, "Type").bounding_box()
        assert box is not None
        return box["width"]

    before = width()
    box = header(page, "Type").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 60, box["y"] + 12, steps=4)
    page.mouse.up()
    page.wait_for_function(WIDER, arg=before + 40)
    dragged = width()
    header(page, "Type").get_by_role("button").focus()
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_function(WIDER, arg=dragged + 13)
    assert width() == pytest.approx(dragged + 16, abs=2)
    page.reload()
    header(page, "Type").wait_for()
    assert width() == pytest.approx(dragged + 16, abs=2)


def test_rows_are_chosen_by_keys_compared_and_remembered_by_the_link(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts?type=system.Model")
    expect(grid(page)).not_to_have_attribute("aria-busy", "true")
    page.keyboard.press("j")  # from anywhere into the table
    expect(grid(page)).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("3 selected")).to_be_visible()
    assert len(address(page)["sel"]) >= 1
    page.reload()
    expect(page.get_by_text("3 selected")).to_be_visible()
    expect(page.locator("[role=row][aria-selected=true]")).to_have_count(3)
    assert axe(page) == []
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/compare\?of=artifact"))
    page.go_back()
    page.get_by_role("button", name="Explore").click()
    expect(page).to_have_url(re.compile(r"/explorer\?.*shown="))
    page.go_back()
    page.get_by_role("checkbox", name="Select all rows that are loaded").click()  # some are: none
    expect(page.get_by_text("3 selected")).to_have_count(0)
    page.get_by_role("checkbox", name="Select all rows that are loaded").check()
    expect(page.get_by_text(re.compile(r"^\d+ selected$"))).to_be_visible()


def test_the_keyboard_alone_leads_to_a_row_and_opens_it(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts?sort=ID")
    expect(page.get_by_role("gridcell", name="artifact:3")).to_be_visible()
    grid(page).focus()
    for key in ("ArrowDown", "End", "Home", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    active = grid(page).get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"[id='{active}']")).to_contain_text("artifact:3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/artifacts/3$"))


@pytest.mark.parametrize("format", ["CSV", "JSON"])
def test_the_filtered_listing_is_exported_whole(odd: Served, tab: Watched, tmp_path: Path, format: str) -> None:
    page = tab.page
    page.goto(f"{odd.url}/artifacts?type=Model&sort=ID")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as got:
        page.get_by_role("menuitem", name=format).click()
    got.value.save_as(tmp_path / "file")
    told = odd.ask("{artifacts(where: \"type = 'Model'\", first: 100) {nodes {id label uri}}}")["artifacts"]["nodes"]
    text = (tmp_path / "file").read_text(encoding="utf-8")
    if format == "JSON":
        rows = json.loads(text)
        assert [(row["id"], row["name"], row["uri"]) for row in rows] == [(n["id"], n["label"], n["uri"]) for n in told]
    else:
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["Id"] for row in rows] == [node["id"] for node in told]
        assert [row["Name"].removeprefix("'") for row in rows] == [n["label"].removeprefix("'") for n in told]


def test_an_export_tells_how_far_it_is_and_can_be_stopped(example: Served, tab: Watched) -> None:
    page = tab.page
    page.goto(f"{example.url}/artifacts")
    shows(page, r"\d+ rows")
    page.route("**/graphql", lambda route: None)  # never answered
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="CSV").click()
    page.get_by_role("button", name="Stop the export").click()
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_visible()


def test_rows_that_are_recorded_meanwhile_appear(serve: Serve, tab: Watched) -> None:
    served, page = serve(), tab.page
    page.goto(f"{served.url}/artifacts")
    expect(page.get_by_role("heading", name="No artifacts yet")).to_be_visible()
    type = {"kind": "ARTIFACT", "name": "system.Model"}
    change = {"types": [type], "artifacts": [{"type": "system.Model", "name": "fresh"}]}
    served.ask("mutation($c: ChangeInput!) {record(change: $c) {seq}}", c=change)
    expect(page.get_by_role("link", name="fresh")).to_be_visible()
    shows(page, "1 row")


def test_a_server_that_dies_under_a_list_is_told_of_and_missed_no_longer_than_it_is_gone(
    serve: Serve, tabs: Tabs, example_home: Path, tmp_path: Path
) -> None:
    served = serve(Path(shutil.copytree(example_home, tmp_path / "copy")))
    tab = tabs()
    page = tab.page
    page.goto(f"{served.url}/artifacts")
    shows(page, r"\d+ rows")
    served.kill()
    header(page, "Name").get_by_role("button").click()
    expect(page.get_by_text("The server cannot be reached").first).to_be_visible()
    served.start()
    expect(page.get_by_text("The server cannot be reached")).to_have_count(0, timeout=20_000)
    expect(header(page, "Name")).to_have_attribute("aria-sort", "ascending")
    tab.forgive()


@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_a_hundred_thousand_rows_are_scrolled_a_window_at_a_time(
    serve: Serve, tabs: Tabs, tmp_path: Path, size: str
) -> None:
    served = serve(many_home(tmp_path / "home", 100_000))
    page = tabs(size=size).page
    page.goto(f"{served.url}/artifacts?sort=ID")
    shows(page, "100,000 rows")
    expect(grid(page)).to_have_attribute("aria-rowcount", "100001")
    grid(page).focus()
    for last in (120, 220, 320):  # a page of 100, and the beginning of the next one
        page.keyboard.press("End")
        expect(page.get_by_role("link", name=f"part-{last:07}")).to_be_visible()
    assert page.get_by_role("row").count() < 80  # what is drawn is what is seen
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name="part-0000001")).to_be_visible()
    header = page.get_by_role("columnheader", name="Created")
    if size == "laptop":
        header.get_by_role("button").click()
    else:
        page.get_by_role("combobox", name="Order").click()
        page.get_by_role("option", name="Created ↓").click()
    expect(page.get_by_role("link", name="part-0100000")).to_be_visible()
    settled(page)
    assert crowded(page) == []
    assert axe(page) == []
