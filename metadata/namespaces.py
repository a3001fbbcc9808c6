"""The namespaces of a record, remembered: they are in no index, and only new nodes can bring a new one."""

from __future__ import annotations

import threading

from clew.metadata.ids import Kind
from clew.metadata.reader import Reader


class Namespaces:
    """The namespaces that nodes of one record are in. Shared between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._looked_at = dict.fromkeys(Kind, 0)

    def of(self, reader: Reader) -> list[str]:
        """All of them, by name.

        Cost: one pass over the nodes the first time, then over those that are new.
        """
        with self._lock:
            for kind in Kind:
                after = self._looked_at[kind]
                newest = reader.query(f"SELECT COALESCE(MAX(id), 0) FROM {kind.value}")[0][0]
                if newest > after:
                    sql = f"SELECT DISTINCT namespace FROM {kind.value} WHERE id > ? AND id <= ?"
                    self._known |= {row[0] for row in reader.query(sql, (after, newest))}
                    self._looked_at[kind] = newest
            return sorted(self._known)
