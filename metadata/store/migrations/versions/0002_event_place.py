"""Events keep their place among the events of their change: a reader gets them in the order in which they were put.

Revision: 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from clew.metadata.log import operations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Int = sa.BigInteger().with_variant(sa.Integer, "sqlite")
CHUNK = 1000
_FILL = sa.text(
    "UPDATE event SET place = :place "
    "WHERE execution_id = :execution AND type = :type AND artifact_id = :artifact AND created_seq = :seq"
)


def upgrade() -> None:
    """Add the column, and fill it from the log."""
    op.add_column("event", sa.Column("place", Int, nullable=False, server_default="0"))
    connection = op.get_bind()
    after = 0
    while rows := connection.execute(
        sa.text("SELECT seq, ops FROM change WHERE seq > :after ORDER BY seq LIMIT :chunk"),
        {"after": after, "chunk": CHUNK},
    ).all():
        places = [
            {key: effect[key] for key in ("execution", "type", "artifact", "place")} | {"seq": seq}
            for seq, log in rows
            for table, effect in operations(bytes(log))
            if table == "event" and effect["place"]
        ]
        if places:
            connection.execute(_FILL, places)
        after = rows[-1][0]


def downgrade() -> None:
    """Forget the places; the log still tells them."""
    op.drop_column("event", "place")
