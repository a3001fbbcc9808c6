"""A real browser over a real ``clew up``: what every test of the pages stands on.

Pictures go to ``build/screens`` (``CLEW_SCREENSHOTS`` names another folder). Where there is no chromium the tests are
skipped and say so; under ``CI=true`` they fail instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from clew.api.pages import BUILT
from tests.ui.screen import ANSWER_S, CHROMIUM, FLAGS, ROOT, SIZES, Served, Watched

expect.set_options(timeout=ANSWER_S * 1000)  # a machine that does other things besides is slow, not wrong

EXAMPLE = ROOT / "examples" / "breast_cancer"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these start servers and browsers."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "ui"):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def example_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the example pipeline ran cold, then unchanged. Read it; write into homes of your own."""
    folder = tmp_path_factory.mktemp("example")
    if os.environ.get("CLEW_GALLERY"):  # pictures show addresses: of a folder that says something
        folder = Path(tempfile.gettempdir()) / "lab"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    data = Path(shutil.copy(EXAMPLE / "breast_cancer.csv", folder))
    for name in ("first", "second"):
        command = [sys.executable, "-m", "clew", "run", str(EXAMPLE / "pipeline.yaml"), "--home", str(folder / "home")]
        given = ["-p", f"raw={data.as_uri()}", "--name", name, "--experiment", "screens", "--json"]
        done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["state"] == "COMPLETE"
    return folder / "home"


@pytest.fixture(scope="session")
def example(example_home: Path) -> Iterator[Served]:
    """The example's home, served for the whole session."""
    served = Served(example_home)
    yield served
    served.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serves homes for one test: ``serve(home, CLEW_TOKEN="t")``; without a home, an empty one."""
    running: list[Served] = []

    def start(home: Path | None = None, **env: str) -> Served:
        running.append(Served(home or tmp_path / f"home{len(running)}", **env))
        return running[-1]

    yield start
    for served in running:
        if served.process.poll() is None:
            served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless chromium that reaches the loopback only."""
    missing = [
        what
        for what, there in (
            ("a chromium on the PATH", CHROMIUM),
            ("the built pages (make setup)", (BUILT / "index.html").is_file()),
        )
        if not there
    ]
    if missing:
        reason = f"the pages are not tested, for want of {' and '.join(missing)}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens tabs: ``tabs(size="phone", scheme="dark")``. At the end none may have complained, nor asked elsewhere."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def open(size: str = "laptop", scheme: str = "light", **options: Any) -> Watched:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            **options,
        )
        opened.append((context, Watched(context)))
        return opened[-1][1]

    yield open
    complaints = [complaint for _, tab in opened for complaint in tab.complaints]
    elsewhere = [
        url
        for _, tab in opened
        for url in tab.requested
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:", "about:"))
    ]
    for context, _ in opened:
        context.close()
    assert complaints == []
    assert elsewhere == []


@pytest.fixture
def tab(tabs: Callable[..., Watched]) -> Watched:
    """One tab of a laptop, light."""
    return tabs()


@pytest.fixture
def page(tab: Watched) -> Page:
    """The page of that tab."""
    return tab.page
