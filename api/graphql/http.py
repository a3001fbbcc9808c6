"""GraphQL over HTTP: POST /graphql. Everything but reading the socket happens in a worker thread.

Source: https://graphql.github.io/graphql-over-http/draft/ (media types and statuses).
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from clew.api.errors import RequestError, http_status, spell
from clew.api.graphql.execute import Answer, GraphQLService, read_request
from clew.api.graphql.limits import exceeded
from clew.api.graphql.operation import Stream
from clew.api.metrics import Metrics
from clew.api.packing import LEAST_BYTES, crosses_a_wire, gzipped, takes
from clew.metadata.errors import ClewError, TimedOut, Unavailable

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
ACCEPTED = (JSON, "application/graphql+json")
GRACE_S = 2.0
"""Beyond the operation's own limit: then the client is told, though the thread is still busy."""


class _Sent(NamedTuple):
    status: int
    body: bytes
    answer: Answer
    encoding: str = ""


class GraphQLHttp:
    """Answers POSTed operations."""

    def __init__(self, service: GraphQLService, stream: Stream, metrics: Metrics) -> None:
        self.service, self.stream, self.metrics = service, stream, metrics
        self._limits = service.settings.limits
        self._most = service.settings.threads * 8
        self._busy = 0

    async def post(self, request: HttpRequest) -> Response:
        """One operation."""
        request_id: str = request.scope["clew.request_id"]
        media = GRAPHQL_JSON if GRAPHQL_JSON in request.headers.get("accept", "") else JSON
        try:
            self._check_media(request)
            raw = await _body(request, self._limits.body_bytes)
            packs = takes(request.headers.get("accept-encoding", ""), "gzip") and crosses_a_wire(request)
            sent = await self._answered(raw, request_id, strict=media == GRAPHQL_JSON, packs=packs)
        except ClewError as error:
            spelled = self.service.spell(error, request_id)
            self.metrics.operated("", [error.code])
            return Response(orjson.dumps({"errors": [spelled]}), http_status(error), media_type=media)
        self.metrics.operated(sent.answer.kind, sent.answer.codes)
        headers = {"vary": "accept-encoding"}
        if sent.encoding:
            headers["content-encoding"] = sent.encoding
        return Response(sent.body, sent.status, headers, media)

    async def _answered(self, raw: bytes, request_id: str, *, strict: bool, packs: bool) -> _Sent:
        if self._busy >= self._most:
            raise Unavailable("the server has too much to do", remedy="Try again in a moment")
        self._busy += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self.stream.pool, self._answer, raw, request_id, strict, packs)
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), self._limits.time_s + GRACE_S)
        except TimeoutError as error:
            raise TimedOut(
                f"the operation took longer than its limit of {self._limits.time_s:g} s",
                field="time",
                value=self._limits.time_s,
                remedy="Ask for less at once",
            ) from error

    def _done(self, work: asyncio.Future[_Sent]) -> None:
        self._busy -= 1
        if not work.cancelled():
            work.exception()  # heard, also when nobody waits any more

    def _answer(self, raw: bytes, request_id: str, strict: bool, packs: bool) -> _Sent:
        """In a worker thread: bytes in, bytes out."""
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise RequestError(
                f"the body is not JSON: {error}", field="body", remedy='Send UTF-8 JSON: {"query": "..."}'
            ) from error
        answer = self.service.answer(read_request(body), request_id)
        status = spell(answer.codes[0]).http if strict and not answer.executed else 200
        try:
            plain = orjson.dumps(answer.body)
            if packs and len(plain) >= LEAST_BYTES:
                return _Sent(status, gzipped(plain), answer, "gzip")
            return _Sent(status, plain, answer)
        except TypeError as error:
            refused = {"errors": [self.service.spell(error, request_id)]}
            return _Sent(500, orjson.dumps(refused), Answer(refused, ["INTERNAL"], answer.kind, False))

    def _check_media(self, request: HttpRequest) -> None:
        given = request.headers.get("content-type", "")
        if given.partition(";")[0].strip().lower() not in ACCEPTED:
            raise RequestError(
                f"the body's media type is {given[:80]!r}, not {JSON}",
                status=415,
                field="Content-Type",
                value=given,
                remedy=f"Send Content-Type: {JSON}",  # which a foreign page cannot without asking first
            )


async def _body(request: HttpRequest, limit: int) -> bytes:
    """The body, read no further than ``limit``. Errors: LimitExceeded."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise exceeded("body", f"{declared} bytes", f"{limit} bytes")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise exceeded("body", f"more than {limit} bytes", f"{limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)
