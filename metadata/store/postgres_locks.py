"""Locks that hosts which share a PostgreSQL database see: advisory ones, each gone with the connection that has it."""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg

from clew.metadata.store.postgres import PostgresStore
from clew.metadata.store.protocol import Row

_KEEP_ALIVE = (
    "SELECT set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)
"""A host that lost power says nothing: the server notices after half a minute instead of two hours."""


class PostgresLocks:
    """The advisory locks of one connection, which is made when it is first needed. Safe for several threads.

    Errors: StoreUnavailable when the database cannot be asked.
    Source: PostgreSQL manual 13.3.5, session-level advisory locks; one session may take a lock it has again.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._connection: psycopg.Connection[Row] | None = None
        self._guard = threading.Lock()
        self._held: set[int] = set()

    def try_lock(self, key: int) -> bool:
        """Whether ``key`` is ours now; false while anybody has it."""
        with self._guard:
            if key in self._held:
                return False
            try:
                got = self._ask(key)
            except psycopg.OperationalError:  # it may have been cut since it was used last: once more, on a new one
                got = self._ask_anew(key)
            if got:
                self._held.add(key)
            return got

    def unlock(self, key: int) -> None:
        """Let ``key`` go; nothing happens when it is gone already, with the connection that had it."""
        with self._guard:
            if key in self._held and self._connection is not None:
                self._held.discard(key)
                with suppress(psycopg.Error):  # what is lost with the connection is let go
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def close(self) -> None:
        """Let everything go."""
        with self._guard:
            self._drop()

    def _ask(self, key: int) -> bool:
        return self._connected().execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,)

    def _ask_anew(self, key: int) -> bool:
        self._drop()
        try:
            return self._ask(key)
        except psycopg.Error as error:
            self._drop()
            raise self._store.translate(error) from error

    def _connected(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            self._drop()
            self._connection = self._store.detached()
            self._connection.execute(_KEEP_ALIVE)
        return self._connection

    def _drop(self) -> None:
        self._held.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
