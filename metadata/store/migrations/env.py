"""Alembic's entry: runs the migrations over the connection that store/migrate.py hands in."""

from __future__ import annotations

from alembic import context

from clew.metadata.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
