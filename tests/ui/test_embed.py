"""Framed by another site, as Kubeflow's central dashboard frames its applications."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.ui.screen import Served, Watched, shoot

PARENT = """<!doctype html><meta charset="utf-8"><title>dashboard</title><link rel="icon" href="data:,">
<iframe id="app" src="{clew}/artifacts?embed=1" style="width:100%;height:600px;border:0"></iframe>
<script>
addEventListener("message", ({{data, source}}) => {{
  if (data.type !== "iframe-connected") return;
  document.title = "connected";
  source.postMessage({{type: "parent-connected", value: null}}, "*");
  source.postMessage({{type: "namespace-selected", value: "team-a"}}, "*");
}});
</script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing to say."""


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL of another site, and the folder it serves."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_dashboard_that_may_frame_it_selects_the_namespace(
    serve: Callable[..., Served], tab: Watched, dashboard: tuple[str, Path]
) -> None:
    site, folder = dashboard
    served = serve(CLEW_EMBED_FROM=site)
    (folder / "index.html").write_text(PARENT.format(clew=served.url))
    tab.page.goto(site)
    tab.page.wait_for_function("() => document.title === 'connected'")
    framed = next(frame for frame in tab.page.frames if frame.url.startswith(served.url))
    framed.wait_for_function("() => new URLSearchParams(location.search).get('ns') === 'team-a'")
    framed.get_by_text("No artifacts").or_(framed.get_by_role("grid")).first.wait_for()
    assert framed.get_by_role("navigation", name="Pages").count() == 0
    shoot(tab.page, "embedded")


def test_a_site_that_may_not_frame_it_shows_nothing(
    serve: Callable[..., Served], tab: Watched, dashboard: tuple[str, Path]
) -> None:
    site, folder = dashboard
    served = serve()
    (folder / "index.html").write_text(PARENT.format(clew=served.url))
    tab.page.goto(site)
    tab.page.wait_for_timeout(1500)
    assert tab.page.title() == "dashboard"
    assert [words for words in tab.complaints if "frame" in words.lower()]
    tab.complaints.clear()
