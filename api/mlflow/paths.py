"""Paths of the artifact proxy: relative, with slashes, and never leading out of the folder they are in.

Nothing on disk has a name that a client chose (bytes are kept by digest), so a path that passed by mistake would still
reach no file; it is refused all the same, as MLflow refuses it and as others that read our listings expect.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from clew.api.mlflow.errors import Refused

MOST_BYTES = 2500
"""What an index of PostgreSQL takes; longer paths are refused by every store alike."""
MOST_NAME_BYTES = 255
_DRIVE = re.compile(r"[A-Za-z]:")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:/")


def safe_path(path: str, *, empty_ok: bool = False) -> str:
    """``path``, decoded until nothing is left to decode, if it is safe. Errors: Refused with MLflow's text."""
    for _ in range(10):
        plain = unquote(path, errors="strict") if _decodes(path) else path
        if plain == path:
            break
        path = plain
    else:
        raise _invalid()
    if empty_ok and path == "":
        return path
    if (
        len(path.encode(errors="replace")) > MOST_BYTES
        or any(c < " " or c in "\\#?\x7f" for c in path)
        or _DRIVE.match(path)
        or _SCHEME.match(path)
    ):
        raise _invalid()
    path = path.removesuffix("/")
    for part in path.split("/"):
        if part in ("", ".", "..") or not _is_name(part):
            raise _invalid()
    return path


def joined(*parts: str) -> str:
    """The parts with slashes between; empty ones are left out."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def split(path: str) -> tuple[str, str]:
    """Folder and name."""
    folder, _, name = path.rpartition("/")
    return folder, name


def _decodes(path: str) -> bool:
    try:
        unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise _invalid() from None
    return "%" in path


def _is_name(part: str) -> bool:
    try:
        return len(part.encode()) <= MOST_NAME_BYTES
    except UnicodeEncodeError:
        return False


def _invalid() -> Refused:
    return Refused("Invalid path")
