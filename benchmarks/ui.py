"""The pages in a headless chromium, without a graphics card: what a person waits for, medians.

    python benchmarks/ui.py [--quick] [--rounds N] [--only PART ...]

Parts: weight, paint, open, expand, layout, move, table, compare. The record of a million nodes is kept in .bench/ui;
the 500 runs of 50 metrics are recorded once beside it. Times are the page's own clock (performance.now(), from the
start of the navigation), frames those between its animation frames, script what the browser's profiler charges.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import sys
from typing import Any

import httpx
import lineage_home
import report
from playwright.sync_api import Browser, sync_playwright
from ui_explorer import FOCUS, expanded, laid_out, moved, opened
from ui_tab import BENCH, CHROMIUM, FLAGS, METRICS, RUNS, Rows, Tab, long_frames, runs_home, served, took, under, watch

from clew.api.pages import BUILT


def weight(rows: Rows) -> dict[str, Any]:
    """Gzipped JavaScript: of a first load, and of everything but GraphiQL's page."""
    manifest = json.loads((BUILT / ".vite" / "manifest.json").read_text())

    def reached(keys: list[str], later: bool) -> set[str]:
        seen: set[str] = set()
        pending = list(keys)
        while pending:
            at = pending.pop()
            if at not in seen:
                seen.add(at)
                pending += manifest[at].get("imports", []) + (manifest[at].get("dynamicImports", []) if later else [])
        return {manifest[one]["file"] for one in seen if manifest[one]["file"].endswith(".js")}

    def kilobytes(files: set[str]) -> float:
        return sum(len(gzip.compress((BUILT / name).read_bytes(), 9)) for name in files) / 1000

    first = max(
        kilobytes(reached(["index.html", view], False)) for view in ("src/home/View.tsx", "src/lineage/View.tsx")
    )
    files = reached(["index.html"], True)
    for name in list(files):
        files |= {
            one for one in re.findall(r"assets/[\w.-]+\.js", (BUILT / name).read_text()) if (BUILT / one).is_file()
        }
    rows.append(under("JavaScript, gzipped: first load", first, 250, "KB"))
    rows.append(under("JavaScript, gzipped: everything", kilobytes(files), 900, "KB"))
    return {"first_kb": first, "all_kb": kilobytes(files)}


def paint(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """Cold cache: first contentful paint and settled."""
    told: dict[str, Any] = {}
    for name, path in (("Home", "/"), ("Explorer", f"/explorer?focus=artifact:{FOCUS}")):
        times = []
        for _ in range(rounds):
            tab = Tab(browser)
            times.append(tab.open(url + path))
            tab.context.close()
        told[name] = times
        rows.append(under(f"{name}: first contentful paint", statistics.median(t[0] for t in times) / 1000, 1.0, "s"))
        rows.append(under(f"{name}: interactive", statistics.median(t[1] for t in times) / 1000, 1.5, "s"))
    return told


DRAWN = "[role=row] a[href^='/artifacts/']"
"""A row that is filled: those that are waited for have cells too."""
FIRST_ROW = "document.querySelectorAll('[role=row]')[1]?.innerText"


def tabled(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """The table of all artifacts: its first rows, sorting, filtering, scrolling."""
    told: dict[str, Any] = {"first": [], "sort": [], "filter": [], "frames": []}
    for _ in range(rounds):
        tab = Tab(browser)
        page = tab.page
        tab.open(f"{url}/settings")
        page.wait_for_timeout(800)
        shown = f"document.querySelector({DRAWN!r})"
        told["first"].append(took(page, page.get_by_role("link", name="Artifacts", exact=True).click, shown))
        page.wait_for_timeout(500)
        other = f"({FIRST_ROW} ?? window.benchRow) !== window.benchRow"
        page.evaluate(f"window.benchRow = {FIRST_ROW}")
        name = page.get_by_role("columnheader", name="Name").get_by_role("button").first
        told["sort"].append(took(page, name.click, other))
        page.wait_for_timeout(300)
        page.get_by_placeholder("Filter:").fill("type = 'mlmd.Model' AND state = LIVE")
        page.wait_for_timeout(600)
        page.evaluate(f"window.benchRow = {FIRST_ROW}")
        told["filter"].append(took(page, page.get_by_role("button", name="Apply").click, other))
        page.goto(f"{url}/artifacts")
        page.wait_for_selector(DRAWN)
        page.wait_for_timeout(500)
        watch(page)
        page.mouse.move(700, 500)
        for _ in range(60):
            page.mouse.wheel(0, 700)
            page.wait_for_timeout(16)
        page.wait_for_timeout(400)
        told["frames"] += long_frames(page)
        tab.context.close()
    worst = max((script for _, script in told["frames"]), default=0.0)
    rows.append(under("table of 1M artifacts: first rows, from the click", statistics.median(told["first"]), 300, "ms"))
    rows.append(under("table of 1M artifacts: sorted", statistics.median(told["sort"]), 300, "ms"))
    rows.append(under("table of 1M artifacts: filtered", statistics.median(told["filter"]), 300, "ms"))
    rows.append(under("table of 1M artifacts: most script in a frame of scrolling", worst, 50, "ms"))
    return told


def compared(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """500 runs side by side."""
    answer = httpx.post(
        f"{url}/graphql",
        json={"query": '{ contexts(first: 500, filter: {type: "system.PipelineRun"}) { nodes { id } } }'},
    ).json()
    ids = [node["id"] for node in answer["data"]["contexts"]["nodes"]]
    assert len(ids) == RUNS
    times = []
    for _ in range(rounds):
        tab = Tab(browser)
        times.append(tab.open(f"{url}/compare?of={json.dumps(ids)}", "document.body.innerText.includes('metric_')")[1])
        tab.context.close()
    rows.append(under(f"Compare, {RUNS} runs x {METRICS} metrics", statistics.median(times) / 1000, 1.5, "s"))
    return {"ms": times}


def main() -> int:
    """Measure, publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small record and few rounds: a smoke test")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[], help="these parts alone")
    args = parser.parse_args()
    rounds = args.rounds or (2 if args.quick else 7)
    BENCH.mkdir(parents=True, exist_ok=True)
    large = lineage_home.home_of(BENCH, 20_000 if args.quick else 1_600_000)
    rows: Rows = []
    told: dict[str, Any] = {}

    def wanted(part: str) -> bool:
        return not args.only or part in args.only

    if wanted("weight"):
        told["weight"] = weight(rows)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        with served(large) as url:
            if wanted("paint"):
                told["paint"] = paint(rows, browser, url, rounds)
            if wanted("layout"):
                told["layout"] = laid_out(rows, browser, url, rounds)
            if wanted("expand"):
                told["expand"] = expanded(rows, browser, url, rounds, args.quick)
            if wanted("move"):
                told["move"] = moved(rows, browser, url)
            if wanted("open"):
                told["open"] = opened(rows, browser, url, rounds)
        if wanted("table"):
            wide = lineage_home.home_of(BENCH, 20_000 if args.quick else 2_400_000)
            with served(wide) as url:
                told["table"] = tabled(rows, browser, url, rounds)
        if wanted("compare"):
            with served(runs_home(BENCH)) as url:
                told["compare"] = compared(rows, browser, url, rounds)
        browser.close()
    command = "python benchmarks/ui.py" + (" --quick" if args.quick else "")
    ok = report.publish(
        "ui", "The pages, in a headless chromium", command, rows, told, keep=not args.quick and not args.only
    )
    return 0 if ok or args.quick else 1


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main())
