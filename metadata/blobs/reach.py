"""Bytes of artifacts within a home's reach, for who asks from outside.

A recorded uri is a stranger's text: anybody may record ``file:///etc/passwd``. So bytes are read by their digest from
the artifact store; and where the store has them no more, from the file at the uri, only if it lies in a folder that
the home itself writes, is reached through no link, and is, to the last byte, what the digest says.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from clew.metadata import digest as digests
from clew.metadata.blobs import tree
from clew.metadata.blobs.local import NAMED, LocalStore, missing
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound, NotFound, StoreUnavailable

T = TypeVar("T")
MAX_CHECKED_BYTES = 256 << 20
"""Of a file outside the store, which is read whole to compare it with its digest."""
REMOTE_S = 8.0
"""For a store elsewhere to answer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The first bytes of a file."""

    head: bytes
    size_bytes: int


class Reach:
    """What a home can read."""

    def __init__(self, store: ArtifactStore, folders: Sequence[Path] = ()) -> None:
        self.store = store
        self._folders = list(dict.fromkeys(path for f in folders for path in (f.absolute(), f.resolve())))

    def entries(self, digest: Digest) -> dict[str, tree.Entry]:
        """What the directory ``digest`` holds. Errors: BlobNotFound, Corrupt, StoreUnavailable."""

        def read() -> bytes:
            with self.store.open(digest) as stream:
                return stream.read()

        return tree.read_manifest(self._soon(read))

    def inside(self, digest: Digest, path: str) -> tuple[Digest, str]:
        """Digest and name of what lies at ``path`` in the directory ``digest``; links are not followed.

        Errors: NotFound where nothing does; BlobNotFound.
        """
        name = ""
        for name in path.split("/"):
            entry = self.entries(digest).get(name) if tree.is_tree(digest) else None
            if entry is None or entry.kind == "link":
                raise NotFound(f"the directory holds no file {path[:200]!r}", field="path", value=path)
            digest = entry.digest
        return digest, name

    def head(self, digest: Digest, most: int, uri: str | None = None) -> Piece:
        """The first ``most`` bytes of the file ``digest``, which was recorded at ``uri``.

        Errors: BlobNotFound where they are out of reach; StoreUnavailable.
        """
        if not NAMED.fullmatch(digest) or tree.is_tree(digest):
            raise missing(digest)

        def read() -> Piece:
            with self.store.open(digest) as stream:
                head = stream.read(most)
            return Piece(head, len(head) if len(head) < most else self.store.stat(digest).size_bytes)

        try:
            return self._soon(read)
        except BlobNotFound:
            if (found := self._in_a_folder(digest, most, uri)) is None:
                raise
            return found

    def _in_a_folder(self, digest: Digest, most: int, uri: str | None) -> Piece | None:
        path = _local(uri)
        folder = next((f for f in self._folders if path is not None and path.is_relative_to(f)), None)
        if path is None or folder is None:
            return None
        descriptor = _opened_below(folder, path.relative_to(folder).parts)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_CHECKED_BYTES or digests.of_stream(stream)[0] != digest:
                return None
            stream.seek(0)
            return Piece(stream.read(most), size)

    def _soon(self, read: Callable[[], T]) -> T:
        """What ``read`` gives. A store elsewhere gets a few seconds, though its client would try for longer."""
        if isinstance(self.store, LocalStore):
            return read()
        return _within(REMOTE_S, read)


def _local(uri: str | None) -> Path | None:
    """The absolute path that ``uri`` names without ``..``; None for any other."""
    try:
        parts = urlsplit(uri or "")
    except ValueError:
        return None
    text = uri if uri and uri.startswith("/") else unquote(parts.path) if parts.scheme == "file" else ""
    if not text or not text.startswith("/") or "\0" in text or parts.netloc not in ("", "localhost"):
        return None
    path = Path(text)
    return None if ".." in path.parts else path


def _opened_below(folder: Path, parts: Sequence[str]) -> int | None:
    """A regular file below ``folder``, reached through no symbolic link; None where there is none."""
    if not parts:
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    at = -1
    try:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for place, name in enumerate(parts, 1):
            inner = os.open(name, flags if place == len(parts) else flags | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = inner
        if stat.S_ISREG(os.fstat(at).st_mode):
            found, at = at, -1
            return found
    except OSError:
        return None
    finally:
        if at >= 0:
            os.close(at)
    return None


def _within(seconds: float, read: Callable[[], T]) -> T:
    answer: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            answer.append(read())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="clew-look", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not answer:
        raise StoreUnavailable(
            f"the artifact store did not answer within {seconds:g} s", field="artifacts", remedy="Try again in a moment"
        )
    return answer[0]
