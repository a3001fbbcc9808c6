"""What every request passes first: it gets an id, is checked by the guard, is timed, and never ends in a traceback."""

from __future__ import annotations

import logging
import re
import secrets
import time

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clew.api.errors import UNAUTHENTICATED, http_status, told
from clew.api.guard import Guard
from clew.api.metrics import Metrics
from clew.api.mlflow.errors import mlflow_refusal
from clew.api.mlmd.web import web_refusal
from clew.metadata.errors import ClewError

log = logging.getLogger("clew.api")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_NOT_FRAMED = (b"x-frame-options", b"DENY")


class Front:
    """ASGI middleware around every face."""

    def __init__(self, app: ASGIApp, guard: Guard, metrics: Metrics) -> None:
        self.app, self.guard, self.metrics = app, guard, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request or handshake through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["clew.request_id"] = request_id
        passing = _Passing(send, request_id)
        began = time.perf_counter()
        try:
            self.guard.check(scope["type"], scope.get("method", "GET"), scope["path"], headers)
            await self.app(scope, receive, passing if scope["type"] == "http" else send)
        except Exception as error:
            await self._tell(error, scope, receive, passing, request_id)
        finally:
            if scope["type"] == "http":
                seconds = time.perf_counter() - began
                self.metrics.finished(scope["path"], scope["method"], passing.status, seconds)

    async def _tell(self, error: Exception, scope: Scope, receive: Receive, passing: _Passing, request_id: str) -> None:
        if not isinstance(error, ClewError):
            log.error("request %s failed: %s %s", request_id, scope.get("method"), scope["path"], exc_info=error)
        if scope["type"] == "websocket":
            await passing.forward({"type": "websocket.close", "code": 1008, "reason": str(error)[:120]})
            return
        if passing.status:
            return  # the answer has begun: cutting it short is all that is left
        extensions = dict(told(error, request_id))
        self.metrics.errors.labels(extensions["code"]).inc()
        if scope["path"] == "/graphql":
            body: dict[str, object] = {"errors": [{"message": extensions.pop("message"), "extensions": extensions}]}
        else:
            body = {"error": extensions}
        answer = web_refusal(scope["path"], Headers(scope=scope).get("content-type", ""), error)
        answer = answer or mlflow_refusal(scope["path"], error, request_id)
        if answer is None:
            headers = {"www-authenticate": "Bearer"} if extensions["code"] == UNAUTHENTICATED else None
            answer = Response(orjson.dumps(body), http_status(error), headers, "application/json")
        await answer(scope, receive, passing)


class _Passing:
    """``send``, with our headers added and the status noted."""

    __slots__ = ("forward", "request_id", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self.forward, self.request_id, self.status = send, request_id, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode()), *_HEADERS]
            if not any(name == b"content-security-policy" for name, _ in own):  # a page says itself who may frame it
                own.append(_NOT_FRAMED)
            message["headers"] = own
        await self.forward(message)
