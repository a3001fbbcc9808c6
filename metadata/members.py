"""First pages of the members of many contexts together: for answers that list contexts with what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clew.metadata import cursor
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution, Page
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import among, listed

_LINKS = {Kind.ARTIFACT: ("attribution", "artifact_id"), Kind.EXECUTION: ("association", "execution_id")}


def member_pages(reader: Reader, kind: Kind, context_ids: Sequence[int], limit: int) -> dict[int, Page[Any]]:
    """The ``limit`` members with the lowest ids of each context, as ``Reader.artifacts(context_id=...)`` gives them.

    Cost: two statements; each context's links are read to its ``limit``-th.
    """
    found = _first(reader, kind, context_ids, limit + 1)
    wanted = {id for members in found.values() for id in members[:limit]}
    nodes: dict[int, Any] = (reader.artifacts_by_id if kind is Kind.ARTIFACT else reader.executions_by_id)(wanted)
    return {id: _page([nodes[one] for one in members[:limit]], len(members) > limit) for id, members in found.items()}


def members(reader: Reader, kind: Kind, context_ids: Sequence[int], limit: int) -> tuple[dict[int, list[int]], bool]:
    """The ``limit`` lowest ids of each context's members, and whether one has more. Cost: one statement."""
    found = _first(reader, kind, context_ids, limit + 1)
    return {id: ids[:limit] for id, ids in found.items()}, any(len(ids) > limit for ids in found.values())


def member_counts(reader: Reader, kind: Kind, context_ids: Sequence[int]) -> dict[int, int]:
    """How many members of a kind each context has. Cost: one statement."""
    table, _ = _LINKS[kind]
    ids = listed(reader, context_ids)
    rows = reader.query(
        f"SELECT context_id, count(*) FROM {table} WHERE context_id {among(reader)} AND created_seq <= ? "
        "GROUP BY context_id",
        (ids, reader.seq),
    )
    return dict.fromkeys(context_ids, 0) | {row[0]: int(row[1]) for row in rows}


def _first(reader: Reader, kind: Kind, context_ids: Sequence[int], limit: int) -> dict[int, list[int]]:
    table, member = _LINKS[kind]
    pairs = reader.query(
        f"SELECT context_id, {member} FROM (SELECT context_id, {member}, row_number() OVER "
        f"(PARTITION BY context_id ORDER BY {member}) AS place FROM {table} "
        f"WHERE context_id {among(reader)} AND created_seq <= ?) AS ranked "
        f"WHERE place <= ? ORDER BY context_id, {member}",
        (listed(reader, context_ids), reader.seq, limit),
    )
    found: dict[int, list[int]] = {id: [] for id in context_ids}
    for context_id, id in pairs:
        found[context_id].append(id)
    return found


def _page(items: list[Artifact | Execution], has_next: bool) -> Page[Artifact | Execution]:
    return Page(items, [cursor.encode("id", False, [item.id]) for item in items], has_next)
