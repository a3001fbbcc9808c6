"""The change log as GraphQL types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import strawberry

from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.describe import resolved
from clew.api.graphql.operation import Snapshot
from clew.api.graphql.scalars import Int64, Json, is_plain
from clew.metadata.errors import InvalidCursor
from clew.metadata.node import Committed


@strawberry.type(description="One effect of a change.")
class Effect:
    """What one operation of a change did."""

    kind: str = strawberry.field(description="artifact, execution, context, type, event, attribution ...")
    body: Json = strawberry.field(
        description="The row or edge as it is after the change, as the log spells it: an object; its JSON text as a "
        "string where it holds numbers a JSON reader might not read exactly."
    )


@strawberry.type(description="One committed change: a row of the log.")
class Change:
    """A committed change."""

    row: strawberry.Private[Committed]
    seq: Int64 = strawberry.field(description="Its position: 1, 2, 3 ... without gaps.")
    time_ms: Int64 = strawberry.field(description="When it was committed; never earlier than the change before it.")
    actor: str = strawberry.field(description="Who made it.")
    namespace: str = strawberry.field(description="The namespace it was made in.")
    log: str = strawberry.field(description="What it did, exactly as stored (JSON): the digest covers these bytes.")
    digest: str = strawberry.field(description="SHA-256 over [seq, timeMs, actor, namespace] as JSON, then the log.")

    @resolved
    def effects(self) -> list[Effect]:
        """What it did, in order."""
        return [Effect(kind=kind, body=Json(_exact(body))) for kind, body in self.row.ops]

    @resolved
    def touched(self) -> list[strawberry.ID]:
        """The nodes it recorded or changed."""
        return list(dict.fromkeys(_touched(self.row.ops)))


def change_of(row: Committed) -> Change:
    """One row of the log."""
    return Change(
        row=row,
        seq=Int64(row.seq),
        time_ms=Int64(row.time_ms),
        actor=row.actor,
        namespace=row.namespace,
        log=row.log.decode(),
        digest=row.digest,
    )


def changes_page(snapshot: Snapshot, after: str | None, first: int, namespace: str | None) -> Connection[Change]:
    """One page of the log behind ``after``, a ``seq``. Errors: InvalidCursor, LimitExceeded."""
    limit = snapshot.operation.page(first)
    start = seq_of(after)
    rows = snapshot.reader.changes(start, limit + 1, namespace=namespace)
    nodes = [change_of(row) for row in rows[:limit]]
    snapshot.operation.spend(sum(1 + len(node.row.ops) for node in nodes))
    cursors = [str(node.row.seq) for node in nodes]
    return connect(nodes, cursors, len(rows) > limit, after, lambda: int(snapshot.reader.seq))


def seq_of(after: str | None) -> int:
    """The ``seq`` that ``after`` names; 0 for none. Errors: InvalidCursor."""
    if after is None:
        return 0
    if after.isascii() and after.isdigit() and len(after) < 19:
        return int(after)
    raise InvalidCursor(
        f"{after[:40]!r} is not a position in the log",
        field="after",
        value=after,
        remedy="Pass the seq of a change, or leave it out",
    )


def _exact(body: dict[str, Any]) -> dict[str, Any] | str:
    return body if is_plain(body) else orjson.dumps(body).decode()


def _touched(ops: list[tuple[str, dict[str, Any]]]) -> Iterator[strawberry.ID]:
    for kind, body in ops:
        if kind in ("artifact", "execution", "context") and isinstance(body, Mapping) and "id" in body:
            yield strawberry.ID(f"{kind}:{body['id']}")
