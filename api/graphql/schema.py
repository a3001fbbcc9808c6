"""The schema: every type above, described, as one Strawberry schema."""

from __future__ import annotations

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from clew.api.graphql.mutation import Mutation
from clew.api.graphql.nodes import Artifact, Context, Execution
from clew.api.graphql.query import Query
from clew.api.graphql.scalars import SCALARS
from clew.api.graphql.subscription import Subscription


@cache
def schema() -> strawberry.Schema:
    """The one schema. Built once: it takes some tens of milliseconds."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Artifact, Execution, Context],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
