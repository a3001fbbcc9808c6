"""One way through the pages, as a person would take it: from the newest model back to the raw file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.ui.conftest import EXAMPLE
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


def test_a_run_is_watched_live_and_its_model_traced_to_the_raw_file(
    serve: Callable[..., Served], page: Page, tmp_path: Path
) -> None:
    served = serve()
    data = Path(shutil.copy(EXAMPLE / "breast_cancer.csv", tmp_path))
    given = {"spec": (EXAMPLE / "pipeline.yaml").read_text(), "parameters": {"raw": data.as_uri()}, "name": "live"}
    run = served.ask("mutation($run: NewRunInput!) { createRun(run: $run) { id } }", run=given)["createRun"]["id"]
    page.goto(f"{served.url}/runs/{run}")
    report = page.locator('.react-flow__node[data-id="report"]')
    expect(report).to_contain_text("Waiting")
    expect(report).to_contain_text("Complete", timeout=180_000)  # nothing was pressed
    newest = '{ artifacts(filter: {type: "system.Model"}, first: 1, orderBy: {field: ID, direction: DESC})'
    newest += " { nodes { id } } }"
    model = served.ask(newest)["artifacts"]["nodes"][0]
    raw = served.ask(RAW)["artifacts"]["nodes"][0]
    page.goto(f"{served.url}/explorer?focus={model['id']}")
    page.locator(f'.react-flow__node[data-id="{model["id"]}"]').click()
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("breast_cancer.csv")
    page.get_by_role("option", name=re.compile(rf"{raw['id']}\b")).first.click()
    expect(page.locator(f'.react-flow__node[data-id="{raw["id"]}"]')).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\d+ ways? of \d+ hops"))).to_be_visible()
    before = shown(page)
    page.reload()
    page.locator(".react-flow__node").first.wait_for()
    expect(page.locator(".react-flow__node")).to_have_count(len(before))
    assert shown(page) == before
    shoot(page, "tour-live-path")
