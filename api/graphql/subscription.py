"""What can be listened to: Subscription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from clew.api.graphql.describe import streamed
from clew.api.graphql.log import Change, change_of, seq_of
from clew.api.graphql.operation import Info
from clew.api.graphql.run_change import RunSubscription
from clew.api.graphql.scalars import Int64
from clew.metadata.errors import Invalid
from clew.metadata.node import Committed
from clew.metadata.record import Record

LEAST_PACE_MS, MOST_PACE_MS = 100, 60_000

BATCH = 200
"""Changes read ahead at most: a slow listener holds back its own reading, not the server's memory."""


@strawberry.type(description="What can be listened to.")
class Subscription(RunSubscription):
    """Every stream."""

    @streamed
    async def changes(
        self,
        info: Info,
        after: Annotated[
            str | None,
            strawberry.argument(description="Begin behind this change: the last seq that was seen; 0 for all."),
        ] = None,
        namespace: Annotated[str | None, strawberry.argument(description="Only changes in this namespace.")] = None,
    ) -> AsyncGenerator[Change, None]:
        """Changes as they are committed, by any process, in order, without gaps. Without `after`, from now on."""
        record, stream = info.context.services.record, info.context.stream
        seen = seq_of(after) if after is not None else int(await stream.run(record.seq))
        while True:
            rows, seen = await stream.run(partial(_read, record, seen, namespace))
            for row in rows:
                yield change_of(row)
            if not rows:
                await stream.pulse.beyond(seen)

    @streamed
    async def seq(
        self,
        info: Info,
        every_ms: Annotated[
            int, strawberry.argument(description="Told at most this often, in milliseconds: 100 to 60000.")
        ] = 500,
    ) -> AsyncGenerator[Int64, None]:
        """The position of the last committed change: now, then when it has moved. Errors: INVALID."""
        if not LEAST_PACE_MS <= every_ms <= MOST_PACE_MS:
            raise Invalid(
                f"everyMs is {every_ms}, the limits are {LEAST_PACE_MS} and {MOST_PACE_MS}",
                field="everyMs",
                value=every_ms,
                remedy="Give a pace within the limits, or leave it out",
            )
        record, stream = info.context.services.record, info.context.stream
        while True:
            told = int(await stream.run(record.seq))
            yield Int64(told)
            await asyncio.sleep(every_ms / 1000)
            await stream.pulse.beyond(told)


def _read(record: Record, seen: int, namespace: str | None) -> tuple[list[Committed], int]:
    """The changes behind ``seen``, and how far was looked: changes of other namespaces are passed only once."""
    with record.read() as reader:
        rows = reader.changes(seen, BATCH, namespace=namespace)
        return rows, int(rows[-1].seq) if rows else max(seen, int(reader.seq))
