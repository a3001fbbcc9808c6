"""Multipart uploads: parts lie in a folder of the home until they are put together, and go a day after they are left.

A folder is named by a random id that we chose; no name that a client sent becomes one.
"""

from __future__ import annotations

import io
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.metadata.digest import of_chunks

MOST_PARTS = 10_000
STALE_S = 86_400
_ID = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """The uploads under way in a home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, path: str, parts: int) -> str:
        """Begin one for ``path``; its id. Errors: Refused."""
        if not 1 <= parts <= MOST_PARTS:
            raise Refused(f"Invalid value {parts} for parameter 'num_parts' supplied: it must be 1 to {MOST_PARTS}")
        self._sweep()
        upload_id = secrets.token_hex(16)
        folder = self._folder / upload_id
        folder.mkdir(parents=True, mode=0o700)
        (folder / "path").write_text(path, "utf-8")
        return upload_id

    def put(self, upload_id: str, part: int, stream: BinaryIO) -> str:
        """Keep one part, over what it was; its ETag, the digest of its bytes. Errors: Refused; OSError."""
        folder = self._of(upload_id)
        if not 1 <= part <= MOST_PARTS:
            raise Refused(f"Invalid value {part} for parameter 'part_number' supplied.")
        temporary = folder / f"{part}.{secrets.token_hex(4)}.tmp"
        try:
            with temporary.open("xb") as out:
                digest = of_chunks(_tee(stream, out))
            temporary.rename(folder / str(part))
        finally:
            temporary.unlink(missing_ok=True)
        (folder / f"{part}.etag").write_text(digest, "ascii")
        return digest

    def whole(self, upload_id: str, path: str, parts: Sequence[tuple[int, str]]) -> BinaryIO:
        """The bytes of all parts, in order. Errors: Refused where one is missing or another, or of another path."""
        folder = self._of(upload_id)
        if (folder / "path").read_text("utf-8") != path:
            raise _unknown(upload_id)
        if not parts or [number for number, _ in parts] != list(range(1, len(parts) + 1)):
            raise Refused("Invalid value for parameter 'parts' supplied: they must be numbered from 1 without gaps")
        for number, etag in parts:
            kept = folder / f"{number}.etag"
            if not kept.is_file() or (etag and etag.strip('"') != kept.read_text("ascii")):
                raise Refused(f"Invalid value for parameter 'parts' supplied: part {number} was not uploaded")
        return io.BufferedReader(_Chain([folder / str(number) for number, _ in parts]))

    def forget(self, upload_id: str) -> None:
        """Drop an upload and its parts. Errors: Refused where there is none."""
        shutil.rmtree(self._of(upload_id), ignore_errors=True)

    def _of(self, upload_id: str) -> Path:
        folder = self._folder / upload_id
        if not _ID.fullmatch(upload_id) or not (folder / "path").is_file():
            raise _unknown(upload_id)
        return folder

    def _sweep(self) -> None:
        with suppress(OSError):
            for folder in self._folder.iterdir():
                if _ID.fullmatch(folder.name) and time.time() - folder.stat().st_mtime > STALE_S:
                    shutil.rmtree(folder, ignore_errors=True)


def _unknown(upload_id: str) -> Refused:
    return Refused(f"There is no upload {upload_id[:64]!r} of that path", NOT_THERE)


def _tee(stream: BinaryIO, out: BinaryIO):  # type: ignore[no-untyped-def]
    while piece := stream.read(1 << 20):
        out.write(piece)
        yield piece


class _Chain(io.RawIOBase):
    """Files, one behind the other."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._at: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while True:
            if self._at is None:
                if not self._paths:
                    return 0
                self._at = self._paths.pop(0).open("rb")
            if count := self._at.readinto(buffer):  # type: ignore[attr-defined]
                return int(count)
            self._at.close()
            self._at = None

    def close(self) -> None:
        if self._at is not None:
            self._at.close()
        super().close()
