"""Events tell which protocol said so, how sure that is and of which location, and can be withdrawn.

Revision: 0003.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from clew.metadata.log import operations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Small = sa.SmallInteger().with_variant(sa.Integer, "sqlite")
CHUNK = 1000
_KEY = ("execution", "type", "artifact")
_TOLD = {"source", "confidence", "location", "said"}
_FILL = sa.text(
    "UPDATE event SET source = :source, confidence = :confidence, location = :location, said = :said "
    "WHERE execution_id = :execution AND type = :type AND artifact_id = :artifact AND created_seq = :seq"
)
_PAST = sa.text(
    "INSERT INTO event_history "
    "(execution_id, type, artifact_id, path, time_ms, created_seq, place, source, confidence, location, said, "
    "until_seq) "
    "VALUES (:execution, :type, :artifact, :path, :time_ms, :seq, :place, :source, :confidence, :location, :said, "
    ":until)"
)


def upgrade() -> None:
    """Add the columns and the table of what was withdrawn, and fill both from the log."""
    op.add_column("event", sa.Column("source", sa.Text))
    op.add_column("event", sa.Column("confidence", Small))
    op.add_column("event", sa.Column("location", sa.Text))
    op.add_column("event", sa.Column("said", sa.Text))
    op.create_index(
        "ix_event_location",
        "event",
        ["location"],
        postgresql_using="hash",
        postgresql_where=sa.text("location IS NOT NULL"),
        sqlite_where=sa.text("location IS NOT NULL"),
    )
    op.create_table(
        "event_history",
        sa.Column("execution_id", Int, nullable=False),
        sa.Column("type", Small, nullable=False),
        sa.Column("artifact_id", Int, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("time_ms", Int, nullable=False),
        sa.Column("created_seq", Int, nullable=False),
        sa.Column("place", Int, nullable=False, server_default="0"),
        sa.Column("source", sa.Text),
        sa.Column("confidence", Small),
        sa.Column("location", sa.Text),
        sa.Column("said", sa.Text),
        sa.Column("until_seq", Int, nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "type", "artifact_id", "until_seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_history_artifact", "event_history", ["artifact_id", "type", "execution_id"])
    connection = op.get_bind()
    withdrawn = set()
    for seq, table, effect in _effects(connection):
        if table == "withdrawal":
            withdrawn.add(tuple(effect[name] for name in _KEY))
        elif table == "event" and not _TOLD.isdisjoint(effect):
            connection.execute(_FILL, _row(effect, seq))
    held: dict[tuple[int, ...], dict[str, Any]] = {}
    for seq, table, effect in _effects(connection) if withdrawn else ():
        if table not in ("event", "withdrawal"):
            continue
        key = tuple(effect[name] for name in _KEY)
        if table == "event" and key in withdrawn:
            held[key] = _row(effect, seq)
        elif table == "withdrawal":
            connection.execute(_PAST, held.pop(key) | {"until": seq})


def _effects(connection: sa.Connection) -> Iterator[tuple[int, str, dict[str, Any]]]:
    after = 0
    while rows := connection.execute(
        sa.text("SELECT seq, ops FROM change WHERE seq > :after ORDER BY seq LIMIT :chunk"),
        {"after": after, "chunk": CHUNK},
    ).all():
        for seq, log in rows:
            yield from ((seq, table, effect) for table, effect in operations(bytes(log)))
        after = rows[-1][0]


def _row(effect: dict[str, Any], seq: int) -> dict[str, Any]:
    text = {name: orjson.dumps(effect[name]).decode() if name in effect else None for name in ("path", "said")}
    return dict.fromkeys(_TOLD) | effect | text | {"seq": seq}


def downgrade() -> None:
    """Forget both; the log still tells them."""
    op.drop_table("event_history")
    op.drop_index("ix_event_location", table_name="event")
    op.drop_column("event", "said")
    op.drop_column("event", "location")
    op.drop_column("event", "confidence")
    op.drop_column("event", "source")
