"""gRPC-web: the same calls over HTTP/1.1, which browsers can make. Kubeflow Pipelines' own pages reach the store so.

A body is frames: one byte (0 a message, 0x80 trailers), the length in four, and the payload; ``-text`` is base64 of it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import struct
from collections.abc import Callable
from concurrent.futures import Executor
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.mlmd.service import SERVICE, STATUS_NUMBERS, MetadataStoreService, Refused, refused_of

RECEIVE_BYTES = 64 << 20
_PATH = f"/{SERVICE}/"
_TRAILERS = 0x80
_HEAD = 8
"""Bytes that tell the length of a message, as text too: five of them are eight characters."""
_KINDS = {f"application/grpc-web{text}{proto}" for text in ("", "-text") for proto in ("", "+proto")}


def web_routes(service: MetadataStoreService, pool: Executor) -> list[Route]:
    """The routes of the calls; they run in ``pool``."""

    async def call(request: Request) -> Response:
        kind = _kind(request.headers.get("content-type", ""))
        if kind is None:
            return Response("send application/grpc-web+proto or application/grpc-web-text", 415)
        as_text = "-text" in kind
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if _is_too_large(body, as_text):
                return _too_large(kind)
        name = str(request.path_params["name"])
        frames = await asyncio.get_running_loop().run_in_executor(pool, _call, service.call, name, bytes(body), as_text)
        return _answer(kind, frames)

    return [Route(f"{_PATH}{{name}}", call, methods=["POST"])]


def web_refusal(path: str, content_type: str, error: Exception) -> Response | None:
    """How a page is told that its call did not get as far as the service; None for what is no call of gRPC-web.

    A client that gets an answer of another media type says UNKNOWN, whatever the HTTP status.
    """
    kind = _kind(content_type)
    return _answer(kind, _refused(refused_of(error))) if kind and path.startswith(_PATH) else None


def _kind(content_type: str) -> str | None:
    kind = content_type.partition(";")[0].strip().lower()
    return kind if kind in _KINDS else None


def _is_too_large(body: bytearray, as_text: bool) -> bool:
    """Whether so much has come, or is announced by the frame, that there is no point in waiting for the rest."""
    limit = RECEIVE_BYTES + 5
    if len(body) > (limit * 4 // 3 + 4 if as_text else limit):
        return True
    if len(body) < _HEAD:
        return False
    try:
        head = base64.b64decode(body[:_HEAD]) if as_text else body[:_HEAD]
    except binascii.Error:
        return False  # told when all has come
    return int.from_bytes(head[1:5], "big") > RECEIVE_BYTES


def _too_large(kind: str) -> Response:
    answer = _answer(kind, _refused(Refused("RESOURCE_EXHAUSTED", "the message is larger than 64 MiB")))
    answer.headers["connection"] = "close"  # or the server reads the rest, to throw it away
    return answer


def _call(call: Callable[[str, bytes], bytes], name: str, body: bytes, as_text: bool) -> bytes:
    try:
        answer = call(name, _message(body, as_text))
    except Refused as refused:
        return _refused(refused)
    return _frame(0, answer) + _frame(_TRAILERS, b"grpc-status:0\r\ngrpc-message:\r\n")


def _message(body: bytes, as_text: bool) -> bytes:
    """The one message of a request. Errors: Refused."""
    try:
        raw = base64.b64decode(body, validate=True) if as_text else body
        flag, length = struct.unpack(">BI", raw[:5])
    except (binascii.Error, struct.error) as error:
        raise Refused("INVALID_ARGUMENT", "the body is no gRPC-web frame") from error
    if flag or length != len(raw) - 5:
        raise Refused("INVALID_ARGUMENT", "the body is not one uncompressed gRPC-web frame")
    return raw[5:]


def _refused(refused: Refused) -> bytes:
    told = f"grpc-status:{STATUS_NUMBERS[refused.status]}\r\ngrpc-message:{quote(refused.text)}\r\n"
    return _frame(_TRAILERS, told.encode())


def _frame(flag: int, payload: bytes) -> bytes:
    return struct.pack(">BI", flag, len(payload)) + payload


def _answer(kind: str, frames: bytes) -> Response:
    return Response(base64.b64encode(frames) if "-text" in kind else frames, media_type=kind)
