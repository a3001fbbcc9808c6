"""What `clew up` serves: its own facts, and pages that only the site it was told may frame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

CLEW = Path(sys.executable).with_name("clew")


@pytest.mark.e2e
def test_pages_may_be_framed_by_the_site_that_is_named_and_the_server_tells_its_home(tmp_path: Path) -> None:
    home = tmp_path / "churn" / ".clew"
    command: list[str | Path] = [
        CLEW,
        "up",
        "--home",
        home,
        "--port",
        "0",
        "--grpc-port",
        "0",
        "--embed-from",
        "https://kubeflow.example",
    ]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "CLEW_ENGINE": "sql"})
    try:
        assert server.stderr is not None
        url = server.stderr.readline().split(" at ")[1].split()[0]
        page = httpx.get(url)
        assert page.headers["content-security-policy"].endswith("frame-ancestors https://kubeflow.example")
        assert "x-frame-options" not in page.headers
        answer = httpx.post(f"{url}/graphql", json={"query": "{ server { home store engine seq namespaces } }"}).json()
        told = {"home": "churn/.clew", "store": "sqlite", "engine": "sql", "seq": 0, "namespaces": []}
        assert answer == {"data": {"server": told}}
    finally:
        server.terminate()
        server.communicate(timeout=20)


def test_what_is_no_origin_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    command: list[str | Path] = [
        CLEW,
        "up",
        "--home",
        tmp_path / "home",
        "--embed-from",
        "https://a.example; script-src *",
    ]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "embed-from" in refused.stderr
    assert not (tmp_path / "home").exists()
