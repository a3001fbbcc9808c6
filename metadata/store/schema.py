"""The record's tables, once for every database (SQLAlchemy Core). Migrations live in store/migrations.

Nodes keep the row that holds now; ``<kind>_history`` keeps every row that held before, with the ``seq`` until which
it held, so that the state as of any ``seq`` S is: current rows with ``updated_seq <= S`` and history rows with
``updated_seq <= S < until_seq``. Edges are added, and events can be withdrawn into ``event_history``: as of S are those
with ``created_seq <= S``, and of the withdrawn ones those with ``S < until_seq``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Small = sa.SmallInteger().with_variant(sa.Integer, "sqlite")
# Text on SQLite; json (not jsonb) on PostgreSQL, which keeps the text to the letter: 1e22 stays a double.
Json = sa.Text().with_variant(postgresql.JSON, "postgresql")
Bytes = sa.LargeBinary


def _type_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kind", Small, nullable=False),  # 1 artifact, 2 execution, 3 context
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("base_type_id", Int),
        sa.Column("properties", sa.Text, nullable=False),  # {"name": PropertyType number}
        sa.Column("input_type", sa.Text),
        sa.Column("output_type", sa.Text),
    ]


def _times() -> list[sa.Column[Any]]:
    return [
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
    ]


def _node_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
    ]


def _artifact_columns() -> list[sa.Column[Any]]:
    return [
        *_node_columns(),
        sa.Column("uri", sa.Text),
        sa.Column("location", sa.Text),
        sa.Column("state", Small),
        sa.Column("digest", sa.Text),
        sa.Column("size_bytes", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        *_times(),
    ]


def _execution_columns() -> list[sa.Column[Any]]:
    return [
        *_node_columns(),
        sa.Column("state", Small),
        sa.Column("fingerprint", sa.Text),
        sa.Column("started_ms", Int),
        sa.Column("ended_ms", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        *_times(),
    ]


def _context_columns() -> list[sa.Column[Any]]:
    return [
        *_node_columns(),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        *_times(),
    ]


def _id() -> sa.Column[Any]:
    return sa.Column("id", Int, primary_key=True, autoincrement=False)


def _history(name: str, columns: list[sa.Column[Any]]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", Int, nullable=False),
        *columns,
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", "until_seq"),
    )


type_ = sa.Table("type", metadata, _id(), *_type_columns(), *_times())
artifact = sa.Table("artifact", metadata, _id(), *_artifact_columns())
execution = sa.Table("execution", metadata, _id(), *_execution_columns())
context = sa.Table("context", metadata, _id(), *_context_columns())

type_history = _history("type_history", [*_type_columns(), *_times()])
artifact_history = _history("artifact_history", _artifact_columns())
execution_history = _history("execution_history", _execution_columns())
context_history = _history("context_history", _context_columns())


def _unless_null(table: sa.Table, name: str) -> dict[str, Any]:
    clause = table.c[name].is_not(None)
    return {"sqlite_where": clause, "postgresql_where": clause}


sa.Index("ux_type_name", type_.c.kind, type_.c.name, type_.c.version, unique=True)
sa.Index("ux_type_external_id", type_.c.kind, type_.c.external_id, unique=True, **_unless_null(type_, "external_id"))
for _table in (artifact, execution, context):
    _n = _table.name
    sa.Index(
        f"ux_{_n}_name",
        _table.c.type_id,
        _table.c.name,
        _table.c.namespace,
        unique=True,
        **_unless_null(_table, "name"),
    )
    sa.Index(
        f"ux_{_n}_external_id",
        _table.c.external_id,
        _table.c.namespace,
        unique=True,
        **_unless_null(_table, "external_id"),
    )
    sa.Index(f"ix_{_n}_type", _table.c.type_id, _table.c.id)
    sa.Index(f"ix_{_n}_created", _table.c.created_ms, _table.c.id)
    sa.Index(f"ix_{_n}_updated", _table.c.updated_ms, _table.c.id)
# A hash index on PostgreSQL: a location may be longer than a B-tree entry.
sa.Index("ix_artifact_location", artifact.c.location, postgresql_using="hash", **_unless_null(artifact, "location"))
sa.Index("ix_artifact_digest", artifact.c.digest, **_unless_null(artifact, "digest"))
sa.Index("ix_execution_fingerprint", execution.c.fingerprint, **_unless_null(execution, "fingerprint"))


def _event_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("execution_id", Int, nullable=False),
        sa.Column("type", Small, nullable=False),
        sa.Column("artifact_id", Int, nullable=False),
        sa.Column("path", sa.Text),  # JSON list of keys (text) and positions (integers)
        sa.Column("time_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("place", Int, nullable=False, server_default="0"),  # among the events of its change
        sa.Column("source", sa.Text),  # the protocol that said so
        sa.Column("confidence", Small),  # percent; NULL: said outright
        sa.Column("location", sa.Text),  # what was said to be read or written; NULL: the artifact itself
        sa.Column("said", sa.Text),  # JSON of what was said of it, where that is more than the columns tell
    ]


event = sa.Table(
    "event",
    metadata,
    *_event_columns(),
    sa.PrimaryKeyConstraint("execution_id", "type", "artifact_id"),
    sqlite_with_rowid=False,
)
sa.Index("ix_event_artifact", event.c.artifact_id, event.c.type, event.c.execution_id)
sa.Index("ix_event_location", event.c.location, postgresql_using="hash", **_unless_null(event, "location"))

event_history = sa.Table(
    "event_history",
    metadata,
    *_event_columns(),
    sa.Column("until_seq", Int, nullable=False),
    sa.PrimaryKeyConstraint("execution_id", "type", "artifact_id", "until_seq"),
    sqlite_with_rowid=False,
)
sa.Index("ix_event_history_artifact", event_history.c.artifact_id, event_history.c.type, event_history.c.execution_id)

attribution = sa.Table(
    "attribution",
    metadata,
    sa.Column("context_id", Int, nullable=False),
    sa.Column("artifact_id", Int, nullable=False),
    sa.Column("created_seq", Int, nullable=False),
    sa.PrimaryKeyConstraint("context_id", "artifact_id"),
    sqlite_with_rowid=False,
)
sa.Index("ix_attribution_artifact", attribution.c.artifact_id)

association = sa.Table(
    "association",
    metadata,
    sa.Column("context_id", Int, nullable=False),
    sa.Column("execution_id", Int, nullable=False),
    sa.Column("created_seq", Int, nullable=False),
    sa.PrimaryKeyConstraint("context_id", "execution_id"),
    sqlite_with_rowid=False,
)
sa.Index("ix_association_execution", association.c.execution_id)

parent_context = sa.Table(
    "parent_context",
    metadata,
    sa.Column("context_id", Int, nullable=False),
    sa.Column("parent_id", Int, nullable=False),
    sa.Column("created_seq", Int, nullable=False),
    sa.PrimaryKeyConstraint("context_id", "parent_id"),
    sqlite_with_rowid=False,
)
sa.Index("ix_parent_context_parent", parent_context.c.parent_id)

change = sa.Table(
    "change",
    metadata,
    sa.Column("seq", Int, primary_key=True, autoincrement=False),
    sa.Column("time_ms", Int, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("ops", Bytes, nullable=False),
    sa.Column("digest", Bytes, nullable=False),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("seq", Int, nullable=False),
    sa.Column("request_digest", Bytes, nullable=False),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("namespace", "key"),
)

head = sa.Table(
    "head",
    metadata,
    sa.Column("id", Int, primary_key=True, autoincrement=False),  # always 1
    sa.Column("record_id", sa.Text, nullable=False),  # identity of this record, for projections
    sa.Column("seq", Int, nullable=False),
    sa.Column("time_ms", Int, nullable=False),
    sa.Column("types_seq", Int, nullable=False),  # last change that touched a type
    sa.Column("next_type", Int, nullable=False),
    sa.Column("next_artifact", Int, nullable=False),
    sa.Column("next_execution", Int, nullable=False),
    sa.Column("next_context", Int, nullable=False),
    sa.Column("dense", Small, nullable=False),  # 1: every id below next_* exists; 0: an import left gaps
)

NODE_TABLES = {"artifact": artifact, "execution": execution, "context": context}
HISTORY_TABLES = {"artifact": artifact_history, "execution": execution_history, "context": context_history}
