"""The two databases' spellings of what the filter language says, as SQL text with ``?`` for every value.

Where the databases differ by nature, SQLite's meaning is spelled out for PostgreSQL: LIKE, UPPER and LOWER know the
letters A to Z only, and text is ordered by its bytes.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, Protocol

from clew.metadata.filter.fields import Type

_INF: Final = ("7ff0000000000000", "fff0000000000000", "8000000000000000")  # value.py's tags of inf, -inf and -0.0


class Sql(NamedTuple):
    """SQL text of our own words, and the values for its ``?``, in order."""

    text: str
    values: tuple[Any, ...] = ()


def sql(template: str, *parts: Sql) -> Sql:
    """``template`` with each ``{}`` replaced by the next part, and the parts' values in the same order."""
    if len(parts) == 1:
        return Sql(template.format(parts[0].text), parts[0].values)
    return Sql(template.format(*(part.text for part in parts)), tuple(v for part in parts for v in part.values))


def listed(parts: list[Sql]) -> Sql:
    """``a, b, c``."""
    return Sql(", ".join(part.text for part in parts), tuple(v for part in parts for v in part.values))


def joined(operator: str, parts: list[Sql]) -> Sql:
    """``a AND b AND c``, halved again and again: a chain is a tree as deep as it is long, and SQLite takes 1,000."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return sql(f"({{}} {operator} {{}})", joined(operator, parts[:middle]), joined(operator, parts[middle:]))


class Spelling(Protocol):
    """What is said differently on each database."""

    def value(self, value: object, type: Type) -> Sql:
        """A bound value; None is NULL of that type."""
        ...

    def property(self, column: str, name: str, type: Type) -> Sql:
        """A property's value of that type, NULL where it is of another."""
        ...

    def has_property(self, column: str, name: str) -> Sql:
        """Whether a node has the property, of whatever type."""
        ...

    def word(self, function: str, *parts: Sql) -> Sql:
        """A function or operator of FUNCTIONS."""
        ...


SQLITE_WORDS: Final = {
    "like": "{} LIKE {}", "like_escape": "{} LIKE {} ESCAPE {}", "upper": "upper({})", "lower": "lower({})",
    "ordered": "{}", "starts": "instr({}, {}) = 1", "tail": "substr({}, -{})", "double": "CAST({} AS REAL)",
    "+": "{} + {}", "-": "{} - {}", "*": "{} * {}", "/": "{} / nullif({}, 0.0)", "mod": "{} % nullif({}, 0)",
    "f+": "{} + {}", "f-": "{} - {}", "f*": "{} * {}", "text": "CAST({} AS TEXT)", "minus": "-{}",
    "from": "substr({}, {})", "from_for": "substr({}, {}, {})", "unindexed": "+{}",
}  # fmt: skip
POSTGRES_WORDS: Final = {
    "like": "upper({} COLLATE \"C\") LIKE upper({} COLLATE \"C\") ESCAPE ''",
    "like_escape": 'upper({} COLLATE "C") LIKE upper({} COLLATE "C") ESCAPE {}',
    "upper": 'upper({} COLLATE "C")', "lower": 'lower({} COLLATE "C")', "ordered": '{} COLLATE "C"',
    "starts": "starts_with({}, {})", "tail": "right({}, CAST({} AS integer))", "double": "CAST({} AS double precision)",
    # Whole numbers go on as numeric, which has no end: SQLite goes on as a double beyond 64 bits.
    "+": "CAST({} AS numeric) + {}", "-": "CAST({} AS numeric) - {}", "*": "CAST({} AS numeric) * {}",
    "mod": "mod(CAST({} AS numeric), nullif(CAST({} AS numeric), 0))", "minus": "-CAST({} AS numeric)",
    # inf - inf is NaN, which SQLite does not have: NULL on both.
    "f+": "nullif({} + {}, 'NaN')", "f-": "nullif({} - {}, 'NaN')", "f*": "nullif({} * {}, 'NaN')",
    "/": "nullif({} / nullif({}, 0), 'NaN')", "text": "CAST({} AS text)",
    "from": "substr({}, CAST({} AS integer))", "from_for": "substr({}, CAST({} AS integer), CAST({} AS integer))",
    "unindexed": "{}",
}  # fmt: skip


class Sqlite:
    """SQLite, 3.45 or newer: a quoted name in a JSON path may hold any character."""

    def value(self, value: object, type: Type) -> Sql:
        """A bound value."""
        return Sql("?", (int(value),)) if isinstance(value, bool) else Sql("?", (value,))

    def property(self, column: str, name: str, type: Type) -> Sql:
        """A property's value."""
        path = _path(name)
        if type is Type.INT:
            return Sql(f"CASE json_type({column}, ?) WHEN 'integer' THEN json_extract({column}, ?) END", (path, path))
        if type is Type.STRING:
            return Sql(f"CASE json_type({column}, ?) WHEN 'text' THEN json_extract({column}, ?) END", (path, path))
        if type is Type.BOOL:
            return Sql(f"CASE json_type({column}, ?) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END", (path,))
        inf, minus_inf, minus_zero = _INF
        return Sql(
            f"CASE json_type({column}, ?) WHEN 'real' THEN json_extract({column}, ?) WHEN 'object' THEN "
            f"CASE json_extract({column}, ?) WHEN '{inf}' THEN 9e999 WHEN '{minus_inf}' THEN -9e999 "
            f"WHEN '{minus_zero}' THEN 0.0 END END",
            (path, path, path + ".d"),
        )

    def has_property(self, column: str, name: str) -> Sql:
        """Whether a node has the property."""
        return Sql(f"json_type({column}, ?) IS NOT NULL", (_path(name),))

    def word(self, function: str, *parts: Sql) -> Sql:
        """A function or operator."""
        return sql(f"({SQLITE_WORDS[function]})", *parts)


class Postgres:
    """PostgreSQL. Each value says its type, for the server plans before it sees it."""

    _TYPES: Final = {Type.BOOL: "boolean", Type.DOUBLE: "double precision", Type.STRING: "text", Type.NULL: "text"}

    def value(self, value: object, type: Type) -> Sql:
        """A bound value."""
        return Sql(f"CAST(? AS {self._TYPES.get(type, 'bigint')})", (value,))

    def property(self, column: str, name: str, type: Type) -> Sql:
        """A property's value. ``json`` keeps the text, and a double is a number written with a point or exponent."""
        item, text = f"{column} -> CAST(? AS text)", f"{column} ->> CAST(? AS text)"
        kind = f"json_typeof({item})"
        if type is Type.STRING:
            return Sql(f"CASE {kind} WHEN 'string' THEN {text} END", (name, name))
        if type is Type.BOOL:
            return Sql(f"CASE {kind} WHEN 'boolean' THEN CAST({text} AS boolean) END", (name, name))
        if type is Type.INT:
            found = f"CASE WHEN ({text}) !~ '[.eE]' THEN CAST({text} AS bigint) END"
            return Sql(f"CASE {kind} WHEN 'number' THEN {found} END", (name,) * 3)
        inf, minus_inf, minus_zero = _INF
        return Sql(
            f"CASE {kind} WHEN 'number' THEN CASE WHEN ({text}) ~ '[.eE]' THEN CAST({text} AS double precision) END "
            f"WHEN 'object' THEN CASE {item} ->> 'd' WHEN '{inf}' THEN CAST('Infinity' AS double precision) "
            f"WHEN '{minus_inf}' THEN CAST('-Infinity' AS double precision) "
            f"WHEN '{minus_zero}' THEN CAST(0 AS double precision) END END",
            (name,) * 4,
        )

    def has_property(self, column: str, name: str) -> Sql:
        """Whether a node has the property."""
        return Sql(f"({column} -> CAST(? AS text)) IS NOT NULL", (name,))

    def word(self, function: str, *parts: Sql) -> Sql:
        """A function or operator."""
        return sql(f"({POSTGRES_WORDS[function]})", *parts)


SPELLINGS: Final[dict[str, Spelling]] = {"sqlite": Sqlite(), "postgresql": Postgres()}


def _path(name: str) -> str:
    return "$." + json.dumps(name, ensure_ascii=False)
