"""The proof finds whatever was changed on the record's side, and says where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.collectors.mlmd.compare import prove
from clew.collectors.mlmd.equal import is_same
from clew.collectors.mlmd.mapping import IdMap, Into
from clew.collectors.mlmd.move import move
from clew.collectors.mlmd.proof import TOLD, Proof
from clew.collectors.mlmd.sqlite import open_sqlite
from clew.collectors.mlmd.structure import read_structure, write_structure
from clew.metadata.record import Record
from clew.metadata.value import Proto


def silent(subject: str, done: int, total: int | None) -> None:
    """Tells nobody."""


CUSTOM = "custom_properties"
EDITS = {
    "UPDATE artifact SET name = 'x' WHERE id = 1": [("artifact:1", "name", "full", "x")],
    "UPDATE artifact SET uri = NULL WHERE id = 1": [("artifact:1", "uri", "s3://lake/ü", "None")],
    "UPDATE artifact SET state = 3 WHERE id = 1": [("artifact:1", "state", "2", "3")],
    "UPDATE artifact SET external_id = 'x' WHERE id = 2": [("artifact:2", "external_id", "None", "x")],
    "UPDATE execution SET created_ms = 1 WHERE id = 1": [("execution:1", "created_ms", "*", "1")],
    "UPDATE context SET updated_ms = 1 WHERE id = 2": [("context:2", "updated_ms", "*", "1")],
    "UPDATE context SET type_id = 99 WHERE id = 2": [("context:2", "type_id", "13", "99")],
    "DELETE FROM artifact WHERE id = 3": [("artifact:3", "node", "there", "missing")],
    "DELETE FROM event WHERE execution_id = 2": [("event (2, 3, 2) of the record", "edge", "there", "missing")],
    "UPDATE event SET path = '[\"k\"]' WHERE execution_id = 2": [
        ("event (2, 3, 2) of the record", "path", "None", '["k"]')
    ],
    "UPDATE event SET time_ms = 3 WHERE execution_id = 2": [("event (2, 3, 2) of the record", "time_ms", "*", "3")],
    "DELETE FROM attribution WHERE artifact_id = 2": [("attribution (2, 1) of the record", "edge", "there", "missing")],
    "DELETE FROM parent_context WHERE context_id = 1": [
        ("parent_context (1, 3) of the record", "edge", "there", "missing")
    ],
    "INSERT INTO association SELECT 3, 1, created_seq FROM association LIMIT 1": [
        ("association (1, 3) of the record", "edge", "missing", "there"),
        ("associations", "count", "7", "8"),
    ],
    "UPDATE type SET description = 'x' WHERE name = 'Data' AND version = ''": [
        ("type:11 Data", "description", "rows", "x")
    ],
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_field_that_was_changed_behind_the_log_is_named(
    full_store: Path, sqlite_record: Record, tmp_path: Path, run_sql: Callable[[str, str], None], edit: str
) -> None:
    source, into = open_sqlite(full_store), Into(sqlite_record, "old")
    moved = move(source, into, silent)
    run_sql(f"sqlite:///{tmp_path}/record.db", edit)
    with Record.open(tmp_path) as record:
        proof = prove(source, Into(record, "old"), moved, silent)
    source.close()
    assert not proof.ok
    expected = EDITS[edit]
    assert [(d.where, d.field, "*" if e[2] == "*" else d.store, d.record)
            for d, e in zip(proof.differences, expected, strict=True)] == expected  # fmt: skip


def test_a_property_is_named_and_its_kind_counts(
    full_store: Path, sqlite_record: Record, tmp_path: Path, run_sql: Callable[[str, str], None]
) -> None:
    source, into = open_sqlite(full_store), Into(sqlite_record, "old")
    moved = move(source, into, silent)
    changed = "json_set(json_remove(custom_properties, '$.\"custom s\"'), '$.\"custom d\"', 1, '$.more', 'x')"
    run_sql(f"sqlite:///{tmp_path}/record.db", f"UPDATE artifact SET custom_properties = {changed} WHERE id = 1")
    proof = prove(source, into, moved, silent)
    source.close()
    assert [d.field for d in proof.differences] == [f"{CUSTOM}.custom d", f"{CUSTOM}.custom s", f"{CUSTOM}.more"]


def test_a_node_that_came_in_twice_is_found(
    full_store: Path, sqlite_record: Record, tmp_path: Path, run_sql: Callable[[str, str], None]
) -> None:
    source, into = open_sqlite(full_store), Into(sqlite_record, "old")
    moved = move(source, into, silent)
    names = "id + 100, type_id, namespace, NULL, NULL, uri, location, state, digest, size_bytes, properties"
    rest = "custom_properties, created_ms, updated_ms, created_seq, updated_seq"
    run_sql(
        f"sqlite:///{tmp_path}/record.db", f"INSERT INTO artifact SELECT {names}, {rest} FROM artifact WHERE id = 2"
    )
    proof = prove(source, into, moved, silent)
    source.close()
    assert proof.differences == [("artifacts", "count", "6", "7")]


def test_a_report_lists_the_first_differences_and_counts_all() -> None:
    proof = Proof()
    for number in range(TOLD + 5):
        proof.differs(f"artifact:{number}", "name", "x" * 500, None)
    told = proof.as_dict()
    assert (len(told["differences"]), told["difference_count"], told["ok"]) == (TOLD, TOLD + 5, False)
    assert told["differences"][0]["store"] == "x" * 200 + "..."


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True), (1, 1.0, False), (1, True, False), ("1", 1, False), (float("nan"), float("nan"), True),
        (0.0, -0.0, False), ({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]}, True), ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False), ({"a": [1]}, {"a": [1, 2]}, False), (Proto("u", b"x"), Proto("u", b"x"), True),
        (Proto("u", b"x"), Proto("u", b"y"), False), ({"a": float("nan")}, {"a": float("nan")}, True),
    ],
)  # fmt: skip
def test_values_are_the_same_by_kind_and_bits(one: Any, other: Any, same: bool) -> None:
    assert is_same(one, other) is is_same(other, one) is same


def test_an_id_map_knows_what_was_moved_and_nothing_else() -> None:
    ids = IdMap()
    moved = {1: 1, 2: 2, 5: 5, 6: 9, 7: 10, 100: 3}
    for old, new in moved.items():
        ids.add(old, new)
    found = {old: ids.get(old) for old in range(-1, 103)}
    assert {old: new for old, new in found.items() if new is not None} == moved


def test_structures_keep_the_users_own_names() -> None:
    union = '{"unionType": {"candidates": [{"any": {}}]}}'
    text = f'{{"dict": {{"properties": {{"someKey": {union}}}, "noneTypeNotRequired": true}}}}'
    read = {
        "dict": {
            "properties": {"someKey": {"union_type": {"candidates": [{"any": {}}]}}},
            "none_type_not_required": True,
        }
    }
    assert read_structure(text) == read
    assert read_structure(write_structure(read)) == read
    simple = '{"simple": {"name": "T", "properties": {"someInt": "INT"}}}'
    assert read_structure(simple) == {"simple": {"name": "T", "properties": {"someInt": "INT"}}}
    with pytest.raises(ValueError, match="no JSON object"):
        read_structure("[]")
