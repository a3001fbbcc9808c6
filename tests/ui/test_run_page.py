"""The Run page over a run that goes on: it moves, outlives its server, and tells what failed and why things ran."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import ROOT, Served, Watched, axe, crowded, settled, shoot

EXAMPLE = ROOT / "examples" / "breast_cancer"
SOURCE = """
from kfp import dsl

@dsl.component
def nap(seconds: float, item: int, bad: int) -> float:
    import time
    print("napping", item, flush=True)
    for tick in range(int(seconds * 5)):
        time.sleep(0.2)
        print("tick", tick, flush=True)
    if item == bad:
        raise ValueError(f"item {item} is not to be slept through")
    return seconds

@dsl.component
def total(times: list) -> float:
    return sum(times)

@dsl.component
def never() -> str:
    return "never"

@dsl.pipeline(name="napping", description="Naps, some of them bad.")
def napping(seconds: float = 0.2, bad: int = -1, items: list = [1, 2, 3]) -> None:
    first = nap(seconds=seconds, item=0, bad=bad)
    with dsl.ParallelFor(items, name="naps") as item:
        each = nap(seconds=seconds, item=item, bad=bad).after(first)
    with dsl.If(first.output > 1000.0, name="long"):
        never()
    total(times=dsl.Collected(each.output))
"""
CREATE = "mutation($run: NewRunInput!) { createRun(run: $run) { id } }"
STATE = "query($id: String!) { run(id: $id) { state } }"


@pytest.fixture(scope="session")
def napping(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("napping")
    (folder / "napping.py").write_text(SOURCE)
    script = ROOT / "executors" / "runs" / "compile_source.py"
    command = [sys.executable, str(script), str(folder / "napping.py"), "", str(folder / "napping.yaml")]
    subprocess.run(command, check=True, timeout=120)
    return (folder / "napping.yaml").read_text()


def begin(served: Served, spec: str, **run: Any) -> str:
    """Start a run; its id."""
    return str(served.ask(CREATE, run={"spec": spec} | run)["createRun"]["id"])


def over(served: Served, id: str) -> str:
    """The state in which a run ended."""
    deadline = time.monotonic() + 120
    while (state := str(served.ask(STATE, id=id)["run"]["state"])) in ("PENDING", "RUNNING"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return state


def box(page: Page, path: str) -> Any:
    """The box of a task in the drawing."""
    return page.locator(f'.react-flow__node[data-id="{path}"]')


def test_the_example_runs_under_the_page_and_its_drawing_moves(
    serve: Callable[..., Served], page: Page, tmp_path: Path
) -> None:
    served = serve()
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.post_data or ""))
    data = Path(shutil.copy(EXAMPLE / "breast_cancer.csv", tmp_path))
    spec = (EXAMPLE / "pipeline.yaml").read_text()
    id = begin(served, spec, parameters={"raw": data.as_uri()}, name="watched")
    page.goto(f"{served.url}/runs/{id}")
    expect(page.get_by_role("heading", name="watched")).to_be_visible()
    expect(box(page, "report")).to_contain_text("Waiting")
    expect(page.locator("header [data-state=RUNNING]").first).to_be_visible(timeout=60_000)
    expect(box(page, "for-loop-2")).to_contain_text("Running", timeout=60_000)
    box(page, "for-loop-2").get_by_role("button", name="Open").click()
    expect(box(page, "for-loop-2#0/train")).to_contain_text(re.compile("Running|Complete"), timeout=60_000)
    shoot(page, "run-running")
    expect(box(page, "report")).to_contain_text("Complete", timeout=120_000)
    expect(page.locator("main header [data-state=COMPLETE]").first).to_be_visible()
    expect(
        page.locator(".react-flow__node [data-state=RUNNING], .react-flow__node [data-state=WAITING]")
    ).to_have_count(0)
    assert sum("RunBody" in body for body in posted) == 1  # the tasks were told, not asked for again


def test_the_page_opens_with_few_requests(example: Served, tab: Watched, page: Page) -> None:
    id = example.ask("{ runs(first: 1) { nodes { id } } }")["runs"]["nodes"][0]["id"]
    page.goto(f"{example.url}/runs/{id}")
    settled(page)
    expect(box(page, "report")).to_contain_text("Reused")
    page.wait_for_timeout(500)
    assert len([url for url in tab.requested if url.endswith("/graphql")]) <= 3


def test_a_server_killed_under_a_run_is_missed_and_heard_again(
    serve: Callable[..., Served], tab: Watched, page: Page, napping: str
) -> None:
    served = serve()
    id = begin(served, napping, parameters={"seconds": 4, "items": [1]})
    page.goto(f"{served.url}/runs/{id}")
    expect(box(page, "nap")).to_contain_text("Running", timeout=60_000)
    served.kill()
    expect(page.get_by_text(re.compile("cannot be reached|does not answer|Reconnecting")).first).to_be_visible()
    expect(box(page, "nap")).to_contain_text("Running")
    served.start()
    expect(box(page, "total")).to_contain_text("Complete", timeout=60_000)
    expect(page.locator("main header [data-state=COMPLETE]").first).to_be_visible()
    tab.forgive()


def test_a_failure_is_told_first_with_its_log_and_is_retried(
    serve: Callable[..., Served], page: Page, napping: str
) -> None:
    served = serve()
    id = begin(served, napping, parameters={"bad": 2}, name="bad", labels=[{"key": "team", "value": "search"}])
    assert over(served, id) == "FAILED"
    page.goto(f"{served.url}/runs/{id}")
    settled(page)
    expect(page.locator("main header").get_by_role("alert").first).to_contain_text("item 2 is not to be slept through")
    box(page, "for-loop-1").get_by_role("button", name="Open").click()
    box(page, "for-loop-1#1/nap-2").click()
    panel = page.get_by_role("complementary", name="Task nap-2")
    expect(panel.get_by_role("alert")).to_contain_text("item 2")
    expect(panel).to_contain_text("this component has not run before")
    panel.get_by_role("button", name="Read the log").click()
    log = panel.get_by_role("log")
    expect(log).to_contain_text("ValueError")
    panel.get_by_role("textbox", name="Find in the log").fill("napping 2")
    expect(panel.get_by_role("status").first).to_contain_text("of")
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Save the whole log").click()
    assert "napping 2" in Path(saved.value.path()).read_text()
    shoot(page, "run-failed")
    link = page.url
    page.reload()
    settled(page)
    assert page.url == link
    expect(page.get_by_role("log")).to_contain_text("ValueError")
    page.get_by_role("button", name="Retry").click()
    page.wait_for_url(lambda url: id not in url)
    expect(box(page, "nap")).to_contain_text("Reused", timeout=60_000)


def test_a_log_is_followed_while_it_is_printed(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    id = begin(served, napping, parameters={"seconds": 5, "items": [1]})
    page.goto(f"{served.url}/runs/{id}?task=nap&tab=log")
    log = page.get_by_role("log")
    expect(log).to_contain_text("tick 3", timeout=60_000)
    expect(log).to_contain_text("tick 9", timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main header [data-state=CANCELED]").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_why_a_task_ran_names_the_values_that_differ(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    first = begin(served, napping, parameters={"seconds": 0.2, "items": [1]}, name="first")
    assert over(served, first) == "COMPLETE"
    page.goto(f"{served.url}/runs/{first}")
    page.get_by_role("button", name="Clone").click()
    form = page.get_by_role("dialog", name="Clone the run")
    form.get_by_label("seconds").fill("soon")
    form.get_by_role("button", name="Run it").click()
    expect(form.get_by_text("This is not a number")).to_be_visible()
    form.get_by_label("seconds").fill("0.4")
    form.get_by_role("button", name="Run it").click()
    page.wait_for_url(lambda url: first not in url)
    expect(box(page, "total")).to_contain_text("Complete", timeout=60_000)
    box(page, "nap").click()
    panel = page.get_by_role("complementary", name="Task nap")
    expect(panel).to_contain_text("parameters.seconds")
    expect(panel.locator('[data-side="was"]').first).to_contain_text("0.2")
    expect(panel.locator('[data-side="is"]').first).to_contain_text("0.4")
    second = page.url
    panel.get_by_role("button", name="Run anew").click()
    page.wait_for_url(lambda url: url.split("?")[0] not in second)
    expect(box(page, "total")).to_contain_text("Complete", timeout=60_000)
    expect(page.get_by_role("term").filter(has_text="Goes on from")).to_be_visible()


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_of_a_run_is_accessible_and_uncrowded(
    example: Served, tabs: Callable[..., Watched], size: str, scheme: str
) -> None:
    page = tabs(size=size, scheme=scheme).page
    id = example.ask("{ runs(first: 1) { nodes { id } } }")["runs"]["nodes"][0]["id"]
    for view in (
        "",
        "?view=timeline",
        "?view=tasks",
        "?view=values",
        "?view=spec",
        "?task=select",
        "?task=split&tab=log",
    ):
        page.goto(f"{example.url}/runs/{id}{view}")
        settled(page)
        page.wait_for_timeout(250)
        shoot(page, f"run{re.sub(r'[^a-z]+', '-', view)}-{size}-{scheme}")
        assert (view, axe(page), crowded(page)) == (view, [], [])


def test_the_keyboard_alone_walks_a_run(example: Served, page: Page) -> None:
    id = example.ask("{ runs(first: 1) { nodes { id } } }")["runs"]["nodes"][0]["id"]
    page.goto(f"{example.url}/runs/{id}")
    settled(page)
    page.keyboard.press("j")
    expect(page.get_by_role("complementary", name="Task importer")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("complementary", name="Task clean")).to_be_visible()
    for _ in range(2):
        page.keyboard.press("j")
    page.keyboard.press("e")
    expect(box(page, "for-loop-2#0/train")).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_role("table", name="Tasks of the run")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(box(page, "for-loop-2#0/train")).to_have_count(0)


def test_a_run_that_is_not_there_says_so(example: Served, page: Page) -> None:
    page.goto(f"{example.url}/runs/nothing-of-that-name")
    expect(page.get_by_role("alert")).to_contain_text("there is no run")


def test_a_loop_of_a_thousand_stays_usable(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    id = begin(served, napping, parameters={"seconds": 0, "items": list(range(1000))}, name="a thousand")
    page.goto(f"{served.url}/runs/{id}")
    expect(page.get_by_role("heading", name="a thousand")).to_be_visible()
    assert over(served, id) == "COMPLETE"
    expect(box(page, "total")).to_contain_text("Complete", timeout=30_000)
    box(page, "for-loop-1").get_by_role("button", name="Open").click()
    expect(page.get_by_role("button", name="988 more, in the table")).to_be_visible()
    assert page.locator(".react-flow__node").count() < 40
    page.get_by_role("button", name="988 more, in the table").click()
    expect(page.get_by_role("table", name="Tasks of the run")).to_be_visible()
    assert page.get_by_role("row").count() < 80
    page.get_by_role("tab", name="Timeline").click()
    expect(page.get_by_role("list", name="Tasks in time")).to_be_visible(timeout=10_000)
