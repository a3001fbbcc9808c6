"""Connections to a fresh home: embedded, and through a server on a real socket."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn

from clew.api.app import create_app
from clew.sdk import Connection, connect
from clew.settings import load
from clew.wiring import Home


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("CLEW_") and not name.startswith("CLEW_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Connection]:
    with connect(tmp_path / "home", actor="ann") as connection:
        yield connection


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """What `clew up` serves, in a thread of this process: starting one takes seconds, and the tests start many."""
    home = Home(load({}, home=folder, engine="sql"), create=True)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(home.services()), log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        home.close()


@pytest.fixture(params=["embedded", "remote"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A connection of each kind: what is told to it must come out the same."""
    if request.param == "embedded":
        yield request.getfixturevalue("embedded")
        return
    with served(tmp_path / "server") as url:
        with connect(url, actor="ann", home=tmp_path / "local") as connection:
            yield connection


@pytest.fixture
def server_of() -> Callable[[Path], AbstractContextManager[str]]:
    """Serves a home: ``with server_of(folder) as url``."""
    return served
