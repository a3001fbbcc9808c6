"""What a filter may say, what it may not, and what each mistake is told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.metadata.errors import InvalidFilter
from clew.metadata.filter import generate, tables
from clew.metadata.filter.clause import filter_clause
from clew.metadata.ids import Kind

A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT

GOOD = [
    (
        A,
        "type = 'DataSet' AND (contexts_a.type = 'Run' AND contexts_a.name = 'my_run') AND properties.p.int_value = 1",
    ),
    (A, "uri LIKE 's3://b/%'"),
    (A, "TYPE = 'F'"),
    (A, "properties.`my prop`.int_value > 1 or custom_properties.`a.b`.bool_value"),
    (A, "state IN (PENDING, LIVE) AND state NOT IN (DELETED) AND state IS NOT NULL AND state > 1"),
    (E, "last_known_state != COMPLETE AND events_0.type IN (INPUT, INTERNAL_INPUT) AND events_0.artifact_id = 3"),
    (E, "custom_properties.parent_dag_id.int_value = 17"),
    (C, "parent_contexts_p.name = 'x' AND child_contexts_c.type = 'y' AND artifacts_a.state = LIVE"),
    (C, "executions_e.last_known_state = FAILED AND executions_e.external_id IS NULL"),
    (A, "id + 1 * 2 - 3 > 4 / 2.0 AND -id < +5 AND CASE WHEN id > 1 THEN 'a' ELSE 'b' END = \"a\""),
    (
        A,
        "CAST(id AS STRING) = '5' AND COALESCE(name, uri) = UPPER(name) AND LENGTH(name) > 1 AND SUBSTR(uri, 1) = 'a'",
    ),
    (A, "id BETWEEN 1 AND 5 AND NOT id = 3 /* c */ -- c\n # c"),
    (A, "name = r'a\\b' AND name = '''it's''' AND name = 'it''s' AND name = 'it\\'s \\u00e9\\x41\\101'"),
    (A, "id = 0x10 AND id > .5 AND id < 1e3 AND id < 1. AND id <> -9223372036854775808"),
    (A, "CAST('inf' AS DOUBLE) > properties.x.double_value AND CAST('-5' AS INT64) < id AND CAST('TRUE' AS BOOL)"),
    (A, "namespace = 'default' AND digest IS NULL AND size_bytes > 5 AND created_seq <= 3 AND location = 's3://b'"),
    (
        E,
        "fingerprint = 'x' AND start_time_since_epoch <= end_time_since_epoch AND started_ms < 5 AND state = NEW",
    ),
    (A, "name || 'x' LIKE '%!%' ESCAPE '!' AND STARTS_WITH(uri, 's3:') AND ENDS_WITH(uri, '.csv') AND MOD(id, 2) = 0"),
    (A, "name = NULL OR NULL AND id IN (1, NULL)"),
    (A, "(id = 1) = (id = 2) AND (id = 1) IS NOT TRUE"),
    (A, "contexts_a.name = contexts_b.name OR id = 5"),
]
BAD: list[tuple[str, int, str]] = [
    ("id =", 4, "ends too early"),
    ("id = = 5", 5, "where it cannot be"),
    ("= 5", 0, "field, a value"),
    ("(id = 5", 7, "Expected .*\\)"),
    ("id = 5)", 6, "where it cannot be"),
    ("id = 5 name = 'x'", 7, "Expected the end"),
    ("id == 5", 4, "where it cannot be"),
    ("id = 5;", 6, "semicolon"),
    ("id = ?", 5, "parameters"),
    ("id = @x", 5, "parameters"),
    ("id = $1", 5, "parameters"),
    ("id IN (SELECT id FROM artifact)", 7, "no query"),
    ("EXISTS (1)", 0, "no query"),
    ("name = 'x", 7, "not closed"),
    ("properties.`x.int_value = 1", 10, "starts no word"),
    ("`x = 1", 0, "not closed"),
    ("id = 5 /* x", 7, "not closed"),
    ("name = '\\q'", 7, "no escape"),
    ("name = '\\ud800'", 7, "no character"),
    ("name = 'a\\0000'", 7, "NUL"),
    ("nope = 5", 0, "no field 'nope'"),
    ("name = LIVE", 7, "no field 'LIVE'"),
    ("name.x = 5", 0, "no field"),
    ("last_known_state = NEW", 0, "no field"),
    ("artifacts_a.id = 5", 0, "no field"),
    ("contexts_.id = 5", 0, "no field"),
    ("contexts_a.nope = 5", 0, "contexts_a has"),
    ("events_0.name = 'x'", 0, "events_0 has"),
    ("properties.x = 5", 0, "no property value"),
    ("properties.a.b.int_value = 5", 0, "no property value"),
    ("properties.x.float_value = 5", 0, "no property value"),
    ("state = NOPE", 8, "no artifact state"),
    ("state = 2", 8, "by name"),
    ("state IN (1, LIVE)", 10, "by name"),
    ("state = 'LIVE'", 8, "cannot be compared"),
    ("events_0.type = LIVE", 16, "no event type"),
    ("id = '5'", 5, "STRING cannot be compared with INT64"),
    ("id IN (1, 'a')", 10, "cannot be compared"),
    ("id BETWEEN 1 AND 'a'", 17, "cannot be compared"),
    ("name = 5", 7, "cannot be compared"),
    ("id", 0, "is a condition"),
    ("NULL", 0, "is a condition"),
    ("'x'", 0, "is a condition"),
    ("id AND TRUE", 0, "is a condition"),
    ("id = 1 OR id", 10, "expected a condition"),
    ("NOT name", 4, "expected a condition"),
    ("name + 1 = 2", 0, "takes numbers"),
    ("-name = 2", 1, "takes numbers"),
    ("name LIKE 5", 10, "takes STRING"),
    ("name LIKE 'a' ESCAPE 'ab'", 0, "one character"),
    ("name LIKE 'a!' ESCAPE '!'", 10, "ends with its escape"),
    ("NOPE(1) = 1", 0, "no function NOPE"),
    ("LENGTH(name, 1) = 1", 0, "takes 1 arguments"),
    ("LENGTH() = 1", 0, "takes 1 arguments"),
    ("LENGTH(id) = 1", 7, "takes STRING"),
    ("SUBSTR(name, id) = 'x'", 13, "positions"),
    ("SUBSTR(name, 1, -1) = 'x'", 16, "0 or more"),
    ("CAST(id AS BLOB) = 1", 0, "no type"),
    ("CAST('x' AS INT64) = 1", 0, "no INT64"),
    ("CAST(name AS INT64) = 1", 0, "does not make"),
    ("CASE WHEN id = 1 THEN 'a' ELSE 2 END = 'a'", 31, "cannot be compared"),
    ("id = 9223372036854775808", 5, "64 bits"),
    ("id = " + "9" * 5000, 5, "64 bits"),
    ("properties.x.double_value = 1e999", 28, "too large"),
    ("id = 1 ! 2", 7, "starts no word"),
    ("id = 1 \0", 7, "starts no word"),
    ("name = '\ud800'", 8, "Unicode"),
    ("(" * 201 + "TRUE" + ")" * 201, 200, "200 deep"),
    ("NOT " * 101 + "TRUE", 408, "100 deep"),
    ("1 + " * 101 + "1 = 1", 406, "100 deep"),
    ("id = 1 OR " * 7000, 65536, "characters long"),
    ("id IN (" + "1," * 10000 + "1)", 20007, "10000 values"),
    ("COALESCE(" + "id," * 100 + "id) = 1", 0, "takes 1 to 100"),
    ("name LIKE '" + "%" * 50001 + "'", 10, "50000 bytes"),
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_what_ml_metadata_takes_and_more_is_taken(kind: Kind, text: str, dialect: str) -> None:
    clause, values = filter_clause(text, kind, dialect)
    assert clause.count("?") == len(values)


@pytest.mark.parametrize(("text", "position", "message"), BAD, ids=[text[:30] for text, _, _ in BAD])
def test_a_mistake_is_told_with_its_position_and_a_remedy(text: str, position: int, message: str) -> None:
    with pytest.raises(InvalidFilter, match=message) as caught:
        filter_clause(text, A, "sqlite")
    assert caught.value.position == position
    assert caught.value.remedy
    assert len(str(caught.value)) < 1000
    assert caught.value.as_dict()["position"] == str(position)


@pytest.mark.parametrize("text", ["", "  \n", "-- nothing", "/* nothing */"])
def test_a_blank_filter_selects_everything(text: str) -> None:
    assert filter_clause(text, A, "sqlite") == ("TRUE", [])


@pytest.mark.parametrize("text", ["(" * 200 + "TRUE" + ")" * 200, "NOT " * 99 + "TRUE", " OR ".join(["id = 1"] * 6000)])
def test_what_is_long_or_deep_within_the_limits_is_taken(text: str) -> None:
    assert filter_clause(text, A, "postgresql")


@given(st.text() | st.lists(st.sampled_from(
    ["id", "name", "state", "LIVE", "contexts_a.id", "properties.x.int_value", "'x'", "5", "1.5", "NULL", "TRUE",
     "AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "(",
     ")", ",", "=", "!=", "<", "+", "-", "*", "||", "COALESCE(", "STRING", "'", "`", "\\", "/*", "--", "\n", ".", "e"],
), max_size=30).map(" ".join))  # fmt: skip
@settings(max_examples=600, deadline=None)
def test_no_text_raises_anything_but_invalid_filter(text: str) -> None:
    for kind in Kind:
        try:
            filter_clause(text, kind, "sqlite")
        except InvalidFilter as error:
            assert 0 <= error.position <= len(text)  # noqa: PT017


@given(st.text(min_size=1, max_size=30).filter(lambda t: "\0" not in t))
@settings(deadline=None)
def test_nothing_of_the_filters_own_text_reaches_the_sql(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'").replace("`", "\\`")
    filter_of: Any = f"name = '{quoted}' OR properties.`{quoted}`.string_value = '{quoted}' AND type = '{quoted}'"
    plain: Any = "name = 'x' OR properties.x.string_value = 'x' AND type = 'x'"
    for dialect in ("sqlite", "postgresql"):
        assert filter_clause(filter_of, A, dialect)[0] == filter_clause(plain, A, dialect)[0]


def test_the_tables_are_those_of_the_grammar() -> None:
    assert tables.__file__ is not None
    with open(tables.__file__) as file:
        assert file.read() == generate.generate(), "run python -m clew.metadata.filter.generate"


def test_compiling_a_filter_loads_neither_lark_nor_sqlalchemy() -> None:
    code = (
        "import sys; from clew.metadata.filter.clause import filter_clause; from clew.metadata.ids import Kind; "
        "filter_clause('id = 5', Kind.ARTIFACT, 'sqlite'); print({'lark', 'sqlalchemy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
