"""The Explorer, measured: opening, expanding, laying out, panning and zooming."""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import statistics
import subprocess
import time
from typing import Any

import httpx
import report
from playwright.sync_api import Browser, Page
from ui_tab import RECORD, Rows, Tab, over, took, under

from clew.api.pages import BUILT

FOCUS = 4000
"""An artifact of the large record with many neighbours both ways."""
NODES = ".react-flow__node"


def opened(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """The Explorer on a million nodes: requests, and time until nodes are drawn."""
    asked, times = [], []
    for _ in range(rounds):
        tab = Tab(browser)
        began = time.perf_counter()
        tab.page.goto(f"{url}/explorer?focus=artifact:{FOCUS}")
        tab.page.wait_for_selector(NODES)
        times.append(time.perf_counter() - began)
        tab.page.wait_for_timeout(300)
        asked.append(tab.asked)
        tab.context.close()
    rows.append(under("Explorer, 1M nodes: requests to open", max(asked), 3, "requests"))
    rows.append(under("Explorer, 1M nodes: opened to drawn", statistics.median(times), 1.5, "s"))
    return {"requests": asked, "seconds": times}


LAY_OUT = """async ([worker, plan]) => {
  const at = new Worker(worker, {type: "module"});
  const ask = () => new Promise((done) => {
    const began = performance.now();
    at.onmessage = ({data}) => done([performance.now() - began, data.tookMs]);
    at.postMessage({job: 1, plan});
  });
  const times = [];
  for (let round = 0; round < 9; round += 1) times.push(await ask());
  at.terminate();
  return times;
}"""
ELK = """
const {default: Elk} = await import("elkjs/lib/elk.bundled.js");
const plan = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const graph = {id: "root", layoutOptions: {"elk.algorithm": "layered", "elk.direction": "RIGHT"},
  children: plan.boxes.map(({id, width, height}) => ({id, width, height})),
  edges: plan.lines.map(({from, to}, at) => ({id: "e" + at, sources: [from], targets: [to]}))};
const began = performance.now();
await new Elk().layout(graph);
console.log(performance.now() - began);
"""


def layered(size: int) -> dict[str, Any]:
    """What to lay out: ``size`` boxes in layers, 1.6 lines a box, most to the layer before."""
    roll = random.Random(size)
    layers = max(2, round(size**0.5 / 2))
    width = -(-size // layers)
    lines = []
    for box in range(width, size):
        for _ in range(1 + (roll.random() < 0.65)):
            layer = box // width - 1
            lines.append({"from": f"n{layer * width + roll.randrange(width)}", "to": f"n{box}"})
    boxes = [{"id": f"n{box}", "width": 200, "height": 56, "order": box} for box in range(size)]
    return {"boxes": boxes, "lines": lines, "orientation": "LR"}


def laid_out(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """The layout in its worker, as the page asks for it; ELK's layered layout of the same beside it."""
    tab = Tab(browser)
    tab.open(url)
    worker = next(path.name for path in (BUILT / "assets").glob("layout.worker-*.js"))
    told: dict[str, Any] = {}
    for size, limit in ((1_000, 50), (10_000, 500)):
        plan = layered(size)
        times = tab.page.evaluate(LAY_OUT, [f"/assets/{worker}", plan])
        told[str(size)] = times
        asked = statistics.median(time[0] for time in times)
        rows.append(
            under(f"layout of {size:,} nodes, {len(plan['lines']):,} edges, asked of the worker", asked, limit, "ms")
        )
        if size == 1_000:
            command = ["node", "--input-type=module", "-e", "import {createRequire} from 'node:module';"
                       "const require = createRequire(import.meta.url);" + ELK]  # fmt: skip
            done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True, cwd=BUILT.parent)
            assert done.returncode == 0, done.stderr
            told["elk_ms"] = float(done.stdout)
            rows.append(
                report.at_least("the same, a second", 1000 / asked, "ELK layered", 1000 / told["elk_ms"], 20, "layouts")
            )
    tab.context.close()
    return told


def spelled(ids: list[str]) -> str:
    """A set of nodes as the Explorer's address spells it (ui/src/lineage/ids.ts)."""
    raw = bytearray()

    def varint(value: int) -> None:
        while value >= 128:
            raw.append(value % 128 + 128)
            value //= 128
        raw.append(value)

    for kind in ("artifact", "execution"):
        numbers = sorted(int(id.partition(":")[2]) for id in ids if id.startswith(kind))
        varint(len(numbers))
        for before, number in zip([0, *numbers], numbers, strict=False):
            varint(number - before)
    return base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")


def moved(rows: Rows, browser: Browser, url: str) -> dict[str, Any]:
    """Panning and zooming: 400 nodes as cards, 20,000 as dots; frames a second and script in each."""
    query = "query($of: [ID!]!) { lineage(of: $of, direction: BOTH, maxNodes: 400) { nodes { id } } }"
    body = {"query": query, "variables": {"of": [f"artifact:{FOCUS}"]}}
    nodes = httpx.post(f"{url}/graphql", json=body).json()["data"]["lineage"]["nodes"]
    told: dict[str, Any] = {}
    cards = f"&single=1&shown={spelled([node['id'] for node in nodes])}"
    for what, focus, ready, least in (
        ("400 nodes as cards", f"artifact:{FOCUS}{cards}", NODES, 50),
        ("20,000 dots", f"artifact:{_hub(url)}&mode=whole", "canvas", 30),
    ):
        tab = Tab(browser)
        page = tab.page
        page.goto(f"{url}/explorer?focus={focus}")
        page.wait_for_selector(ready)
        page.wait_for_timeout(4000)
        spent = tab.profiled(lambda page=page: _move(page))  # type: ignore[misc]
        times = page.evaluate("(() => { const all = window.benchTimes; window.benchTimes = null; return all; })()")
        gaps = [after - before for before, after in itertools.pairwise(times)]
        figures = {
            "shown": page.locator(NODES).count() or page.locator("#page").inner_text()[:400],
            "fps": 1000 * len(gaps) / sum(gaps),
            "script_ms": spent["ScriptDuration"] / len(gaps),
            "task_ms": spent["TaskDuration"] / len(gaps),
        }
        told[what] = figures
        rows.append(over(f"pan and zoom, {what}", figures["fps"], least, "fps"))
        rows.append(under(f"pan and zoom, {what}: script a frame", figures["script_ms"], 8, "ms"))
        tab.context.close()
    return told


def _hub(url: str) -> int:
    """An artifact of the record from which 20,000 nodes were made, or else the one from which most were."""
    reach = {}
    for number in range(1, 60):
        query = "query($of: [ID!]!) { lineage(of: $of, depth: 0, maxNodes: 1) { downstream { total } } }"
        body = {"query": query, "variables": {"of": [f"artifact:{number}"]}}
        answer = httpx.post(f"{url}/graphql", json=body, timeout=60).json()
        reach[number] = answer["data"]["lineage"]["downstream"]["total"]
        if reach[number] >= 20_000:
            return number
    return max(reach, key=lambda number: reach[number])


def _move(page: Page) -> None:
    """Three seconds of dragging and turning the wheel, while frames are noted."""
    page.evaluate(RECORD)
    page.mouse.move(700, 450)
    page.mouse.down()
    for step in range(90):
        page.mouse.move(700 + 3 * (step if step < 45 else 90 - step), 450 + step)
        page.wait_for_timeout(12)
    page.mouse.up()
    for step in range(60):
        page.mouse.wheel(0, 40 if step < 30 else -40)
        page.wait_for_timeout(12)


def expanded(rows: Rows, browser: Browser, url: str, rounds: int, quick: bool) -> dict[str, Any]:
    """A click on a card's "+N": until the new cards are drawn, and how far the others moved."""
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Artifact { consumers(first: 100) { id } } } }"
    ids = [f"artifact:{number}" for number in (range(1, 200) if quick else range(900, 1100))]
    body = {"query": query, "variables": {"ids": ids}}
    found = httpx.post(f"{url}/graphql", json=body, timeout=60).json()["data"]["nodes"]
    read, makers = next((one["id"], one["consumers"]) for one in found if one and 21 <= len(one["consumers"]) <= 60)
    times, jumps = [], []
    for _ in range(rounds):
        tab = Tab(browser)
        page = tab.page
        page.goto(f"{url}/explorer?focus={makers[0]['id']}&single=1")
        page.wait_for_selector(NODES)
        page.wait_for_timeout(1200)
        before = page.evaluate(WHERE)
        more = page.locator(f'{NODES}[data-id="{read}"]').get_by_role("button", name=re.compile("^Show [0-9]+ of "))
        condition = f"document.querySelectorAll('{NODES}').length >= {len(before) + 20}"
        times.append(took(page, more.last.click, condition))
        page.wait_for_timeout(1000)
        after = page.evaluate(WHERE)
        jumps.append(max(abs(after[id][1] - before[id][1]) for id in before if id in after))
        tab.context.close()
    rows.append(under("expand one hop: click to drawn", statistics.median(times), 200, "ms"))
    rows.append(under("expand one hop: most a shown node moves across its column", max(jumps), ROW, "px"))
    return {"ms": times, "px": jumps}


ROW = 78
"""Height of a card and the gap to the next."""
WHERE = """() => Object.fromEntries([...document.querySelectorAll('.react-flow__node')].map((one) => {
  const at = one.style.transform.match(/-?[0-9.]+/g).map(Number);
  return [one.dataset.id, at];
}))"""
