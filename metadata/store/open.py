"""From a URL or a folder to an open store."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from clew.metadata.errors import Corrupt, Invalid, NotFound, StoreFull, StoreReadOnly, StoreUnavailable
from clew.metadata.store import sqlite
from clew.metadata.store.create import check_revision, create_sqlite_tables
from clew.metadata.store.protocol import Store

RECORD_FILE = "record.db"
REMEDY = "Give a folder, sqlite:///FILE or postgresql://USER@HOST/DATABASE"


def open_store(where: str | Path, *, create: bool = True) -> Store:
    """Open the database at ``where``: a URL, or a home folder holding ``record.db``.

    Errors: NotFound when there is none and ``create`` is false; Invalid for a URL Clew does not speak; Corrupt,
    SchemaTooNew, StoreReadOnly, StoreFull, StoreUnavailable.
    """
    text = str(where)
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            from clew.metadata.store.postgres import open_postgres
        except ImportError as error:
            raise StoreUnavailable(
                "the PostgreSQL driver is not installed", field="url", remedy="pip install 'clew[postgres]'"
            ) from error

        return open_postgres(text, create=create)
    if scheme == "sqlite":
        path = unquote(text.removeprefix("sqlite://").removeprefix("/"))
        if not path or path == ":memory:":
            raise Invalid("an in-memory record is not durable", field="url", value=text, remedy=REMEDY)
        return open_sqlite(Path(path), create=create)
    if scheme:
        raise Invalid(f"{scheme!r} is not a database Clew speaks", field="url", value=text, remedy=REMEDY)
    return open_sqlite(Path(where) / RECORD_FILE, create=create)


def open_sqlite(path: Path, *, create: bool = True) -> sqlite.SqliteStore:
    """Open the SQLite file at ``path``; make it first when it is missing and ``create`` is true."""
    if not path.exists():
        if not create:
            raise NotFound(
                f"there is no record at {path}",
                field="home",
                value=str(path.parent),
                remedy="Check --home or CLEW_HOME",
            )
        _create_sqlite(path)
    store = sqlite.SqliteStore(path, read_only=not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK))
    try:
        with store.read() as session:
            current = check_revision(session.fetch("SELECT version_num FROM alembic_version"), str(path.parent))
            store.record_id = session.fetch("SELECT record_id FROM head WHERE id = 1")[0][0]
        if not current:
            store.close()
            from clew.metadata.store.migrate import upgrade

            with _alone(path):
                upgrade(f"sqlite:///{path.absolute()}")
            return open_sqlite(path, create=False)
    except Exception as error:
        store.close()
        translated = store.translate(error)
        if isinstance(error, IndexError):
            translated = Corrupt(
                "the record has no head row", field="home", value=str(path), remedy="Restore a backup: `clew restore`"
            )
        if translated is error:
            raise
        raise translated from error
    return store


def _create_sqlite(path: Path) -> None:
    """Build the file beside its place and move it there, so that nobody ever opens half a database."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            if path.exists():
                return
            draft = path.with_suffix(f".new-{os.getpid()}")
            _build(draft)
            os.replace(draft, path)
            _sync_folder(path.parent)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise StoreReadOnly(
            f"a record cannot be made in {path.parent}: {error.strerror}",
            field="home",
            value=str(path.parent),
            remedy="Choose a folder you may write to",
        ) from error
    except OSError as error:
        if error.errno == 30:  # EROFS
            raise StoreReadOnly(
                f"{path.parent} is read-only", field="home", value=str(path.parent), remedy="Choose another home"
            ) from error
        if error.errno == 28:  # ENOSPC
            raise StoreFull(
                f"the disk that holds {path.parent} is full", field="home", value=str(path.parent), remedy="Free space"
            ) from error
        raise


def _build(draft: Path) -> None:
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o644)
    connection = sqlite.connect(draft)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN")
        create_sqlite_tables(connection)
        connection.execute("COMMIT")
        # Here, where nobody else has it open: who turns a file to WAL waits for nobody, and fails where another reads.
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite.DriverError as error:
        draft.unlink(missing_ok=True)
        raise sqlite.translate(error, draft) from error
    finally:
        connection.close()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the home's set-up lock: one process creates or migrates at a time."""
    descriptor = os.open(path.parent / ".setup.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
