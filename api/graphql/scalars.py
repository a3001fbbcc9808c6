"""Scalars that carry the record's values through JSON without losing a bit, for readers whose numbers are doubles.

    INT      a number within +-(2^53 - 1); beyond, its digits as a string
    DOUBLE   a number; "Infinity", "-Infinity", "NaN", "NaN:<16 hex digits>" for a NaN with other bits than the usual
    STRING   a string (NUL is \\u0000)
    STRUCT   an object; its JSON text as a string when it holds what a JSON reader might not read exactly
             (integers beyond 2^53, Infinity, NaN)
    PROTO    {"typeUrl": "...", "value": "<base64>"}
    BOOLEAN  true, false

The kind stands beside the value, so a string is never ambiguous.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode
from graphql.utilities import value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from clew.metadata.errors import Invalid
from clew.metadata.ids import INT64_MAX, INT64_MIN
from clew.metadata.states import PropertyType
from clew.metadata.value import Proto, Value, property_type

SAFE_INT = 2**53 - 1
_USUAL_NAN = 0x7FF8000000000000
_DIGITS = re.compile(r"-?[0-9]{1,19}")
_NAN_BITS = re.compile(r"NaN:[0-9a-fA-F]{16}")

Int64 = NewType("Int64", int)
PropertyValue = NewType("PropertyValue", object)
PathStep = NewType("PathStep", object)
Json = NewType("Json", object)


def int_to_json(value: int) -> int | str:
    """``value`` as a JSON number, or as digits where a double could not hold it."""
    return value if -SAFE_INT <= value <= SAFE_INT else str(value)


def int_from_json(value: object) -> int:
    """An int64 from a JSON number or digits; raise Invalid otherwise."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= SAFE_INT:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and INT64_MIN <= value <= INT64_MAX:
        return value
    raise Invalid(f"{value!r:.80} is not a 64-bit integer", value=value, remedy="Write a whole number or its digits")


def value_to_json(value: Value) -> object:
    """A property value in JSON, exact for every reader that knows its kind."""
    cls = type(value)
    if cls is str or cls is bool:
        return value
    if isinstance(value, int):
        return int_to_json(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _odd_double(value)
    if isinstance(value, dict):
        return value if is_plain(value) else json.dumps(value, separators=(",", ":"))
    if isinstance(value, Proto):
        return {"typeUrl": value.type_url, "value": base64.b64encode(value.value).decode()}
    return value


def json_to_json(value: object) -> object:
    """Any value made of JSON's kinds, with the numbers JSON readers would lose as strings."""
    return value if is_plain(value) else _plainly(value)


def value_from_json(name: str, value: object, kind: PropertyType | None) -> Value:
    """The property value that ``value_to_json`` would write as ``value``; ``kind`` None means by the JSON's own kind.

    Errors: Invalid, naming the property.
    """
    try:
        return _read(value, kind)
    except (Invalid, ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        wanted = kind.name if kind is not None else "a property value"
        raise Invalid(
            f"property {name!r}: {value!r:.80} is not {wanted}",
            field=f"properties.{name}",
            value=value,
            remedy="See docs/graphql.md, Values",
        ) from error


def _read(value: object, kind: PropertyType | None) -> Value:
    if kind is None:
        kind = property_type("value", value)
        if isinstance(value, float) and value.is_integer() and abs(value) > INT64_MAX:
            raise Invalid("too large to tell INT from DOUBLE")  # JSON readers turn such integers into doubles
    if kind is PropertyType.INT:
        return int_from_json(value)
    if kind is PropertyType.DOUBLE:
        return _double(value)
    if kind is PropertyType.STRUCT:
        loaded = json.loads(value) if isinstance(value, str) else value
        if isinstance(loaded, dict):
            return loaded
    elif kind is PropertyType.PROTO and isinstance(value, dict):
        return Proto(str(value["typeUrl"]), base64.b64decode(value["value"], validate=True))
    elif (kind is PropertyType.STRING and isinstance(value, str)) or (
        kind is PropertyType.BOOLEAN and isinstance(value, bool)
    ):
        return value
    raise TypeError(kind.name)


def _double(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if _NAN_BITS.fullmatch(value):
            number = float(struct.unpack(">d", bytes.fromhex(value[4:]))[0])
            if math.isnan(number):
                return number
        if value in ("Infinity", "-Infinity", "NaN"):
            return float(value)
    raise TypeError("double")


def _odd_double(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    (bits,) = struct.unpack(">Q", struct.pack(">d", value))
    return "NaN" if bits == _USUAL_NAN else f"NaN:{bits:016x}"


def is_plain(value: Any) -> bool:
    """Whether every JSON reader reads ``value`` exactly: no number beyond 2^53, no infinity, no NaN."""
    cls = type(value)
    if cls is str or cls is bool or value is None:
        return True
    if cls is int:
        return bool(-SAFE_INT <= value <= SAFE_INT)
    if cls is float:
        return math.isfinite(value)
    if cls is dict:
        return all(is_plain(item) for item in value.values())
    return all(is_plain(item) for item in value)


def _plainly(value: Any) -> object:
    if isinstance(value, dict):
        return {str(name): _plainly(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plainly(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _odd_double(value)
    return int_to_json(value) if type(value) is int else value


def _literal(node: ValueNode, variables: dict[str, object] | None = None) -> object:
    return value_from_ast_untyped(node, variables)


def _said(parse: Any) -> Any:
    """GraphQL's coercion speaks GraphQLError; ours Invalid."""

    def parsed(value: object) -> object:
        try:
            return parse(value)
        except Invalid as error:
            raise GraphQLError(error.message, original_error=error) from error

    return parsed


def _literal_said(parse: Any) -> Any:
    """The same for a literal in the document."""

    def parsed(node: ValueNode, variables: dict[str, object] | None = None) -> object:
        return _said(parse)(_literal(node, variables))

    return parsed


def _path_step(value: object) -> int | str:
    if isinstance(value, str):
        return value
    return int_from_json(value)


SCALARS: dict[object, ScalarDefinition] = {
    Int64: strawberry.scalar(
        name="Int64",
        description="A 64-bit integer. A JSON number within +-(2^53 - 1), beyond that its digits as a string; "
        "both are accepted.",
        serialize=int_to_json,
        parse_value=_said(int_from_json),
        parse_literal=_literal_said(int_from_json),
    ),
    PropertyValue: strawberry.scalar(
        name="PropertyValue",
        description="The value of a property; its kind stands beside it. INT: a number, or digits beyond 2^53. "
        'DOUBLE: a number, "Infinity", "-Infinity", "NaN" or "NaN:<16 hex digits>". STRING: a string. '
        "STRUCT: an object, or its JSON text where it holds numbers a JSON reader might not read exactly. "
        "PROTO: {typeUrl, value: base64}. BOOLEAN: true or false.",
        serialize=value_to_json,
        parse_value=lambda value: value,
        parse_literal=_literal,
    ),
    PathStep: strawberry.scalar(
        name="PathStep",
        description="One step of a path into inputs or outputs: a key (string) or a list position (integer).",
        serialize=lambda value: value,
        parse_value=_said(_path_step),
        parse_literal=_literal_said(_path_step),
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value. Numbers that a JSON reader might not read exactly (beyond 2^53, infinities, NaN) "
        "are strings.",
        serialize=json_to_json,
        parse_value=lambda value: value,
        parse_literal=_literal,
    ),
}
