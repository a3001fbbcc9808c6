"""The GraphQL page: GraphiQL of our own serving, offline, legible, with the token that this tab was given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import Served, Watched, axe, crowded, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]


def ask(page: Page, url: str) -> None:
    """Open the page and run the query that it begins with."""
    page.goto(f"{url}/graphql")
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("totalCount")
    page.get_by_role("button", name="Execute query").click()
    expect(page.locator(".result-window")).to_contain_text("totalCount")


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_question_is_asked_and_everybody_can_read_the_answer(
    example: Served, tabs: Tabs, size: str, scheme: str
) -> None:
    page = tabs(size=size, scheme=scheme).page
    ask(page, example.url)
    shoot(page, f"graphql-{size}-{scheme}")
    assert axe(page) == []
    assert crowded(page) == []
    box = page.locator(".result-window").bounding_box()
    assert box is not None
    assert box["width"] > 280
    assert box["height"] > 200


def test_several_questions_stand_in_tabs(example: Served, page: Page) -> None:
    ask(page, example.url)
    page.get_by_role("button", name="New tab").click()
    tabs = page.get_by_role("list", name="Select active operation").get_by_role("listitem")
    expect(tabs).to_have_count(2)
    expect(tabs.nth(1).locator("[aria-current=true]")).to_have_count(1)
    tabs.first.get_by_role("button").first.click()
    expect(tabs.first.locator("[aria-current=true]")).to_have_count(1)
    expect(tabs.nth(1).locator("[aria-current=true]")).to_have_count(0)
    assert axe(page) == []


def test_the_token_that_this_tab_was_given_is_sent(serve: Serve, tabs: Tabs) -> None:
    served = serve(CLEW_TOKEN="open sesame")
    tab = tabs()
    tab.page.goto(f"{served.url}/settings")
    tab.page.get_by_label("Token").first.fill("open sesame")
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_text("Live", exact=True)).to_be_visible()
    tab.complaints.clear()  # of having had none
    ask(tab.page, served.url)
