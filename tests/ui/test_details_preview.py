"""Previews and metrics: what was recorded is looked at, and nothing of it runs or is fetched from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.ui.odd import HOSTILE, odd_home
from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Tabs = Callable[..., Watched]
Odd = tuple[Served, dict[str, str]]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odd]:
    folder = tmp_path_factory.mktemp("odd")
    ids = odd_home(folder)
    served = Served(folder / "home")
    yield served, ids
    served.stop()


def look(page: Page, odd: Odd, name: str, tab: str = "preview") -> None:
    served, ids = odd
    page.goto(f"{served.url}/artifacts/{ids[name].split(':')[1]}?tab={tab}")
    page.locator("article h1").wait_for()
    settled(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_every_kind_of_preview_is_readable(odd: Odd, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    kinds = ("table.csv", "report.html", "summary.md", "notes.txt", "config.json", "picture.png", "model.bin", "shards")
    for name in kinds:
        look(page, odd, name)
        page.get_by_text(re.compile(r"^[\w./+-]+ · [\d.]+ [KM]?B$|^[\d.]+ [KM]?B$")).first.wait_for()
        shoot(page, f"preview-{name}-{size}-{scheme}")
        assert axe(page) == [], name
        assert crowded(page) == [], name


def test_a_table_is_sorted_where_it_lies(odd: Odd, page: Page) -> None:
    look(page, odd, "table.csv")
    expect(page.get_by_text("61 rows")).to_be_visible()
    page.get_by_role("columnheader", name="share").get_by_role("button").click()
    page.get_by_role("columnheader", name="share").get_by_role("button").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("8.4286")
    expect(page.get_by_role("gridcell", name=HOSTILE[0])).to_have_count(0)  # further down, not drawn


def test_html_runs_in_no_frame_and_reaches_nothing(odd: Odd, tab: Watched) -> None:
    page = tab.page
    look(page, odd, "report.html")
    frame = page.locator("iframe")
    assert frame.get_attribute("sandbox") == ""
    inside = frame.content_frame
    expect(inside.get_by_role("heading", name="Report")).to_be_visible()
    expect(inside.locator("script, [onerror], a[href]")).to_have_count(0)
    expect(page.get_by_text("Scripts, and what lies elsewhere, are left out.")).to_be_visible()
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None  # of no origin
    assert not [url for url in tab.requested if "elsewhere" in url]


def test_markdown_is_a_page_and_html_in_it_is_text(odd: Odd, tab: Watched) -> None:
    page = tab.page
    look(page, odd, "summary.md")
    expect(page.get_by_role("heading", name="Summary", exact=True)).to_be_visible()
    expect(page.get_by_text("<script>alert(3)</script>")).to_be_visible()
    expect(page.get_by_role("row", name="<img src=x onerror=alert(4)> 0.97")).to_be_visible()
    expect(page.get_by_role("img", name="done")).to_be_visible()
    expect(page.get_by_text("run", exact=True)).to_be_visible()
    expect(page.get_by_role("tabpanel").get_by_role("link")).to_have_count(0)
    assert not [url for url in tab.requested if "elsewhere" in url]


def test_html_that_hides_what_it_fetches_fetches_nothing(odd: Odd, tab: Watched) -> None:
    """Nor does it complain: the browser is not made to try."""
    look(tab.page, odd, "styled.html")
    expect(tab.page.locator("iframe").content_frame.get_by_text("Styled")).to_be_visible()
    assert not [url for url in tab.requested if "elsewhere" in url]


@pytest.mark.parametrize(
    ("name", "words"),
    [("cut.png", "Not to be drawn"), ("bomb.png", "Too large to be drawn"), ("empty.csv", "Empty")],
)
def test_what_cannot_be_drawn_says_so(odd: Odd, page: Page, name: str, words: str) -> None:
    look(page, odd, name)
    expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()
    assert axe(page) == []


def test_json_of_any_depth_is_a_tree(odd: Odd, page: Page) -> None:
    look(page, odd, "deep.json")
    expect(page.get_by_role("group", name="deep.json")).to_contain_text("[ 1 items ]")


def test_images_json_text_and_bytes_are_shown_as_what_they_are(odd: Odd, page: Page) -> None:
    look(page, odd, "picture.png")
    assert page.get_by_role("img", name="picture.png").evaluate("image => image.naturalWidth") == 32
    look(page, odd, "config.json")
    expect(page.get_by_role("group", name="config.json")).to_contain_text("depth: 3")
    look(page, odd, "notes.txt")
    expect(page.get_by_role("region", name="notes.txt")).to_contain_text("plain text")
    look(page, odd, "model.bin")
    expect(page.get_by_role("region", name="Bytes of model.bin")).to_contain_text("00000000  00 01 02 03")


def test_a_folder_is_walked(odd: Odd, page: Page) -> None:
    look(page, odd, "shards")
    page.get_by_role("button", name="part-1.csv").click()
    expect(page.get_by_role("grid", name="Rows of part-1.csv")).to_be_visible()
    page.get_by_role("button", name="Folder").click()
    expect(page.get_by_role("button", name="part-2.csv")).to_be_visible()


def test_what_cannot_be_reached_says_why(odd: Odd, page: Page) -> None:
    look(page, odd, "hostile")
    expect(page.get_by_role("heading", name="Nothing to look at")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_metrics_are_drawn_and_told_in_numbers(odd: Odd, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    look(page, odd, "metrics", "overview")
    expect(page.get_by_role("img", name=re.compile("^ROC: area 0.9"))).to_be_visible()
    matrix = page.get_by_role("table", name=re.compile("^Confusion matrix"))
    expect(matrix.get_by_role("row", name=re.compile("^malignant"))).to_contain_text("84")
    expect(page.get_by_role("region", name="Metrics", exact=True)).to_contain_text("0.925")
    shoot(page, f"metrics-{size}-{scheme}")
    assert axe(page) == []
    assert crowded(page) == []
    page.get_by_role("button", name="Show ROC as a table").click()
    expect(page.get_by_role("cell", name="0.83")).to_be_visible()


def test_slices_are_told_apart(odd: Odd, page: Page) -> None:
    look(page, odd, "slices", "overview")
    expect(page.get_by_role("img", name=re.compile("young: area 0.9.*old: area 0.9"))).to_be_visible()
    expect(page.get_by_role("table", name=re.compile("Confusion matrix of old"))).to_be_visible()
