"""GraphQL over WebSocket, by the graphql-transport-ws protocol and no other.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md (message types and close codes).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from inspect import isawaitable
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType, subscribe
from starlette.websockets import WebSocket, WebSocketDisconnect

from clew.api.errors import RequestError, told
from clew.api.graphql.execute import Answer, GraphQLService, Request, read_request
from clew.api.graphql.limits import exceeded
from clew.api.graphql.operation import Stream
from clew.api.guard import Guard
from clew.api.metrics import Metrics
from clew.metadata.errors import ClewError

PROTOCOL = "graphql-transport-ws"
INIT_WAIT_S = 10.0


class _Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Socket:
    """One connection and its operations."""

    def __init__(
        self, socket: WebSocket, service: GraphQLService, guard: Guard, metrics: Metrics, stream: Stream, id: str
    ) -> None:
        self.socket, self.service, self.guard, self.metrics, self.stream = socket, service, guard, metrics, stream
        self.id = id
        self.acknowledged = False
        self.running: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Talk until either side closes."""
        if PROTOCOL not in self.socket.scope.get("subprotocols", ()):
            await self.socket.accept()
            await self.socket.close(4406, "Subprotocol not acceptable")
            return
        await self.socket.accept(PROTOCOL)
        try:
            while True:
                wait_s = None if self.acknowledged else INIT_WAIT_S
                await self._hear(await asyncio.wait_for(self.socket.receive(), wait_s))
        except TimeoutError:
            await self._close(4408, "Connection initialisation timeout")
        except _Close as close:
            await self._close(close.code, close.reason)
        except WebSocketDisconnect:
            pass
        finally:
            tasks = list(self.running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, event: Any) -> None:
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1000))
        message = _message(event)
        kind = message.get("type")
        if kind == "connection_init":
            await self._begin(message.get("payload"))
        elif kind == "ping":
            await self._send({"type": "pong"})
        elif kind == "subscribe":
            await self._subscribe(message)
        elif kind == "complete":
            task = self.running.pop(str(message.get("id")), None)
            if task is not None:
                task.cancel()
        elif kind != "pong":
            raise _Close(4400, f"Unknown message type {kind!r:.60}")

    async def _begin(self, payload: Any) -> None:
        if self.acknowledged:
            raise _Close(4429, "Too many initialisation requests")
        given = payload if isinstance(payload, dict) else {}
        token = given.get("Authorization") or given.get("authorization") or self.socket.headers.get("authorization")
        try:
            self.guard.check_token(str(token) if token else None)
        except RequestError as error:
            raise _Close(4403, "Forbidden") from error
        self.acknowledged = True
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if not self.acknowledged:
            raise _Close(4401, "Unauthorized")
        id = message.get("id")
        if not isinstance(id, str) or not id:
            raise _Close(4400, "A subscribe message needs an id")
        if id in self.running:
            raise _Close(4409, f"Subscriber for {id[:60]} already exists")
        if len(self.running) >= self.service.settings.limits.subscriptions:
            limit = self.service.settings.limits.subscriptions
            await self._error(id, exceeded("subscriptions", len(self.running) + 1, limit))
            return
        try:
            request = read_request(message.get("payload"))
        except ClewError as error:
            await self._error(id, error)
            return
        task = asyncio.create_task(self._operate(id, request))
        self.running[id] = task
        task.add_done_callback(lambda done: self.running.pop(id, None) if self.running.get(id) is done else None)

    async def _operate(self, id: str, request: Request) -> None:
        """Run one operation; what it cannot send because the socket is gone is lost with the socket."""
        try:
            answer = await self.stream.run(lambda: self.service.answer(request, self.id, streaming=True))
            if answer.kind == OperationType.SUBSCRIPTION.value and not answer.codes:
                await self._stream(id, request)
                return
            self.metrics.operated(answer.kind, answer.codes)
            if answer.executed:
                await self._send({"id": id, "type": "next", "payload": answer.body})
                await self._send({"id": id, "type": "complete"})
            else:
                await self._send({"id": id, "type": "error", "payload": answer.body["errors"]})
        except WebSocketDisconnect:
            pass

    async def _stream(self, id: str, request: Request) -> None:
        self.metrics.subscriptions.inc()
        try:
            async for answer in self._results(request):
                if not answer.executed:
                    await self._send({"id": id, "type": "error", "payload": answer.body["errors"]})
                    return
                await self._send({"id": id, "type": "next", "payload": answer.body})
            await self._send({"id": id, "type": "complete"})
        except (WebSocketDisconnect, asyncio.CancelledError):
            raise
        except Exception as error:
            await self._send({"id": id, "type": "error", "payload": [self.service.spell(error, self.id)]})
        finally:
            self.metrics.subscriptions.dec()

    async def _results(self, request: Request) -> AsyncIterator[Answer]:
        document, _ = self.service.prepare(request)
        operation = self.service.operation(self.id, self.stream)
        source = subscribe(
            self.service.schema,
            document,
            context_value=operation,
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
        source = await source if isawaitable(source) else source
        kind = OperationType.SUBSCRIPTION.value
        if isinstance(source, ExecutionResult):
            answer = self.service.spelled(source, self.id, kind)
            self.metrics.operated(kind, answer.codes)
            yield answer._replace(executed=False)
            return
        self.metrics.operated(kind, [])
        try:
            async for result in source:
                yield self.service.spelled(result, self.id, kind)
        finally:
            await source.aclose()  # type: ignore[attr-defined]
            operation.close()

    async def _error(self, id: str, error: ClewError) -> None:
        extensions = dict(told(error))
        payload = {"message": extensions.pop("message"), "extensions": extensions}
        self.metrics.operated("", [error.code])
        await self._send({"id": id, "type": "error", "payload": [payload]})

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            try:
                await self.socket.send({"type": "websocket.send", "text": orjson.dumps(message).decode()})
            except RuntimeError as error:  # the other side has gone meanwhile
                raise WebSocketDisconnect(1006) from error

    async def _close(self, code: int, reason: str) -> None:
        async with self._sending:
            try:
                await self.socket.close(code, reason[:120])
            except RuntimeError:
                return


def _message(event: Any) -> dict[str, Any]:
    text = event.get("text")
    if text is None:
        raise _Close(4400, "Messages are text")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _Close(4400, "Messages are JSON") from error
    if not isinstance(message, dict):
        raise _Close(4400, "Messages are JSON objects")
    return message
