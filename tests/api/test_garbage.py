"""Whatever is sent, the server answers with a typed error: never a 500, never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = {"content-type": "application/json"}
WORDS = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "!",
        "$",
        "@",
        "...",
        "=",
        "|",
        "&",
        '"',
        "\\",
        "#",
        ",",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "true",
        "false",
        "null",
        "1",
        "-1",
        "1.5",
        "1e999",
        "99999999999999999999",
        '"x"',
        '"""y"""',
        "$a",
        "$b",
        "node",
        "nodes",
        "artifacts",
        "executions",
        "contexts",
        "types",
        "lineage",
        "impact",
        "paths",
        "compare",
        "changes",
        "cache",
        "record",
        "registerType",
        "id",
        "first",
        "after",
        "where",
        "filter",
        "orderBy",
        "of",
        "direction",
        "UP",
        "DOWN",
        "depth",
        "maxNodes",
        "asOf",
        "seq",
        "time",
        "artifact:1",
        "__typename",
        "__schema",
        "__type",
        "name",
        "Artifact",
        "Node",
        "include",
        "skip",
        "if",
        "ID",
        "Int",
        "String",
    ]
)
GARBAGE = st.one_of(st.text(), st.lists(WORDS, max_size=40).map(" ".join))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KNOWN = """query($id: ID!, $w: String, $n: Int, $a: String, $f: ArtifactFilter, $at: AsOf, $d: Direction,
  $l: LineageFilter, $s: Int64) {
  node(id: $id) { id } artifacts(where: $w, first: $n, after: $a, filter: $f, asOf: $at) { nodes { id } }
  lineage(of: [$id], direction: $d, filter: $l, where: $w, minSeq: $s, maxNodes: $n) { totalNodes }
  changes(after: $a) { nodes { seq } } compare(a: $id, b: $id) { same }
  cache { explain(execution: $id) { outcome } } }"""
RECORD = "mutation($c: ChangeInput!) { record(change: $c) { seq } }"
NAMES = st.sampled_from(["id", "w", "n", "a", "f", "at", "d", "l", "s"])
LIKELY = st.one_of(
    ANYTHING,
    st.sampled_from(["artifact:1", "execution:1", "UP", "type = 'x'", "1", -1, 2**40]),
    st.fixed_dictionaries(
        {}, optional={"seq": ANYTHING, "time": ANYTHING, "type": ANYTHING, "kinds": ANYTHING, "state": ANYTHING}
    ),
)
PROPERTY = st.fixed_dictionaries({"name": st.text(), "value": ANYTHING})
NODE = st.fixed_dictionaries(
    {},
    optional={
        "ref": st.text() | ANYTHING, "type": st.sampled_from(["T", "type:1", "type:99"]) | ANYTHING, "id": LIKELY,
        "name": st.text() | ANYTHING, "customProperties": st.lists(PROPERTY, max_size=2),
        "mode": st.sampled_from(["MERGE", "REPLACE", "x"]), "reuse": st.sampled_from(["NAME", "EXTERNAL_ID"]),
        "remove": ANYTHING,
    },
)  # fmt: skip
CHANGE = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {},
        optional={
            "namespace": st.text(), "key": st.text(), "actor": st.text(), "artifacts": st.lists(NODE, max_size=2),
            "types": st.lists(st.fixed_dictionaries({"kind": st.just("ARTIFACT"), "name": st.text()}), max_size=2),
            "contexts": st.lists(NODE, max_size=2), "events": ANYTHING, "executions": st.lists(NODE, max_size=2),
        },
    ),
)  # fmt: skip


MANY = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _is_clean(response: Any) -> bool:
    body = response.json()
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    return response.status_code < 500 and "INTERNAL" not in codes and "Traceback" not in response.text


@given(GARBAGE)
@MANY
def test_no_text_makes_the_server_fail(asker: Any, query: str) -> None:
    try:
        query.encode()
    except UnicodeEncodeError:
        return
    assert _is_clean(asker.post(query))


@given(st.dictionaries(NAMES, LIKELY))
@MANY
def test_no_variables_make_a_query_fail(asker: Any, variables: dict[str, Any]) -> None:
    body = json.dumps({"query": KNOWN, "variables": variables})
    assert _is_clean(asker.request("POST", "/graphql", content=body, headers=JSON))


@given(CHANGE)
@MANY
def test_no_change_makes_the_server_fail(asker: Any, change: Any) -> None:
    body = json.dumps({"query": RECORD, "variables": {"c": change}})
    assert _is_clean(asker.request("POST", "/graphql", content=body, headers=JSON))


@given(st.binary(max_size=200))
@MANY
def test_no_bytes_make_the_server_fail(asker: Any, body: bytes) -> None:
    response = asker.request("POST", "/graphql", content=body, headers=JSON)
    assert response.status_code == 400
