"""Arguments that several fields take, each described once."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.enums import EventType
from clew.api.graphql.filters import AsOf, OrderBy
from clew.api.graphql.scalars import Int64

Where = Annotated[str | None, strawberry.argument(description="A filter: `type = 'Model' AND state = LIVE`.")]
At = Annotated[AsOf | None, strawberry.argument(description="The record as it was at this moment.")]
First = Annotated[int, strawberry.argument(description="How many at most.")]
After = Annotated[str | None, strawberry.argument(description="Continue behind the item with this cursor.")]
Order = Annotated[OrderBy | None, strawberry.argument(description="The order; by id when left out.")]
MinSeq = Annotated[
    Int64,
    strawberry.argument(description="Wait until this change is reflected: read your own writes with a receipt's seq."),
]
Depth = Annotated[int | None, strawberry.argument(description="Hops at most; unlimited when left out.")]
MaxNodes = Annotated[int, strawberry.argument(description="Nodes listed at most; totals stay true.")]
Names = Annotated[list[str] | None, strawberry.argument(description="Only properties with these names.")]
Touches = Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types.")]
NONE = Int64(0)
