"""Completion of filters: at ``|`` stands what may follow, and nothing that the parser would refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata.filter.clause import filter_clause
from clew.metadata.filter.complete import Vocabulary, complete
from clew.metadata.ids import Kind
from clew.metadata.states import PropertyType

TYPES = {Kind.ARTIFACT: ["Model", "Data's"], Kind.EXECUTION: ["Work"], Kind.CONTEXT: ["Run"]}


def declared(types: Sequence[str]) -> Mapping[str, PropertyType]:
    return {"accuracy": PropertyType.DOUBLE} if types in ([], ["Model"]) else {}


def custom(types: Sequence[str]) -> Mapping[str, PropertyType]:
    return {"clew.file": PropertyType.STRING, "ok": PropertyType.BOOLEAN, "whole": PropertyType.STRUCT}


VOCABULARY = Vocabulary(lambda kind: TYPES[kind], declared, custom, lambda: ["default", "team-b"])


def at(marked: str, kind: Kind = Kind.ARTIFACT) -> list[str]:
    """What is offered at ``|``, spliced in: the filters that would come of it."""
    before, _, after = marked.partition("|")
    text = before + after
    return [text[: o.begin] + o.text + text[o.end :] for o in complete(text, kind, len(before), VOCABULARY)]


@pytest.mark.parametrize(
    ("marked", "some"),
    [
        ("|", ["type", "name", "state", "uri", "properties.accuracy.double_value", "contexts_a.name", "NOT", "UPPER("]),
        ("ty|", ["type", "type_id"]),
        ("ty|pe = 'Model'", ["type = 'Model'"]),
        ("acc|", ["properties.accuracy.double_value"]),
        ("custom_properties.cl|", ["custom_properties.`clew.file`.string_value"]),
        ("custom_properties.`clew.f|", ["custom_properties.`clew.file`.string_value"]),
        ("properties.|", ["properties.accuracy.double_value"]),
        ("type |", ["type =", "type !=", "type LIKE", "type IN (", "type IS NULL"]),
        ("type !|", ["type !="]),
        ("type = |", ["type = 'Model'", "type = 'Data\\'s'"]),
        ("type = 'M|", ["type = 'Model'"]),
        ("type = 'M|ox' AND name = 'a'", ["type = 'Model' AND name = 'a'"]),
        ("type IN ('Model', '|", ["type IN ('Model', 'Data\\'s'"]),
        ("type NOT IN (|", ["type NOT IN ('Model'"]),
        ("namespace = '|", ["namespace = 'default'", "namespace = 'team-b'"]),
        ("state = |", ["state = LIVE", "state = DELETED"]),
        ("state = LI|", ["state = LIVE"]),
        ("state IN (LIVE, PEN|", ["state IN (LIVE, PENDING"]),
        ("state IN (LIVE |", ["state IN (LIVE )", "state IN (LIVE ,"]),
        ("custom_properties.ok.bool_value = |", ["custom_properties.ok.bool_value = TRUE"]),
        ("name IS |", ["name IS NULL", "name IS NOT NULL"]),
        ("name NOT |", ["name NOT LIKE", "name NOT IN ("]),
        ("type = 'Model' |", ["type = 'Model' AND", "type = 'Model' OR"]),
        ("(type = 'Model' |", ["(type = 'Model' )", "(type = 'Model' AND"]),
        ("type = 'Model' AN|", ["type = 'Model' AND"]),
        ("type = 'Model' AND st|", ["type = 'Model' AND state"]),
        ("name = |", ["name = '"]),
        ("LOWER(name) |", ["LOWER(name) =", "LOWER(name) LIKE"]),
        ("contexts_x.na|", ["contexts_x.name", "contexts_x.namespace"]),
        ("contexts_x.type = '|", ["contexts_x.type = 'Run'"]),
        ("events_0.type = IN|", ["events_0.type = INPUT", "events_0.type = INTERNAL_INPUT"]),
        ("contexts_x.name = 'a' AND contexts_|", ["contexts_x.name = 'a' AND contexts_x.type"]),
    ],
)
def test_what_may_follow_is_offered(marked: str, some: list[str]) -> None:
    offered = at(marked)
    assert [text for text in some if text not in offered] == []


@pytest.mark.parametrize(
    "marked",
    [
        "type = = |",
        "name ; |",
        "id > 0.5|",
        "type # a comm|ent",
        "type = 'Model' zz|",
        "uri. = |",
        "properties.none.x|",
    ],
)
def test_where_nothing_can_follow_nothing_is_offered(marked: str) -> None:
    assert at(marked) == []


def test_a_bare_field_is_to_be_compared_first() -> None:
    assert not {"type AND", "type OR"} & set(at("type |"))
    assert "custom_properties.ok.bool_value AND" in at("custom_properties.ok.bool_value |")


def test_lists_go_on_or_end() -> None:
    assert set(at("state IN (LIVE |")) == {"state IN (LIVE )", "state IN (LIVE ,"}


def test_only_properties_of_the_types_asked_for_are_offered() -> None:
    assert at("type = 'Data\\'s' AND accur|") == []
    assert at("accur| AND type = 'Model'") == ["properties.accuracy.double_value AND type = 'Model'"]


def test_executions_and_contexts_have_their_own_fields_and_neighbours() -> None:
    assert "fingerprint" in at("|", Kind.EXECUTION)
    assert "last_known_state = FAILED" in at("last_known_state = |", Kind.EXECUTION)
    assert "artifacts_a.uri" in at("|", Kind.CONTEXT)
    assert "uri" not in at("|", Kind.CONTEXT)
    assert "parent_contexts_a.name" in at("parent|", Kind.CONTEXT)


def test_what_was_chosen_from_first_to_last_is_a_filter() -> None:
    text = ""
    for wanted in ("properties.accuracy.double_value", ">="):
        text += next(o.text for o in complete(text, Kind.ARTIFACT, len(text), VOCABULARY) if o.text == wanted) + " "
    text += "0.5 "
    for wanted in ("AND", "custom_properties.`clew.file`.string_value", "IS NOT NULL"):
        text += next(o.text for o in complete(text, Kind.ARTIFACT, len(text), VOCABULARY) if o.text == wanted) + " "
    assert filter_clause(text, Kind.ARTIFACT, "sqlite")[1]


@given(st.text(alphabet="typename()='\"`.,<>!=#-/*| ANDORINLIKE0123\\\n", max_size=40), st.integers(-1, 50))
def test_no_text_is_too_strange(text: str, cursor: int) -> None:
    for one in complete(text, Kind.ARTIFACT, cursor, VOCABULARY):
        assert 0 <= one.begin <= one.end <= len(text)
        assert one.begin <= max(0, min(cursor, len(text))) <= one.end


@pytest.mark.parametrize("marked", ["|", "type |", "type = |", "state IN (LIVE |", "name IS |", "type = 'Model' |"])
def test_the_parser_takes_every_word_that_is_offered(marked: str) -> None:
    from clew.metadata.errors import InvalidFilter
    from clew.metadata.filter.lexer import tokens
    from clew.metadata.filter.parser import expected

    for text in at(marked):
        try:
            words = list(tokens(text))[:-1]
        except InvalidFilter:
            continue  # an opening quote
        assert expected(words), text
