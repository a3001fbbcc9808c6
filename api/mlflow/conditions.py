"""The filters of registered models, their versions and LoggedModels: comparisons joined by AND.

Registries hold thousands of entries, not millions: what the first comparison by an indexed column leaves is compared
here, by MLflow's rules, so that the answer does not depend on a database's collation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clew.api.mlflow.errors import Refused
from clew.api.mlflow.paging import token_of

_TOKEN = re.compile(
    r"""\s+|(?P<list>\((?:[^()'"]|'[^']*'|"[^"]*")*\))|(?P<op><=|>=|!=|<>|=|<|>)"""
    r"""|(?P<word>(?:[A-Za-z_][\w]*\.)?(?:`[^`]*`|"[^"]*"|[A-Za-z_][\w.\-/]*)|'(?:[^'])*'|-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)"""
)
_WORDS = {"LIKE", "ILIKE", "IN", "NOT", "AND", "IS"}
NUMERIC_OPS = ("<", "<=", ">", ">=", "=", "!=")
STRING_OPS = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")


@dataclass(frozen=True, slots=True)
class Comparison:
    """``KIND.KEY OP VALUE``: kind is attribute, tag, param or metric."""

    kind: str
    key: str
    op: str
    value: Any

    def holds(self, found: Any) -> bool:
        """Whether what an entry has fulfils it; nothing does where the entry has nothing."""
        if found is None:
            return False
        return _HOLDS[self.op](found, self.value)


def read(text: str, kinds: Mapping[str, str]) -> list[Comparison]:
    """The comparisons of a filter; ``kinds`` spells the prefixes, as ``tags`` for ``tag``. Errors: Refused."""
    tokens = list(_tokens(text))
    found: list[Comparison] = []
    at = 0
    while at < len(tokens):
        if found:
            if tokens[at].upper() != "AND":
                raise _invalid(tokens[at:])
            at += 1
        if at + 2 >= len(tokens):
            raise _invalid(tokens[at:] or tokens[-1:])
        left, op = tokens[at], tokens[at + 1].upper()
        at += 2
        if op == "NOT" and tokens[at].upper() == "IN":
            op, at = "NOT IN", at + 1
        if op not in (*NUMERIC_OPS, *STRING_OPS) or at >= len(tokens):
            raise _invalid([left, op])
        found.append(_comparison(left, op, tokens[at], kinds))
        at += 1
    return found


def unquoted(text: str) -> str | None:
    """The text between quotes; None where there are none."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else None


def ordered(entries: Iterable[Any], by: Iterable[tuple[Callable[[Any], Any], bool]]) -> list[Any]:
    """``entries`` by several keys, the first first; what has no value comes last."""
    found = list(entries)
    for key, ascending in reversed(list(by)):
        found.sort(
            key=lambda entry: (0 if key(entry) is None else 1, key(entry) or 0), reverse=True
        ) if not ascending else (
            found.sort(key=lambda entry: (key(entry) is None, 0 if key(entry) is None else key(entry)))
        )
    return found


def order_clause(text: str) -> tuple[str, bool]:
    """``KEY [ASC|DESC]``. Errors: Refused."""
    match = re.fullmatch(r"\s*(`[^`]*`|\"[^\"]*\"|\S+?)(?:\s+(asc|desc))?\s*", text, re.IGNORECASE)
    if match is None:
        raise Refused(f"Invalid order_by clause '{text}'. Could not be parsed.")
    return match[1].strip('`"'), (match[2] or "asc").lower() == "asc"


def _tokens(text: str) -> Iterable[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _invalid([text[at:]])
        if not match[0].isspace():
            yield match[0]
        at = match.end()


def _comparison(left: str, op: str, right: str, kinds: Mapping[str, str]) -> Comparison:
    prefix, dot, key = left.partition(".")
    if not dot or prefix.startswith(("`", '"')):
        kind, key = "attribute", left
    elif prefix in kinds:
        kind = kinds[prefix]
    else:
        raise Refused(f"Invalid entity type '{prefix}'. Valid entity types are {tuple(kinds)}")
    key = key.strip('`"')
    value: Any = unquoted(right)
    if right.startswith("("):
        value = tuple(
            one if (one := unquoted(part)) is not None else _number(part)
            for part in re.findall(r"'[^']*'|\"[^\"]*\"|[^,()\s]+", right)
        )
        if op not in ("IN", "NOT IN"):
            raise _invalid([left, op, right])
    elif value is None:
        value = _number(right)
    return Comparison(kind, key, "!=" if op == "<>" else op, value)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise Refused(
            f"Expected a quoted string value or a list of quoted string values for attributes. Got value {text}"
        ) from None


def _like(text: Any, pattern: Any, flags: int = 0) -> bool:
    expression = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in str(pattern))
    return re.fullmatch(expression, str(text), flags | re.DOTALL) is not None


def _invalid(tokens: list[str]) -> Refused:
    return Refused(f"Invalid clause(s) in filter string: {', '.join(tokens)}")


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "LIKE": _like,
    "ILIKE": lambda a, b: _like(a, b, re.IGNORECASE),
    "IN": lambda a, b: a in b,
    "NOT IN": lambda a, b: a not in b,
}


def page(items: list[Any], start: int, most: int) -> tuple[list[Any], str | None]:
    """One page of ``items``, and the token of the next, if there is one."""
    end = start + most
    return items[start:end], token_of(end) if len(items) > end else None
