"""A tab of a headless chromium over a served home: its clock, its frames, what it asked and spent."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import report
from playwright.sync_api import Browser, Page

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
