"""The change log as GraphQL types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, TypeVar

import orjson
import strawberry

from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.describe import resolved
from clew.api.graphql.operation import Operation, Snapshot
from clew.api.graphql.scalars import Int64, Json, is_plain
from clew.metadata.changes import Wanted, count_changes, page_of_changes
from clew.metadata.errors import InvalidCursor
from clew.metadata.node import Committed

T = TypeVar("T")
AtMost = Annotated[int | None, strawberry.argument(description="How many at most; all when left out.")]


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
    operation: strawberry.Private[Operation | None]
    seq: Int64 = strawberry.field(description="Its position: 1, 2, 3 ... without gaps.")
    time_ms: Int64 = strawberry.field(description="When it was committed; never earlier than the change before it.")
    actor: str = strawberry.field(description="Who made it.")
    namespace: str = strawberry.field(description="The namespace it was made in.")
    log: str = strawberry.field(description="What it did, exactly as stored (JSON): the digest covers these bytes.")
    digest: str = strawberry.field(description="SHA-256 over [seq, timeMs, actor, namespace] as JSON, then the log.")

    @resolved
    def effects(self, first: AtMost = None) -> list[Effect]:
        """What it did, in order."""
        return [Effect(kind=kind, body=Json(_exact(body))) for kind, body in self._spent(self.row.ops, first)]

    @resolved
    def touched(self, first: AtMost = None) -> list[strawberry.ID]:
        """The nodes it recorded or changed."""
        return self._spent(list(dict.fromkeys(_touched(self.row.ops))), first)

    @resolved
    def effect_count(self) -> Int64:
        """How many effects it has: an import has thousands."""
        return Int64(len(self.row.ops))

    def _spent(self, items: list[T], first: int | None) -> list[T]:
        chosen = items if first is None else items[: max(0, first)]
        if self.operation is not None:
            self.operation.spend(len(chosen))
        return chosen


def change_of(row: Committed, operation: Operation | None = None) -> Change:
    """One row of the log. What is read of it counts against ``operation``, where it is part of an answer."""
    return Change(
        row=row,
        operation=operation,
        seq=Int64(row.seq),
        time_ms=Int64(row.time_ms),
        actor=row.actor,
        namespace=row.namespace,
        log=row.log.decode(),
        digest=row.digest,
    )


def changes_page(
    snapshot: Snapshot, wanted: Wanted, after: str | None, first: int, *, descending: bool
) -> Connection[Change]:
    """One page of the log behind ``after``, a ``seq``. Errors: InvalidCursor, LimitExceeded."""
    operation = snapshot.operation
    limit = operation.page(first)
    start = seq_of(after) if after is not None else None
    page = page_of_changes(snapshot.reader, wanted, after=start, descending=descending, limit=limit)
    nodes = [change_of(row, operation) for row in page.rows]
    operation.spend(len(nodes))
    cursors = [str(row.seq) for row in page.rows]
    end = None if page.end is None else str(page.end)
    total = partial(count_changes, snapshot.reader, wanted, operation.check_time)
    return connect(nodes, cursors, page.has_next, after, total, end)


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
