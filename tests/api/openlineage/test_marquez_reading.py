"""The calls that Marquez users know, on what OpenLineage events told."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import orjson
import pytest

LAKE = quote("s3://lake", safe="")
RAW, CLEAN, MODEL = ({"namespace": "s3://lake", "name": name} for name in ("raw", "clean/daily", "model"))


def step(job: str, inputs: list[Any], outputs: list[Any], second: int) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE", "eventTime": f"2026-01-01T00:00:{second:02d}Z", "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, job)), "facets": {"mine": {"v": 1}}},
        "job": {"namespace": "jobs", "name": job, "facets": {"sql": {"query": "select 1"}}},
        "inputs": inputs, "outputs": outputs,
    }  # fmt: skip


def lineage_of(*pairs: tuple[str, dict[str, str], str]) -> dict[str, Any]:
    fields = {
        target: {"inputFields": [{**source, "field": field, "transformations": [{"type": "DIRECT", "subtype": "SUM"}]}]}
        for target, source, field in pairs
    }
    schema = {"fields": [{"name": target, "type": "int"} for target, _, _ in pairs]}
    return {"columnLineage": {"fields": fields}, "schema": schema}


@pytest.fixture(scope="module")
def told(asker: Any) -> Any:
    """Asks after raw -> clean -> train -> model."""
    clean = {**CLEAN, "facets": lineage_of(("total", RAW, "amount"))}
    model = {**MODEL, "facets": lineage_of(("weight", CLEAN, "total"))}
    events = [step("clean", [RAW], [clean], 1), step("train", [CLEAN], [model], 2)]
    assert asker.request("POST", "/api/v1/lineage/batch", content=orjson.dumps(events)).status_code == 204

    def get(path: str, status: int = 200, **query: Any) -> Any:
        answer = asker.request("GET", f"/api/v1/{path}", params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    return get


def test_namespaces_jobs_and_datasets_are_listed(told: Any) -> None:
    assert [n["name"] for n in told("namespaces")["namespaces"]] == ["jobs", "s3://lake"]
    assert told(f"namespaces/{LAKE}")["name"] == "s3://lake"
    assert [j["name"] for j in told("namespaces/jobs/jobs")["jobs"]] == ["clean", "train"]
    assert told("jobs", limit=1, offset=1)["jobs"][0]["name"] == "train"
    datasets = told(f"namespaces/{LAKE}/datasets")
    assert (datasets["totalCount"], sorted(d["name"] for d in datasets["datasets"])) == (
        3,
        ["clean/daily", "model", "raw"],
    )


def test_a_job_tells_its_inputs_outputs_and_runs(told: Any) -> None:
    job = told("namespaces/jobs/jobs/clean")
    assert (job["inputs"], job["outputs"], job["facets"]) == ([RAW], [CLEAN], {"sql": {"query": "select 1"}})
    assert (job["latestRun"]["state"], job["latestRun"]["facets"]) == ("COMPLETED", {"mine": {"v": 1}})
    runs = told("namespaces/jobs/jobs/clean/runs")
    assert runs["totalCount"] == 1
    id = runs["runs"][0]["id"]
    assert told(f"runs/{id}") == told(f"jobs/runs/{id}") == runs["runs"][0]
    assert told(f"jobs/runs/{id}/facets", type="job")["facets"] == {"sql": {"query": "select 1"}}


def test_a_dataset_tells_its_fields_and_versions(told: Any) -> None:
    path = f"namespaces/{LAKE}/datasets/{quote('clean/daily', safe='')}"
    dataset = told(path)
    assert [field["name"] for field in dataset["fields"]] == ["total"]
    (version,) = told(f"{path}/versions")["versions"]
    assert version["createdByRun"]["id"] == step("clean", [], [], 1)["run"]["runId"]
    assert told(f"{path}/versions/{version['version']}") == version


def test_lineage_is_drawn_around_a_job_or_a_dataset(told: Any) -> None:
    near = told("lineage", nodeId="job:jobs:clean", depth=1)["graph"]
    assert {node["id"] for node in near} == {"job:jobs:clean", "dataset:s3://lake:raw", "dataset:s3://lake:clean/daily"}
    whole = {node["id"]: node for node in told("lineage", nodeId="dataset:s3://lake:model")["graph"]}
    assert len(whole) == 5
    assert whole["job:jobs:train"]["inEdges"] == [
        {"origin": "dataset:s3://lake:clean/daily", "destination": "job:jobs:train"}
    ]
    assert whole["dataset:s3://lake:raw"]["inEdges"] == []


def test_columns_are_followed_to_where_they_come_from(told: Any) -> None:
    graph = told("column-lineage", nodeId="datasetField:s3://lake:model:weight")["graph"]
    ids = [node["id"] for node in graph]
    assert ids == [
        "datasetField:s3://lake:clean/daily:total", "datasetField:s3://lake:model:weight", "datasetField:s3://lake:raw:amount",
    ]  # fmt: skip
    assert graph[1]["data"]["inputFields"][0]["transformationType"] == "SUM"
    below = told("column-lineage", nodeId="dataset:s3://lake:clean/daily", withDownstream="true", depth=1)["graph"]
    assert {node["id"] for node in below} == set(ids)


@pytest.mark.parametrize(
    ("path", "query", "status", "field"),
    [
        ("lineage", {}, 400, "nodeId"),
        ("lineage", {"nodeId": "model"}, 400, "nodeId"),
        ("lineage", {"nodeId": "job:jobs:none"}, 404, "nodeId"),
        ("lineage", {"nodeId": "job:jobs:clean", "depth": "-1"}, 400, "depth"),
        ("column-lineage", {"nodeId": "job:jobs:clean"}, 400, "nodeId"),
        ("namespaces/none", {}, 404, "namespace"),
        ("namespaces/jobs/jobs/none", {}, 404, "job"),
        ("jobs", {"limit": "many"}, 400, "limit"),
        (f"runs/{uuid.UUID(int=0)}", {}, 404, "id"),
        ("namespaces/jobs/odd", {}, 404, "path"),
    ],
)
def test_what_is_not_there_is_told(told: Any, path: str, query: dict[str, str], status: int, field: str) -> None:
    assert told(path, status, **query)["error"]["field"] == field


def test_reading_asks_for_the_token_too(asker_with: Any) -> None:
    asker = asker_with(token="secret")
    assert asker.request("GET", "/api/v1/namespaces").status_code == 401
    assert asker.request("GET", "/api/v1/jobs", headers={"authorization": "Bearer secret"}).status_code == 200
