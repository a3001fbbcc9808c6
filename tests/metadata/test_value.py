"""Property values survive the record's JSON text exactly, whatever they are."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata.errors import Invalid
from clew.metadata.states import PropertyType
from clew.metadata.value import Proto, decode, encode, property_type

INT64 = st.integers(-(2**63), 2**63 - 1)
DOUBLE = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack(">d", bits.to_bytes(8, "big"))[0])
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=10,
)
PROTO = st.builds(Proto, TEXT, st.binary())
VALUE = st.booleans() | INT64 | DOUBLE | TEXT | st.dictionaries(TEXT, JSON) | PROTO
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def exact(value: object) -> object:
    """A form whose equality tells 1 from 1.0 and True, 0.0 from -0.0, and one nan from another."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, dict):
        return [(k, exact(v)) for k, v in value.items()]
    if isinstance(value, list):
        return [exact(v) for v in value]
    return (type(value).__name__, value)


@given(st.dictionaries(NAME, VALUE))
def test_every_value_is_decoded_as_it_was_encoded(values: dict[str, object]) -> None:
    decoded = decode(encode(values))  # type: ignore[arg-type]
    assert {k: exact(v) for k, v in decoded.items()} == {k: exact(v) for k, v in values.items()}


@given(DOUBLE)
def test_every_bit_pattern_of_a_double_survives(number: float) -> None:
    decoded = decode(encode({"x": number}))["x"]
    assert exact(decoded) == exact(number)


@given(st.dictionaries(NAME, VALUE, min_size=1))
def test_the_text_is_json_every_database_takes(values: dict[str, object]) -> None:
    text = encode(values)  # type: ignore[arg-type]
    assert text is not None
    assert "\0" not in text
    json.loads(text, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))


def test_a_struct_keeps_big_integers_nan_and_the_order_of_its_keys() -> None:
    value = {"z": 10**40, "a": [math.inf, {"nul": "\0", "deep": None}], "nan": math.nan}
    decoded = decode(encode({"s": value}))["s"]
    assert isinstance(decoded, dict)
    assert list(decoded) == ["z", "a", "nan"]
    assert decoded["z"] == 10**40
    assert decoded["a"] == [math.inf, {"nul": "\0", "deep": None}]
    assert math.isnan(decoded["nan"])


def test_no_values_are_no_text() -> None:
    assert encode({}) is None
    assert decode(None) == {}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, PropertyType.BOOLEAN),
        (1, PropertyType.INT),
        (1.0, PropertyType.DOUBLE),
        ("1", PropertyType.STRING),
        ({}, PropertyType.STRUCT),
        (Proto("t", b""), PropertyType.PROTO),
        (PropertyType.INT, PropertyType.INT),
    ],
)
def test_the_kind_of_a_value_follows_its_class(value: object, kind: PropertyType) -> None:
    assert property_type("x", value) is kind


@pytest.mark.parametrize(
    "value",
    [
        2**63, -(2**63) - 1, None, [1], (1,), {1}, b"bytes", 1j, object(), "\ud800", {1: "x"}, {"a": object()},
        {"a": {2: 3}}, Proto("t", "text"), Proto(b"t", b""), Proto("\ud800", b""),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_and_named(value: object) -> None:
    with pytest.raises(Invalid) as caught:
        encode({"good": 1, "odd": value})  # type: ignore[dict-item]
    assert caught.value.field.startswith("properties")
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", 5, None])
def test_what_is_no_property_name_is_refused(name: object) -> None:
    for value in (1, "\0"):
        with pytest.raises(Invalid):
            encode({name: value})  # type: ignore[dict-item]


def test_a_struct_that_holds_itself_is_refused() -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    with pytest.raises(Invalid):
        encode({"x": loop})
