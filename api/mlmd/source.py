"""What another server of ML Metadata holds, read through the wire: the far end of ``clew import mlmd --from grpc://``.

A server gives no snapshot: nodes that come in while it is read may be missed, and are found by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import grpc

from clew.api.mlmd.node_types import FIRST_BASE_ID, type_put
from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.values import read_values
from clew.collectors.mlmd.source import BATCH, Batch, Links, Lost, SourceEvent, SourceNode, Types
from clew.metadata.errors import Invalid, SourceUnreachable, UnmatchedPropertyType
from clew.metadata.ids import INT64_MAX, INT64_MIN, Kind, TypeId
from clew.metadata.node import NodeType
from clew.metadata.types import SIMPLE_TYPES
from clew.metadata.value import Value

PAGE = 100
"""Nodes an answer: the most that ML Metadata's servers give."""
EVENTS_OF = 500
"""Executions whose events are asked for at once."""
CONNECT_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 300.0
_SERVICE = "ml_metadata.MetadataStoreService"
_NOUN = {Kind.ARTIFACT: "Artifact", Kind.EXECUTION: "Execution", Kind.CONTEXT: "Context"}
_STATE = {Kind.ARTIFACT: "state", Kind.EXECUTION: "last_known_state"}


def open_wire(url: str) -> WireSource:
    """A server at ``grpc://HOST:PORT``. Errors: Invalid for the URL or what is no such server, SourceUnreachable."""
    try:
        place = urlsplit(url)
        address = f"{place.hostname}:{place.port}" if place.hostname and place.port else ""
    except ValueError:
        address = ""
    if not address:
        raise Invalid("no server is named", field="from", value=url, remedy="Write grpc://HOST:PORT")
    source = WireSource(address)
    try:
        source.connect()
    except BaseException:
        source.close()
        raise
    return source


class WireSource:
    """A server of ML Metadata, Clew's own or another."""

    def __init__(self, address: str) -> None:
        self.name = address
        self._channel = grpc.insecure_channel(
            address, options=[("grpc.max_receive_message_length", -1), ("grpc.enable_http_proxy", 0)]
        )

    def connect(self) -> None:
        """Wait for the server, and ask it something. Errors: SourceUnreachable, Invalid."""
        try:
            grpc.channel_ready_future(self._channel).result(CONNECT_TIMEOUT_S)
        except grpc.FutureTimeoutError as error:
            raise SourceUnreachable(
                f"nothing answers at {self.name}", field="from", value=self.name, remedy="Check host and port"
            ) from error
        self._call("GetContextTypes", svc.GetContextTypesRequest())

    def types(self) -> Types:
        """All types. The predefined ones are in no listing, and are asked for by name."""
        read = Types()
        predefined: dict[int, TypeId] = {}
        for kind, noun in _NOUN.items():
            listed = getattr(self._call(f"Get{noun}Types", getattr(svc, f"Get{noun}TypesRequest")()), f"{kind}_types")
            ids = [*self._predefined(kind, predefined), *(message.id for message in listed)]
            # Listings leave out external ids, and on MySQL so does a look-up by name.
            request = getattr(svc, f"Get{noun}TypesByIDRequest")(type_ids=ids)
            for message in getattr(self._call(f"Get{noun}TypesByID", request), f"{kind}_types"):
                read.types.append(_node_type(kind, message, predefined))
        return read

    def count(self, kind: Kind) -> int | None:
        """Not known: no call tells it."""
        return None

    def batches(self, kind: Kind) -> Iterator[Batch]:
        """All nodes of a kind with what hangs on them."""
        links = Links() if kind is Kind.CONTEXT else Links(sorted(self._memberships(kind)))
        after, messages = INT64_MIN, []
        for page in self._pages(f"Get{_NOUN[kind]}s", kind):
            messages += page
            if len(messages) >= BATCH:
                yield self._batch(kind, messages, links, after, messages[-1].id)
                after, messages = messages[-1].id, []
        yield self._batch(kind, messages, links, after, INT64_MAX)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _batch(self, kind: Kind, messages: list[Any], links: Links, after: int, last: int) -> Batch:
        batch = Batch([])
        batch.nodes = [_node(kind, message, batch.lost) for message in messages]
        ids = [node.id for node in batch.nodes]
        batch.links = self._parents(ids) if kind is Kind.CONTEXT else links.between(after, last)
        if kind is Kind.EXECUTION:
            for start in range(0, len(ids), EVENTS_OF):
                request = svc.GetEventsByExecutionIDsRequest(execution_ids=ids[start : start + EVENTS_OF])
                batch.events += map(_event, self._call("GetEventsByExecutionIDs", request).events)
            batch.events.sort(key=lambda event: event.execution_id)
        return batch

    def _memberships(self, kind: Kind) -> Iterator[tuple[int, int]]:
        noun = _NOUN[kind]
        for contexts in self._pages("GetContexts", Kind.CONTEXT):
            for context in contexts:
                for page in self._pages(f"Get{noun}sByContext", kind, context_id=context.id):
                    for node in page:
                        yield node.id, context.id

    def _parents(self, ids: list[int]) -> list[tuple[int, int]]:
        found = []
        for id in ids:
            request = svc.GetParentContextsByContextRequest(context_id=id)
            found += [(id, parent.id) for parent in self._call("GetParentContextsByContext", request).contexts]
        return found

    def _pages(self, method: str, kind: Kind, **asked: Any) -> Iterator[list[Any]]:
        """The nodes of a listing, a page at a time, by ascending id."""
        request = getattr(svc, f"{method}Request")(**asked)
        request.options.max_result_size = PAGE
        request.options.order_by_field.field = pb.ListOperationOptions.OrderByField.ID
        while True:
            answer = self._call(method, request)
            yield list(getattr(answer, f"{kind}s"))
            if not answer.next_page_token:
                return
            request.options.next_page_token = answer.next_page_token

    def _predefined(self, kind: Kind, into: dict[int, TypeId]) -> list[int]:
        """The ids that the server has for the predefined types of a kind; ``into``: by the ids they have here."""
        ids: list[int] = []
        for number, name in enumerate(dict(SIMPLE_TYPES).get(kind, ())):
            request = getattr(svc, f"Get{_NOUN[kind]}TypeRequest")(type_name=name)
            answer = self._call(f"Get{_NOUN[kind]}Type", request, may_miss=True)
            if answer is not None:
                ids.append(getattr(answer, f"{kind}_type").id)
                into[FIRST_BASE_ID[kind] + number] = TypeId(ids[-1])
        return ids

    def _call(self, method: str, request: Any, *, may_miss: bool = False) -> Any:
        call = self._channel.unary_unary(
            f"/{_SERVICE}/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=getattr(svc, f"{method}Response").FromString,
        )
        try:
            return call(request, timeout=CALL_TIMEOUT_S)
        except grpc.RpcError as error:
            code = error.code()
            if may_miss and code is grpc.StatusCode.NOT_FOUND:
                return None
            if code is grpc.StatusCode.UNIMPLEMENTED:
                raise Invalid(
                    f"the server at {self.name} does not know {method}: it is no ML Metadata, or a very old one",
                    field="from",
                    value=self.name,
                    remedy="Name the port of ML Metadata's gRPC service",
                ) from error
            raise SourceUnreachable(
                f"{method} of {self.name} failed with {code.name}: {error.details()[:200]}",
                field="from",
                value=self.name,
                remedy="Run again: what was moved stays, and the run goes on behind it",
            ) from error


def _node_type(kind: Kind, message: Any, predefined: dict[int, TypeId]) -> NodeType:
    put = type_put(kind, message, True, True)
    base = predefined.get(put.base_type) if isinstance(put.base_type, int) else None
    return replace(put.type, id=TypeId(message.id), base_type_id=base)


def _node(kind: Kind, message: Any, lost: list[Lost]) -> SourceNode:
    has = message.HasField
    return SourceNode(
        message.id,
        message.type_id,
        message.name if has("name") else None,
        message.external_id if has("external_id") else None,
        message.uri if kind is Kind.ARTIFACT else None,
        getattr(message, _STATE[kind]) if kind is not Kind.CONTEXT and has(_STATE[kind]) else None,
        message.create_time_since_epoch,
        message.last_update_time_since_epoch,
        _values(kind, message.id, message.properties, lost),
        _values(kind, message.id, message.custom_properties, lost),
    )


def _values(kind: Kind, id: int, values: Any, lost: list[Lost]) -> dict[str, Value]:
    try:
        return read_values(values, "properties") if values else {}
    except UnmatchedPropertyType:
        empty = [name for name, value in values.items() if value.WhichOneof("value") is None]
        lost += [Lost(f"{kind}:{id}", f"property {name!r}: no value a record could hold") for name in empty]
        return read_values({name: value for name, value in values.items() if name not in empty}, "properties")


def _event(message: pb.Event) -> SourceEvent:
    path = tuple(step.key if step.HasField("key") else step.index for step in message.path.steps)
    time_ms = message.milliseconds_since_epoch if message.HasField("milliseconds_since_epoch") else None
    return SourceEvent(message.execution_id, message.type, message.artifact_id, path, time_ms)
