"""When nodes were created, as counts: what a dashboard draws over time."""

from __future__ import annotations

import time
from typing import Annotated

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Kind, State, state_of
from clew.api.graphql.operation import Info, Operation
from clew.api.graphql.scalars import Int64
from clew.api.graphql.types import types_of
from clew.metadata.activity import created_in_spans
from clew.metadata.errors import Invalid, LimitExceeded
from clew.metadata.text import check_text

MOST_BUCKETS = 1000


@strawberry.type(description="Nodes of one kind, type and state that were created within one bucket of time.")
class ActivityBucket:
    """A count."""

    from_ms: Int64 = strawberry.field(description="Where the bucket begins: UTC epoch milliseconds.")
    kind: Kind = strawberry.field(description="What they are.")
    type: str = strawberry.field(description="Name of their type.")
    state: State | None = strawberry.field(
        description="The state they are in now; UNKNOWN where none was ever told, null of contexts."
    )
    count: Int64 = strawberry.field(description="How many; never 0: what is empty is not told.")


@strawberry.type(description="What was created when.")
class Activity:
    """Counts over time."""

    buckets: list[ActivityBucket] = strawberry.field(description="The counts, in the order of time.")
    since_ms: Int64 = strawberry.field(description="Where the first bucket begins.")
    until_ms: Int64 = strawberry.field(description="Where the last bucket ends, exclusive.")
    step_ms: Int64 = strawberry.field(description="Length of a bucket; the last may be shorter.")
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time the counting took, in milliseconds.")


@strawberry.type
class ActivityQuery:
    """Questions of a dashboard."""

    @resolved
    def activity(
        self,
        info: Info,
        since_ms: Annotated[Int64, strawberry.argument(description="From this time: UTC epoch milliseconds.")],
        until_ms: Annotated[
            Int64 | None, strawberry.argument(description="To this time, exclusive; until now when left out.")
        ] = None,
        buckets: Annotated[int, strawberry.argument(description="Into how many, 1 to 1000, of equal length.")] = 48,
        namespace: Annotated[str | None, strawberry.argument(description="Only in this namespace.")] = None,
        kinds: Annotated[
            list[Kind] | None, strawberry.argument(description="Only of these kinds; all three when left out.")
        ] = None,
    ) -> Activity:
        """Nodes by the time of their creation, kind, type and state. Errors: INVALID, LIMIT_EXCEEDED."""
        until = int(time.time() * 1000) + 1 if until_ms is None else int(until_ms)
        check_text(namespace, "namespace")
        chosen = tuple(Kind) if kinds is None else tuple(dict.fromkeys(kinds))
        return activity(info.context, int(since_ms), until, buckets, namespace, chosen)


def activity(
    operation: Operation, since: int, until: int, buckets: int, namespace: str | None, kinds: tuple[Kind, ...]
) -> Activity:
    """Count. Errors: Invalid for times that are none; LimitExceeded for too many buckets."""
    began = time.perf_counter()
    if until <= since:
        raise Invalid("the time ends before it begins", field="untilMs", value=until, remedy="Give a later untilMs")
    if not 1 <= buckets <= MOST_BUCKETS:
        raise LimitExceeded(
            f"buckets is {buckets}, the limit is 1 to {MOST_BUCKETS}",
            field="buckets",
            value=buckets,
            remedy="Draw in fewer buckets",
        )
    step = -(-(until - since) // buckets)
    snapshot = operation.snapshot()
    types = types_of(snapshot)
    counts: dict[tuple[int, Kind, str, State | None], int] = {}
    for kind in kinds:
        for row in created_in_spans(snapshot.reader, kind, since, until, step, namespace):
            key = (row.span, kind, types[row.type_id].name, state_of(kind, row.state))
            counts[key] = counts.get(key, 0) + row.many
        operation.check_time()
    operation.spend(len(counts))
    order = sorted(counts, key=lambda key: (key[0], key[1].value, key[2], key[3].value if key[3] else ""))
    return Activity(
        buckets=[
            ActivityBucket(
                from_ms=Int64(since + key[0] * step), kind=key[1], type=key[2], state=key[3], count=Int64(counts[key])
            )
            for key in order
        ],
        since_ms=Int64(since),
        until_ms=Int64(until),
        step_ms=Int64(step),
        seq=Int64(snapshot.reader.seq),
        took_ms=(time.perf_counter() - began) * 1000,
    )
