"""Reading with a bound on how much: for who must not be kept waiting, such as an event loop that serves everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clew.metadata.store.protocol import Row, Session


class TooLong(Exception):
    """A query answers more rows than its reader was to read; ask again without the bound."""


class BriefSession:
    """A read transaction of which each query may answer ``most`` rows. Errors: TooLong."""

    def __init__(self, session: Session, most: int) -> None:
        self._session, self._most = session, most
        self.dialect = session.dialect

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        rows = next(self._session.stream(sql, parameters, self._most + 1), [])
        if len(rows) > self._most:
            raise TooLong
        return rows

    def stream(self, sql: str, parameters: Sequence[Any] = (), chunk: int = 50_000) -> Iterator[list[Row]]:
        """Rows of a query in chunks: one, or none."""
        rows = self.fetch(sql, parameters)
        if rows:
            yield rows
