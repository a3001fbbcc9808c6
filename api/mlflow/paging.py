"""Page tokens as MLflow makes them: base64 of ``{"offset": n}``."""

from __future__ import annotations

import base64
import binascii
import json

from clew.api.mlflow.errors import Refused


def offset_of(token: str) -> int:
    """Where the page begins. Errors: Refused with MLflow's texts."""
    if not token:
        return 0
    try:
        decoded = base64.b64decode(token)
    except (binascii.Error, ValueError) as error:
        raise Refused("Invalid page token, could not base64-decode") from error
    try:
        parsed = json.loads(decoded)
    except ValueError as error:
        raise Refused(f"Invalid page token, decoded value={decoded!r}") from error
    told = parsed.get("offset") if isinstance(parsed, dict) else None
    if not told:
        raise Refused(f"Invalid page token, parsed value={parsed}")
    try:
        offset = int(told)
    except (ValueError, TypeError) as error:
        raise Refused(f"Invalid page token, not stringable {told}") from error
    if not 0 <= offset < 1 << 62:
        raise Refused(f"Invalid page token, parsed value={parsed}")
    return offset


def token_of(offset: int) -> str:
    """The token of the page that begins there."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def check_max_results(given: int) -> None:
    """Errors: Refused."""
    if given < 1:
        raise Refused(f"Invalid value {given} for parameter 'max_results' supplied. It must be a positive integer")
    if given > 50_000:
        raise Refused(
            f"Invalid value for request parameter max_results. It must be at most 50000, but got value {given}"
        )
