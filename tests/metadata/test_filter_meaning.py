"""What filters mean, fact by fact, on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clew.metadata.change import Change
from clew.metadata.errors import InvalidFilter
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, PropertyType


def names(record: Record, where: str, as_of: int | None = None, **options: Any) -> list[str | None]:
    with record.read(as_of=as_of) as reader:
        return [a.name for a in reader.artifacts(where=where, **options).items]


def put(record: Record, *artifacts: dict[str, Any]) -> None:
    change = Change()
    declared = {"p": PropertyType.INT, "d": PropertyType.DOUBLE}
    kind = change.type(NodeType(Kind.ARTIFACT, "T", properties=declared))
    for fields in artifacts:
        change.artifact(kind, **fields)
    record.commit(change)


@pytest.fixture
def family(record: Record) -> Record:
    """Artifact ``both`` in contexts x and y, ``one`` in x, ``none`` in neither; ``both`` is an output and an input."""
    change = Change()
    kind = change.type(NodeType(Kind.ARTIFACT, "T"))
    context = change.type(NodeType(Kind.CONTEXT, "C"))
    step = change.type(NodeType(Kind.EXECUTION, "E"))
    both, one, _ = (change.artifact(kind, name=name) for name in ("both", "one", "none"))
    x, y = (change.context(context, name=name) for name in "xy")
    maker, user = change.execution(step, name="maker"), change.execution(step, name="user")
    change.attribute(x, both)
    change.attribute(y, both)
    change.attribute(x, one)
    change.event(both, maker, EventType.OUTPUT)
    change.event(both, user, EventType.INPUT)
    record.commit(change)
    return record


def test_a_node_with_several_matching_neighbours_is_listed_once_and_paged(family: Record) -> None:
    assert names(family, "contexts_a.id > 0") == ["both", "one"]
    with family.read() as reader:
        first = reader.artifacts(where="contexts_a.id > 0", limit=1)
        second = reader.artifacts(where="contexts_a.id > 0", limit=1, after=first.next_cursor)
        assert [a.name for a in first.items + second.items] == ["both", "one"]
        assert not second.has_next
        assert reader.count(Kind.ARTIFACT, where="contexts_a.id > 0") == 2


def test_one_alias_is_one_neighbour_and_two_aliases_may_be_two(family: Record) -> None:
    assert names(family, "contexts_a.name = 'x' AND contexts_a.name = 'y'") == []
    assert names(family, "contexts_a.name = 'x' AND contexts_b.name = 'y'") == ["both"]
    assert names(family, "contexts_a.name != contexts_b.name") == ["both"]


def test_or_across_aliases_still_requires_both_to_exist(family: Record) -> None:
    assert names(family, "contexts_a.name = 'x' OR events_0.type = INPUT") == ["both"]
    assert names(family, "contexts_a.name = 'x' OR name = 'none'") == ["both", "one"]
    assert names(family, "NOT contexts_a.name = 'x'") == ["both"]


def test_aliases_reach_events_contexts_parents_and_members(family: Record) -> None:
    assert names(family, "events_0.type = OUTPUT AND events_0.execution_id = 1") == ["both"]
    assert names(family, "contexts_a.type = 'C' AND events_0.milliseconds_since_epoch > 0") == ["both"]
    with family.read() as reader:
        found = reader.contexts(where="artifacts_a.name = 'both' AND artifacts_b.name = 'one'").items
        assert [c.name for c in found] == ["x"]
        assert [e.name for e in reader.executions(where="events_0.type IN (INPUT, INTERNAL_INPUT)").items] == ["user"]


def test_neighbours_are_seen_as_of_the_seq_asked_for(family: Record) -> None:
    before = family.seq()
    change = Change()
    with family.read() as reader:
        x = reader.find(Kind.CONTEXT, "C", "x")
        none = reader.find(Kind.ARTIFACT, "T", "none")
    assert x is not None
    assert none is not None
    change.context(id=x.id, name="renamed")
    change.attribute(x.id, none.id)
    family.commit(change)
    assert names(family, "contexts_a.name = 'renamed'") == ["both", "one", "none"]
    assert names(family, "contexts_a.name = 'renamed'", as_of=before) == []
    assert names(family, "contexts_a.name = 'x' AND name != 'both'", as_of=before) == ["one"]
    assert names(family, "contexts_a.id = contexts_b.id AND type = 'T'", as_of=before) == ["both", "one"]


def test_a_node_without_the_property_is_never_selected(record: Record) -> None:
    put(
        record,
        {"name": "has", "properties": {"p": 1}},
        {"name": "lacks"},
        {"name": "text", "custom_properties": {"p": "x"}},
    )
    assert names(record, "properties.p.int_value IS NULL") == []
    assert names(record, "NOT (properties.p.int_value = 1)") == []
    assert names(record, "properties.p.int_value = 1 OR name = 'lacks'") == ["has"]
    assert names(record, "properties.p.int_value != 5") == ["has"]
    assert names(record, "custom_properties.p.int_value IS NULL") == ["text"]


def test_a_state_that_is_unset_is_unequal_to_every_state(record: Record) -> None:
    put(
        record,
        {"name": "unset"},
        {"name": "live", "state": ArtifactState.LIVE},
        {"name": "pending", "state": ArtifactState.PENDING},
    )
    assert names(record, "state != LIVE") == ["unset", "pending"]
    assert names(record, "state NOT IN (LIVE, PENDING)") == ["unset"]
    assert names(record, "state IS NULL") == ["unset"]
    assert names(record, "NOT (state = LIVE)") == ["pending"]
    assert names(record, "state > 1") == ["live"]


def test_like_and_upper_know_the_letters_a_to_z_only(record: Record) -> None:
    put(record, {"name": "Model"}, {"name": "ÉTÉ"}, {"name": "a_b"}, {"name": "axb"}, {"name": "back\\slash"})
    assert names(record, "name LIKE 'mOD%'") == ["Model"]
    assert names(record, "name LIKE 'été'") == []
    assert names(record, "UPPER('é') = 'é' AND name LIKE 'ÉtÉ'") == ["ÉTÉ"]
    assert names(record, "name LIKE 'a_b'") == ["a_b", "axb"]
    assert names(record, "name LIKE 'a!_b' ESCAPE '!'") == ["a_b"]
    assert names(record, "name LIKE 'back\\\\%'") == ["back\\slash"]


def test_text_is_ordered_by_its_bytes(record: Record) -> None:
    put(record, {"name": "B"}, {"name": "a"}, {"name": "é"}, {"name": "z"})
    assert names(record, "name > 'Z'") == ["a", "é", "z"]
    assert names(record, "name BETWEEN 'B' AND 'a'") == ["B", "a"]


def test_doubles_compare_exactly_and_infinities_as_numbers_and_nan_is_null(record: Record) -> None:
    values = {
        "tenth": 0.1,
        "next": math.nextafter(0.1, 1),
        "inf": math.inf,
        "minus": -math.inf,
        "nan": math.nan,
        "zero": -0.0,
    }
    put(record, *({"name": name, "properties": {"d": value}} for name, value in values.items()))
    assert names(record, "properties.d.double_value = 0.1") == ["tenth"]
    assert names(record, "properties.d.double_value > 1e308") == ["inf"]
    assert names(record, "properties.d.double_value = CAST('-inf' AS DOUBLE)") == ["minus"]
    assert names(record, "properties.d.double_value = 0") == ["zero"]
    assert names(record, "properties.d.double_value IS NULL") == ["nan"]
    assert names(record, "properties.d.double_value - properties.d.double_value IS NULL") == ["inf", "minus", "nan"]


def test_a_number_is_an_int_or_a_double_never_both(record: Record) -> None:
    values: dict[str, Any] = {"int": 1, "double": 1.0, "big": 1e22, "bool": True}
    put(record, *({"name": name, "custom_properties": {"v": value}} for name, value in values.items()))
    assert names(record, "custom_properties.v.int_value = 1") == ["int"]
    assert names(record, "custom_properties.v.double_value >= 1") == ["double", "big"]
    assert names(record, "custom_properties.v.bool_value") == ["bool"]


ODD = [
    "'",
    '"',
    "`",
    "\\",
    "a.b",
    "$",
    "[0]",
    "'; DROP TABLE artifact; --",
    "%s",
    "?",
    "{}",
    "{0}",
    ":x",
    "é☃😀",
    "\n\t",
    "%",
]


def test_any_name_and_text_can_be_asked_for_and_none_can_harm(record: Record) -> None:
    put(record, *({"name": odd, "custom_properties": {odd: odd, "all": odd}} for odd in ODD))
    for odd in ODD:
        text = odd.replace("\\", "\\\\").replace("'", "\\'").replace("`", "\\`")
        assert names(record, f"custom_properties.`{text}`.string_value = '{text}'") == [odd]
        assert names(record, f"custom_properties.all.string_value IN ('{text}')") == [odd]
        assert names(record, f"name = '{text}' AND STARTS_WITH(name, '{text}') AND name LIKE '{text}'") == [odd]
    assert names(record, "TRUE") == ODD


def test_int64_arithmetic_beyond_its_ends_is_no_error(record: Record) -> None:
    put(
        record,
        {"name": "x", "custom_properties": {"v": 2**63 - 1}},
        {"name": "y", "custom_properties": {"v": -(2**63)}},
    )
    assert names(record, "custom_properties.v.int_value + 9223372036854775807 > 0") == ["x"]
    assert names(record, "-custom_properties.v.int_value > 0") == ["y"]
    assert names(record, "custom_properties.v.int_value * custom_properties.v.int_value > 1") == ["x", "y"]
    assert names(record, "MOD(custom_properties.v.int_value, -1) = 0") == ["x", "y"]
    assert names(record, "id / 0 IS NULL AND MOD(id, 0) IS NULL AND custom_properties.v.int_value != 5") == ["x", "y"]


def test_what_a_database_cannot_compute_is_an_invalid_filter(record: Record) -> None:
    put(record, {"name": "x", "custom_properties": {"least": -(2**63), "large": 1e308}})
    with record.read() as reader:
        least = "ABS(custom_properties.least.int_value) > 0"
        large = "custom_properties.large.double_value * 1e10 > 0"
        where = least if reader.dialect == "sqlite" else large
        with pytest.raises(InvalidFilter, match="cannot be computed"):
            reader.artifacts(where=where)
    with record.read() as reader, pytest.raises(InvalidFilter, match="cannot be computed"):
        reader.count(Kind.ARTIFACT, where=where)


LARGE = {
    "or": " OR ".join(["id = 1"] * 6000),
    "and": " AND ".join(["id > 0"] * 5900),
    "nested": "(id = 1 AND (id = 1 OR " * 49 + "TRUE" + "))" * 49,
    "not": "NOT " * 98 + "id = 1",
    "ints": "id IN (" + ",".join(["1"] * 9999) + ")",
    "texts": "name IN (" + ",".join(["'x'"] * 9999) + ")",
    "case": "CASE WHEN " * 90 + "id = 1" + " THEN TRUE ELSE FALSE END" * 90,
    "coalesce": "COALESCE(" * 90 + "name" + ", 'y')" * 90 + " = 'x'",
    "sum": "0 + " * 90 + "id = 1",
    "properties": " AND ".join(f"custom_properties.p{i}.double_value IS NULL" for i in range(500)) + " OR id = 1",
}


def test_a_filter_as_large_as_the_limits_allow_is_answered(record: Record) -> None:
    put(record, {"name": "x"})
    found = {name: names(record, where) for name, where in LARGE.items()}
    assert found == {name: ["x"] for name in LARGE} | {"properties": []}


def test_a_long_or_keeps_what_is_null_null(record: Record) -> None:
    put(record, {"name": None}, {"name": "x"}, {"name": "y"})
    some = " OR ".join(["name = 'x'"] * 200)
    assert names(record, some) == ["x"]
    assert names(record, f"NOT ({some})") == ["y"]
    assert names(record, f"({some}) IS NULL") == [None]
