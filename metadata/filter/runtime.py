"""What a database says of a filter only when it meets the values."""

from __future__ import annotations

from clew.metadata.errors import InvalidFilter

_SQLITE = (
    "integer overflow",
    "LIKE or GLOB pattern too complex",
    "Expression tree is too large",
    "too many SQL variables",
)


def runtime_failure(error: Exception, text: str) -> InvalidFilter | None:
    """The error to raise when a database could not compute the filter ``text``; None when something else failed.

    PostgreSQL refuses doubles that overflow and SQLite ``ABS`` of the least INT64; both refuse what is too large.
    """
    # SQLSTATE class 22 is a data exception, 54 a limit of the program: both come from the filter, never from a table.
    state = getattr(error, "sqlstate", None) or ""
    if state[:2] in ("22", "54") or any(known in str(error) for known in _SQLITE):
        reason = str(error).strip().splitlines()[0]
        return InvalidFilter(
            f"the filter cannot be computed: {reason}", value=text[:200], remedy="Keep its arithmetic within range"
        )
    return None
