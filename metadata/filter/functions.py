"""The functions of the filter language, CAST included: what they take, and their SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from clew.metadata.filter.expression import Call, Cast
from clew.metadata.filter.fields import NAMES_OF, Type
from clew.metadata.filter.lexer import fail
from clew.metadata.filter.spelling import Spelling, Sql, listed, sql
from clew.metadata.filter.term import Term, boolean, converted, require, unify
from clew.metadata.ids import INT64_MAX, INT64_MIN

MAX_ARGUMENTS = 100
TYPE_OF: dict[type, Type] = {bool: Type.BOOL, int: Type.INT, float: Type.DOUBLE, str: Type.STRING}
_INT32_MAX = 2**31 - 1
_TYPES = {
    **dict.fromkeys(("INT64", "INT", "INTEGER", "BIGINT"), Type.INT),
    **dict.fromkeys(("DOUBLE", "FLOAT64", "FLOAT", "REAL"), Type.DOUBLE),
    **dict.fromkeys(("STRING", "TEXT", "VARCHAR"), Type.STRING),
    **dict.fromkeys(("BOOL", "BOOLEAN"), Type.BOOL),
}


def number(terms: Sequence[Term], word: str) -> Type:
    """The common type of what ``word`` counts with. Errors: InvalidFilter for what is no number."""
    for term in terms:
        if term.type not in (Type.INT, Type.DOUBLE, Type.NULL) and term.type not in NAMES_OF:
            fail(f"{word} takes numbers, not {term.type.value}", term.at, remedy="Use INT64 or DOUBLE")
    return Type.DOUBLE if any(term.type is Type.DOUBLE for term in terms) else Type.INT


def call(e: Call, args: list[Term], spelling: Spelling) -> Term:
    """A call. Errors: InvalidFilter for an unknown function, a wrong number of arguments or a wrong type."""
    if e.name not in _FUNCTIONS:
        fail(f"there is no function {e.name}", e.at, e.name, remedy=f"There are {', '.join(NAMES)}")
    rule, least, most = _FUNCTIONS[e.name]
    if not least <= len(args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        fail(f"{e.name} takes {wanted} arguments, not {len(args)}", e.at, e.name, remedy="Add or remove some")
    kind, made = rule(e, args, spelling)
    return Term(kind, made, e.at)


def cast(term: Term, e: Cast, spelling: Spelling) -> Term:
    """CAST. What the databases do differently (doubles to text, text that is no literal to numbers) is not done."""
    to = _TYPES.get(e.to)
    if to is None:
        fail(f"there is no type {e.to[:40]}", e.at, e.to, remedy="Cast to INT64, DOUBLE, STRING or BOOL")
    if isinstance(term.literal, str) and to is not Type.STRING:
        value = _read(term.literal, to, e.at)
        return Term(to, spelling.value(value, to), e.at, literal=value)
    source = Type.INT if term.type in NAMES_OF else term.type
    if source in (to, Type.NULL):
        return Term(to, converted(term, to, spelling), e.at)
    template = _CASTS.get((source, to))
    if template is not None:
        return Term(to, sql(template, term.sql), e.at)
    if source is Type.INT and to in (Type.DOUBLE, Type.STRING):
        return Term(to, spelling.word("double" if to is Type.DOUBLE else "text", term.sql), e.at)
    fail(f"CAST does not make {to.value} of {source.value}", e.at, e.to, remedy="Compare it as the type it has")


_CASTS = {
    (Type.INT, Type.BOOL): "({} != 0)",
    (Type.BOOL, Type.INT): "(CASE {} WHEN TRUE THEN 1 WHEN FALSE THEN 0 END)",
    (Type.BOOL, Type.STRING): "(CASE {} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END)",
}


def _read(text: str, to: Type, at: int) -> Any:
    word = text.strip().lower()
    try:
        if to is Type.BOOL:
            return {"true": True, "false": False}[word]
        if to is Type.DOUBLE:
            value = float(word) if "_" not in word else 1 / 0
            return None if math.isnan(value) else value
        if len(word) <= 20 and word.isascii() and INT64_MIN <= int(word) <= INT64_MAX:
            return int(word)
    except (ValueError, KeyError, ZeroDivisionError):
        pass
    fail(f"{text[:40]!r} is no {to.value}", at, text, remedy="Write a value of that type")


Made = tuple[Type, Sql]


def _same(word: str) -> Callable[[Call, list[Term], Spelling], Made]:
    def rule(e: Call, args: list[Term], spelling: Spelling) -> Made:
        return Type.STRING, spelling.word(word, require(args[0], Type.STRING, e.name, spelling))

    return rule


def _length(e: Call, args: list[Term], spelling: Spelling) -> Made:
    return Type.INT, sql("length({})", require(args[0], Type.STRING, e.name, spelling))


def _concat(e: Call, args: list[Term], spelling: Spelling) -> Made:
    parts = [require(arg, Type.STRING, e.name, spelling) for arg in args]
    return Type.STRING, sql("(" + " || ".join(["{}"] * len(parts)) + ")", *parts)


def _substr(e: Call, args: list[Term], spelling: Spelling) -> Made:
    text = require(args[0], Type.STRING, e.name, spelling)
    start, *length = (_position(e, arg) for arg in args[1:])
    if start < 0:
        text, start = spelling.word("tail", text, spelling.value(-start, Type.INT)), 1
    if length and length[0] < 0:
        fail(f"{e.name} takes a length of 0 or more", args[2].at, str(length[0]), remedy="Drop the minus")
    numbers = [spelling.value(n, Type.INT) for n in (max(start, 1), *length)]
    return Type.STRING, spelling.word("from_for" if length else "from", text, *numbers)


def _position(e: Call, arg: Term) -> int:
    if not isinstance(arg.literal, int) or isinstance(arg.literal, bool):
        fail(f"{e.name} takes its positions as numbers", arg.at, remedy="Write them out: SUBSTR(name, 1, 3)")
    return max(-_INT32_MAX, min(arg.literal, _INT32_MAX))


def _starts_with(e: Call, args: list[Term], spelling: Spelling) -> Made:
    return Type.BOOL, spelling.word("starts", *(require(arg, Type.STRING, e.name, spelling) for arg in args))


def _ends_with(e: Call, args: list[Term], spelling: Spelling) -> Made:
    text, end = (require(arg, Type.STRING, e.name, spelling) for arg in args)
    literal = args[1].literal
    if not isinstance(literal, str):
        fail("ENDS_WITH takes the end in quotes", args[1].at, remedy="Write ENDS_WITH(uri, '.csv')")
    if not literal:
        return Type.BOOL, sql("(length({}) >= 0)", text)
    return Type.BOOL, sql("({} = {})", spelling.word("tail", text, spelling.value(len(literal), Type.INT)), end)


def _mod(e: Call, args: list[Term], spelling: Spelling) -> Made:
    return Type.INT, spelling.word("mod", *(require(arg, Type.INT, e.name, spelling) for arg in args))


def _abs(e: Call, args: list[Term], spelling: Spelling) -> Made:
    kind = number(args, e.name)
    return kind, sql("abs({})", converted(args[0], kind, spelling))


def _if(e: Call, args: list[Term], spelling: Spelling) -> Made:
    kind, values = _choices(args[1:], spelling)
    return kind, sql("(CASE WHEN {} THEN {} ELSE {} END)", boolean(args[0], spelling), *values)


def _coalesce(e: Call, args: list[Term], spelling: Spelling) -> Made:
    kind, values = _choices(args, spelling)
    return kind, sql("coalesce({})", listed(values)) if len(values) > 1 else values[0]


def _choices(terms: Sequence[Term], spelling: Spelling) -> tuple[Type, list[Sql]]:
    kind = unify(terms)
    kind = Type.INT if kind in NAMES_OF else kind
    return kind, [converted(term, kind, spelling) for term in terms]


_FUNCTIONS: Final[dict[str, tuple[Callable[[Call, list[Term], Spelling], Made], int, int]]] = {
    "UPPER": (_same("upper"), 1, 1),
    "LOWER": (_same("lower"), 1, 1),
    "LENGTH": (_length, 1, 1),
    "CHAR_LENGTH": (_length, 1, 1),
    "SUBSTR": (_substr, 2, 3),
    "SUBSTRING": (_substr, 2, 3),
    "CONCAT": (_concat, 1, MAX_ARGUMENTS),
    "STARTS_WITH": (_starts_with, 2, 2),
    "ENDS_WITH": (_ends_with, 2, 2),
    "MOD": (_mod, 2, 2),
    "ABS": (_abs, 1, 1),
    "IF": (_if, 3, 3),
    "COALESCE": (_coalesce, 1, MAX_ARGUMENTS),
    "IFNULL": (_coalesce, 2, 2),
    "NULLIF": (_coalesce, 2, 2),
}
NAMES: Final = (*sorted(_FUNCTIONS), "CAST")
"""What can be called."""
