"""MLflow's face over a real record, asked through ASGI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from clew.api.app import create_app
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.sql import SqlEngine
from clew.metadata.blobs import ArtifactStore
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.settings import load
from clew.wiring import Home
from tests.api.conftest import Asker

API = "/api/2.0/mlflow/"


class Tracker:
    """Calls MLflow's endpoints by name."""

    def __init__(self, record: Record, settings: ApiSettings | None = None, services: Services | None = None) -> None:
        self.record = record
        self.services = services or Services(record, SqlEngine(record))
        self.app = create_app(self.services, settings)
        self.asker = Asker(self.app)

    @property
    def blobs(self) -> ArtifactStore:
        """The artifact store of the home."""
        assert self.services.runs is not None
        return self.services.runs.store

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.asker.close()
        self.app = create_app(self.services)
        self.asker = Asker(self.app)

        async def start() -> None:
            async with self.app.router.lifespan_context(self.app):
                pass

        self.asker.runner.run(start())

    def call(self, method: str, name: str, /, **body: Any) -> dict[str, Any]:
        answer = self.asker.request(method, API + name, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def raw(self, method: str, path: str, content: bytes) -> httpx.Response:
        """A call whose path is sent to the letter."""
        return self.asker.runner.run(self._raw(method, path, content))

    async def _raw(self, method: str, path: str, content: bytes) -> httpx.Response:
        headers = [(b"host", b"localhost"), (b"content-length", str(len(content)).encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        }  # fmt: skip
        told: list[Any] = []
        asked = iter([{"type": "http.request", "body": content}])

        async def receive() -> Any:
            return next(asked, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        return httpx.Response(told[0]["status"], content=b"".join(one.get("body", b"") for one in told[1:]))

    def outer(self) -> int:
        """The id of an execution of another kind."""
        change = Change()
        put = change.execution(change.type(NodeType(Kind.EXECUTION, "Step")), name="step")
        return self.record.commit(change).id(put)

    def post(self, name: str, /, **body: Any) -> dict[str, Any]:
        answer = self.asker.request("POST", API + name, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def get(self, name: str, /, **query: Any) -> dict[str, Any]:
        answer = self.asker.request("GET", API + name, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refused(self, method: str, name: str, /, **body: Any) -> tuple[int, str, str]:
        """Status, code and message of a call that is refused."""
        given = {"params": body} if method == "GET" else {"json": body}
        answer = self.asker.request(method, API + name, **given)
        told = answer.json()
        return answer.status_code, told["error_code"], told["message"]

    def run(self, experiment: str = "0", **more: Any) -> str:
        made = self.post("runs/create", experiment_id=experiment, start_time=1000, **more)
        return str(made["run"]["info"]["run_id"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Folder of the record, the bytes and the uploads."""
    return tmp_path / "home"


@pytest.fixture
def tracker(home: Path) -> Iterator[Tracker]:
    opened = Home(load(environ={}, home=home, engine="sql"), create=True)
    made = Tracker(opened.record, services=opened.services())
    yield made
    made.asker.close()
    opened.close()
