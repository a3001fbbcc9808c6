"""MLflow's face over a real record, asked through ASGI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.app import create_app
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record
from tests.api.conftest import Asker

API = "/api/2.0/mlflow/"


class Tracker:
    """Calls MLflow's endpoints by name."""

    def __init__(self, record: Record, settings: ApiSettings | None = None) -> None:
        self.record = record
        self.app = create_app(Services(record, SqlEngine(record)), settings)
        self.asker = Asker(self.app)

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
def tracker(tmp_path: Path) -> Iterator[Tracker]:
    with Record.open(tmp_path / "home") as record:
        made = Tracker(record)
        yield made
        made.asker.close()
