"""Models, versions and files over a record in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.settings import load
from clew.wiring import Home
from tests.api.mlflow.conftest import Tracker
from tests.api.mlflow.test_mlflow_files import FILES, put
from tests.api.mlflow.test_mlflow_registry import artifact, version

pytestmark = pytest.mark.postgres


@pytest.fixture
def shared(tmp_path: Path, fresh_postgres_url: str) -> Iterator[Tracker]:
    settings = load(environ={}, home=tmp_path / "home", engine="sql", record_url=fresh_postgres_url)
    opened = Home(settings, create=True)
    made = Tracker(opened.record, services=opened.services())
    yield made
    made.asker.close()
    opened.close()


def test_versions_and_files_are_kept_in_postgresql(shared: Tracker) -> None:
    number, _ = version(shared)
    shared.post("registered-models/alias", name="churn", alias="champion", version=number)
    assert artifact(shared, "models:/churn/1").custom_properties["display_name"] == "churn v1 @champion"
    found = shared.get("model-versions/search", filter="name LIKE 'ch%' and version_number = 1")
    assert [one["version"] for one in found["model_versions"]] == ["1"]
    assert put(shared, "d/e/f.txt") == 200
    assert put(shared, "d/e/f.txt", b"again") == 200
    assert shared.asker.request("GET", f"{FILES}/d/e/f.txt").content == b"again"
    assert shared.asker.request("DELETE", f"{FILES}/d").status_code == 200
    assert shared.asker.request("GET", FILES).json() == {}


def test_a_path_too_long_for_an_index_is_refused(shared: Tracker) -> None:
    path = "/".join(chr(97 + at % 26) * 200 for at in range(10))
    assert put(shared, path) == 200
    assert put(shared, "/".join([path] * 2)) == 400
