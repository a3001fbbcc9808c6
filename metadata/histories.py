"""What many nodes told of themselves over time: the properties of each of their states, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clew.metadata import value
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import among, listed
from clew.metadata.value import Value

_COLUMNS = "id, updated_ms, updated_seq, properties, custom_properties"


class Told(NamedTuple):
    """One state of a node."""

    time_ms: int
    properties: dict[str, Value]
    """Its own and its type's; its own where both have the name."""


def property_states(reader: Reader, kind: Kind, ids: Sequence[int], limit: int) -> tuple[dict[int, list[Told]], bool]:
    """Id -> every state up to this snapshot, oldest first; and whether there are more than ``limit`` in all.

    Cost: one statement, and a look-up an id.
    """
    wanted, seq = listed(reader, ids), reader.seq
    parts = (
        f"SELECT {_COLUMNS} FROM {table} WHERE id {among(reader)} AND updated_seq <= ?"
        for table in (f"{kind.value}_history", kind.value)
    )
    rows = reader.query(" UNION ALL ".join(parts) + " ORDER BY 1, 3 LIMIT ?", (wanted, seq, wanted, seq, limit + 1))
    found: dict[int, list[Told]] = {}
    for id, time_ms, _, properties, own in rows[:limit]:
        found.setdefault(id, []).append(Told(time_ms, value.decode(properties) | value.decode(own)))
    return found, len(rows) > limit
