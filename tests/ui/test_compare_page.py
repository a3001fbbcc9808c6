"""Compare: runs, artifacts and executions side by side, in a table, in charts, in curves, and two of them whole."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]

RUNS = 12
HOSTILE = "<img src=x onerror=alert(1)>"
CELL = '[aria-label="Comparison"] [role="cell"]'


def sweep(home: Path, runs: int = RUNS, metrics: int = 2) -> None:
    """Runs of one task each: parameters, metrics that differ, a loss that falls, a ROC curve and a confusion matrix."""
    record = Record.open(home)
    for number in range(runs):
        change = Change(actor="test")
        given = {"depth": number % 4 + 2, "booster": ("gbtree", "dart")[number % 2], "seed": 7}
        name = f"{HOSTILE} {number}" if number == 3 else f"try {number}"
        context = change.context(
            change.type(NodeType(Kind.CONTEXT, "system.PipelineRun")),
            name=f"run-{number}",
            custom_properties={"display_name": name, "clew.parameters": given, "clew.state": "COMPLETE"},
        )
        step = change.type(NodeType(Kind.EXECUTION, "system.ContainerExecution"))
        work = change.execution(
            step,
            state=ExecutionState.COMPLETE,
            custom_properties={"clew.path": "train", "inputs": given, "loss": 1.0, "step": 1},
            started_ms=1000,
            ended_ms=2000 + number,
        )
        score = change.type(NodeType(Kind.ARTIFACT, "system.ClassificationMetrics"))
        values = {f"metric_{n:02}": (number * 7 + n * 3) % 97 / 97 for n in range(metrics)}
        made = change.artifact(
            score,
            state=ArtifactState.LIVE,
            custom_properties={"display_name": "scores", "accuracy": 0.5 + number / 100, **values, **judged(number)},
        )
        change.event(made, work, EventType.OUTPUT, path=("scores",))
        change.associate(context, work)
        change.attribute(context, made)
        execution = record.commit(change).id(work)
        for told in range(2, 5):
            more = Change(actor="test")
            more.execution(id=execution, custom_properties={"loss": 1.0 / told + number / 50, "step": told})
            record.commit(more)
    record.close()


def judged(number: int) -> dict[str, Any]:
    """What KFP's ClassificationMetrics records."""
    points = [(0.0, 0.0, 1.0), (0.1, 0.6 + number / 50, 0.5), (1.0, 1.0, 0.0)]
    curve = [{"confidenceThreshold": t, "falsePositiveRate": f, "recall": r} for f, r, t in points]
    labels = [{"displayName": "cat"}, {"displayName": HOSTILE}]
    matrix = {"annotationSpecs": labels, "rows": [{"row": [40, number]}, {"row": [2, 50]}]}
    return {"confidenceMetrics": {"list": curve}, "confusionMatrix": {"struct": matrix}}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("sweep") / "home"
    sweep(home)
    served = Served(home)
    yield served
    served.stop()


def runs_of(served: Served) -> list[str]:
    asked = '{ contexts(filter: {type: "system.PipelineRun"}, first: 500) { nodes { id } } }'
    return [node["id"] for node in served.ask(asked)["contexts"]["nodes"]]


def compare(page: Page, served: Served, ids: list[str], rest: str = "") -> None:
    page.goto(f"{served.url}/compare?of={','.join(ids)}{rest}")
    settled(page)


def table(page: Page) -> Any:
    return page.get_by_role("table", name="Comparison")


def test_runs_are_chosen_from_the_newest_and_compared(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/compare")
    settled(page)
    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare 2 runs").click()
    expect(table(page)).to_contain_text("seconds")
    assert "of=context" in page.url


def test_only_differences_are_shown_until_all_is_asked_for(swept: Served, page: Page) -> None:
    compare(page, swept, runs_of(swept)[:3])
    expect(table(page)).to_contain_text("depth")
    expect(table(page).get_by_role("button", name="seed", exact=True)).to_have_count(0)
    page.get_by_role("switch", name="Only differences").click()
    expect(table(page).get_by_role("button", name="seed", exact=True)).to_have_count(1)
    page.reload()
    expect(table(page).get_by_role("button", name="seed", exact=True)).to_have_count(1)


def test_the_best_is_marked_the_base_is_measured_against_and_the_order_is_kept(swept: Served, page: Page) -> None:
    ids = runs_of(swept)
    compare(page, swept, ids, "&turn=rows")
    table(page).get_by_role("button", name="train.scores.accuracy", exact=True).click()
    page.wait_for_url("**sort=-metrics.train.scores.accuracy*")
    first = table(page).get_by_role("row").nth(1)
    expect(first).to_contain_text(f"try {RUNS - 1}")
    expect(first).to_contain_text("best")
    table(page).get_by_role("button", name="Measure the others against try 0").click()
    expect(table(page).get_by_role("row").nth(1)).to_contain_text("try 0")
    expect(table(page).get_by_role("row").nth(2)).to_contain_text("+0.11")
    table(page).get_by_role("button", name="About train.scores.accuracy").click()
    page.get_by_role("menuitem", name="Lower is better").click()
    expect(table(page).get_by_role("row").nth(1)).to_contain_text("best")
    page.reload()
    expect(table(page).get_by_role("row").nth(2)).to_contain_text("+0.11")
    expect(table(page).get_by_role("row").nth(1)).to_contain_text("best")


def test_items_are_found_added_and_taken_away(swept: Served, page: Page) -> None:
    ids = runs_of(swept)
    compare(page, swept, ids[:2])
    page.get_by_label("Add a run").fill("try 7")
    page.get_by_role("option", name="run-7").click()
    expect(page.get_by_text("3 runs")).to_be_visible()
    expect(table(page)).to_contain_text("try 7")
    page.get_by_role("button", name="Take try 0 away").click()
    expect(page.get_by_text("2 runs")).to_be_visible()
    expect(table(page)).not_to_contain_text("try 0")
    page.go_back()
    expect(page.get_by_text("3 runs")).to_be_visible()


def test_two_are_compared_whole_with_their_lineages_in_two_colours(example: Served, page: Page) -> None:
    made = example.ask("{ artifacts(where: \"type = 'system.Model'\", first: 2) { nodes { id digest } } }")[
        "artifacts"
    ]["nodes"]
    compare(page, example, [one["id"] for one in made], "&tab=pair")
    expect(page.get_by_role("cell", name=made[0]["digest"])).to_be_visible()
    expect(page.get_by_role("heading", name="What they were made from")).to_be_visible()
    drawing = page.get_by_role("group", name="Both lineages over each other")
    drawing.scroll_into_view_if_needed()
    expect(drawing.locator("[data-mark=a]").first).to_be_visible()
    expect(drawing.locator("[data-mark=b]").first).to_be_visible()
    expect(page.get_by_text("both:")).to_be_visible()
    shoot(page, "compare-lineage")


def test_two_runs_tell_their_tasks_apart(example: Served, page: Page) -> None:
    compare(page, example, runs_of(example), "&tab=pair")
    page.get_by_role("button", name="clean", exact=True).click()
    expect(page.get_by_role("cell", name="CACHED").first).to_be_visible()
    expect(page.get_by_role("group", name="Both lineages over each other")).to_be_visible()
    assert axe(page) == []


def test_charts_are_drawn_narrowed_and_told_as_tables(swept: Served, page: Page) -> None:
    compare(page, swept, runs_of(swept), "&tab=charts")
    canvases = page.locator("[data-drawn] canvas")
    expect(canvases).to_have_count(2)
    box = canvases.first.bounding_box()
    assert box is not None
    x, top = box["x"] + 76, box["y"] + 40  # the first axis
    page.mouse.move(x, top + 60)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x, top + 60 + step * 15)
    page.mouse.up()
    expect(page.get_by_text(f"of {RUNS} items lie within")).to_be_visible()
    page.get_by_role("button", name="Keep only these").click()
    expect(page.get_by_text(f"{RUNS} runs")).to_have_count(0)
    page.get_by_role("button", name="Show Two of their numbers as a table").click()
    expect(page.get_by_role("region", name="Two of their numbers: table")).to_be_visible()


def test_curves_lie_over_each_other_and_matrices_side_by_side(swept: Served, page: Page) -> None:
    compare(page, swept, runs_of(swept)[:4], "&tab=curves")
    expect(page.get_by_role("figure", name="train.loss")).to_be_visible()
    expect(page.get_by_role("figure", name="ROC")).to_contain_text("area 0.")
    expect(page.get_by_role("region", name="Confusion matrix of")).to_have_count(4)
    page.get_by_role("button", name="Show train.loss as a table").click()
    expect(page.get_by_role("region", name="train.loss: table").get_by_role("row")).to_have_count(5)
    assert page.locator("img[src=x]").count() == 0


def test_what_cannot_be_compared_is_told(swept: Served, page: Page) -> None:
    ids = runs_of(swept)
    page.goto(f"{swept.url}/compare?of={ids[0]}&of=artifact:1")
    expect(page.get_by_role("heading", name="Only items of one kind can be compared")).to_be_visible()
    page.get_by_role("button", name="Only the runs").click()
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    compare(page, swept, [*ids[:2], "context:99999"])
    expect(page.get_by_text("Not in the record: context:99999")).to_be_visible()
    page.goto(f"{swept.url}/compare?of={ids[0]},{ids[0]}")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()


def test_what_is_shown_is_exported(swept: Served, page: Page) -> None:
    ids = runs_of(swept)[:5]
    compare(page, swept, ids)
    for format in ("CSV", "JSON"):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as found:
            page.get_by_role("menuitem", name=format).click()
        text = Path(found.value.path()).read_text()
        rows = list(csv.DictReader(text.splitlines())) if format == "CSV" else json.loads(text)
        assert [row["id"] for row in rows] == ids
        assert float(rows[2]["metrics.train.scores.accuracy"]) == pytest.approx(0.52)


def test_five_hundred_runs_stand_side_by_side(tmp_path: Path, serve: Serve, tab: Watched) -> None:
    home = tmp_path / "many"
    sweep(home, runs=500, metrics=48)
    served = serve(home)
    ids = runs_of(served)
    page = tab.page
    began = time.monotonic()
    compare(page, served, ids)
    expect(page.locator(CELL).first).to_be_visible()
    took = time.monotonic() - began
    assert took < 30, took  # benchmarks/ui.py measures it where nothing else runs
    assert page.locator(CELL).count() < 1000  # those in view, not 25,000
    table(page).evaluate("(table) => table.scrollTo(table.scrollWidth, table.scrollHeight)")
    expect(table(page)).to_contain_text("try 499")


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_comparisons_are_legible_and_open_to_all(swept: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    ids = runs_of(swept)
    faces = {
        "compare-start": "",
        "compare": f"?of={','.join(ids[:4])}",
        "compare-rows": f"?of={','.join(ids)}&sort=-metrics.train.scores.accuracy&base={ids[0]}",
        "compare-pair": f"?of={','.join(ids[2:4])}&tab=pair",
        "compare-charts": f"?of={','.join(ids)}&tab=charts",
        "compare-curves": f"?of={','.join(ids[:4])}&tab=curves",
    }
    for name, search in faces.items():
        page.goto(f"{swept.url}/compare{search}")
        settled(page)
        if "charts" in name or "curves" in name:
            page.locator("[data-drawn]").first.wait_for()
        shoot(page, f"{name}-{size}-{scheme}")
        assert axe(page) == [], name
        assert crowded(page) == [], name
