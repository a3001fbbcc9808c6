"""Copies of artifacts that lie in an object store, for steps to read: by digest, whole or not there, read-only."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from clew.executors.remote_source import Look, RemoteSources
from clew.metadata.blobs.protocol import ArtifactStore, Blob, address_of
from clew.metadata.blobs.restore import checkout
from clew.metadata.digest import Digest
from clew.metadata.errors import ClewError


class Fetched:
    """Copies in ``folder``: ``<digest>/<name>``. It may be deleted while nothing runs, and shared by any number."""

    def __init__(
        self, folder: Path, store: ArtifactStore, digest_of: Callable[[Path], Blob], look: Look = "off"
    ) -> None:
        self.sources = RemoteSources(look, folder, digest_of)
        self._folder = folder
        self._store = store
        self._digest_of = digest_of

    def knows(self, uri: str | None, digest: str | None) -> bool:
        """Whether an artifact is one of the store's own, so that its bytes can be had."""
        return bool(uri and digest) and address_of(self._store, Digest(digest or "")) == uri

    def path(self, digest: str, name: str) -> Path:
        """A copy of what ``digest`` names, under a file name a step may look at; fetched and checked if need be.

        Cost: reads a copy that is there, unless it is large and was read before.
        Errors: BlobNotFound, DigestMismatch, Unavailable.
        """
        place = self._folder / digest.replace(":", "-") / _file_name(name)
        if place.exists():
            with suppress(ClewError):
                if self._digest_of(place).digest == digest:
                    return place
            _remove(place)
        draft = place.parent / f".{uuid.uuid4().hex}"
        try:
            checkout(self._store, Digest(digest), draft)
            _seal(draft)
            with suppress(OSError):  # another has just placed the same
                draft.rename(place)
        finally:
            _remove(draft)
        return place


def _file_name(name: str) -> str:
    return name.replace("/", "_").replace("\0", "_").strip(".")[:200] or "artifact"


def _seal(path: Path) -> None:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file() and not p.is_symlink()]
    for file in files:
        file.chmod(file.stat().st_mode & 0o555)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        os.unlink(path)
