"""Page cursors: the sort key and id behind which a listing continues. Opaque outside, checked on the way in."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from clew.metadata.errors import InvalidCursor
from clew.metadata.ids import INT64_MAX


def encode(order: str, descending: bool, key: list[Any]) -> str:
    """The cursor behind the row whose sort key is ``key``."""
    return base64.urlsafe_b64encode(orjson.dumps([order, descending, *key])).decode().rstrip("=")


def decode(cursor: str, order: str, descending: bool, length: int) -> list[Any]:
    """The sort key in ``cursor``. Errors: InvalidCursor for one of another order, or none of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        body = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise _invalid(cursor, "is no page cursor") from error
    if not isinstance(body, list) or len(body) != 2 + length or type(body[-1]) is not int:
        raise _invalid(cursor, "is no page cursor of this listing")
    if body[0] != order or body[1] is not descending:
        raise _invalid(cursor, "was made for another order")
    key = body[2:]
    wanted = str if order in ("name", "type") else int
    if any(type(part) is not wanted for part in key[:-1]) or any(
        type(part) is int and abs(part) > INT64_MAX for part in key
    ):
        raise _invalid(cursor, "is no page cursor of this listing")
    return list(key)


def _invalid(cursor: str, what: str) -> InvalidCursor:
    return InvalidCursor(
        f"{cursor[:40]!r} {what}", field="after", value=cursor, remedy="Start again from the first page"
    )
