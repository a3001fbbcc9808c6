"""The frame around every page: navigation, palette, keys, token, a server that goes away and comes back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]


def test_the_palette_finds_a_model_and_goes_to_its_page(example: Served, page: Page) -> None:
    page.goto(example.url)
    settled(page)
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A name, an id").fill("model")
    page.get_by_role("option", name="system.Model").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/artifacts/*")


def test_the_palette_does_things_and_says_when_it_finds_nothing(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/artifacts")
    settled(page)
    page.keyboard.press("Control+k")
    box = page.get_by_placeholder("A name, an id")
    box.fill("no such thing at all")
    expect(page.get_by_text("Nothing is called that.")).to_be_visible()
    assert axe(page) == []
    for words, told in (("dark", "data-mantine-color-scheme=dark"), ("contrast", "data-contrast=more")):
        box.fill(words)
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(f"html[{told}]")).to_have_count(1)
        page.keyboard.press("Control+k")


def test_the_keyboard_alone_reaches_every_page_and_lists_its_keys(example: Served, page: Page) -> None:
    page.goto(example.url)
    settled(page)
    for key, path in (("e", "explorer"), ("r", "runs"), ("a", "artifacts"), ("l", "log"), ("s", "settings"), ("h", "")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"{example.url}/{path}*")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Search everything")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_server_with_a_token_is_asked_with_it_once_it_was_given(serve: Serve, tabs: Tabs) -> None:
    served = serve(CLEW_TOKEN="open sesame")
    tab = tabs()
    tab.page.goto(f"{served.url}/artifacts")
    tab.page.get_by_label("Token").first.fill("wrong")
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_text("does not take this token")).to_be_visible()
    tab.page.get_by_label("Token").first.fill("open sesame")
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_label("Token")).to_have_count(0)
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    tab.complaints = [words for words in tab.complaints if "401" not in words and "WebSocket" not in words]


def test_a_server_that_is_killed_is_told_of_and_heard_again(serve: Serve, tab: Watched) -> None:
    served = serve()
    tab.page.goto(served.url)
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    served.kill()
    expect(tab.page.get_by_role("alert").filter(has_text="cannot be reached").first).to_be_visible()
    served.start()
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible(timeout=30_000)
    expect(tab.page.get_by_role("alert").filter(has_text="cannot be reached")).to_have_count(0)
    tab.forgive()


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home_is_legible_and_open_to_all(example: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    page.goto(example.url)
    settled(page)
    shoot(page, f"home-{size}-{scheme}")
    assert axe(page) == []
    assert crowded(page) == []
