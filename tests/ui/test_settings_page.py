"""Settings: looks that are kept, the token, saved filters, and what the server is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]

FILTERS = [{"name": "<img src=x onerror=alert(1)>", "search": {"q": "state = LIVE", "type": "system.Model"}}]


def test_looks_are_taken_at_once_and_kept(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/settings")
    root = page.locator("html")
    page.get_by_role("radiogroup", name="Theme").get_by_text("Dark").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("radiogroup", name="Density").get_by_text("Compact").click()
    page.get_by_role("radiogroup", name="Contrast").get_by_text("More").click()
    page.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    expect(root).to_have_attribute("data-density", "compact")
    expect(root).to_have_attribute("data-contrast", "more")
    settled(page)
    shoot(page, "settings-contrast-dark")
    assert axe(page) == []


def test_saved_filters_are_used_and_forgotten(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/settings")
    page.evaluate("(kept) => localStorage.setItem('clew.filters.artifacts', kept)", json.dumps(FILTERS))
    page.reload()
    page.get_by_role("link", name=str(FILTERS[0]["name"])).click()
    page.wait_for_url("**/artifacts?*")
    assert "LIVE" in page.url
    page.go_back()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("A list of artifacts, executions or contexts saves")).to_be_visible()


def test_the_token_of_the_tab_is_given_and_forgotten(serve: Serve, tabs: Tabs) -> None:
    served = serve(CLEW_TOKEN="open sesame")
    tab = tabs()
    tab.page.goto(f"{served.url}/settings")
    tab.page.get_by_label("Token").first.fill("open sesame")
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_text("A token is sent with every request")).to_be_visible()
    tab.page.get_by_role("button", name="Forget it").click()
    expect(tab.page.get_by_text("No token is sent")).to_be_visible()
    tab.complaints = [words for words in tab.complaints if "401" not in words and "WebSocket" not in words]


def test_the_server_tells_what_it_is_and_what_the_pages_are_built_from(example: Served, page: Page) -> None:
    server = example.ask("{ server { version seq limits { page } } }")["server"]
    page.goto(f"{example.url}/settings")
    about = page.get_by_role("region", name="About")
    expect(about).to_contain_text(server["version"])
    expect(about).to_contain_text(f"{server['limits']['page']:,}")
    address = about.get_by_role("link", name="Licences").get_attribute("href")
    assert page.request.get(f"{example.url}{address}").status == 200


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_settings_are_legible_and_open_to_all(example: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    page.goto(f"{example.url}/settings")
    settled(page)
    shoot(page, f"settings-{size}-{scheme}")
    assert axe(page) == []
    assert crowded(page) == []
