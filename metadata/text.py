"""Which texts the record takes as names, ids and keys: what every database can hold and index."""

from __future__ import annotations

from clew.metadata.errors import Invalid

NAME_LIMIT_BYTES = 2000
"""PostgreSQL's B-tree takes 2704 bytes an entry; a name shares its entry with type and namespace."""


def check_text(text: str | None, field: str, limit_bytes: int = NAME_LIMIT_BYTES) -> None:
    """Refuse NUL, lone surrogates and texts longer than ``limit_bytes`` in UTF-8. Errors: Invalid naming ``field``."""
    if text is None:
        return
    if not isinstance(text, str):
        raise Invalid(f"{field} is not text", field=field, value=text, remedy="Give a string")
    if text.isascii() and "\0" not in text and len(text) <= limit_bytes:
        return
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Invalid(
            f"{field} holds a lone surrogate", field=field, value=ascii(text)[:80], remedy="Give valid Unicode"
        ) from error
    if "\0" in text or size > limit_bytes:
        raise Invalid(
            f"{field} holds NUL or is longer than {limit_bytes} bytes",
            field=field,
            value=text[:80],
            remedy="Shorten it, or put it into a property",
        )
