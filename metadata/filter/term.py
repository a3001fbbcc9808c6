"""Typed pieces of SQL, and how types meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.metadata.filter.fields import NAMES_OF, Type
from clew.metadata.filter.lexer import fail
from clew.metadata.filter.spelling import Spelling, Sql

_LIKE_FOR_LIKE = "Compare like with like: text in quotes, numbers without"


@dataclass(frozen=True, slots=True)
class Term:
    """SQL, what it yields, and where it stands in the filter."""

    type: Type
    sql: Sql
    at: int
    literal: object = None
    """The value, where it is written in the filter."""
    is_name: bool = False
    """Whether it is the name of a state."""


def unify(terms: Sequence[Term]) -> Type:
    """The type all can be brought to. Errors: InvalidFilter at the first that cannot."""
    common = Type.NULL
    for term in terms:
        common = _meet(common, term.type) or _mismatch(common, term)
    return common


def converted(term: Term, to: Type, spelling: Spelling) -> Sql:
    """``term`` as the type it was unified to."""
    if term.type is Type.NULL:
        return spelling.value(None, to)
    if term.type is Type.INT and to is Type.DOUBLE:
        if isinstance(term.literal, int):
            return spelling.value(float(term.literal), Type.DOUBLE)
        return spelling.word("double", term.sql)
    return term.sql


def require(term: Term, kind: Type, word: str, spelling: Spelling) -> Sql:
    """``term``, which ``word`` takes only if it is of ``kind``, or NULL. Errors: InvalidFilter."""
    if term.type not in (kind, Type.NULL):
        fail(f"{word} takes {kind.value}, not {term.type.value}", term.at, remedy=_LIKE_FOR_LIKE)
    return converted(term, kind, spelling)


def boolean(term: Term, spelling: Spelling) -> Sql:
    """``term`` where a condition is expected. Errors: InvalidFilter."""
    if term.type not in (Type.BOOL, Type.NULL):
        fail(f"expected a condition, found {term.type.value}", term.at, remedy="Compare it with something")
    return converted(term, Type.BOOL, spelling)


def _meet(a: Type, b: Type) -> Type | None:
    if a is b or b is Type.NULL:
        return a
    if a is Type.NULL:
        return b
    pair = {a, b}
    if pair == {Type.INT, Type.DOUBLE}:
        return Type.DOUBLE
    if Type.INT in pair and pair - {Type.INT} <= NAMES_OF.keys():
        return Type.INT
    return None


def _mismatch(common: Type, term: Term) -> Type:
    fail(f"{term.type.value} cannot be compared with {common.value}", term.at, remedy=_LIKE_FOR_LIKE)
