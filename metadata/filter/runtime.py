"""What a database says of a filter only when it meets the values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clew.metadata.errors import InvalidFilter

_SQLITE = (
    "integer overflow",
    "LIKE or GLOB pattern too complex",
    "Expression tree is too large",
    "too many SQL variables",
)


@contextmanager
def computing(text: str | None) -> Iterator[None]:
    """Around a statement that holds the filter ``text``; None is no filter.

    Errors: InvalidFilter when the database could not compute it: PostgreSQL refuses doubles that overflow, SQLite the
    ``ABS`` of the least INT64, and both what is too large for them.
    """
    try:
        yield
    except Exception as error:
        if text is None or not _is_of_the_filter(error):
            raise
        reason = str(error).strip().splitlines()[0]
        raise InvalidFilter(
            f"the filter cannot be computed: {reason}", value=text[:200], remedy="Keep its arithmetic within range"
        ) from error


def _is_of_the_filter(error: Exception) -> bool:
    # SQLSTATE class 22 is a data exception, 54 a limit of the program: both come of the filter, never of a table.
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in ("22", "54") or any(known in str(error) for known in _SQLITE)
