"""Text to expression, by the tables lark made of grammar.lark. It does not recurse: no text can exhaust the stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from clew.metadata.filter import lexer
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
from clew.metadata.filter.lexer import Token, fail
from clew.metadata.filter.tables import ACCEPTED, RULES, STATES

MAX_DEPTH = 100
"""Of operators within operators, over which the translator recurses. Parentheses, and AND and OR in a row, are free."""
MAX_VALUES = 10_000
"""Of values in a filter; SQLite takes 32,766 parameters in a statement."""

_WORDS = {
    "$END": "the end", "COMPARE": "a comparison", "CONCAT": "||", "SIGN": "+ or -", "FACTOR": "* or /", "LPAR": "(",
    "RPAR": ")", "COMMA": "a comma", "STRING": "a text in quotes", "PATH": "a field, a value or a function",
}  # fmt: skip
_TERMINALS = sorted({word for row in STATES for word in row if word.isupper()} | {"$END"})
_ERROR = len(STATES)


def parse(text: str) -> Expression | None:
    """The expression ``text`` spells; None for blank text and comments alone.

    Errors: InvalidFilter with the position of the first word that cannot be.
    """
    states, values, count = [0], list[tuple[Any, int]](), 0
    for token in lexer.tokens(text):
        if token.type == "$END" and len(states) == 1:
            return None
        count += token.type in ("INTEGER", "DECIMAL", "STRING")
        if count > MAX_VALUES:
            fail(f"the filter holds more than {MAX_VALUES} values", token.at, remedy="Split it")
        before = tuple(states)
        while (action := _action(states[-1], token.type)) < 0:
            _reduce(-action - 1, states, values, token)
        if action == _ERROR:
            _unexpected(token, before)
        states.append(action)
        values.append((token, 0))
    expression: Expression = values[0][0]
    return expression


def expected(words: Iterable[Token]) -> frozenset[str]:
    """The kinds of word that can follow ``words``, ``$END`` where they are whole; none where they begin no filter."""
    states = [0]
    for token in words:
        if (action := _advance(states, token.type)) == _ERROR:
            return frozenset()
        states.append(action)
    before = tuple(states)
    return frozenset(word for word in _TERMINALS if _can_follow(before, word))


def _reduce(rule: int, states: list[int], values: list[tuple[Any, int]], token: Token) -> None:
    alias, origin, length = RULES[rule]
    if alias:
        children = values[-length:]
        depth = max(depth for _, depth in children) + (alias in _DEEPENS)
        if depth > MAX_DEPTH:
            fail(f"operators are nested more than {MAX_DEPTH} deep", token.at, remedy="Simplify the filter")
        values[-length:] = [(_ACTIONS[alias](*(child for child, _ in children)), depth)]
    del states[-length:]
    states.append(STATES[states[-1]][origin])


def _action(state: int, word: str) -> int:
    row = STATES[state]
    return row.get(word, row.get("", ACCEPTED if (state, word) == (ACCEPTED, "$END") else _ERROR))


def _unexpected(token: Token, states: tuple[int, ...]) -> NoReturn:
    expected = [_WORDS.get(word, word) for word in _TERMINALS if _can_follow(states, word)]
    if _WORDS["PATH"] in expected:
        expected = [word for word in expected if word in (_WORDS["PATH"], "NOT")]
    found = f"found {token.text[:40]!r} where it cannot be" if token.text else "the filter ends too early"
    remedy = "Expected " + " or ".join([", ".join(expected[:-1]), expected[-1]] if expected[1:] else expected)
    fail(found, token.at, token.text[:40], remedy=remedy)


def _can_follow(before: tuple[int, ...], word: str) -> bool:
    return _advance(list(before), word) != _ERROR


def _advance(states: list[int], word: str) -> int:
    """Reduce ``states`` as far as ``word`` asks; the state that follows it."""
    while (action := _action(states[-1], word)) < 0:
        _, origin, length = RULES[-action - 1]
        del states[-length:]
        states.append(STATES[states[-1]][origin])
    return action


def _chain(cls: type[AnyOf] | type[AllOf]) -> Callable[[list[Any]], Expression]:
    def join(links: list[Any]) -> Expression:
        # A grouped (a OR b) is joined too: OR and AND are associative, also over NULL.
        items = tuple(item for link in links for item in (link.items if type(link) is cls else (link,)))
        return cls(items, at=links[0].at)

    return join


def _more(items: list[Any], *rest: Any) -> list[Any]:
    items.append(rest[-1])
    return items


def _sign(sign: Token, item: Any) -> Expression:
    value = item.value if isinstance(item, Literal) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Literal(-value if sign.text == "-" else value, at=sign.at)
    return Negative(item, at=sign.at) if sign.text == "-" else Arithmetic("+", Literal(0), item, at=sign.at)


def _case(case: Token, *rest: Any) -> Case:
    words = [part.type if isinstance(part, Token) else "" for part in rest]
    otherwise = rest[words.index("ELSE") + 1] if "ELSE" in words else None
    subject, whens = (None, rest[0]) if isinstance(rest[0], list) else rest[:2]
    return Case(subject, tuple(whens), otherwise, at=case.at)


def _call(name: Token, _: Token, *rest: Any) -> Call:
    return Call(name.text.upper(), tuple(rest[0]) if rest[1:] else (), at=name.at)


_ACTIONS: dict[str, Callable[..., Any]] = {
    "any_of": _chain(AnyOf),
    "all_of": _chain(AllOf),
    "negate": lambda word, item: Not(item, at=word.at),
    "compare": lambda a, op, b: Compare("!=" if op.text == "<>" else op.text, a, b, at=a.at),
    "is_null": lambda a, *_: Is(a, None, at=a.at),
    "is_not_null": lambda a, *_: Is(a, None, True, at=a.at),
    "is_truth": lambda a, _, truth: Is(a, truth.value, at=a.at),
    "is_not_truth": lambda a, _is, _not, truth: Is(a, truth.value, True, at=a.at),
    "among": lambda a, _in, _open, items, _: Among(a, tuple(items), at=a.at),
    "not_among": lambda a, _not, _in, _open, items, _: Among(a, tuple(items), True, at=a.at),
    "like": lambda a, _, b: Like(a, b, at=a.at),
    "not_like": lambda a, _not, _, b: Like(a, b, True, at=a.at),
    "like_escape": lambda a, _, b, _escape, c: Like(a, b, False, lexer.text_of(c), at=a.at),
    "not_like_escape": lambda a, _not, _, b, _escape, c: Like(a, b, True, lexer.text_of(c), at=a.at),
    "between": lambda a, _, b, _and, c: Between(a, b, c, at=a.at),
    "not_between": lambda a, _not, _, b, _and, c: Between(a, b, c, True, at=a.at),
    "arithmetic": lambda a, op, b: Arithmetic(op.text, a, b, at=a.at),
    "concat": lambda a, _, b: Call("CONCAT", (a, b), at=a.at),
    "sign": _sign,
    "path": lambda word: Path(lexer.parts_of(word), at=word.at),
    "group": lambda _open, item, _: item,
    "call_bare": _call,
    "call": _call,
    "cast": lambda word, _open, item, _as, to, _: Cast(item, to.text.upper(), at=word.at),
    "case": _case,
    "case_else": _case,
    "case_of": _case,
    "case_of_else": _case,
    "integer": lambda word: Literal(lexer.integer_of(word), at=word.at),
    "decimal": lambda word: Literal(lexer.decimal_of(word), at=word.at),
    "string": lambda word: Literal(lexer.text_of(word), at=word.at),
    "null": lambda word: Literal(None, at=word.at),
    "true": lambda word: Literal(True, at=word.at),
    "false": lambda word: Literal(False, at=word.at),
    "one": lambda item: [item],
    "two": lambda a, _, b: [a, b],
    "more": _more,
    "when": lambda _when, condition, _then, result: (condition, result),
}
_DEEPENS = _ACTIONS.keys() - {
    "path", "group", "integer", "decimal", "string", "null", "true", "false", "one", "two", "more", "when",
}  # fmt: skip
