"""A served record: the app over a real record and engine, asked through ASGI or over a real socket."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from clew.api.app import create_app
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.embedded import EmbeddedEngine
from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType


class Asker:
    """Sends GraphQL to an app through ASGI, in a loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.runner = asyncio.Runner()
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.runner.run(self.client.request(method, path, **options))

    def post(self, query: str, variables: dict[str, Any] | None = None, **options: Any) -> httpx.Response:
        return self.request("POST", "/graphql", json={"query": query, "variables": variables}, **options)

    def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        body: dict[str, Any] = self.post(query, variables).json()
        return body

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        body = self.answer(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def refused(self, query: str, **variables: Any) -> dict[str, Any]:
        """The extensions of the first error, and its message."""
        error = self.answer(query, **variables)["errors"][0]
        return {"message": error["message"], **error["extensions"]}

    def close(self) -> None:
        async def stop() -> None:
            await self.client.aclose()
            async with self.app.router.lifespan_context(self.app):
                pass

        self.runner.run(stop())
        self.runner.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the module's record."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def services(home: Path) -> Iterator[Services]:
    """A record and an engine that the tests of one module share; each test brings its own nodes."""
    record = Record.open(home)
    engine = EmbeddedEngine(record)
    yield Services(record, engine, "1.2.3")
    engine.close()
    record.close()


@pytest.fixture(scope="module")
def asker(services: Services) -> Iterator[Asker]:
    """Asks the module's record."""
    asker = Asker(create_app(services))
    yield asker
    asker.close()


@pytest.fixture
def asker_with(services: Services) -> Iterator[Any]:
    """Makes askers with other settings, or over other services: ``asker_with(token="t")``."""
    made: list[Asker] = []

    def make(over: Services = services, **settings: Any) -> Asker:
        made.append(Asker(create_app(over, ApiSettings(**settings))))
        return made[-1]

    yield make
    for asker in made:
        asker.close()


class Server:
    """A real server on a free port, in a thread."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 30
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)


@pytest.fixture(scope="module")
def served(services: Services) -> Iterator[str]:
    """URL of a real server over the module's record."""
    server = Server(create_app(services))
    yield server.url
    server.stop()


@pytest.fixture
def server() -> Iterator[Callable[[FastAPI], str]]:
    """Serves an app for one test; gives its URL."""
    servers: list[Server] = []

    def serve(app: FastAPI) -> str:
        servers.append(Server(app))
        return servers[-1].url

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def step(services: Services) -> Callable[..., Receipt]:
    """Records one execution that read ``inputs`` and wrote new artifacts ``name.0``, ``name.1`` ..."""

    def record(
        name: str,
        inputs: list[int],
        outputs: int = 1,
        *,
        context: str | None = None,
        state: ExecutionState = ExecutionState.COMPLETE,
    ) -> Receipt:
        change = Change(actor="ann")
        data = change.type(NodeType(Kind.ARTIFACT, "Data", properties={"rows": PropertyType.INT}))
        work = change.type(NodeType(Kind.EXECUTION, "Work", properties={"rate": PropertyType.DOUBLE}))
        run = change.execution(work, name=name, state=state, properties={"rate": 0.5}, started_ms=1000, ended_ms=3000)
        for artifact in inputs:
            change.event(artifact, run, EventType.INPUT, path=("in", artifact))
        group = None
        if context is not None:
            kind = change.type(NodeType(Kind.CONTEXT, "Group"))
            group = change.context(kind, name=context, reuse="name")
            change.associate(group, run)
        for number in range(outputs):
            uri = f"s3a://lake/{name}/{number}"
            made = change.artifact(
                data, name=f"{name}.{number}", uri=uri, state=ArtifactState.LIVE, properties={"rows": number}
            )
            change.event(made, run, EventType.OUTPUT, path=("out", number))
            if group is not None:
                change.attribute(group, made)
        return services.record.commit(change)

    return record


@pytest.fixture
def chain(step: Callable[..., Receipt], request: pytest.FixtureRequest) -> list[int]:
    """Ids of artifacts a0 -> a1 -> a2 -> a3, each made from the one before; named after the test, 0 to 3."""
    prefix = request.node.name
    made = [step(f"{prefix}-0", []).node_ids[-1]]
    for number in range(1, 4):
        made.append(step(f"{prefix}-{number}", [made[-1]], context=prefix).node_ids[-1])
    return made
