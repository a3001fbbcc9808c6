"""A home of any size for measurements: generated lineage put into the record's tables with plain SQL.

The rows are what commits would have left, but for the log: it has one change, whose effects are not listed.
"""

from __future__ import annotations

import hashlib  # noqa: TID251 (a made-up digest)
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lineage

from clew.metadata.record import Record
from clew.metadata.store.sqlite import connect

TYPES = (
    (lineage.METRICS, 1, "system.Metrics"),
    (lineage.STEP, 2, "system.ContainerExecution"),
)
NODE = "id, type_id, namespace, name, state, custom_properties, created_ms, updated_ms, created_seq, updated_seq"


def home_of(folder: Path, edges: int, seed: int = 7) -> Path:
    """A home of about ``edges`` events; made once, about 8 s a million."""
    home = folder / f"lineage-{edges}"
    if (home / "made").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    Record.open(home).close()
    woven = lineage.generate(edges, seed)
    connection = connect(home / "record.db")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    insert = "INSERT INTO type(id, kind, name, version, properties, created_ms, updated_ms, created_seq, updated_seq)"
    connection.executemany(f"{insert} VALUES(?, ?, ?, '', '{{}}', 0, 0, 1, 1)", TYPES)
    types = woven.artifact_types.tolist()
    insert = f"INSERT INTO artifact({NODE}, uri, location, digest, size_bytes) VALUES({','.join('?' * 14)})"
    connection.executemany(insert, _artifacts(types))
    insert = f"INSERT INTO execution({NODE}, started_ms, ended_ms) VALUES({','.join('?' * 12)})"
    connection.executemany(insert, _executions(woven.executions))
    connection.executemany(
        "INSERT INTO event(execution_id, type, artifact_id, time_ms, created_seq) VALUES(?, ?, ?, 0, 1)",
        zip(woven.event_execution.tolist(), woven.event_type.tolist(), woven.event_artifact.tolist(), strict=True),
    )
    digest = hashlib.sha256(b"generated").digest()
    connection.execute(
        "INSERT INTO change(seq, time_ms, actor, namespace, ops, digest) VALUES(1, 0, 'bench', 'default', ?, ?)",
        (b"[]", digest),
    )
    connection.execute(
        "UPDATE head SET seq = 1, types_seq = 1, next_type = 12, next_artifact = ?, next_execution = ?",
        (woven.artifacts + 1, woven.executions + 1),
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    (home / "made").touch()
    return home


def _artifacts(types: list[int]) -> Iterator[tuple[Any, ...]]:
    for i, type_id in enumerate(types, 1):
        now = lineage.START_MS + i
        properties = f'{{"accuracy":{0.5 + i * 1e-9:.9f},"rows":{3 * i},"split":"train{i % 5}"}}'
        uri = f"s3://bucket/run/{i // 10}/out{i % 10}"
        yield i, type_id, "default", None, 2, properties, now, now, 1, 1, uri, uri, f"sha256:{i:064x}", 1000 + i


def _executions(count: int) -> Iterator[tuple[Any, ...]]:
    for i in range(1, count + 1):
        now = lineage.START_MS + i
        properties = f'{{"image":"registry/image:{i % 50}","lr":{0.001 * (i % 100 + 1):.3f},"epochs":{i % 100}}}'
        yield i, lineage.STEP, "default", f"step-{i}", 3, properties, now, now, 1, 1, now, now + 1000
