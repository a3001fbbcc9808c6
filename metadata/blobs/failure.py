"""What the operating system says, in the record's words."""

from __future__ import annotations

import errno

from clew.metadata.digest import Digest
from clew.metadata.errors import DigestMismatch, StoreFull, StoreReadOnly, StoreUnavailable, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def write_failed(error: OSError, where: str) -> Unavailable:
    """The error to raise when ``where`` could not be written."""
    if error.errno in _FULL:
        return StoreFull(f"{where} is full; nothing was kept", field="store", value=where, remedy="Free some space")
    if error.errno in _READ_ONLY:
        return StoreReadOnly(f"{where} cannot be written", field="store", value=where, remedy="Check its permissions")
    return StoreUnavailable(f"{where} cannot be written: {error.strerror}", field="store", value=where)


def changed(digest: Digest, found: str, path: str = "") -> DigestMismatch:
    """The error to raise when what is kept under ``digest``, at ``path`` of a directory, is now ``found``."""
    what = f"{digest}, the directory's {path[1:]}," if path else f"what is kept under {digest}"
    return DigestMismatch(
        f"{what} was changed: it is now {found}",
        field="digest",
        value=digest,
        remedy="Put the right bytes again, or restore a backup",
    )
