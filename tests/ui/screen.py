"""What a test of the pages works with: a server that may be killed, a tab that notes complaints, and eyes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
SIZES = {"laptop": (1280, 800), "desk": (1920, 1080), "phone": (390, 844)}
START_S, ANSWER_S = 60, 15
THERE = "#page :is(h1, h2, [role=alert])"
WAITING = '#clew:empty, [aria-label="Loading"], [data-loading="true"], [aria-busy="true"]'


class Served:
    """One ``clew up`` over a home, which may be killed and started again on its port."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home, self.env, self.port = home, env, 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it is ready."""
        command = [sys.executable, "-m", "clew", "up", "--home", str(self.home), "--grpc-port", "0"]
        self.words = self.home.parent / f"{self.home.name}.up.log"
        with self.words.open("wb") as words:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], stderr=words, stdout=words, env={**os.environ, **self.env}
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            told = re.search(r"http://127\.0\.0\.1:(\d+)", self.words.read_text())
            if told:
                self.port = int(told[1])
                try:
                    if httpx.get(f"{self.url}/readyz").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
            time.sleep(0.05)
        raise AssertionError(f"clew up did not start: {self.words.read_text()}")

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        """End it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL answer without errors."""
        token = self.env.get("CLEW_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=ANSWER_S).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


NOISE = re.compile(r"net::ERR_NETWORK_CHANGED")
"""What the machine's network does under the browser; no page can help it."""
LOST = re.compile(r"net::ERR_|WebSocket|Failed to fetch|NetworkError")
"""What a browser says of a server that is gone."""


class Watched:
    """A tab, and what it complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(ANSWER_S * 1000)
        self.complaints: list[str] = []
        self.requested: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", self._asked)
        self.page.on("dialog", lambda dialog: self._dialog(dialog.message, dialog.dismiss))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not NOISE.search(message.text):
            self.complaints.append(f"{message.type}: {message.text}")

    def forgive(self, pattern: re.Pattern[str] = LOST) -> None:
        """Forget complaints that a test brought about itself."""
        self.complaints[:] = [words for words in self.complaints if not pattern.search(words)]

    def _asked(self, request: Request) -> None:
        self.requested.append(request.url)

    def _dialog(self, text: str, dismiss: Callable[[], None]) -> None:
        self.complaints.append(f"dialog: {text}")
        dismiss()


def settled(page: Page) -> None:
    """Wait until the page waits for nothing more: no skeleton, nothing that says it is busy."""
    page.wait_for_function(f"() => document.querySelector('{THERE}') && !document.querySelector('{WAITING}')")
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => null)")


def shoot(page: Page, name: str) -> Path:
    """Keep a picture of what is seen."""
    folder = Path(os.environ.get("CLEW_SCREENSHOTS") or ROOT / "build" / "screens")
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    return folder / f"{name}.png"


def axe(page: Page) -> list[str]:
    """Serious and critical violations of WCAG 2.2 A and AA, by axe-core, each with where it is."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """() => axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
        .then((answer) => answer.violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + " " +
        node.any.map((check) => check.message).join("; ")).join(" | ")}`))"""
    )
    return list(found)


CROWDED = (Path(__file__).parent / "crowded.js").read_text()


def crowded(page: Page) -> list[str]:
    """Texts that are cut off without an ellipsis, lie over each other, or make the page scroll sideways."""
    return list(page.evaluate(CROWDED))
