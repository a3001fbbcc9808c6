"""Find nodes by what a person remembers of them: an id, a name, an address, a digest, or a part of one.

Exact matches and beginnings come from the indexes, so they are found at once in a record of any size. What merely
contains the text is looked for newest first, window by window, until enough is found or the time is over.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from heapq import nlargest
from itertools import cycle
from typing import Any

from clew.metadata.errors import Invalid
from clew.metadata.filter.fields import Type
from clew.metadata.filter.spelling import SPELLINGS, Spelling, Sql, joined
from clew.metadata.ids import INT64_MAX, Kind
from clew.metadata.location import canonical
from clew.metadata.node import Artifact, Execution, Node
from clew.metadata.reader import Reader
from clew.metadata.text import check_text

MAX_TEXT_BYTES = 8192
MAX_WORDS = 8
BUDGET_S = 0.25
"""For looking through what no index holds."""
DISPLAY_NAME = "display_name"
"""The property by which KFP and Clew call what has no name of its own, or an id for one: steps, outputs, runs."""

_AT_MOST = 5000
"""Nodes with a common beginning that are put in order: where there are more, the newest are found by looking."""
_FIRST_WINDOW, _LAST_WINDOW, _WINDOW_S = 10_000, 160_000, 0.02
_NO_MATCH = 9
_LAST_CHARACTER = "\U0010ffff"
_REF = re.compile(r"(?:(artifact|execution|context):)?([0-9]{1,18})")
_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
_DISPLAY_NAMES: dict[Kind, tuple[str, ...]] = {
    Kind.ARTIFACT: ("custom_properties",),
    Kind.EXECUTION: ("custom_properties",),
    Kind.CONTEXT: ("properties", "custom_properties"),
}
_PLAIN = re.compile(r"[A-Za-z0-9_.:@/ -]+")
"""Words that JSON does not spell in another way."""
_CONTAINING: dict[Kind, tuple[str, ...]] = {
    Kind.ARTIFACT: ("name", "uri", "external_id"),
    Kind.EXECUTION: ("name", "external_id"),
    Kind.CONTEXT: ("name", "external_id"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that was found, and by what."""

    node: Node
    matched: str
    """``id``, ``name``, ``displayName``, ``externalId``, ``uri``, ``digest`` or ``fingerprint``."""
    exact: bool
    """Whether the text is the whole of it, to the letter."""


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, the best first."""

    hits: list[Hit]
    partial: bool
    """Whether nodes were left that nobody looked at: there was no time."""


def search(
    reader: Reader,
    text: str,
    *,
    kinds: Sequence[Kind] = tuple(Kind),
    namespace: str | None = None,
    limit: int = 20,
    budget_s: float = BUDGET_S,
) -> Found:
    """Nodes that ``text`` may mean: exact matches, then beginnings, then what contains all its words; newest first.

    Letters A to Z match in either case. Blank text finds nothing.
    Cost: look-ups in indexes, and at most ``budget_s`` of looking through the rest.
    Errors: Invalid for NUL, a lone surrogate, or more than 8192 bytes.
    """
    check_text(text, "text", MAX_TEXT_BYTES)
    check_text(namespace, "namespace")
    text = text.strip()
    if not text or limit < 1:
        return Found([], False)
    looking = _Looking(reader, text, namespace, limit)
    found = {kind: looking.known(kind) for kind in dict.fromkeys(kinds)}
    partial = False if looking.is_enough(found) else looking.through(found, time.monotonic() + budget_s)
    ranked = sorted((ranking for kind, ids in found.items() for ranking in looking.ranked(kind, ids)), key=_order)
    return Found([hit for _, hit in ranked[:limit]], partial)


def _order(ranking: tuple[int, Hit]) -> tuple[int, int, int]:
    rank, hit = ranking
    return rank, -hit.node.created_ms, -hit.node.id


class _Looking:
    """One search under way."""

    def __init__(self, reader: Reader, text: str, namespace: str | None, limit: int) -> None:
        self.reader, self.text, self.namespace, self.limit = reader, text, namespace, limit
        self.words = text.split()[:MAX_WORDS]
        self.spelling: Spelling = SPELLINGS[reader.dialect]
        self._is_at = False
        self._crowded: set[Kind] = set()
        """Of which so many begin with the text that the index's first are not the newest."""

    def is_enough(self, found: dict[Kind, set[int]]) -> bool:
        """Whether nothing better can come of looking further."""
        if self._is_unmistakable() and any(found.values()):
            return True
        is_sure = self.reader.dialect == "sqlite" and not self._crowded
        return is_sure and sum(map(len, found.values())) >= self.limit

    def _is_unmistakable(self) -> bool:
        """Whether what the text names whole, or nearly, is what is meant: an id, a digest, an address that is there."""
        ref, digest = _REF.fullmatch(self.text), _HEX.fullmatch(self.text.lower())
        return (ref is not None and ref[1] is not None) or (digest is not None and len(digest[1]) >= 16) or self._is_at

    # -- by index ----------------------------------------------------------------------------------------------

    def known(self, kind: Kind) -> set[int]:
        """Ids that indexes find: exact matches, and beginnings where the database orders text by its bytes."""
        types = ",".join(str(row.id) for row in self.reader.types(kind))
        of_types = f"type_id IN ({types}) AND " if types else ""
        found: set[int] = set()
        if (ref := _REF.fullmatch(self.text)) is not None and ref[1] in (None, kind.value):
            found |= self._ids(kind, "id = ?", [min(int(ref[2]), INT64_MAX)])
        found |= self._ids(kind, f"{of_types}name = ?", [self.text])
        found |= self._ids(kind, "external_id = ?", [self.text])
        for column, value in self._digests(kind):
            found |= self._ids(kind, f"{column} >= ? AND {column} < ?", [value, value + "g"])
        where = self._location() if kind is Kind.ARTIFACT else ""
        if where:
            at = self._ids(kind, "location = ?", [where])
            self._is_at = bool(at)
            found |= at
        if self.reader.dialect == "sqlite":  # elsewhere an index may order text by a language's rules
            for begin in dict.fromkeys((self.text, self.text.lower(), self.text.upper(), self.text.capitalize())):
                found |= self._beginning(kind, f"{of_types}name", begin)
            found |= self._beginning(kind, "external_id", self.text)
            found |= self._beginning(kind, "location", where) if where else set()
        return found

    def _beginning(self, kind: Kind, column: str, begin: str) -> set[int]:
        name = column.rpartition(" ")[2]
        return self._ids(kind, f"{column} >= ? AND {name} < ?", [begin, begin + _LAST_CHARACTER])

    def _ids(self, kind: Kind, where: str, values: list[Any]) -> set[int]:
        if self.namespace is not None:
            where, values = f"{where} AND namespace = ?", [*values, self.namespace]
        rows = self.reader.query(f"SELECT id FROM {kind.value} WHERE {where} LIMIT {_AT_MOST}", values)
        if len(rows) == _AT_MOST:
            self._crowded.add(kind)
        return set(nlargest(self.limit, (row[0] for row in rows)))

    def _location(self) -> str:
        with suppress(Invalid):
            return canonical(self.text) if "/" in self.text or ":" in self.text else ""
        return ""

    def _digests(self, kind: Kind) -> Iterator[tuple[str, str]]:
        column = {Kind.ARTIFACT: "digest", Kind.EXECUTION: "fingerprint"}.get(kind)
        match = _HEX.fullmatch(self.text.lower())
        if column is not None and match is not None:
            yield column, "sha256:" + match[1]

    # -- by looking --------------------------------------------------------------------------------------------

    def through(self, found: dict[Kind, set[int]], deadline: float) -> bool:
        """Add to ``found`` what contains every word, newest first. True when time ran out before the end."""
        waiting = {kind: self._newest(kind) for kind in found}
        looked = {kind: set() if kind in self._crowded else set(ids) for kind, ids in found.items()}
        size = dict.fromkeys(waiting, _FIRST_WINDOW)
        for kind in cycle(list(waiting)):
            if not waiting:
                return False
            if kind not in waiting:
                continue
            if time.monotonic() > deadline:
                return True
            began, top = time.monotonic(), waiting[kind]
            looked[kind] |= self._containing(kind, top - size[kind], top)
            found[kind] |= looked[kind]
            waiting[kind] = top - size[kind]
            if waiting[kind] <= 0 or len(looked[kind]) >= self.limit:
                del waiting[kind]
            elif time.monotonic() - began < _WINDOW_S:
                size[kind] = min(size[kind] * 2, _LAST_WINDOW)
        return False

    def _newest(self, kind: Kind) -> int:
        return int(self.reader.query(f"SELECT COALESCE(MAX(id), 0) FROM {kind.value}")[0][0])

    def _containing(self, kind: Kind, low: int, high: int) -> set[int]:
        condition = self._contains(kind)
        where, values = f"id > ? AND id <= ? AND {condition.text}", [low, high, *condition.values]
        if self.namespace is not None:
            where, values = f"{where} AND namespace = ?", [*values, self.namespace]
        first = self.spelling.word("starts", *(self.spelling.word("upper", part) for part in (Sql("name"), Sql("?"))))
        order = f"CASE WHEN {first.text} THEN 0 ELSE 1 END, id DESC"
        sql = f"SELECT id FROM {kind.value} WHERE {where} ORDER BY {order} LIMIT ?"
        return {row[0] for row in self.reader.query(sql, [*values, self.text, self.limit])}

    def _contains(self, kind: Kind) -> Sql:
        parts = [[self._has(Sql(column), word) for word in self.words] for column in _CONTAINING[kind]]
        for map_ in _DISPLAY_NAMES[kind]:
            shown = self.spelling.property(map_, DISPLAY_NAME, Type.STRING)
            # A text is looked through in a third of the time that JSON takes, and has what its values have, if plain.
            plain = [self._has(self._as_text(map_), word) for word in self.words if _PLAIN.fullmatch(word)]
            parts.append([*plain, *(self._has(shown, word) for word in self.words)])
        return joined("OR", [joined("AND", part) for part in parts])

    def _as_text(self, column: str) -> Sql:
        return Sql(column if self.reader.dialect == "sqlite" else f"CAST({column} AS text)")

    def _has(self, column: Sql, word: str) -> Sql:
        escaped = re.sub(r"([!%_])", r"!\1", word)
        return self.spelling.word("like_escape", column, Sql("?", (f"%{escaped}%",)), Sql("'!'"))

    # -- which is best -----------------------------------------------------------------------------------------

    def ranked(self, kind: Kind, ids: set[int]) -> Iterator[tuple[int, Hit]]:
        """What was found, each with its rank: 0 the same to the letter, 1 in other case, 2 the beginning, 3 within."""
        reader = self.reader
        read: Any = {
            Kind.ARTIFACT: reader.artifacts_by_id,
            Kind.EXECUTION: reader.executions_by_id,
            Kind.CONTEXT: reader.contexts_by_id,
        }[kind]
        for node in read(ids).values():
            ranks = [(self._rank(text, value), text) for text, value in _texts(node)]
            rank, matched = min(ranks, key=lambda pair: pair[0])
            if rank < _NO_MATCH:
                yield rank, Hit(node, matched, rank == 0)

    def _rank(self, matched: str, value: str) -> int:
        text = self.text
        if value == text or (matched == "id" and value.partition(":")[2] == text):
            return 0
        if matched == "id":
            return _NO_MATCH
        small, wanted = value.lower(), text.lower()
        if matched == "uri" and self._location() and canonical(value).startswith(self._location()):
            return 0 if canonical(value) == self._location() else 2
        if small == wanted:
            return 1
        if small.startswith(wanted) or (matched in ("digest", "fingerprint") and small.startswith("sha256:" + wanted)):
            return 2
        return 3 if all(word.lower() in small for word in self.words) else _NO_MATCH


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """What a node can be found by, the most telling first."""
    told: list[tuple[str, object]] = [("id", str(node.ref)), ("name", node.name)]
    told += [("displayName", getattr(node, map_).get(DISPLAY_NAME)) for map_ in _DISPLAY_NAMES[node.ref.kind]]
    told.append(("externalId", node.external_id))
    if isinstance(node, Artifact):
        told += [("uri", node.uri), ("digest", node.digest)]
    if isinstance(node, Execution):
        told.append(("fingerprint", node.fingerprint))
    return ((matched, value) for matched, value in told if isinstance(value, str))
