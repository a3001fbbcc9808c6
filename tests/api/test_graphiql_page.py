"""The query page in a real browser that can reach nothing but the server."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI

from clew.api.app import create_app
from clew.api.pages import BUILT
from clew.api.service import Services
from clew.api.settings import ApiSettings

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
    "--window-size=1280,900",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--proxy-server=127.0.0.1:9",
    "--proxy-bypass-list=127.0.0.1",
)
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM, reason="needs a chromium on the PATH"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[str]:
    """Address of a headless browser's debugger."""
    process = subprocess.Popen(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    try:
        yield f"http://127.0.0.1:{_debugger_port(tmp_path / 'profile' / 'DevToolsActivePort', process)}"
    finally:
        process.kill()
        process.wait(10)


def _debugger_port(file: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if file.is_file() and (text := file.read_text()):
            return int(text.splitlines()[0])
        time.sleep(0.05)
    raise AssertionError("the browser did not start")


SOCKET_OPENS = """new Promise((done) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/graphql", "graphql-transport-ws");
  socket.onopen = () => done(true);
  socket.onerror = () => done(false);
})"""


class Page:
    """One tab, driven by the DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.number = 0
        self.requested: list[str] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        number = self.number
        await self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self.socket.recv())
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    async def evaluate(self, script: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    async def until(self, script: str, timeout_s: float = 60) -> Any:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if value := await self.evaluate(script):
                return value
            await asyncio.sleep(0.1)
        raise AssertionError(
            f"never true: {script}; {self.complaints}; {await self.evaluate('document.body.innerText')}"
        )

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])
        if message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"])[:500])


def browse(browser: str, url: str, act: Callable[[Page], Awaitable[Any]]) -> Page:
    """Open ``url`` in a new tab and let ``act`` use it."""

    async def run() -> Page:
        target = httpx.put(f"{browser}/json/new?about:blank").json()["webSocketDebuggerUrl"]
        async with websockets.connect(target, max_size=64 << 20) as socket:
            page = Page(socket)
            for domain in ("Network", "Page", "Log", "Runtime"):
                await page.call(f"{domain}.enable")
            await page.call("Page.navigate", url=url)
            await act(page)
            if folder := os.environ.get("CLEW_SCREENSHOTS"):
                shot = await page.call("Page.captureScreenshot", format="png")
                Path(folder, f"page-{len(list(Path(folder).iterdir()))}.png").write_bytes(
                    base64.b64decode(shot["data"])
                )
            return page

    return asyncio.run(run())


def _only_the_server_was_asked(page: Page, served: str) -> bool:
    return all(url.startswith((served, "data:", "blob:" + served)) for url in page.requested)


@pytest.mark.skipif(not (BUILT / "graphiql.html").is_file(), reason="GraphiQL is not built (make setup builds it)")
def test_graphiql_renders_and_runs_a_query_without_any_network(browser: str, served: str) -> None:
    async def act(page: Page) -> None:
        await page.until("document.querySelector('.graphiql-execute-button') !== null")
        await page.until("document.querySelectorAll('.view-lines .view-line').length > 3")
        await page.evaluate("document.querySelector('.graphiql-execute-button').click()")
        text = "document.querySelector('.graphiql-response')?.innerText ?? ''"
        await page.until(f"({text}).includes('totalCount')")
        assert await page.evaluate(SOCKET_OPENS)

    page = browse(browser, f"{served}/graphql", act)
    assert _only_the_server_was_asked(page, served), page.requested
    assert page.complaints == []


def test_the_plain_page_asks_where_graphiql_is_not_built(
    browser: str, services: Services, server: Callable[[FastAPI], str], tmp_path: Path
) -> None:
    served = server(create_app(services, ApiSettings(pages=tmp_path / "nothing")))

    async def act(page: Page) -> None:
        await page.until("document.readyState === 'complete' && document.querySelector('#ask button') !== null")
        await page.evaluate("document.querySelector('#ask button').click()")
        await page.until("document.querySelector('#answer').textContent.includes('totalCount')")

    page = browse(browser, f"{served}/graphql", act)
    assert _only_the_server_was_asked(page, served), page.requested
    assert page.complaints == []
