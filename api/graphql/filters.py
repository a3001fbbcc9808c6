"""Arguments of listings: the typed filter (spelled into the filter language), order, moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import strawberry

from clew.api.graphql.enums import ArtifactState, ExecutionState, OrderDirection, OrderField
from clew.api.graphql.operation import Operation, Snapshot
from clew.api.graphql.scalars import Int64
from clew.metadata.errors import Invalid, InvalidFilter
from clew.metadata.filter.parser import parse
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.listing import Order
from clew.metadata.location import canonical


@strawberry.input(description="The order of a listing.")
class OrderBy:
    """What to order by and which way."""

    field: OrderField = strawberry.field(default=OrderField.ID, description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(one_of=True, description="A moment in the life of the record. Give one.")
class AsOf:
    """A position in the change log, or a time."""

    seq: Int64 | None = strawberry.field(default=strawberry.UNSET, description="Just after this change.")
    time_ms: Int64 | None = strawberry.field(
        default=strawberry.UNSET, description="At this time: UTC epoch milliseconds."
    )
    time: str | None = strawberry.field(
        default=strawberry.UNSET,
        description='At this time: ISO 8601, "2026-01-31T12:00:00Z"; UTC when no offset is given.',
    )


@strawberry.input(description="Which artifacts. What is given must all hold.")
class ArtifactFilter:
    """Typed filter of artifacts."""

    type: str | None = strawberry.field(default=None, description="Name of the type.")
    namespace: str | None = strawberry.field(default=None, description="The namespace.")
    name: str | None = strawberry.field(default=None, description="The exact name.")
    external_id: str | None = strawberry.field(default=None, description="The exact external id.")
    state: list[ArtifactState] | None = strawberry.field(default=None, description="One of these states.")
    uri: str | None = strawberry.field(default=None, description="The exact uri, as reported.")
    location: str | None = strawberry.field(
        default=None, description="A uri in any spelling of the same place (s3a://b/x/ is s3://b/x)."
    )
    digest: str | None = strawberry.field(default=None, description="The digest of the bytes.")
    created_after_ms: Int64 | None = strawberry.field(default=None, description="Created at this time or later.")
    created_before_ms: Int64 | None = strawberry.field(default=None, description="Created before this time.")
    updated_after_ms: Int64 | None = strawberry.field(default=None, description="Changed at this time or later.")
    updated_before_ms: Int64 | None = strawberry.field(default=None, description="Changed before this time.")
    context: strawberry.ID | None = strawberry.field(default=None, description="Belongs to this context.")


@strawberry.input(description="Which executions. What is given must all hold.")
class ExecutionFilter:
    """Typed filter of executions."""

    type: str | None = strawberry.field(default=None, description="Name of the type.")
    namespace: str | None = strawberry.field(default=None, description="The namespace.")
    name: str | None = strawberry.field(default=None, description="The exact name.")
    external_id: str | None = strawberry.field(default=None, description="The exact external id.")
    state: list[ExecutionState] | None = strawberry.field(default=None, description="One of these states.")
    fingerprint: str | None = strawberry.field(default=None, description="The exact fingerprint.")
    created_after_ms: Int64 | None = strawberry.field(default=None, description="Created at this time or later.")
    created_before_ms: Int64 | None = strawberry.field(default=None, description="Created before this time.")
    updated_after_ms: Int64 | None = strawberry.field(default=None, description="Changed at this time or later.")
    updated_before_ms: Int64 | None = strawberry.field(default=None, description="Changed before this time.")
    context: strawberry.ID | None = strawberry.field(default=None, description="Belongs to this context.")


@strawberry.input(description="Which contexts. What is given must all hold.")
class ContextFilter:
    """Typed filter of contexts."""

    type: str | None = strawberry.field(default=None, description="Name of the type.")
    namespace: str | None = strawberry.field(default=None, description="The namespace.")
    name: str | None = strawberry.field(default=None, description="The exact name.")
    external_id: str | None = strawberry.field(default=None, description="The exact external id.")
    created_after_ms: Int64 | None = strawberry.field(default=None, description="Created at this time or later.")
    created_before_ms: Int64 | None = strawberry.field(default=None, description="Created before this time.")
    updated_after_ms: Int64 | None = strawberry.field(default=None, description="Changed at this time or later.")
    updated_before_ms: Int64 | None = strawberry.field(default=None, description="Changed before this time.")


AnyFilter = ArtifactFilter | ExecutionFilter | ContextFilter

_EQUAL = {  # attribute of the filter -> name in the filter language
    "name": "name",
    "external_id": "external_id",
    "uri": "uri",
    "digest": "digest",
    "fingerprint": "fingerprint",
}
_TIMES = {
    "created_after_ms": "create_time_since_epoch >=",
    "created_before_ms": "create_time_since_epoch <",
    "updated_after_ms": "last_update_time_since_epoch >=",
    "updated_before_ms": "last_update_time_since_epoch <",
}


def where_of(filter: AnyFilter | None, where: str | None) -> str | None:
    """The typed ``filter`` and the text ``where``, as one text in the filter language."""
    if filter is None:
        return where
    terms = []
    if where is not None and parse(where) is not None:  # by itself: no bracket of it may close ours
        terms.append(f"({where}\n)")  # first, so that positions in errors stay near; the line break ends a comment
    for attribute, name in _EQUAL.items():
        if (text := getattr(filter, attribute, None)) is not None:
            terms.append(f"{name} = {quote(text)}")
    if (location := getattr(filter, "location", None)) is not None:
        terms.append(f"location = {quote(canonical(location, 'filter.location'))}")
    for attribute, comparison in _TIMES.items():
        if (moment := getattr(filter, attribute)) is not None:
            terms.append(f"{comparison} {int(moment)}")
    if not isinstance(filter, ContextFilter) and filter.state:
        name = "state" if isinstance(filter, ArtifactFilter) else "last_known_state"
        terms.append(f"{name} IN ({', '.join(state.name for state in filter.state)})")
    return " AND ".join(terms) or None


_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """``text`` as a string literal of the filter language."""
    return "'" + "".join(_ESCAPES.get(char, char) for char in text) + "'"


def criteria(where: str | None, filter: AnyFilter | None, context_id: int | None = None) -> dict[str, Any]:
    """What a listing and its count select by, as arguments of Reader. Errors: Invalid."""
    text = where_of(filter, where)
    chosen: dict[str, Any] = {"where": text, "type": None, "namespace": None}
    if filter is not None:
        chosen |= {"type": filter.type, "namespace": filter.namespace}
        if not isinstance(filter, ContextFilter) and filter.context is not None:
            ref = NodeRef.parse(filter.context, "filter.context")
            if ref.kind is not Kind.CONTEXT:
                raise Invalid(f"{ref} is not a context", field="filter.context", value=str(ref))
            if context_id is not None and context_id != ref.id:
                term = f"contexts_in.id = {ref.id}"
                chosen["where"] = f"{text} AND {term}" if text else term
            context_id = context_id or ref.id
    if context_id is not None:
        chosen["context_id"] = context_id
    return chosen


@contextmanager
def positions_of(where: str | None, chosen: dict[str, Any]) -> Iterator[None]:
    """Errors of the composed filter tell the position in ``where`` as it was given, which stands behind one bracket."""
    try:
        yield
    except InvalidFilter as error:
        if chosen["where"] != where and error.position > 0:
            before = f"(at character {error.position})"
            error.position -= 1
            error.message = error.message.replace(before, f"(at character {error.position})")
        raise


class Ordering(NamedTuple):
    """The record's spelling of an OrderBy."""

    order: Order
    descending: bool


def ordering(order_by: OrderBy | None) -> Ordering:
    """The order asked for; by id when none is."""
    if order_by is None:
        return Ordering("id", False)
    orders: dict[OrderField, Order] = {
        OrderField.ID: "id",
        OrderField.CREATED: "created",
        OrderField.UPDATED: "updated",
        OrderField.NAME: "name",
        OrderField.TYPE: "type",
        OrderField.STATE: "state",
        OrderField.SIZE: "size",
        OrderField.STARTED: "started",
        OrderField.ENDED: "ended",
    }
    return Ordering(orders[order_by.field], order_by.direction is OrderDirection.DESC)


def moment(as_of: AsOf) -> tuple[int | None, int | None]:
    """``as_of`` as (seq, time in ms), one of them None. Errors: Invalid for a time that is none."""
    if as_of.seq not in (None, strawberry.UNSET):
        return int(as_of.seq), None
    if as_of.time_ms not in (None, strawberry.UNSET):
        return None, int(as_of.time_ms)
    text = as_of.time if isinstance(as_of.time, str) else ""
    try:
        when = datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return None, int(when.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            f"{text[:40]!r} is not a time",
            field="asOf.time",
            value=text,
            remedy="Write ISO 8601, such as 2026-01-31T12:00:00Z",
        ) from error


def snapshot_of(operation: Operation, as_of: AsOf | None) -> Snapshot:
    """The snapshot a field reads from: now, or ``as_of``."""
    return operation.snapshot() if as_of is None else operation.snapshot(*moment(as_of))
