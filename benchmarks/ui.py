"""The pages in a headless chromium, without a graphics card: what a person waits for, medians.

    python benchmarks/ui.py [--quick] [--rounds N] [--only PART ...]

Parts: weight, paint, open, expand, layout, move, table, compare. The record of a million nodes is kept in .bench/ui;
the 500 runs of 50 metrics are recorded once beside it. Times are the page's own clock (performance.now(), from the
start of the navigation), frames those between its animation frames, script what the browser's profiler charges.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import itertools
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import lineage_home
import report
from playwright.sync_api import Browser, Page, sync_playwright

from clew.api.pages import BUILT
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

BENCH = Path(__file__).parent.parent / ".bench" / "ui"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",
)  # fmt: skip
SIZE = {"width": 1280, "height": 800}
RUNS, METRICS = 500, 50
SETTLED = """() => document.querySelector('#page :is(h1, h2, [role=alert])') &&
  !document.querySelector('[aria-label="Loading"], [data-loading="true"], [aria-busy="true"]')"""
"""Something is shown, and nothing is waited for: the page answers what one does."""
NOTE = """() => {
  window.benchSettled = 0;
  const look = () => {
    if (!window.benchSettled && (SETTLED)()) window.benchSettled = performance.now();
    if (!window.benchSettled) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}""".replace("SETTLED", SETTLED)
RECORD = """() => {
  window.benchTimes = [];
  const step = (now) => { window.benchTimes?.push(now); if (window.benchTimes) requestAnimationFrame(step); };
  requestAnimationFrame(step);
}"""

Rows = list[report.Row]


def under(what: str, value: float, limit: float, unit: str) -> report.Row:
    """``value`` must not be over ``limit``."""
    return report.Row(what, f"{value:,.4g} {unit}", f"{limit:g} {unit}", None, f"<= {limit:g} {unit}", value <= limit)


def over(what: str, value: float, limit: float, unit: str) -> report.Row:
    """``value`` must not be under ``limit``."""
    return report.Row(what, f"{value:,.4g} {unit}", f"{limit:g} {unit}", None, f">= {limit:g} {unit}", value >= limit)


@contextmanager
def served(home: Path) -> Iterator[str]:
    """URL of ``clew up`` over ``home``."""
    words = home.parent / f"{home.name}.up.log"
    with words.open("wb") as out:
        command = [sys.executable, "-m", "clew", "up", "--home", str(home), "--port", "0", "--grpc-port", "0"]
        process = subprocess.Popen(command, stderr=out, stdout=out)
    try:
        deadline = time.monotonic() + 120
        while True:
            told = re.search(r"http://127\.0\.0\.1:\d+", words.read_text())
            try:
                if told and httpx.get(f"{told[0]}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, words.read_text()
            assert process.poll() is None, words.read_text()
            time.sleep(0.1)
        yield told[0]
    finally:
        process.terminate()
        process.wait(30)


def runs_home(folder: Path) -> Path:
    """A home of ``RUNS`` runs, each a context with one execution that wrote ``METRICS`` metrics."""
    home = folder / "runs"
    if (home / "made").exists():
        return home
    record = Record.open(home)
    for number in range(RUNS):
        change = Change(actor="bench")
        run = change.type(NodeType(Kind.CONTEXT, "system.PipelineRun"))
        step = change.type(
            NodeType(Kind.EXECUTION, "system.ContainerExecution", properties={"lr": PropertyType.DOUBLE})
        )
        kind = change.type(NodeType(Kind.ARTIFACT, "system.Metrics"))
        context = change.context(run, name=f"run-{number}")
        work = change.execution(
            step, name=f"train-{number}", state=ExecutionState.COMPLETE, properties={"lr": number / 1000},
            started_ms=1000, ended_ms=3000,
        )  # fmt: skip
        values = {f"metric_{metric:02}": (number * 31 + metric * 17) % 997 / 997 for metric in range(METRICS)}
        made = change.artifact(kind, name=f"metrics-{number}", state=ArtifactState.LIVE, custom_properties=values)
        change.event(made, work, EventType.OUTPUT, path=("metrics",))
        change.associate(context, work)
        change.attribute(context, made)
        record.commit(change)
    record.close()
    (home / "made").touch()
    return home


class Tab:
    """A tab with a cold cache, and what it asked."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport=SIZE, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.page.add_init_script(f"({NOTE})()")
        self.asked = 0
        self.page.on("request", self._count)

    def _count(self, request: Any) -> None:
        self.asked += request.url.endswith("/graphql") and request.method == "POST"

    def open(self, url: str, ready: str = "true") -> tuple[float, float]:
        """Milliseconds to the first contentful paint, and until it is settled (and ``ready`` holds)."""
        self.page.goto(url)
        self.page.wait_for_function(f"() => window.benchSettled && ({ready})", polling=10)
        paint = self.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1")
        return float(paint), float(self.page.evaluate("window.benchSettled"))

    def profiled(self, act: Callable[[], None]) -> dict[str, float]:
        """What the browser spent while ``act`` ran: script and all of the main thread's work, in milliseconds."""
        session = self.context.new_cdp_session(self.page)
        session.send("Performance.enable")

        def read() -> dict[str, float]:
            return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}

        before = read()
        act()
        after = read()
        session.detach()
        return {name: (after[name] - before[name]) * 1000 for name in ("ScriptDuration", "TaskDuration")}


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


def watch(page: Page) -> None:
    """Note from now on each frame that took the main thread more than 50 ms, and how much of that was script."""
    page.evaluate(
        """() => { window.benchFrames = []; window.benchWatch = new PerformanceObserver((list) => {
          for (const frame of list.getEntries())
            window.benchFrames.push([frame.duration, frame.scripts.reduce((sum, one) => sum + one.duration, 0)]); });
        window.benchWatch.observe({type: "long-animation-frame"}); }"""
    )


def long_frames(page: Page) -> list[list[float]]:
    """Those frames: how long each was, and its script; both in milliseconds."""
    page.wait_for_timeout(100)
    return list(page.evaluate("window.benchFrames"))


TIMED = """() => {
  const holds = () => CONDITION;
  window.benchTook = 0;
  const begun = (event) => {
    const began = event.timeStamp;
    const look = () => {
      if (holds()) window.benchTook = performance.now() - began;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  };
  window.addEventListener("click", begun, {capture: true, once: true});
}"""


def took(page: Page, act: Callable[[], None], condition: str) -> float:
    """Milliseconds from the click that ``act`` makes to the frame in which ``condition`` holds, by the page's clock."""
    page.evaluate(TIMED.replace("CONDITION", condition))
    act()
    page.wait_for_function("() => window.benchTook > 0", polling=20)
    return float(page.evaluate("window.benchTook"))


FIRST_ROW = "document.querySelectorAll('[role=row]')[1]?.innerText"


def tabled(rows: Rows, browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """The table of all artifacts: its first rows, sorting, filtering, scrolling."""
    told: dict[str, Any] = {"first": [], "sort": [], "filter": [], "frames": []}
    for _ in range(rounds):
        tab = Tab(browser)
        page = tab.page
        tab.open(f"{url}/settings")
        page.wait_for_timeout(800)
        shown = "document.querySelector('[role=gridcell]')"
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
        page.wait_for_selector("[role=gridcell]")
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
