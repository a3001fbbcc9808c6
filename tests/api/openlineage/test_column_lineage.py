"""Columns followed from version to version, by GraphQL."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

QUERY = """query($of: ID!, $column: String, $direction: Direction! = UP, $depth: Int! = 20) {
  columnLineage(of: $of, column: $column, direction: $direction, depth: $depth) {
    columns partial
    edges { source { artifact location name } target { location name } transformations { type subtype } }
  }
}"""
LAKE = "s3://columns"


def write(name: str, source: str, fields: dict[str, list[str]], whole: list[str] = []) -> dict[str, Any]:  # noqa: B006
    def field(column: str, subtype: str) -> dict[str, Any]:
        how = [{"type": "INDIRECT" if subtype == "FILTER" else "DIRECT", "subtype": subtype}]
        return {"namespace": LAKE, "name": source, "field": column, "transformations": how}

    told = {target: {"inputFields": [field(column, "IDENTITY") for column in of]} for target, of in fields.items()}
    facets = {
        "columnLineage": {"fields": told, "dataset": [field(column, "FILTER") for column in whole]},
        "schema": {"fields": [{"name": target, "type": "int"} for target in fields]},
    }
    return {
        "eventType": "COMPLETE", "eventTime": f"2026-01-01T00:00:0{len(name)}Z", "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json", "run": {"runId": str(uuid.uuid4())},
        "job": {"namespace": "jobs", "name": name}, "inputs": [{"namespace": LAKE, "name": source}],
        "outputs": [{"namespace": "s3a://columns", "name": name, "facets": facets}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def versions(asker: Any) -> dict[str, str]:
    """raw(a, b, c) -> t(x <- a b; filtered by c) -> uu(y <- x), by name."""
    events = [write("t", "raw", {"x": ["a", "b"]}, ["c"]), write("uu", "t", {"y": ["x"], "z": []})]
    assert asker.request("POST", "/api/v1/lineage/batch", content=orjson.dumps(events)).status_code == 204
    ask = "query($uri: String!) { artifactsAt(uri: $uri) { id } }"
    return {name: asker.ask(ask, uri=f"{LAKE}/{name}")["artifactsAt"][0]["id"] for name in ("raw", "t", "uu")}


def edges(asker: Any, of: str, **asked: Any) -> list[tuple[str, str]]:
    found = asker.ask(QUERY, of=of, **asked)["columnLineage"]["edges"]

    def spelled(end: dict[str, str]) -> str:
        return f"{end['location'].removeprefix(LAKE + '/')}.{end['name'] or '*'}"

    return [(spelled(edge["source"]), spelled(edge["target"])) for edge in found]


def test_a_column_is_followed_up_through_versions(asker: Any, versions: dict[str, str]) -> None:
    assert edges(asker, versions["uu"], column="y") == [
        ("t.x", "uu.y"), ("raw.a", "t.x"), ("raw.b", "t.x"), ("raw.c", "t.*"),
    ]  # fmt: skip
    assert edges(asker, versions["uu"], column="z") == []


def test_a_column_is_followed_down_through_versions(asker: Any, versions: dict[str, str]) -> None:
    assert edges(asker, versions["raw"], column="a", direction="DOWN") == [("raw.a", "t.x"), ("t.x", "uu.y")]
    everything = edges(asker, versions["raw"], column="c", direction="DOWN")
    assert everything == [("raw.c", "t.*"), ("t.x", "uu.y")]


def test_depth_is_counted_in_versions_and_told_when_it_cuts(asker: Any, versions: dict[str, str]) -> None:
    answer = asker.ask(QUERY, of=versions["uu"], depth=1)["columnLineage"]
    assert (len(answer["edges"]), answer["partial"], answer["columns"]) == (1, True, ["y", "z"])
    assert answer["edges"][0]["source"]["artifact"] == versions["t"]
    assert answer["edges"][0]["transformations"] == [{"type": "DIRECT", "subtype": "IDENTITY"}]


def test_an_artifact_tells_its_own_columns(asker: Any, versions: dict[str, str]) -> None:
    query = (
        "query($id: ID!) { node(id: $id) { ... on Artifact { columnLineage { columns edges { source { name } } } } } }"
    )
    assert len(asker.ask(query, id=versions["t"])["node"]["columnLineage"]["edges"]) == 3


def test_what_has_no_columns_is_refused(asker: Any) -> None:
    assert asker.refused(QUERY, of="execution:1")["field"] == "of"
    assert asker.refused(QUERY, of="artifact:999999")["code"] == "ARTIFACT_NOT_FOUND"
