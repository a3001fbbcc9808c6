"""MLflow's face answers alike over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from clew.api.app import create_app
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record
from tests.api.mlflow.calls import Server, differences


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_both_databases_answer_alike(tmp_path: Path, empty_postgres_url: str, server: Callable[[FastAPI], str]) -> None:
    with Record.open(tmp_path / "home") as one, Record.open(empty_postgres_url) as other:
        urls = [server(create_app(Services(record, SqlEngine(record)))) for record in (one, other)]
        with httpx.Client(base_url=urls[0], timeout=60) as first, httpx.Client(base_url=urls[1], timeout=60) as second:
            assert differences(Server(first), Server(second), 11, 600) == []
