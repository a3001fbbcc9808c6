"""What can be listened to: Subscription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from clew.api.graphql.log import Change, change_of, seq_of
from clew.api.graphql.query import Info
from clew.metadata.node import Committed
from clew.metadata.record import Record

BATCH = 200
"""Changes read ahead at most: a slow listener holds back its own reading, not the server's memory."""


@strawberry.type(description="What can be listened to.")
class Subscription:
    """Every stream."""

    @strawberry.subscription(
        description="Changes as they are committed, by any process, in order and without gaps. Without `after`, from now on."
    )
    async def changes(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="Begin behind this change: the last seq that was seen; 0 for all.")
        ] = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only changes made in this namespace.")] = None,
    ) -> AsyncGenerator[Change, None]:
        record = info.context.services.record
        seen = seq_of(after) if after is not None else int(await asyncio.to_thread(record.seq))
        while True:
            seen, rows = await asyncio.to_thread(_read, record, seen, namespace)
            for row in rows:
                yield change_of(row)
            if not rows:
                await asyncio.sleep(info.context.poll_s)


def _read(record: Record, seen: int, namespace: str | None) -> tuple[int, list[Committed]]:
    """The changes behind ``seen``, and how far was looked: filtered out changes are passed, not read again."""
    if record.seq() <= seen:
        return seen, []
    with record.read() as reader:
        rows = reader.changes(seen, BATCH, namespace=namespace)
        if rows:
            return int(rows[-1].seq), rows
        return max(seen, int(reader.seq)), []
