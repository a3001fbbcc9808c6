"""Expressions to SQL: what each word means, and which types it takes. Functions are in functions.py.

Three-valued logic throughout: a comparison with NULL is NULL, and NULL selects nothing. A state is compared by name,
where ``!=`` and ``NOT IN`` also take a state that is NULL, as ML Metadata has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from clew.metadata.errors import Invalid, InvalidFilter
from clew.metadata.filter import functions
from clew.metadata.filter.expression import (
    AllOf,
    Among,
    AnyOf,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Expression,
    Is,
    Like,
    Literal,
    Negative,
    Not,
    Path,
)  # fmt: skip
from clew.metadata.filter.fields import NAMES_OF, Type
from clew.metadata.filter.lexer import fail
from clew.metadata.filter.spelling import Spelling, Sql, joined, listed, sql
from clew.metadata.filter.term import Term, boolean, converted, require, unify
from clew.metadata.ids import INT64_MAX, INT64_MIN
from clew.metadata.location import canonical

MANY = 100  # SQLite plans an index look-up for each side of an OR, in quadratic time: 2 s for 6,000
MAX_PATTERN_BYTES = 50_000  # SQLite's limit for LIKE


class Scope(Protocol):
    """What the paths of an expression mean."""

    def find(self, path: Path) -> Term | None:
        """The field; None where there is no such field."""
        ...

    def missing(self, path: Path) -> InvalidFilter:
        """The error that says so."""
        ...

    def of_type(self, path: Path, names: Sequence[str], negated: bool) -> Sql | None:
        """Whether the node's type is one of ``names``; None where ``path`` is not the name of a type."""
        ...


class Translator:
    """Expressions over one scope to SQL of one database."""

    def __init__(self, spelling: Spelling, scope: Scope) -> None:
        self.spelling = spelling
        self._scope = scope

    def condition(self, expression: Expression) -> Sql:
        """A boolean expression.

        Errors: InvalidFilter at the word that has the wrong type or names nothing.
        """
        return boolean(self.term(expression), self.spelling)

    def term(self, expression: Expression) -> Term:
        """Any expression and its type."""
        return _RULES[type(expression)](self, expression)

    def comparable(self, *expressions: Expression) -> tuple[list[Term], Type]:
        """Expressions that are compared with each other, and their common type; here a state's name means the state."""
        found = [self._scope.find(e) if isinstance(e, Path) else self.term(e) for e in expressions]
        states = next((term.type for term in found if term is not None and term.type in NAMES_OF), None)
        terms = [
            term if term is not None else self._state(e, states)
            for e, term in zip(expressions, found, strict=True)
        ]  # fmt: skip
        return terms, unify(terms)

    def _state(self, expression: Any, states: Type | None) -> Term:
        path: Path = expression
        if states is None or len(path.parts) > 1:
            raise self._scope.missing(path)
        name = path.parts[0].upper()
        if name not in NAMES_OF[states].__members__:
            fail(f"{path.parts[0]!r} is no {states.value}", path.at, path.parts[0],
                 remedy=f"Write one of {', '.join(NAMES_OF[states].__members__)}")  # fmt: skip
        return Term(states, self.spelling.value(int(NAMES_OF[states][name]), Type.INT), path.at, is_name=True)

    # -- one rule a kind of expression -------------------------------------------------------------------------

    def _literal(self, e: Literal) -> Term:
        kind = Type.NULL if e.value is None else functions.TYPE_OF[type(e.value)]
        if kind is Type.INT and not INT64_MIN <= int(e.value or 0) <= INT64_MAX:
            fail(f"{e.value} does not fit 64 bits", e.at, str(e.value), remedy="Write it as a decimal, with a point")
        return Term(kind, self.spelling.value(e.value, kind), e.at, literal=e.value)

    def _path(self, e: Path) -> Term:
        term = self._scope.find(e)
        if term is None:
            raise self._scope.missing(e)
        return term

    def _any_of(self, e: AnyOf) -> Term:
        found = joined("OR", [self.condition(item) for item in e.items])
        return Term(Type.BOOL, self.spelling.word("unindexed", found) if len(e.items) > MANY else found, e.at)

    def _all_of(self, e: AllOf) -> Term:
        return Term(Type.BOOL, joined("AND", [self.condition(item) for item in e.items]), e.at)

    def _negate(self, e: Not) -> Term:
        return Term(Type.BOOL, sql("(NOT {})", self.condition(e.item)), e.at)

    def _compare(self, e: Compare) -> Term:
        by_type = self._by_type(e)
        if by_type is not None:
            return Term(Type.BOOL, by_type, e.at)
        terms, kind = self.comparable(e.left, e.right)
        if e.op in ("=", "!="):
            _require_names(terms)
            left, right = sorted(terms, key=lambda term: term.is_name)
            if e.op == "!=" and right.is_name:
                return Term(Type.BOOL, sql("({} != {} OR {} IS NULL)", left.sql, right.sql, left.sql), e.at)
        left_sql, right_sql = (converted(term, kind, self.spelling) for term in terms)
        if kind is Type.STRING and e.op not in ("=", "!="):
            left_sql = self.spelling.word("ordered", left_sql)
        found = sql(f"({{}} {e.op} {{}})", left_sql, right_sql)
        return Term(Type.BOOL, self._located(e, found) if e.op == "=" else found, e.at)

    def _located(self, e: Compare, found: Sql) -> Sql:
        """``uri = 'x'`` also says where the bytes lie: that an index knows, and nothing else is selected by it."""
        path, value = (e.left, e.right) if isinstance(e.left, Path) else (e.right, e.left)
        if not isinstance(path, Path) or path.parts[-1].lower() != "uri":
            return found
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            return found
        try:
            location = canonical(value.value)
        except Invalid:  # no artifact has such a URI
            return found
        there = self._scope.find(Path((*path.parts[:-1], "location"), at=path.at))
        if there is None or not location:
            return found
        return sql("({} AND {} = {})", found, there.sql, self.spelling.value(location, Type.STRING))

    def _by_type(self, e: Compare) -> Sql | None:
        path, value = (e.left, e.right) if isinstance(e.left, Path) else (e.right, e.left)
        if (
            isinstance(path, Path)
            and isinstance(value, Literal)
            and isinstance(value.value, str)
            and e.op in ("=", "!=")
        ):
            return self._scope.of_type(path, [value.value], e.op == "!=")
        return None

    def _among(self, e: Among) -> Term:
        names = [o.value for o in e.options if isinstance(o, Literal) and isinstance(o.value, str)]
        if isinstance(e.item, Path) and len(names) == len(e.options):
            by_type = self._scope.of_type(e.item, names, e.negated)
            if by_type is not None:
                return Term(Type.BOOL, by_type, e.at)
        terms, kind = self.comparable(e.item, *e.options)
        _require_names(terms)
        item, *options = (converted(term, kind, self.spelling) for term in terms)
        found = sql(f"({{}} {'NOT IN' if e.negated else 'IN'} ({{}}))", item, listed(options))
        if e.negated and terms[0].type in NAMES_OF:
            found = sql("({} OR {} IS NULL)", found, item)
        return Term(Type.BOOL, found, e.at)

    def _between(self, e: Between) -> Term:
        terms, kind = self.comparable(e.item, e.low, e.high)
        item, low, high = (converted(term, kind, self.spelling) for term in terms)
        if kind is Type.STRING:
            item = self.spelling.word("ordered", item)
        word = "NOT BETWEEN" if e.negated else "BETWEEN"
        return Term(Type.BOOL, sql(f"({{}} {word} {{}} AND {{}})", item, low, high), e.at)

    def _like(self, e: Like) -> Term:
        item, pattern = (require(self.term(x), Type.STRING, "LIKE", self.spelling) for x in (e.item, e.pattern))
        text = e.pattern.value if isinstance(e.pattern, Literal) else None
        if isinstance(text, str) and len(text.encode()) > MAX_PATTERN_BYTES:
            fail(f"the pattern is longer than {MAX_PATTERN_BYTES} bytes", e.pattern.at, remedy="Shorten it")
        if e.escape is None:
            found = self.spelling.word("like", item, pattern)
        else:
            _check_escape(e, text)
            found = self.spelling.word("like_escape", item, pattern, self.spelling.value(e.escape, Type.STRING))
        return Term(Type.BOOL, sql("(NOT {})", found) if e.negated else found, e.at)

    def _is(self, e: Is) -> Term:
        item = self.term(e.item).sql if e.what is None else self.condition(e.item)
        what = {None: "NULL", True: "TRUE", False: "FALSE"}[e.what]
        return Term(Type.BOOL, sql(f"({{}} IS {'NOT ' if e.negated else ''}{what})", item), e.at)

    def _arithmetic(self, e: Arithmetic) -> Term:
        terms = [self.term(e.left), self.term(e.right)]
        kind = functions.number(terms, e.op)
        if e.op == "/":
            kind = Type.DOUBLE
        word = "f" + e.op if kind is Type.DOUBLE and e.op != "/" else e.op
        return Term(kind, self.spelling.word(word, *(converted(term, kind, self.spelling) for term in terms)), e.at)

    def _negative(self, e: Negative) -> Term:
        term = self.term(e.item)
        kind = functions.number([term], "-")
        item = converted(term, kind, self.spelling)
        return Term(kind, sql("(-{})", item) if kind is Type.DOUBLE else self.spelling.word("minus", item), e.at)

    def _case(self, e: Case) -> Term:
        if e.subject is None:
            subject, conditions = Sql(""), [self.condition(condition) for condition, _ in e.whens]
        else:
            terms, kind = self.comparable(e.subject, *(condition for condition, _ in e.whens))
            subject, *conditions = (converted(term, kind, self.spelling) for term in terms)
        results = [self.term(result) for _, result in e.whens]
        if e.otherwise is not None:
            results.append(self.term(e.otherwise))
        kind = unify(results)
        kind = Type.INT if kind in NAMES_OF else kind
        values = [converted(result, kind, self.spelling) for result in results]
        whens = [sql("WHEN {} THEN {}", c, v) for c, v in zip(conditions, values, strict=False)]
        otherwise = [sql("ELSE {}", values[-1])] if e.otherwise is not None else []
        body = Sql(" ".join(p.text for p in whens + otherwise), tuple(v for p in whens + otherwise for v in p.values))
        return Term(kind, sql("(CASE {} {} END)", subject, body), e.at)

    def _cast(self, e: Cast) -> Term:
        return functions.cast(self.term(e.item), e, self.spelling)

    def _call(self, e: Call) -> Term:
        if e.name == "NULLIF" and len(e.args) == 2:
            terms, kind = self.comparable(*e.args)
            kind = Type.INT if kind in NAMES_OF else kind
            return Term(kind, sql("nullif({}, {})", *(converted(term, kind, self.spelling) for term in terms)), e.at)
        return functions.call(e, [self.term(arg) for arg in e.args], self.spelling)


def _require_names(terms: list[Term]) -> None:
    """A state is compared with names, or with another state."""
    states = next((term.type for term in terms if term.type in NAMES_OF), None)
    for term in terms if states is not None else []:
        if term.type is Type.INT:
            names = ", ".join(NAMES_OF[states].__members__)  # type: ignore[index]
            fail("a state is compared by name, not by number", term.at, remedy=f"Write one of {names}")


def _check_escape(e: Like, pattern: Any) -> None:
    escape = e.escape or ""
    if len(escape) != 1 or escape.isalpha():
        fail("ESCAPE takes one character that is no letter", e.at, escape, remedy="Write ESCAPE '!'")
    if not isinstance(pattern, str):
        fail("LIKE ... ESCAPE takes its pattern in quotes", e.pattern.at, remedy="Write the pattern as a text")
    if len(pattern.replace(escape * 2, "")) and pattern.replace(escape * 2, "").endswith(escape):
        fail(
            "the pattern ends with its escape character",
            e.pattern.at,
            pattern,
            remedy=f"Write {escape * 2} for one {escape}",
        )


_RULES: dict[type, Callable[[Translator, Any], Term]] = {
    Literal: Translator._literal,
    Path: Translator._path,
    AnyOf: Translator._any_of,
    AllOf: Translator._all_of,
    Not: Translator._negate,
    Compare: Translator._compare,
    Is: Translator._is,
    Among: Translator._among,
    Like: Translator._like,
    Between: Translator._between,
    Arithmetic: Translator._arithmetic,
    Negative: Translator._negative,
    Call: Translator._call,
    Cast: Translator._cast,
    Case: Translator._case,
}
