"""Identity, spelled once: digests of bytes and of tagged canonical structs. Nobody else calls hashlib.

A digest is written ``sha256:<64 hex digits>``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NewType

from clew.metadata.errors import Invalid

Digest = NewType("Digest", str)

CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-fA-F]{32,128}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def of_bytes(data: bytes) -> Digest:
    """Digest of ``data``."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def raw(data: bytes) -> bytes:
    """The 32 bytes of the SHA-256 of ``data``."""
    return hashlib.sha256(data).digest()


def of_chunks(chunks: Iterable[bytes]) -> Digest:
    """Digest of the concatenation of ``chunks``."""
    h = hashlib.sha256()
    for chunk in chunks:
        h.update(chunk)
    return Digest("sha256:" + h.hexdigest())


def checked_chunks(chunks: Iterable[bytes], digest: Digest, fault: Callable[[], Exception]) -> Iterator[bytes]:
    """``chunks`` as they come; raises ``fault()`` after the last one when they are not ``digest``."""
    h = hashlib.sha256()
    for chunk in chunks:
        h.update(chunk)
        yield chunk
    if "sha256:" + h.hexdigest() != digest:
        raise fault()


def of_stream(stream: BinaryIO) -> tuple[Digest, int]:
    """Digest and size in bytes of what is left in ``stream``; constant memory."""
    h, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        h.update(chunk)
        size += len(chunk)
    return Digest("sha256:" + h.hexdigest()), size


def of_struct(tag: str, value: object) -> Digest:
    """Digest of the tagged canonical form of a JSON-able ``value``: key order does not matter.

    Errors: Invalid when ``value`` holds what JSON cannot say.
    """
    return of_bytes(canonical_json([tag, value]))


def keyed(key: bytes, tag: str, value: object) -> str:
    """As :func:`of_struct`, but only who has ``key`` can tell whether a value they guess is the one.

    Errors: Invalid when ``value`` holds what JSON cannot say.
    """
    return "hmac-sha256:" + hmac.digest(key, canonical_json([tag, value]), "sha256").hex()


def canonical_json(value: object) -> bytes:
    """``value`` as JSON with sorted keys and no spaces, UTF-8; inf and nan as ``Infinity`` and ``NaN``."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise Invalid(
            f"value cannot be written as JSON: {error}", remedy="Use str, int, float, bool, list, dict"
        ) from error


def parse(text: str, field: str = "digest") -> Digest:
    """Check the spelling of a digest of any algorithm; a SHA-256 must be lower case.

    Errors: Invalid naming ``field``.
    """
    if isinstance(text, str) and (
        _SHA256.fullmatch(text) or (not text.startswith("sha256:") and _DIGEST.fullmatch(text))
    ):
        return Digest(text)
    raise Invalid(
        f"{text!r:.80} is not a digest",
        field=field,
        value=text,
        remedy="Write sha256: and 64 lower-case hex digits",
    )
