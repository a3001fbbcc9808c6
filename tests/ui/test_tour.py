"""One way through the pages, as a person would take it: from the newest model back to the raw file."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.ui.screen import Served, axe, settled, shoot

RAW = "{ artifacts(where: \"uri LIKE '%breast_cancer.csv'\", first: 1) { nodes { id uri } } }"
UPSTREAM = """query($id: ID!) { lineage(of: [$id], direction: UP) { nodes { node { id } } } }"""


def shown(page: Page) -> list[str]:
    ids = page.locator(".react-flow__node").evaluate_all("nodes => nodes.map((node) => node.dataset.id).sort()")
    return list(ids)


def test_from_the_newest_model_to_the_raw_file_and_back_by_a_link(example: Served, page: Page) -> None:
    raw = example.ask(RAW)["artifacts"]["nodes"][0]
    page.goto(example.url)
    page.get_by_role("region", name="Newest models").get_by_role("link", name="best").first.click()
    expect(page.get_by_role("heading", name="best", exact=True)).to_be_visible()
    page.get_by_role("link", name="Explore", exact=True).first.click()
    page.locator(".react-flow__node").first.wait_for()
    focus = re.search(r"artifact(?::|%3A)(\d+)", page.url)
    assert focus
    model = f"artifact:{focus[1]}"
    more = page.get_by_role("button", name=re.compile(r"^Show .* more upstream$"))
    for _ in range(60):
        settled(page)
        if not more.count():
            break
        page.keyboard.press("0")  # all into view
        settled(page)
        more.first.click()
    expect(more).to_have_count(0)
    expect(page.locator(f'.react-flow__node[data-id="{raw["id"]}"]')).to_have_count(1)
    told = {one["node"]["id"] for one in example.ask(UPSTREAM, id=model)["lineage"]["nodes"]}
    clusters = page.locator("[data-cluster]").count()
    assert told <= set(shown(page)) or clusters > 0
    card = page.locator(f'.react-flow__node[data-id="{raw["id"]}"]')
    page.keyboard.press("0")
    settled(page)
    card.click()
    details = page.get_by_role("complementary", name="Details")
    expect(details).to_contain_text("breast_cancer.csv")
    shoot(page, "tour-raw-file")
    assert axe(page) == []
    before, address = shown(page), page.url
    page.goto("about:blank")
    page.goto(address)
    page.locator(".react-flow__node").first.wait_for()
    expect(page.locator(".react-flow__node")).to_have_count(len(before))
    assert shown(page) == before
    expect(page.get_by_role("complementary", name="Details")).to_contain_text("breast_cancer.csv")
