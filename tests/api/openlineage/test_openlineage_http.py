"""OpenLineage over HTTP: what is taken, in what packing, and how what is wrong is told."""

from __future__ import annotations

import asyncio
import gzip
import uuid
from typing import Any

import orjson
import pytest

BATCH = "/api/v1/lineage/batch"


def event(run: str = "", state: str = "COMPLETE", **changed: Any) -> dict[str, Any]:
    return {
        "eventType": state,
        "eventTime": "2026-01-01T00:00:00Z",
        "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run or str(uuid.uuid4())},
        "job": {"namespace": "jobs", "name": "etl"},
        "outputs": [{"namespace": "s3://lake", "name": "clean"}],
        **changed,
    }


def post(asker: Any, body: Any, path: str = "/api/v1/lineage", **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asker.request("POST", path, content=raw, headers={"content-type": "application/json", **named})


def count(asker: Any, run: str) -> int:
    found = asker.ask("query($w: String) { executions(where: $w) { totalCount } }", w=f"external_id = '{run}'")
    return int(found["executions"]["totalCount"])


def test_an_event_is_recorded_before_it_is_answered(asker: Any) -> None:
    run = str(uuid.uuid4())
    assert post(asker, event(run)).status_code == 201
    assert count(asker, run) == 1
    assert post(asker, event(run)).status_code == 201
    assert count(asker, run) == 1


def test_a_gzipped_event_is_unpacked(asker: Any) -> None:
    run = str(uuid.uuid4())
    assert post(asker, gzip.compress(orjson.dumps(event(run))), content_encoding="gzip").status_code == 201
    assert count(asker, run) == 1


def test_a_batch_is_taken_whole_or_told_item_by_item(asker: Any) -> None:
    runs = [str(uuid.uuid4()) for _ in range(2)]
    assert post(asker, [event(run) for run in runs], BATCH).status_code == 204
    good = str(uuid.uuid4())
    answer = post(asker, [event(good), {"run": 1}, event(job=None), event("seven")], BATCH)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "partial_success")
    assert body["summary"] == {"received": 4, "successful": 1, "failed": 3, "retriable": 0, "non_retriable": 3}
    assert [(item["index"], item["field"]) for item in body["failed_events"]] == [
        (1, "eventTime"), (2, "job"), (3, "run.runId"),
    ]  # fmt: skip
    assert all(item["remedy"] and item["reason"] and item["retriable"] is False for item in body["failed_events"])
    assert [count(asker, run) for run in [*runs, good]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("body", "path", "status", "field"),
    [
        (b"{", "/api/v1/lineage", 400, "body"),
        (b"", "/api/v1/lineage", 400, "body"),
        (b"[]", "/api/v1/lineage", 400, "event"),
        (b"{}", BATCH, 400, "body"),
        (b"not gzip", "gzip", 400, "body"),
        (gzip.compress(b"{}" * 1000)[:-9], "gzip", 400, "body"),
        (gzip.compress(b" " * (17 << 20)), "gzip", 413, "body"),
        (b" " * (17 << 20), "/api/v1/lineage", 413, "body"),
        (orjson.dumps([0] * 10_001), BATCH, 413, "body"),
    ],
)  # fmt: skip
def test_bodies_that_are_none_are_refused(asker: Any, body: bytes, path: str, status: int, field: str) -> None:
    packed = {"content_encoding": "gzip"} if path == "gzip" else {}
    answer = post(asker, body, "/api/v1/lineage" if path == "gzip" else path, **packed)
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (status, field)
    assert error["remedy"]


def test_an_unknown_packing_is_named(asker: Any) -> None:
    assert post(asker, b"x", content_encoding="br").status_code == 415


def test_a_facet_that_is_no_object_is_told_with_its_field(asker: Any) -> None:
    given = event()
    given["run"]["facets"] = {"sql": "select 1"}
    error = post(asker, given).json()["error"]
    assert (error["code"], error["field"]) == ("INVALID", "run.facets.sql")


def test_a_key_is_asked_for_where_the_server_has_a_token(asker_with: Any) -> None:
    asker = asker_with(token="secret")
    assert post(asker, event()).status_code == 401
    assert post(asker, event(), authorization="Bearer secret").status_code == 201


def test_a_clock_that_is_a_day_off_is_taken_at_its_word(asker: Any) -> None:
    run = str(uuid.uuid4())
    assert post(asker, event(run, eventTime="2099-01-02T00:00:00Z")).status_code == 201
    assert post(asker, event(run, "START", eventTime="2099-01-03T00:00:00Z")).status_code == 201
    query = "query($w: String) { executions(where: $w) { nodes { state startedMs endedMs } } }"
    (found,) = asker.ask(query, w=f"external_id = '{run}'")["executions"]["nodes"]
    assert found["state"] == "COMPLETE"
    assert found["startedMs"] == found["endedMs"]


def test_events_that_come_together_are_answered_each_for_itself(asker: Any) -> None:
    runs = [str(uuid.uuid4()) for _ in range(20)]
    bodies = [event(run) if index % 5 else event("seven") for index, run in enumerate(runs)]

    async def together() -> list[int]:
        posts = [asker.client.post("/api/v1/lineage", json=body) for body in bodies]
        return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert asker.runner.run(together()) == [201 if index % 5 else 400 for index in range(20)]
    assert [count(asker, run) for run in runs] == [1 if index % 5 else 0 for index in range(20)]
