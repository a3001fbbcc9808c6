"""MLflow's filter language: clauses joined by AND, each a key, a comparison and a value; and its order_by.

    metrics.`val loss` < 0.5 AND params.model = 'tree' AND tags.team IS NOT NULL AND attributes.run_id IN ('a', 'b')

Source: mlflow/utils/search_utils.py (what is accepted, and the texts of what is not).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clew.api.mlflow.errors import Refused

Kind = Literal["metric", "parameter", "tag", "attribute", "dataset"]
KINDS: dict[str, Kind] = {
    "metric": "metric", "metrics": "metric",
    "parameter": "parameter", "parameters": "parameter", "param": "parameter", "params": "parameter",
    "tag": "tag", "tags": "tag",
    "attribute": "attribute", "attr": "attribute", "attributes": "attribute", "run": "attribute",
    "dataset": "dataset", "datasets": "dataset",
}  # fmt: skip
NUMERIC = ("=", "!=", "<", "<=", ">", ">=")
_LIKE = ("=", "!=", "LIKE", "ILIKE")
_NULL = ("IS NULL", "IS NOT NULL")
_LISTED = ("IN", "NOT IN")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:''|\\'|[^'])*')
    |(?P<key>(?:`[^`]*`|"[^"]*"|[A-Za-z_][\w$]*)(?:\.(?:`[^`]*`|"[^"]*"|[\w$]+))*)
    |(?P<number>[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)
    |(?P<list>\([^()]*\))
    |(?P<op>[!<>=~]+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ITEM = re.compile(r"""\s*(?:'((?:\\'|[^'])*)'|"([^"]*)")\s*(?:,|$)""")


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison."""

    kind: Kind
    key: str
    op: str
    value: str | float | int | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """One key to order by."""

    kind: Kind
    key: str
    ascending: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """What one kind of search knows."""

    text_keys: tuple[str, ...]
    numeric_keys: tuple[str, ...]
    order_keys: tuple[str, ...]
    kinds: tuple[Kind, ...]
    listed_keys: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def name(self, key: str) -> str:
        """The key that another spelling means."""
        return dict(self.aliases).get(key, key)


RUNS = Grammar(
    ("run_id", "run_name", "user_id", "status", "artifact_uri", "run name", "Run name", "Run Name"),
    ("start_time", "end_time", "created", "Created"),
    ("run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time", "created", "Created"),
    ("metric", "parameter", "tag", "attribute", "dataset"),
    ("run_id",),
    (
        ("created", "start_time"),
        ("Created", "start_time"),
        ("run name", "run_name"),
        ("Run name", "run_name"),
        ("Run Name", "run_name"),
    ),
)
EXPERIMENTS = Grammar(
    ("name", "experiment_id"),
    ("creation_time", "last_update_time"),
    ("name", "experiment_id", "creation_time", "last_update_time"),
    ("tag", "attribute"),
    ("experiment_id",),
)


class _Tokens:
    def __init__(self, text: str) -> None:
        self.items = [
            (str(match.lastgroup), match.group()) for match in _TOKEN.finditer(text) if match.lastgroup != "space"
        ]
        self.at = 0

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        return self.items[self.at + ahead] if self.at + ahead < len(self.items) else ("end", "")

    def next(self) -> tuple[str, str]:
        found = self.peek()
        self.at += 1
        return found

    def words(self, *words: str) -> bool:
        """Step over these keywords, when they come next."""
        if all(self.peek(i)[1].upper() == word and self.peek(i)[0] == "key" for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False


def parse_filter(text: str, grammar: Grammar = RUNS) -> list[Clause]:
    """The clauses of a filter. Errors: Refused with MLflow's texts."""
    if ";" in re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"", "", text).rstrip().rstrip(";"):
        raise Refused(f"Search filter contained multiple expression {text!r}. Provide AND-ed expression list.")
    tokens, clauses = _Tokens(text), []
    while tokens.peek()[0] != "end":
        if tokens.words("AND"):
            continue
        clauses.append(_clause(tokens, grammar))
    return clauses


def _clause(tokens: _Tokens, grammar: Grammar) -> Clause:
    kind, key = tokens.next()
    if kind != "key" or key.upper() in ("OR", "NOT"):
        raise _no_clause(key)
    if tokens.words("IS", "NOT", "NULL"):
        return _null(key, "IS NOT NULL", grammar)
    if tokens.words("IS", "NULL"):
        return _null(key, "IS NULL", grammar)
    if tokens.words("NOT", "IN"):
        op = "NOT IN"
    elif tokens.words("NOT", "LIKE"):
        op = "NOT LIKE"
    elif tokens.peek()[0] == "op":
        op = tokens.next()[1]
    elif tokens.peek()[0] == "key" and tokens.peek()[1].upper() in ("IN", "LIKE", "ILIKE", "RLIKE"):
        op = tokens.next()[1].upper()
    else:
        raise _no_clause(key)
    shape, raw = tokens.next()
    if shape == "end":
        raise _no_clause(f"{key} {op}")
    of, name = identifier(key, grammar, (*grammar.text_keys, *grammar.numeric_keys))
    value = _value(of, name, shape, raw, grammar)
    _check_op(of, name, op, grammar)
    return Clause(of, grammar.name(name), op, value)


def _no_clause(text: str) -> Refused:
    return Refused(f"Invalid clause(s) in filter string: '{text}'")


def _null(key: str, op: str, grammar: Grammar) -> Clause:
    of, name = identifier(key, grammar, (*grammar.text_keys, *grammar.numeric_keys))
    if grammar is EXPERIMENTS and of != "tag":
        raise Refused(f"IS NULL / IS NOT NULL is only supported for tags, not for attribute '{name}'")
    if of not in ("tag", "parameter"):
        raise Refused(f"IS NULL / IS NOT NULL is only supported for tags and params, not for '{of}' '{name}'")
    return Clause(of, name, op, None)


def identifier(text: str, grammar: Grammar, attributes: Sequence[str]) -> tuple[Kind, str]:
    """What a key is of, and its name without quotes. Errors: Refused."""
    of, dot, rest = text.partition(".")
    key = rest if dot else of
    kind = KINDS.get(_bare(of, "`")) if dot else "attribute"
    if kind is None or kind not in grammar.kinds:
        if grammar is EXPERIMENTS:
            raise Refused(f"Invalid entity type '{of}'. Valid entity types are ('attribute', 'tag', 'tags')")
        raise Refused(f"Invalid entity type '{_bare(of, '`')}'. Valid values are {list(grammar.kinds)}")
    key = _bare(_bare(_bare(key, "'"), '"'), "`")
    if kind == "attribute" and key not in attributes:
        raise Refused(f"Invalid attribute key '{key}' specified. Valid keys are '{_set(attributes)}'")
    if kind == "dataset" and key not in ("name", "digest", "context"):
        raise Refused(f"Invalid dataset key '{key}' specified. Valid keys are '{_set(('name', 'digest', 'context'))}'")
    return kind, key


def _bare(text: str, quote: str) -> str:
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == quote else text


def _set(items: Sequence[str]) -> str:
    return "{" + ", ".join(repr(item) for item in items) + "}"


def _value(of: Kind, key: str, shape: str, raw: str, grammar: Grammar) -> str | float | int | tuple[str, ...]:
    if of == "metric":
        if shape != "number":
            raise Refused(f"Expected numeric value type for metric. Found {raw}")
        return float(raw)
    if of == "attribute" and key in grammar.numeric_keys:
        if shape != "number":
            raise Refused(f"Expected numeric value type for numeric attribute: {key}. Found {raw}")
        return int(raw) if re.fullmatch(r"[-+]?\d+", raw) else float(raw)
    if shape == "list" and of == "attribute":
        if key not in grammar.listed_keys:
            raise Refused(
                f"Only {sorted(grammar.listed_keys)} attributes support comparison with a list of quoted string values."
            )
        return _items(raw)
    if shape == "list" and of == "dataset":
        return _items(raw)
    if shape == "text":
        return raw[1:-1]
    if shape == "key":
        if _bare(raw, '"') == raw:
            raise Refused(
                "Parameter value is either not quoted or unidentified quote types used for string value "
                f"{raw}. Use either single or double quotes."
            )
        return raw[1:-1]
    if of in ("parameter", "tag"):
        raise Refused(f"Expected a quoted string value for {of} (e.g. 'my-value'). Got value {raw}")
    what = "dataset attributes" if of == "dataset" else "attributes"
    raise Refused(f"Expected a quoted string value for {what}. Got value {raw}")


def _items(raw: str) -> tuple[str, ...]:
    inner, at, found = raw[1:-1], 0, []
    while at < len(inner):
        match = _ITEM.match(inner, at)
        if match is None:
            if re.fullmatch(r"[\s\d.,+-]*", inner):
                raise Refused(
                    "While parsing a list in the query, expected string value, punctuation, or whitespace, but got "
                    f"different type in list: {raw if ',' in raw else raw[:-1] + ',)'}"
                )
            raise Refused(
                "While parsing a list in the query, expected a non-empty list of string values, "
                "but got ill-formed list."
            )
        found.append(match[1] if match[1] is not None else match[2])
        at = match.end()
    if not found:
        raise Refused(
            "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
        )
    return tuple(found)


def _check_op(of: Kind, key: str, op: str, grammar: Grammar) -> None:
    if of == "metric" or (of == "attribute" and key in grammar.numeric_keys):
        allowed: tuple[str, ...] = NUMERIC
    elif of in ("parameter", "tag"):
        allowed = (*_LIKE, *_NULL)
    else:
        allowed = (*_LIKE, *_LISTED)
    if op not in allowed:
        told = (*_LIKE, *_LISTED) if of == "attribute" else allowed  # as MLflow tells it, unclosed quote and all
        closed = "'" if of == "parameter" or (of == "attribute" and key not in grammar.numeric_keys) else ""
        raise Refused(f"Invalid comparator '{op}' not one of '{_set(told)}{closed}")
    if grammar is EXPERIMENTS and key == "experiment_id" and op not in ("=", "!=", *_LISTED):
        raise Refused(f"Invalid comparator for experiment_id: {op}")


def parse_order(texts: Sequence[str], grammar: Grammar = RUNS) -> list[Order]:
    """What to order by. Errors: Refused with MLflow's texts."""
    found: list[Order] = []
    for text in texts:
        try:
            tokens = shlex.split(text.replace("`", '"'))
        except ValueError as error:
            raise Refused(f"Invalid order_by clause '{text}'. Could not be parsed.") from error
        if not 1 <= len(tokens) <= 2:
            raise Refused(f"Invalid order_by clause '{text}'. Could not be parsed.")
        ascending = True
        key = text.strip()
        if len(tokens) == 2:
            if tokens[1].lower() not in ("asc", "desc"):
                raise Refused(f"Invalid ordering key in order_by clause '{text}'.")
            ascending, key = tokens[1].lower() == "asc", tokens[0]
        kind, name = identifier(key, grammar, grammar.order_keys)
        if grammar is EXPERIMENTS and kind != "attribute":
            raise Refused(f"Invalid order_by entity: {kind}")
        one = Order(kind, grammar.name(name), ascending)
        if kind == "dataset":
            raise Refused(f"Invalid identifier type '{kind}'")
        if any((other.kind, other.key) == (one.kind, one.key) for other in found):
            raise Refused(f"`order_by` contains duplicate fields: {list(texts)}", "INTERNAL_ERROR")
        found.append(one)
    return found
