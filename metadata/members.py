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
    table, member = _LINKS[kind]
    ids = listed(reader, context_ids)
    pairs = reader.query(
        f"SELECT context_id, {member} FROM (SELECT context_id, {member}, row_number() OVER "
        f"(PARTITION BY context_id ORDER BY {member}) AS place FROM {table} "
        f"WHERE context_id {among(reader)} AND created_seq <= ?) AS ranked "
        f"WHERE place <= ? ORDER BY context_id, {member}",
        (ids, reader.seq, limit + 1),
    )
    found: dict[int, list[int]] = {id: [] for id in context_ids}
    for context_id, id in pairs:
        found[context_id].append(id)
    wanted = {id for members in found.values() for id in members[:limit]}
    nodes: dict[int, Any] = (reader.artifacts_by_id if kind is Kind.ARTIFACT else reader.executions_by_id)(wanted)
    return {id: _page([nodes[one] for one in members[:limit]], len(members) > limit) for id, members in found.items()}


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


def _page(items: list[Artifact | Execution], has_next: bool) -> Page[Artifact | Execution]:
    return Page(items, [cursor.encode("id", False, [item.id]) for item in items], has_next)
