"""Recording through GraphQL: atomic, idempotent, exact."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.api.graphql.scalars import SAFE_INT, int_from_json, int_to_json, value_from_json, value_to_json
from clew.api.service import Services
from clew.metadata.encode import digest_of_change
from clew.metadata.errors import Invalid
from clew.metadata.states import PropertyType
from clew.metadata.value import Proto, Value, property_type

RECORD = """mutation($c: ChangeInput!) { record(change: $c) {
  seq changed replayed timeMs ids types { id name }
  nodes { ref id node { id name state properties { name kind value } } } } }"""
TYPES = [
    {"kind": "ARTIFACT", "name": "Table", "properties": [{"name": "rows", "kind": "INT"}]},
    {"kind": "EXECUTION", "name": "Clean"},
    {"kind": "CONTEXT", "name": "Project"},
]


def _step(**more: Any) -> dict[str, Any]:
    return {
        "actor": "bob",
        "types": TYPES,
        "contexts": [{"ref": "project", "type": "Project", "name": "churn", "reuse": "NAME"}],
        "artifacts": [
            {"ref": "raw", "type": "Table", "uri": "s3://lake/raw", "state": "LIVE", "contexts": ["project"]},
            {"ref": "clean", "type": "Table", "properties": [{"name": "rows", "value": 12}]},
        ],
        "executions": [
            {
                "ref": "run",
                "type": "Clean",
                "state": "COMPLETE",
                "startedMs": 1000,
                "endedMs": 2000,
                "inputs": [{"artifact": "raw", "path": ["table", 0]}],
                "outputs": [{"artifact": "clean", "path": ["table"]}],
                "contexts": ["project"],
            }
        ],
        **more,
    }


def test_an_execution_is_recorded_with_inputs_outputs_and_context_in_one_change(asker: Any) -> None:
    receipt = asker.ask(RECORD, c=_step())["record"]
    assert (receipt["changed"], receipt["replayed"]) == (True, False)
    assert [node["ref"] for node in receipt["nodes"]] == ["project", "raw", "clean", "run"]
    assert [node["id"] for node in receipt["nodes"]] == receipt["ids"]
    assert receipt["nodes"][2]["node"]["properties"] == [{"name": "rows", "kind": "INT", "value": 12}]
    assert [type["name"] for type in receipt["types"]] == ["Table", "Clean", "Project"]
    query = """query($id: ID!, $of: [ID!]!, $s: Int64!) { node(id: $id) { ... on Execution {
        inputs { name artifact { id } } outputs { name artifact { id } } contexts { name } startedMs endedMs } }
        lineage(of: $of, minSeq: $s) { totalNodes } changes(after: "0") { nodes { actor } } }"""
    ids = receipt["ids"]
    found = asker.ask(query, id=ids[3], of=ids[2], s=receipt["seq"])
    assert found["node"]["inputs"] == [{"name": "table[0]", "artifact": {"id": ids[1]}}]
    assert found["node"]["outputs"] == [{"name": "table", "artifact": {"id": ids[2]}}]
    assert found["node"]["contexts"] == [{"name": "churn"}]
    assert found["lineage"]["totalNodes"] == 3


def test_the_same_key_and_change_again_records_nothing(asker: Any) -> None:
    first = asker.ask(RECORD, c=_step(key="k-1"))["record"]
    again = asker.ask(RECORD, c=_step(key="k-1"))["record"]
    assert (again["replayed"], again["ids"], again["seq"]) == (True, first["ids"], first["seq"])


def test_the_same_key_with_another_change_is_refused(asker: Any) -> None:
    asker.ask(RECORD, c=_step(key="k-2"))
    assert asker.refused(RECORD, c=_step(key="k-2", actor="eve"))["code"] == "KEY_REUSED"


def test_a_node_is_updated_by_id_and_keeps_what_is_not_named(asker: Any) -> None:
    id = asker.ask(RECORD, c=_step())["record"]["ids"][2]
    update = {"artifacts": [{"id": id, "name": "renamed", "state": "LIVE"}]}
    node = asker.ask(RECORD, c=update)["record"]["nodes"][0]["node"]
    assert (node["name"], node["state"]) == ("renamed", "LIVE")
    assert node["properties"] == [{"name": "rows", "kind": "INT", "value": 12}]
    cleared = {"artifacts": [{"id": id, "remove": ["properties.rows"]}]}
    assert asker.ask(RECORD, c=cleared)["record"]["nodes"][0]["node"]["properties"] == []


def test_an_update_against_an_older_reading_is_refused(asker: Any) -> None:
    receipt = asker.ask(RECORD, c=_step())["record"]
    id = receipt["ids"][1]
    asker.ask(RECORD, c={"artifacts": [{"id": id, "name": "first writer"}]})
    stale = {"artifacts": [{"id": id, "name": "second writer", "expectUpdatedSeq": receipt["seq"]}]}
    assert asker.refused(RECORD, c=stale)["code"] == "VERSION_CONFLICT"


def test_a_finished_execution_stays_as_it_finished_unless_replaced(asker: Any) -> None:
    id = asker.ask(RECORD, c=_step())["record"]["ids"][3]
    late = {"executions": [{"id": id, "state": "RUNNING"}]}
    assert asker.ask(RECORD, c=late)["record"]["nodes"][0]["node"]["state"] == "COMPLETE"
    forced = {"executions": [{"id": id, "state": "RUNNING", "stateRule": "REPLACE"}]}
    assert asker.ask(RECORD, c=forced)["record"]["nodes"][0]["node"]["state"] == "RUNNING"


def test_edges_between_recorded_nodes_are_added(asker: Any) -> None:
    project, raw, clean, run = asker.ask(RECORD, c=_step())["record"]["ids"]
    edges = {
        "events": [{"artifact": clean, "execution": run, "type": "INPUT", "path": ["again"]}],
        "attributions": [{"context": project, "member": clean}],
        "contexts": [{"ref": "sub", "type": "Project", "name": f"sub of {raw}", "parents": [project]}],
        "associations": [{"context": "sub", "member": run}],
    }
    sub = asker.ask(RECORD, c=edges)["record"]["ids"][0]
    query = "query($id: ID!) { node(id: $id) { ... on Context { parents { id } executions { nodes { id } } } } }"
    assert asker.ask(query, id=sub)["node"] == {"parents": [{"id": project}], "executions": {"nodes": [{"id": run}]}}


def test_a_type_is_registered_and_evolved_but_never_broken(asker: Any) -> None:
    register = "mutation($t: TypeInput!) { registerType(type: $t) { changed types { id properties { name kind } } } }"
    type = {"kind": "ARTIFACT", "name": "Grown", "properties": [{"name": "a", "kind": "INT"}]}
    first = asker.ask(register, t=type)["registerType"]
    grown = {**type, "properties": [*type["properties"], {"name": "b", "kind": "STRUCT"}]}
    second = asker.ask(register, t=grown)["registerType"]
    assert first["types"][0]["id"] == second["types"][0]["id"]
    assert [declared["name"] for declared in second["types"][0]["properties"]] == ["a", "b"]
    assert asker.ask(register, t=grown)["registerType"]["changed"] is False
    broken = {**type, "properties": [{"name": "a", "kind": "STRING"}]}
    assert asker.refused(register, t=broken)["code"] == "TYPE_CONFLICT"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"artifacts": [{"type": "No such type"}]}, "TYPE_NOT_FOUND"),
        ({"artifacts": [{}]}, "INVALID"),
        ({"artifacts": [{"id": "artifact:999999", "name": "x"}]}, "ARTIFACT_NOT_FOUND"),
        ({"artifacts": [{"id": "execution:1"}]}, "INVALID"),
        ({"artifacts": [{"type": "type:x"}]}, "INVALID"),
        ({"artifacts": [{"ref": "a", "type": "Table"}, {"ref": "a", "type": "Table"}]}, "INVALID"),
        ({"artifacts": [{"ref": "artifact:1", "type": "Table"}]}, "INVALID"),
        ({"executions": [{"type": "Clean", "inputs": [{"artifact": "nobody"}]}]}, "INVALID"),
        ({"executions": [{"type": "Clean", "inputs": [{"artifact": "artifact:999999"}]}]}, "ARTIFACT_NOT_FOUND"),
        ({"executions": [{"type": "Clean", "contexts": ["artifact:1"]}]}, "INVALID"),
        ({"artifacts": [{"type": "Table", "properties": [{"name": "cols", "value": 1}]}]}, "UNKNOWN_PROPERTY"),
        ({"artifacts": [{"type": "Table", "properties": [{"name": "rows", "value": "x"}]}]}, "UNMATCHED_PROPERTY_TYPE"),
        ({"artifacts": [{"type": "Table", "properties": [{"name": "rows", "value": "x", "kind": "INT"}]}]}, "INVALID"),
        ({"artifacts": [{"type": "Table", "customProperties": [{"name": "l", "value": [1]}]}]}, "INVALID"),
        ({"artifacts": [{"type": "Table", "digest": "sha256:zz"}]}, "INVALID"),
        ({"artifacts": [{"type": "Table", "uri": "s3://a\0b"}]}, "INVALID"),
        ({"types": [{"kind": "ARTIFACT", "name": ""}]}, "INVALID"),
    ],
)  # fmt: skip
def test_a_bad_change_is_one_typed_error_and_leaves_nothing(
    asker: Any, services: Services, change: dict[str, Any], code: str
) -> None:
    asker.ask(RECORD, c={"types": TYPES})
    before = services.record.seq()
    error = asker.refused(RECORD, c={**change, "contexts": [{"type": "Project", "name": "never"}]})
    assert error["code"] == code
    assert error["field"]
    assert services.record.seq() == before
    assert asker.ask('{ find(kind: CONTEXT, type: "Project", name: "never") { id } }') == {"find": None}


def test_a_cycle_among_contexts_is_refused(asker: Any) -> None:
    nodes = [{"ref": name, "type": "Project", "name": f"cycle {name}", "parents": [up]} for name, up in ("ab", "ba")]
    assert asker.refused(RECORD, c={"types": TYPES, "contexts": nodes})["code"] == "CYCLE_INTRODUCED"


EXACT: list[tuple[PropertyType, Any]] = [
    (PropertyType.INT, 2**63 - 1), (PropertyType.INT, -(2**63)), (PropertyType.INT, 2**53 + 1), (PropertyType.INT, 0),
    (PropertyType.DOUBLE, math.inf), (PropertyType.DOUBLE, -math.inf), (PropertyType.DOUBLE, math.nan),
    (PropertyType.DOUBLE, struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0]), (PropertyType.DOUBLE, -0.0),
    (PropertyType.DOUBLE, 5e-324), (PropertyType.DOUBLE, 1.0), (PropertyType.DOUBLE, 1e22),
    (PropertyType.STRING, "a\0b"), (PropertyType.STRING, "\U0001f600 \u2028 \x7f"), (PropertyType.STRING, ""),
    (PropertyType.STRUCT, {}), (PropertyType.STRUCT, {"a": [1, 2.5, None, True, {"b": "c"}]}),
    (PropertyType.STRUCT, {"big": 2**60 + 1, "inf": math.inf, "huge": 10**30}),
    (PropertyType.PROTO, Proto("type.googleapis.com/x.Y", bytes(range(256)))), (PropertyType.PROTO, Proto("", b"")),
    (PropertyType.BOOLEAN, True), (PropertyType.BOOLEAN, False),
]  # fmt: skip


def _bits(value: Value) -> object:
    return struct.pack(">d", value) if isinstance(value, float) else (type(value), value)


@pytest.mark.parametrize(("kind", "value"), EXACT, ids=lambda v: repr(v)[:30])
def test_every_value_goes_through_json_and_the_record_without_losing_a_bit(
    asker: Any, services: Services, kind: PropertyType, value: Any
) -> None:
    given = {"name": "v", "kind": kind.name, "value": value_to_json(value)}
    change = {"types": TYPES, "artifacts": [{"type": "Table", "customProperties": [given]}]}
    id = asker.ask(RECORD, c=change)["record"]["ids"][0]
    with services.record.read() as reader:
        kept = reader.artifact(int(id.partition(":")[2])).custom_properties["v"]
    assert _bits(kept) == _bits(value)
    query = "query($id: ID!) { node(id: $id) { customProperties { name kind value } } }"
    answered = asker.ask(query, id=id)["node"]["customProperties"]
    assert answered == [given]
    assert _bits(value_from_json("v", answered[0]["value"], kind)) == _bits(value)


TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    TEXT,
    st.dictionaries(TEXT, JSON),
    st.builds(Proto, TEXT, st.binary()),
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_what_is_written_as_json_is_read_back_the_same(value: Any) -> None:
    through = json.loads(json.dumps(value_to_json(value), allow_nan=False))
    assert _bits(value_from_json("v", through, property_type("v", value))) == _bits(value)


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_stays_within_what_a_double_holds(value: int) -> None:
    written = int_to_json(value)
    assert isinstance(written, str) or abs(written) <= SAFE_INT
    assert int_from_json(written) == value


@given(JSON | st.floats(), st.sampled_from([None, *PropertyType]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_is_read_as_a_value_or_refused_by_name(value: Any, kind: PropertyType | None) -> None:
    refused, read = "", None
    try:
        read = value_from_json("v", value, kind)
    except Invalid as error:
        refused = error.field
    assert refused == "properties.v" or kind in (None, property_type("v", read))


def test_a_whole_number_too_large_for_64_bits_is_refused_rather_than_rounded(asker: Any) -> None:
    body = json.dumps({"query": RECORD, "variables": {"c": {"types": TYPES, "artifacts": [
        {"type": "Table", "customProperties": [{"name": "v", "value": 10**30}]}]}}})  # fmt: skip
    headers = {"content-type": "application/json"}
    answer = asker.request("POST", "/graphql", content=body, headers=headers).json()
    assert answer["errors"][0]["extensions"]["code"] == "INVALID"


def test_the_log_tells_effects_and_the_bytes_its_digest_covers(asker: Any) -> None:
    properties = [
        {"name": "big", "value": str(2**60), "kind": "INT"},
        {"name": "inf", "value": "Infinity", "kind": "DOUBLE"},
    ]
    change = {"types": TYPES, "artifacts": [{"type": "Table", "customProperties": properties}]}
    seq = asker.ask(RECORD, c=change)["record"]["seq"]
    query = """query($a: String) { changes(after: $a, first: 1) { nodes {
      seq timeMs actor namespace digest log effects { kind body } } } }"""
    told = asker.ask(query, a=str(seq - 1))["changes"]["nodes"][0]
    bodies = [json.loads(e["body"]) if isinstance(e["body"], str) else e["body"] for e in told["effects"]]
    assert any(isinstance(effect["body"], str) for effect in told["effects"])
    assert bodies[-1]["custom_properties"]["big"] == 2**60
    head = (told["seq"], told["timeMs"], told["actor"], told["namespace"])
    assert told["digest"] == "sha256:" + digest_of_change(*head, told["log"].encode()).hex()
