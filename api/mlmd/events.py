"""Events, from the record's rows to messages without a stop between: lineage answers hold thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import Row, among, listed

_END = {Kind.ARTIFACT: "artifact_id", Kind.EXECUTION: "execution_id"}
_SELECT = "SELECT execution_id, type, artifact_id, path, time_ms, created_seq FROM event"
_ORDER = "ORDER BY created_seq, place"


def event_rows(reader: Reader, kind: Kind, ids: Iterable[int], types: Sequence[int] = ()) -> list[Row]:
    """(execution id, type, artifact id, path, time, seq) of the events of nodes, oldest first; no types are all."""
    of_types = f" AND type IN ({','.join(map(str, map(int, types)))})" if types else ""
    sql = f"{_SELECT} WHERE {_END[kind]} {among(reader)}{of_types} {_ORDER}"
    return reader.query(sql, (listed(reader, ids),))


def write_event_rows(rows: Iterable[Row], into: Any) -> None:
    """Append events to a repeated field."""
    add = into.add
    for execution_id, type_, artifact_id, path, time_ms, _ in rows:
        if path is None:
            add(artifact_id=artifact_id, execution_id=execution_id, type=type_, milliseconds_since_epoch=time_ms)
        else:
            add(
                artifact_id=artifact_id,
                execution_id=execution_id,
                path=_path(path),
                type=type_,
                milliseconds_since_epoch=time_ms,
            )


@lru_cache(maxsize=4096)
def _path(text: str) -> pb.Event.Path:
    """The same few paths come again and again; a message that is only copied from may be shared."""
    path = pb.Event.Path()
    for step in orjson.loads(text):
        if isinstance(step, str):
            path.steps.add().key = step
        else:
            path.steps.add().index = step
    return path
