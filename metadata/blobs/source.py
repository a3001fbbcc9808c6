"""Read what is to be kept: files that are files, and streams that may break."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from clew.metadata.digest import CHUNK_BYTES
from clew.metadata.errors import Invalid, SourceUnreachable


def open_file(path: Path) -> BinaryIO:
    """A regular file, unbuffered.

    Errors: SourceUnreachable; Invalid for a pipe, device or folder.
    """
    try:
        # O_NONBLOCK: a pipe put in the file's place meanwhile must not hang us.
        stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)
    except OSError as error:
        raise SourceUnreachable(f"cannot read {path}: {error.strerror}", field="path", value=str(path)) from error
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise Invalid(f"{path} is not a regular file", field="path", value=str(path))
    return stream


def chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """What is left in ``stream``. Errors: SourceUnreachable."""
    try:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise SourceUnreachable(f"cannot read {name}: {error.strerror}", field="path", value=name) from error
