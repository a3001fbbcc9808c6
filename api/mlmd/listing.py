"""Listings: one page as ListOperationOptions ask, or everything, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clew.api.mlmd.nodes import NAMESPACE, write_nodes
from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.metadata.errors import Invalid, InvalidFilter
from clew.metadata.ids import Kind
from clew.metadata.listing import Order
from clew.metadata.reader import Reader

PAGE_LIMIT = 100
"""Largest page, whatever is asked for."""
FIELD = {Kind.ARTIFACT: "artifacts", Kind.EXECUTION: "executions", Kind.CONTEXT: "contexts"}
_ORDERS: dict[int, Order] = {
    pb.ListOperationOptions.OrderByField.ID: "id",
    pb.ListOperationOptions.OrderByField.CREATE_TIME: "created",
    pb.ListOperationOptions.OrderByField.LAST_UPDATE_TIME: "updated",
}


def list_nodes(
    reader: Reader, kind: Kind, request: Any, response: type[Any], *, type_id: int | None = None, context_id: int = 0
) -> Any:
    """The answer to a listing: a message for a page, bytes for everything.

    Cost: everything is encoded in pieces while it is read, so memory holds the answer once, as bytes.
    """
    of_context = {} if kind is Kind.CONTEXT else {"context_id": context_id or None}
    if not request.HasField("options"):
        return b"".join(_pieces(reader, kind, response, {"type": type_id, **of_context}))
    options: pb.ListOperationOptions = request.options
    if options.max_result_size <= 0:
        raise Invalid(
            "max_result_size must be positive", field="max_result_size", value=options.max_result_size, remedy="Use 100"
        )
    order = _ORDERS.get(options.order_by_field.field)
    if order is None:
        raise Invalid("no field to order by", field="order_by_field", remedy="Use ID, CREATE_TIME or LAST_UPDATE_TIME")
    listing = {Kind.ARTIFACT: reader.artifacts, Kind.EXECUTION: reader.executions, Kind.CONTEXT: reader.contexts}[kind]
    page = listing(  # type: ignore[operator]
        where=filter_of(options.filter_query),
        type=type_id,
        namespace=NAMESPACE,
        order=order,
        descending=not options.order_by_field.is_asc,
        after=text_of(options.next_page_token, "next_page_token") or None,
        limit=min(options.max_result_size, PAGE_LIMIT),
        **of_context,
    )
    message = response()
    write_nodes(kind, page.items, getattr(message, FIELD[kind]))
    if page.next_cursor is not None:
        message.next_page_token = page.next_cursor
    return message


def text_of(text: Any, field: str) -> str:
    """A string of a request. Errors: Invalid for one that is no UTF-8: proto2 does not look, and Python gets bytes."""
    if isinstance(text, str):
        return text
    raise Invalid(f"{field} is not valid UTF-8", field=field, value=text, remedy="Send UTF-8")


def filter_of(text: str) -> str | None:
    """The filter, or None for no filter. Errors: InvalidFilter for blanks, which ML Metadata refuses."""
    if text_of(text, "filter_query") and not text.strip():
        raise InvalidFilter("the filter is blank", value=text, remedy="Leave it out")
    return text or None


def _pieces(reader: Reader, kind: Kind, response: type[Any], selection: dict[str, Any]) -> Iterator[bytes]:
    """Serialised parts: messages joined byte by byte are the message of all their lists."""
    for nodes in reader.every(kind, namespace=NAMESPACE, **selection):
        message = response()
        write_nodes(kind, nodes, getattr(message, FIELD[kind]))
        yield message.SerializeToString()
