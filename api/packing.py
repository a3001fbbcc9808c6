"""What an answer is packed in: the encodings a caller takes, and bodies made smaller on their way."""

from __future__ import annotations

import zlib

from starlette.requests import HTTPConnection

LEAST_BYTES = 1024
"""Smaller bodies fit a packet or two: packing them wins nothing."""
_LEVEL = 1
"""Of gzip: three quarters of the gain of its best, in a fifth of the time."""
_GZIP_WINDOW = 31
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host")
"""What a proxy in front of the server adds."""


def takes(accept_encoding: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names ``encoding`` and does not refuse it (``q=0``)."""
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == encoding:
            return weight.replace(" ", "").rstrip("0").rstrip(".") not in ("q=", "q=0")
    return False


def crosses_a_wire(request: HTTPConnection) -> bool:
    """Whether the answer leaves this machine, as far as one can see: within it, packing costs more than it wins."""
    host = request.client.host if request.client else ""
    if host == "::1" or host.startswith("127."):
        return any(name in request.headers for name in _FORWARDED)
    return True


def gzipped(body: bytes) -> bytes:
    """``body`` as a gzip file of itself."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    return packer.compress(body) + packer.flush()
