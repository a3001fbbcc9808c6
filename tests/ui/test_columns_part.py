"""The columns of a data set on its page, as OpenLineage told them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.ui.screen import Served, Watched, axe, settled, shoot


def event(name: str, second: int, fields: dict[str, tuple[str, str]]) -> dict[str, Any]:
    told = {
        column: {
            "inputFields": [
                {"namespace": "s3://lake", "name": of, "field": field, "transformations": [{"type": "DIRECT"}]}
            ]
        }
        for column, (of, field) in fields.items()
    }
    schema = [{"name": column, "type": "int"} for column in [*fields, "noted"]]
    facets = {"schema": {"fields": schema}, "columnLineage": {"fields": told}}
    sources = sorted({of for of, _ in fields.values()})
    return {
        "eventType": "COMPLETE",
        "eventTime": f"2026-01-01T00:00:0{second}Z",
        "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "jobs", "name": name},
        "inputs": [{"namespace": "s3://lake", "name": of} for of in sources],
        "outputs": [{"namespace": "s3://lake", "name": name, "facets": facets}],
    }


def test_a_data_set_shows_what_its_columns_were_made_of(serve: Callable[..., Served], tab: Watched) -> None:
    served = serve()
    events = [event("clean", 1, {"total": ("raw", "amount")}), event("model", 2, {"weight": ("clean", "total")})]
    assert httpx.post(f"{served.url}/api/v1/lineage/batch", json=events).status_code == 204
    (model,) = served.ask('{ artifactsAt(uri: "s3://lake/model") { id } }')["artifactsAt"]
    page = tab.page
    page.goto(f"{served.url}/artifacts/{model['id'].removeprefix('artifact:')}")
    settled(page)
    origin = page.get_by_role("link", name="clean.total")
    expect(origin).to_be_visible()
    expect(page.get_by_text("not told")).to_be_visible()
    shoot(page, "columns")
    assert axe(page) == []
    origin.click()
    expect(page.get_by_role("link", name="raw.amount")).to_be_visible()
