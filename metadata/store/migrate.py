"""Move a database from one revision of the tables to another, up or down, data included (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from clew.metadata.store import sqlite

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; all of it, or nothing."""
    _run(url, command.upgrade, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at ``url`` back to ``revision`` (``base``: no tables); all of it, or nothing."""
    _run(url, command.downgrade, revision)


def _run(url: str, action: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            action(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def _engine(url: str) -> sa.Engine:
    if url.startswith("sqlite"):
        path = Path(unquote(url.removeprefix("sqlite:///")))
        path.touch()
        return sa.create_engine("sqlite://", creator=lambda: sqlite.connect(path), poolclass=sa.pool.NullPool)
    return sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sa.pool.NullPool)
