"""Runs and schedules: listed, narrowed, started, compared, and done with."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.screen import ROOT, Served, Watched, axe, crowded, settled, shoot
from tests.ui.test_run_page import begin, napping, over

__all__ = ["napping"]

EXAMPLE = ROOT / "examples" / "breast_cancer" / "pipeline.yaml"
SCHEDULE = "mutation($schedule: NewScheduleInput!) { createSchedule(schedule: $schedule) { id } }"


def row(page: Page, name: str) -> Any:
    """The row of a run in the list."""
    return page.get_by_role("row").filter(has_text=name)


def test_runs_are_listed_live_and_narrowed(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    page.goto(f"{served.url}/runs")
    expect(page.get_by_text("No run yet")).to_be_visible()
    id = begin(served, napping, parameters={"seconds": 2, "items": [1]}, name="slow", experiment="naps")
    expect(row(page, "slow")).to_contain_text("Running", timeout=60_000)
    expect(row(page, "slow")).to_contain_text("Complete", timeout=60_000)
    assert over(served, id) == "COMPLETE"
    other = begin(served, napping, parameters={"bad": 0}, name="bad", labels=[{"key": "team", "value": "search"}])
    assert over(served, other) == "FAILED"
    expect(row(page, "bad")).to_contain_text("Failed")
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="Failed").click()
    expect(row(page, "slow")).to_have_count(0)
    assert "state=FAILED" in page.url
    page.reload()
    expect(row(page, "bad")).to_be_visible()
    page.goto(f"{served.url}/runs?label=team%3Dsearch")
    expect(row(page, "bad")).to_be_visible()
    expect(row(page, "slow")).to_have_count(0)
    page.goto(f"{served.url}/runs?experiment=naps")
    expect(row(page, "slow")).to_be_visible()
    page.get_by_role("textbox", name="Filter").fill("custom_properties.display_name.string_value = 'none'")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("No run matches")).to_be_visible()
    page.get_by_role("button", name="Show all runs").click()
    expect(row(page, "bad")).to_be_visible()


def test_selected_runs_are_archived_and_compared(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    for name in ("one", "two"):
        over(served, begin(served, napping, parameters={"seconds": 0, "items": [1]}, name=name))
    page.goto(f"{served.url}/runs")
    for name in ("one", "two"):
        row(page, name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(r"/compare\?of="))
    page.go_back()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("2 runs were archived.")).to_be_visible()
    expect(page.get_by_text("No run yet")).to_be_visible()
    page.get_by_role("checkbox", name="Archived").check()
    expect(row(page, "two")).to_be_visible()


def test_a_new_run_is_planned_before_it_starts(
    serve: Callable[..., Served], page: Page, napping: str, tmp_path: Path
) -> None:
    served = serve()
    over(served, begin(served, napping, parameters={"seconds": 0, "items": [1, 2]}))
    file = tmp_path / "napping.yaml"
    file.write_text(napping)
    page.goto(f"{served.url}/runs")
    settled(page)
    page.keyboard.press("n")
    form = page.get_by_role("dialog", name="New run")
    form.get_by_label("Compiled pipeline").fill("a: 1")
    expect(form.get_by_text("this is not KFP v2 IR")).to_be_visible()
    form.locator("input[type=file]").set_input_files(file)
    form.get_by_label("items").fill("[1, 2]")
    form.get_by_label("seconds").fill("0")
    form.get_by_role("button", name="What would run").click()
    plan = form.get_by_role("region", name="What would happen")
    expect(plan).to_contain_text("4 reused")
    shoot(page, "new-run")
    assert (axe(page), crowded(page)) == ([], [])
    form.get_by_label("Name", exact=True).fill("<img src=x onerror=alert(1)>")
    form.get_by_label("Labels").fill("nonsense")
    form.get_by_role("button", name="Start").click()
    expect(form.get_by_text("Write labels as key=value")).to_be_visible()
    form.get_by_label("Labels").fill("team=search")
    form.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
    expect(page.get_by_role("heading", name="<img src=x onerror=alert(1)>")).to_be_visible()
    expect(page.locator("main header [data-state=COMPLETE]").first).to_be_visible(timeout=60_000)


def test_what_the_server_refuses_stands_at_its_field(serve: Callable[..., Served], page: Page, tmp_path: Path) -> None:
    served = serve()
    (tmp_path / "raw.csv").write_text("a,b\n")
    page.goto(f"{served.url}/schedules")
    expect(page.get_by_text("No schedule yet")).to_be_visible()
    page.get_by_role("button", name="New schedule").click()
    form = page.get_by_role("dialog", name="New schedule")
    form.locator("input[type=file]").set_input_files(EXAMPLE)
    form.get_by_label("raw").fill((tmp_path / "raw.csv").as_uri())
    form.get_by_label("Name", exact=True).fill("morning")
    form.get_by_label("Cron expression").last.fill("61 9 * * *")
    form.get_by_role("button", name="Make it").click()
    expect(form.locator("[class*=error]", has_text="61").first).to_be_visible()
    form.get_by_label("Cron expression").last.fill("0 9 * * 1-5")
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_role("button", name="Make it").click()
    expect(form).to_have_count(0)
    schedule = page.get_by_role("list", name="Schedules").get_by_role("listitem").first
    expect(schedule).to_contain_text("0 9 * * 1-5 (Europe/Berlin)")
    schedule.get_by_role("button", name="Pause").click()
    expect(schedule).to_contain_text("Paused")
    schedule.get_by_role("button", name="Resume").click()
    expect(schedule).to_contain_text("Enabled")
    schedule.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog", name="Remove morning").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No schedule matches")).to_be_visible()


def test_a_schedule_shows_its_runs_as_they_come(serve: Callable[..., Served], page: Page, napping: str) -> None:
    served = serve()
    run = {"spec": napping, "name": "often", "parameters": {"seconds": 0, "items": [1]}}
    served.ask(SCHEDULE, schedule={"run": run, "everyS": 2})
    page.goto(f"{served.url}/schedules")
    runs = page.get_by_role("list", name=re.compile("Runs of often"))
    expect(runs.get_by_role("link", name=re.compile("Complete")).first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pause often").click()
    runs.get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lists_are_accessible_and_uncrowded(
    example: Served, tabs: Callable[..., Watched], size: str, scheme: str, napping: str
) -> None:
    if not example.ask("{ schedules { nodes { id } } }")["schedules"]["nodes"]:
        for name, zone in (("every morning", "Europe/Berlin"), ("מחקר " * 40, "UTC")):
            run = {"spec": napping, "name": name}
            example.ask(SCHEDULE, schedule={"run": run, "cron": "0 9 1 1 *", "zone": zone})
    page = tabs(size=size, scheme=scheme).page
    for path in ("/runs", "/runs?state=FAILED", "/schedules", "/schedules?state=REMOVED"):
        page.goto(f"{example.url}{path}")
        settled(page)
        page.wait_for_timeout(250)
        shoot(page, f"{re.sub(r'[^a-z]+', '-', path)[1:]}-{size}-{scheme}")
        assert (path, axe(page), crowded(page)) == (path, [], [])
