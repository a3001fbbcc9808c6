"""Files that DuckDB's SQL names. Stands on the standard library alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/"  # comments
    r"|'(?:[^']|'')*'"  # a literal
    r'|"(?:[^"]|"")*"'  # a name
    r"|\$\$.*?\$\$|[A-Za-z_][A-Za-z_0-9]*|\$\d+|\?|[^\sA-Za-z_'\"]",
    re.DOTALL,
)
_READERS = re.compile(
    r"(read_(csv|csv_auto|parquet|json|json_auto|json_objects|ndjson|ndjson_auto|ndjson_objects|text|blob|xlsx)"
    r"|parquet_scan|csv_scan|sniff_csv|delta_scan|iceberg_scan|st_read|parquet_metadata|parquet_schema)$",
    re.IGNORECASE,
)
_LOOKS_LIKE_A_FILE = re.compile(
    r"(\.(csv|tsv|txt|parquet|pq|json|ndjson|jsonl|arrow|feather|xlsx)(\.(gz|zst|bz2))?$)|://", re.IGNORECASE
)
MOST_CHARS = 1_000_000


def files_of(sql: str, parameters: Any = None) -> tuple[list[str], list[str]]:
    """What ``sql`` reads and what it writes, as it spells them."""
    if not isinstance(sql, str) or len(sql) > MOST_CHARS:
        return [], []
    tokens = _bound(_tokens(sql), parameters)
    read: list[str] = []
    written: list[str] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1].lower() if place else ""
        if _READERS.match(token) and tokens[place + 1 : place + 2] == ["("]:
            read += _first_argument(tokens, place + 1)
        elif (text := _literal(token)) is None:
            continue
        elif before == "to" and _copies(tokens, place):
            written.append(text)
        elif before in ("from", "join", ",") and _is_from(tokens, place):
            is_copied = before == "from" and _copies(tokens, place)
            read += [text] if is_copied or _LOOKS_LIKE_A_FILE.search(text) else []
    return list(dict.fromkeys(read)), list(dict.fromkeys(written))


def _tokens(sql: str) -> list[str]:
    return [found for found in (m[0] for m in _TOKEN.finditer(sql)) if not found.startswith(("--", "/*"))]


def _bound(tokens: list[str], parameters: Any) -> list[str]:
    """``tokens`` with the values of parameters that are text in their places."""
    if not isinstance(parameters, Sequence) or isinstance(parameters, (str, bytes)):
        return tokens
    bound, used = [], 0
    for token in tokens:
        place = -1
        if token == "?":
            place, used = used, used + 1
        elif token.startswith("$") and token[1:].isdigit():
            place = int(token[1:]) - 1
        if 0 <= place < len(parameters) and isinstance(parameters[place], str):
            token = "'" + parameters[place].replace("'", "''") + "'"
        bound.append(token)
    return bound


def _literal(token: str) -> str | None:
    """The text of a literal; a name in double quotes may be a file too."""
    if len(token) >= 2 and token[0] == token[-1] and token[0] in "'\"":
        return token[1:-1].replace(token[0] * 2, token[0])
    return None


def _first_argument(tokens: list[str], place: int) -> list[str]:
    """The files of a reader's first argument: a literal, or a list of them."""
    found, depth = [], 0
    for token in tokens[place:]:
        if token in "([":
            depth += 1
        elif token in ")]":
            depth -= 1
        elif token == "," and depth == 1:
            break
        elif token.startswith("'"):
            found.append(_literal(token) or "")
        if depth == 0:
            break
    return found


def _is_from(tokens: list[str], place: int) -> bool:
    """Whether the token stands where a table may: after FROM or JOIN, or in FROM's list."""
    for token in reversed(tokens[:place]):
        word = token.lower()
        if word in ("from", "join"):
            return True
        if word in ("select", "where", "values", "set", "(", ")", "in", "as", "="):
            return False
    return False


def _copies(tokens: list[str], place: int) -> bool:
    """Whether the statement of the token is a COPY."""
    start = max((i for i in range(place) if tokens[i] == ";"), default=-1) + 1
    return tokens[start : start + 1] != [] and tokens[start].lower() in ("copy", "export")
