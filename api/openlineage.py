"""OpenLineage over HTTP: ``POST /api/v1/lineage`` takes one event, ``/api/v1/lineage/batch`` a list of them.

An answer that is no error means that the events are durable. Bodies may be gzipped; what they hold is bounded after it
is unpacked. Who may send is the guard's: API keys and tokens both come as ``Authorization: Bearer``.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.errors import RequestError, told
from clew.api.service import Services
from clew.collectors.openlineage.event import EventSaid, parse, read_event
from clew.collectors.openlineage.inbox import Inbox
from clew.metadata.errors import ClewError, Invalid, Unavailable

EVENT_BYTES, BATCH_BYTES = 16 << 20, 64 << 20
MOST_EVENTS = 10_000
"""In one batch."""
PATH = "/api/v1/lineage"
MOST_TOGETHER, GATHER_S = 256, 0.001
_GZIP_WINDOW = 31
_Body = Callable[[], bytes]
"""Gives the body, unpacked in the thread that calls."""


def openlineage_routes(services: Services, pool: Executor) -> list[Route]:
    """The routes that take events; they are recorded in ``pool``."""
    inbox = Inbox(services.record, services.identity)
    line = _Line(inbox, pool)

    async def one(request: Request) -> Response:
        await line.take(await _body(request, EVENT_BYTES))
        return Response(status_code=201)

    async def many(request: Request) -> Response:
        body = await _body(request, BATCH_BYTES)
        answer = await asyncio.get_running_loop().run_in_executor(pool, _record_many, inbox, body)
        if answer is None:
            return Response(status_code=204)
        return Response(orjson.dumps(answer), 200, media_type="application/json")

    return [Route(PATH, one, methods=["POST"]), Route(f"{PATH}/batch", many, methods=["POST"])]


class _Line:
    """Single events of clients that call at the same time, recorded together: one thread, one transaction."""

    def __init__(self, inbox: Inbox, pool: Executor) -> None:
        self._inbox, self._pool = inbox, pool
        self._waiting: list[tuple[_Body, asyncio.Future[None]]] = []
        self._crowd = 1
        self._task: asyncio.Task[None] | None = None

    async def take(self, body: _Body) -> None:
        """Record one event; durable when this returns. Errors: its own, or the store's."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, future))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drain())
        await future

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if len(self._waiting) < self._crowd:  # those just answered are likely to come again
                await asyncio.sleep(GATHER_S)
            taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                bodies = [body for body, _ in taken]
                outcomes = await loop.run_in_executor(self._pool, _record_each, self._inbox, bodies)
            except BaseException as error:
                outcomes = [error] * len(taken)
            self._crowd = len(taken) + len(self._waiting)
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if future.done():  # its client has gone
                    continue
                if outcome is None:
                    future.set_result(None)
                else:
                    future.set_exception(outcome)


def _record_each(inbox: Inbox, bodies: list[_Body]) -> list[BaseException | None]:
    """What became of each. Errors: the store's."""
    outcomes: list[BaseException | None] = [None] * len(bodies)
    sound: list[tuple[int, EventSaid]] = []
    for index, body in enumerate(bodies):
        try:
            sound.append((index, read_event(parse(body()))))
        except ClewError as error:
            outcomes[index] = error
    for (index, _), outcome in zip(sound, inbox.deliver([event for _, event in sound]) if sound else (), strict=True):
        outcomes[index] = outcome
    return outcomes


def _record_many(inbox: Inbox, body: _Body) -> dict[str, Any] | None:
    """What became of each; None when all are recorded. Errors: Invalid when the body is no list of events."""
    given = parse(body())
    if not isinstance(given, list):
        raise Invalid(
            "the body is no list", field="body", remedy="Send a list of events, or one event to the other path"
        )
    if len(given) > MOST_EVENTS:
        raise _too_large(f"{len(given)} events", f"{MOST_EVENTS} events")
    sound: list[tuple[int, EventSaid]] = []
    failed: dict[int, ClewError] = {}
    for index, item in enumerate(given):
        try:
            sound.append((index, read_event(item)))
        except ClewError as error:
            failed[index] = error
    outcomes = inbox.deliver([event for _, event in sound]) if sound else []
    failed |= {index: error for (index, _), error in zip(sound, outcomes, strict=True) if error is not None}
    return _summary(len(given), failed) if failed else None


def _summary(received: int, failed: dict[int, ClewError]) -> dict[str, Any]:
    again = {index: isinstance(error, Unavailable) for index, error in failed.items()}
    return {
        "status": "partial_success",
        "summary": {
            "received": received,
            "successful": received - len(failed),
            "failed": len(failed),
            "retriable": sum(again.values()),
            "non_retriable": len(failed) - sum(again.values()),
        },
        "failed_events": [
            {"index": index, "reason": str(error), "retriable": again[index], **_fields(error)}
            for index, error in sorted(failed.items())
        ],
    }


def _fields(error: ClewError) -> dict[str, str]:
    return {key: text for key, text in told(error).items() if key in ("code", "field", "value", "remedy")}


async def _body(request: Request, limit: int) -> _Body:
    """Gives the body, unpacked in whatever thread calls. Errors: RequestError (413, 415)."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip"):
        raise RequestError(
            f"bodies packed as {encoding[:40]!r} are not read",
            status=415,
            field="Content-Encoding",
            value=encoding,
            remedy="Send the body as it is, or gzipped",
        )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(f"{declared} bytes", f"{limit} bytes")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large("more", f"{limit} bytes")
        chunks.append(chunk)
    raw = b"".join(chunks)
    return (lambda: _unpacked(raw, limit)) if encoding == "gzip" else (lambda: raw)


def _unpacked(raw: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise RequestError(
            f"the body is no gzip: {error}", field="body", remedy="Send what Content-Encoding says"
        ) from error
    if len(plain) > limit or unpacker.unconsumed_tail:
        raise _too_large("unpacked it is more", f"{limit} bytes")
    if not unpacker.eof:
        raise RequestError("the gzipped body is cut off", field="body", remedy="Send it whole")
    return plain


def _too_large(given: str, limit: str) -> RequestError:
    return RequestError(
        f"the body is too large: {given}, the limit is {limit}",
        status=413,
        code="LIMIT_EXCEEDED",
        field="body",
        value=given,
        remedy="Send fewer events at once, or facets without their bulk",
    )
