"""Replay the change log into plain dictionaries, and compare them with what the tables hold.

The log holds effects, so replay needs no rules: the last word on a node is its state, an edge once said stands.
What an operation looks like: log.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from clew.metadata.encode import digest_of_change
from clew.metadata.errors import Corrupt
from clew.metadata.log import operations
from clew.metadata.reader import Reader
from clew.metadata.store.columns import CHANGE, NODE_TABLES, TYPE

Row = dict[str, Any]
Ops = list[tuple[str, dict[str, Any]]]
_JSON_COLUMNS = ("properties", "custom_properties", "input_type", "output_type")
_EDGE_KEYS = {
    "event": ("execution", "type", "artifact"),
    "event_history": ("execution", "type", "artifact", "until"),
    "attribution": ("context", "artifact"),
    "association": ("context", "execution"),
    "parent_context": ("context", "parent"),
}
_EVENT_REST = "path, time_ms, created_seq, place, source, confidence, location, said"
_EVENT = f"execution_id, type, artifact_id, {_EVENT_REST}"
_EDGE_SQL = {
    "event": f"SELECT {_EVENT} FROM event",
    "event_history": f"SELECT execution_id, type, artifact_id, until_seq, {_EVENT_REST} FROM event_history",
    "attribution": "SELECT context_id, artifact_id, created_seq FROM attribution",
    "association": "SELECT context_id, execution_id, created_seq FROM association",
    "parent_context": "SELECT context_id, parent_id, created_seq FROM parent_context",
}


@dataclass(slots=True)
class State:
    """Everything a record says: nodes and types by id, their history, and edges by key."""

    nodes: dict[str, dict[int, Row]] = field(
        default_factory=lambda: {"type": {}, "artifact": {}, "execution": {}, "context": {}}
    )
    history: dict[str, dict[tuple[int, int], Row]] = field(
        default_factory=lambda: {"type": {}, "artifact": {}, "execution": {}, "context": {}}
    )
    """(id, until_seq) -> the state that held before."""
    edges: dict[str, dict[tuple[int, ...], tuple[Any, ...]]] = field(
        default_factory=lambda: {table: {} for table in _EDGE_KEYS}
    )
    seq: int = 0
    time_ms: int = 0


def replay(changes: Iterable[tuple[int, int, Ops]], state: State | None = None) -> State:
    """The state after ``changes`` (seq, time_ms, ops), in order. Errors: Corrupt for a gap or a step back in time."""
    state = state or State()
    for seq, time_ms, ops in changes:
        if seq != state.seq + 1 or time_ms < state.time_ms:
            raise Corrupt(f"change {seq} does not follow change {state.seq}", field="change.seq", value=seq)
        state.seq, state.time_ms = seq, time_ms
        for table, after in ops:
            if table in state.nodes:
                _put(state, table, after | {"updated_seq": seq}, seq)
            elif table == "withdrawal":
                key = tuple(after[k] for k in _EDGE_KEYS["event"])
                state.edges["event_history"][*key, seq] = state.edges["event"].pop(key)
            else:
                key = tuple(after[k] for k in _EDGE_KEYS[table])
                state.edges[table].setdefault(key, _event_rest(after, seq) if table == "event" else (seq,))
    return state


def _event_rest(after: Row, seq: int) -> tuple[Any, ...]:
    return (
        after.get("path"), after["time_ms"], seq, after["place"], after.get("source"), after.get("confidence"),
        after.get("location"), after.get("said"),
    )  # fmt: skip


def _put(state: State, table: str, row: Row, seq: int) -> None:
    old = state.nodes[table].get(row["id"])
    if old is not None and old["updated_seq"] != seq:
        state.history[table][row["id"], seq] = old
    state.nodes[table][row["id"]] = row


def read_log(reader: Reader, chunk: int = 1000) -> Iterator[tuple[int, int, Ops]]:
    """The log of ``reader`` with each change's digest checked. Errors: Corrupt naming the change."""
    after = 0
    while rows := reader.query(
        f"SELECT {','.join(CHANGE)} FROM change WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        (after, reader.seq, chunk),
    ):
        for seq, time_ms, actor, namespace, log, digest in rows:
            if digest_of_change(seq, time_ms, actor, namespace, bytes(log)) != bytes(digest):
                raise Corrupt(
                    f"change {seq} does not match its digest: the log was edited or damaged",
                    field="change.digest",
                    value=seq,
                    remedy="Restore a backup: `clew restore`",
                )
            yield seq, time_ms, operations(bytes(log))
        after = rows[-1][0]


def state_of(reader: Reader) -> State:
    """What the tables hold (of a reader of now)."""
    state = State(seq=reader.seq)
    for table, columns in (("type", TYPE), *NODE_TABLES.items()):
        names = ",".join(columns)
        for row in reader.query(f"SELECT {names} FROM {table}"):
            if not (table == "type" and row[0] < 10 and row[-1] == 0):  # predefined types are in no change
                state.nodes[table][row[0]] = _row(columns, row)
        for row in reader.query(f"SELECT {names}, until_seq FROM {table}_history"):
            state.history[table][row[0], row[-1]] = _row(columns, row[:-1])
    for table, sql in _EDGE_SQL.items():
        width = len(_EDGE_KEYS[table])
        for row in reader.query(sql):
            rest = list(row[width:])
            if table in ("event", "event_history"):
                rest[0], rest[-1] = (None if text is None else orjson.loads(text) for text in (rest[0], rest[-1]))
            state.edges[table][tuple(row[:width])] = tuple(rest)
    return state


def differences(reader: Reader, progress: Callable[[int], None] | None = None) -> list[str]:
    """Where the tables say something else than the log, in words; empty when they agree.

    Cost: reads the whole record into memory. Errors: Corrupt when the log itself is damaged.
    """

    def watched() -> Iterator[tuple[int, int, Ops]]:
        for change in read_log(reader):
            if progress is not None and change[0] % 1000 == 0:
                progress(change[0])
            yield change

    said, held = replay(watched()), state_of(reader)
    found = []
    if said.seq != reader.seq:
        found.append(f"the head says seq {reader.seq}, the log ends at {said.seq}")
    for what, ours, theirs in (
        *((table, held.nodes[table], said.nodes[table]) for table in said.nodes),
        *((f"{table}_history", held.history[table], said.history[table]) for table in said.history),
        *((table, held.edges[table], said.edges[table]) for table in said.edges),
    ):
        found += _compare(what, ours, theirs)  # type: ignore[arg-type]
    return found


def _compare(what: str, held: dict[Any, Any], said: dict[Any, Any]) -> Iterator[str]:
    for key in sorted(held.keys() - said.keys()):
        yield f"{what} {key} is in its table, not in the log"
    for key in sorted(said.keys() - held.keys()):
        yield f"{what} {key} is in the log, not in its table"
    for key in sorted(held.keys() & said.keys()):
        if _canonical(held[key]) != _canonical(said[key]):
            yield f"{what} {key} differs from the log: {_fields(held[key], said[key])}"


def _fields(held: Any, said: Any) -> str:
    if isinstance(held, dict):
        return ", ".join(sorted(k for k in held.keys() | said.keys() if held.get(k) != said.get(k)))
    return f"{held} / {said}"


def _canonical(row: Any) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def _row(columns: tuple[str, ...], row: Iterable[Any]) -> Row:
    after = {k: v for k, v in zip(columns, row, strict=True) if v is not None}
    for name in _JSON_COLUMNS:
        if name in after:
            after[name] = orjson.loads(after[name])
    return after
