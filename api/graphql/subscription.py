"""What can be listened to: Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from clew.api.graphql.describe import streamed
from clew.api.graphql.log import Change, change_of, seq_of
from clew.api.graphql.operation import Info
from clew.api.graphql.run_change import RunSubscription
from clew.metadata.node import Committed
from clew.metadata.record import Record

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


def _read(record: Record, seen: int, namespace: str | None) -> tuple[list[Committed], int]:
    """The changes behind ``seen``, and how far was looked: changes of other namespaces are passed only once."""
    with record.read() as reader:
        rows = reader.changes(seen, BATCH, namespace=namespace)
        return rows, int(rows[-1].seq) if rows else max(seen, int(reader.seq))
