"""The record: types, nodes and their history, edges, the change log, idempotency keys, the head.

Revision: 0001. Never edited once released: later changes are later revisions.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from clew.metadata.store.create import insert_first_rows

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Small = sa.SmallInteger().with_variant(sa.Integer, "sqlite")
TABLES = (
    "artifact",
    "artifact_history",
    "association",
    "attribution",
    "change",
    "context",
    "context_history",
    "event",
    "execution",
    "execution_history",
    "head",
    "idempotency",
    "parent_context",
    "type",
    "type_history",
)
Json = sa.Text().with_variant(postgresql.JSON, "postgresql")


def _unless_null(column: str) -> dict[str, Any]:
    clause = sa.column(column).is_not(None)
    return {"sqlite_where": clause, "postgresql_where": clause}


def upgrade() -> None:
    """Create everything, with the first rows of an empty record."""
    op.create_table(
        "artifact",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("uri", sa.Text),
        sa.Column("location", sa.Text),
        sa.Column("state", Small),
        sa.Column("digest", sa.Text),
        sa.Column("size_bytes", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_artifact_created", "artifact", ["created_ms", "id"])
    op.create_index("ix_artifact_digest", "artifact", ["digest"], **_unless_null("digest"))
    op.create_index(
        "ix_artifact_location", "artifact", ["location"], postgresql_using="hash", **_unless_null("location")
    )
    op.create_index("ix_artifact_type", "artifact", ["type_id", "id"])
    op.create_index("ix_artifact_updated", "artifact", ["updated_ms", "id"])
    op.create_index(
        "ux_artifact_external_id", "artifact", ["external_id", "namespace"], unique=True, **_unless_null("external_id")
    )
    op.create_index(
        "ux_artifact_name", "artifact", ["type_id", "name", "namespace"], unique=True, **_unless_null("name")
    )
    op.create_table(
        "artifact_history",
        sa.Column("id", Int, nullable=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("uri", sa.Text),
        sa.Column("location", sa.Text),
        sa.Column("state", Small),
        sa.Column("digest", sa.Text),
        sa.Column("size_bytes", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", "until_seq"),
    )
    op.create_table(
        "association",
        sa.Column("context_id", Int, nullable=False),
        sa.Column("execution_id", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("context_id", "execution_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_association_execution", "association", ["execution_id"])
    op.create_table(
        "attribution",
        sa.Column("context_id", Int, nullable=False),
        sa.Column("artifact_id", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("context_id", "artifact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attribution_artifact", "attribution", ["artifact_id"])
    op.create_table(
        "change",
        sa.Column("seq", Int, nullable=False, autoincrement=False),
        sa.Column("time_ms", Int, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("ops", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "context",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_context_created", "context", ["created_ms", "id"])
    op.create_index("ix_context_type", "context", ["type_id", "id"])
    op.create_index("ix_context_updated", "context", ["updated_ms", "id"])
    op.create_index(
        "ux_context_external_id", "context", ["external_id", "namespace"], unique=True, **_unless_null("external_id")
    )
    op.create_index("ux_context_name", "context", ["type_id", "name", "namespace"], unique=True, **_unless_null("name"))
    op.create_table(
        "context_history",
        sa.Column("id", Int, nullable=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", "until_seq"),
    )
    op.create_table(
        "event",
        sa.Column("execution_id", Int, nullable=False),
        sa.Column("type", Small, nullable=False),
        sa.Column("artifact_id", Int, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("time_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "type", "artifact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_artifact", "event", ["artifact_id", "type", "execution_id"])
    op.create_table(
        "execution",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("state", Small),
        sa.Column("fingerprint", sa.Text),
        sa.Column("started_ms", Int),
        sa.Column("ended_ms", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_execution_created", "execution", ["created_ms", "id"])
    op.create_index("ix_execution_fingerprint", "execution", ["fingerprint"], **_unless_null("fingerprint"))
    op.create_index("ix_execution_type", "execution", ["type_id", "id"])
    op.create_index("ix_execution_updated", "execution", ["updated_ms", "id"])
    op.create_index(
        "ux_execution_external_id",
        "execution",
        ["external_id", "namespace"],
        unique=True,
        **_unless_null("external_id"),
    )
    op.create_index(
        "ux_execution_name", "execution", ["type_id", "name", "namespace"], unique=True, **_unless_null("name")
    )
    op.create_table(
        "execution_history",
        sa.Column("id", Int, nullable=False),
        sa.Column("type_id", Int, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("state", Small),
        sa.Column("fingerprint", sa.Text),
        sa.Column("started_ms", Int),
        sa.Column("ended_ms", Int),
        sa.Column("properties", Json),
        sa.Column("custom_properties", Json),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", "until_seq"),
    )
    op.create_table(
        "head",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("seq", Int, nullable=False),
        sa.Column("time_ms", Int, nullable=False),
        sa.Column("types_seq", Int, nullable=False),
        sa.Column("next_type", Int, nullable=False),
        sa.Column("next_artifact", Int, nullable=False),
        sa.Column("next_execution", Int, nullable=False),
        sa.Column("next_context", Int, nullable=False),
        sa.Column("dense", Small, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "idempotency",
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("seq", Int, nullable=False),
        sa.Column("request_digest", sa.LargeBinary, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("namespace", "key"),
    )
    op.create_table(
        "parent_context",
        sa.Column("context_id", Int, nullable=False),
        sa.Column("parent_id", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("context_id", "parent_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_parent_context_parent", "parent_context", ["parent_id"])
    op.create_table(
        "type",
        sa.Column("id", Int, nullable=False, autoincrement=False),
        sa.Column("kind", Small, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("base_type_id", Int),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("input_type", sa.Text),
        sa.Column("output_type", sa.Text),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_type_external_id", "type", ["kind", "external_id"], unique=True, **_unless_null("external_id"))
    op.create_index("ux_type_name", "type", ["kind", "name", "version"], unique=True)
    op.create_table(
        "type_history",
        sa.Column("id", Int, nullable=False),
        sa.Column("kind", Small, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("external_id", sa.Text),
        sa.Column("base_type_id", Int),
        sa.Column("properties", sa.Text, nullable=False),
        sa.Column("input_type", sa.Text),
        sa.Column("output_type", sa.Text),
        sa.Column("created_ms", Int, nullable=False),
        sa.Column("updated_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("updated_seq", Int, nullable=False),
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("id", "until_seq"),
    )
    insert_first_rows(op.get_bind())


def downgrade() -> None:
    """Drop everything."""
    for table in TABLES:
        op.drop_table(table)
