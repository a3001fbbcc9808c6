"""The artifact store in a local folder.

    <root>/sha256/ab/cdef...   the bytes of a file
    <root>/tree/ab/cdef...     the manifest of a directory
    <root>/tmp/                what is being written; locked by its writer, swept when the writer is gone

Files are read-only. Bytes are hashed while they stream to a temporary file, which is synced and then renamed into
place: a digest that can be seen names whole bytes, whatever was killed when.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from clew.metadata import digest as digests
from clew.metadata.blobs import tree
from clew.metadata.blobs.audit import verify
from clew.metadata.blobs.failure import write_failed
from clew.metadata.blobs.protocol import Blob
from clew.metadata.blobs.source import chunks, open_file
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound, StoreUnavailable

NAMED = re.compile(r"(sha256|tree):([0-9a-f]{2})([0-9a-f]{62})")
_STALE_S = 60.0  # younger temporary files may belong to a writer that has not locked them yet


class LocalStore:
    """Artifact bytes under ``root``, which is made by the first put. Any number of processes may share it."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self._swept = False

    @property
    def url(self) -> str:
        """Nothing: here an artifact is best known by the file its maker wrote."""
        return ""

    def put(self, source: str | os.PathLike[str] | BinaryIO) -> Blob:
        """Keep a file, a directory, or what is left in a stream.

        Bytes that are kept already are compared, not trusted: putting the good bytes again repairs a damaged blob.
        """
        if isinstance(source, str | os.PathLike):
            return tree.describe(Path(source), self._put_file, self.put_manifest)
        return self._publish("sha256", chunks(source, "stream"))

    def open(self, digest: Digest) -> BinaryIO:
        """The bytes kept under ``digest``; of a directory, its manifest."""
        with self._reading(digest):
            return self.path(digest).open("rb")

    def stat(self, digest: Digest) -> Blob:
        """Whether ``digest`` is kept, and its size."""
        if tree.is_tree(digest):
            with self.open(digest) as stream:
                return Blob(digest, tree.size_of(tree.read_manifest(stream.read())))
        with self._reading(digest):
            return Blob(digest, self.path(digest).stat().st_size)

    def verify(self, digest: Digest) -> Blob:
        """Read every byte under ``digest`` and compare."""
        return verify(self, digest)

    def remove(self, digest: Digest) -> None:
        """Forget the bytes under ``digest``, of a directory its manifest alone; nothing happens where there are none.

        The caller knows that nothing needs them.
        """
        with self._writing():
            self.path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[Digest]:
        """Every digest kept; foreign files are passed over."""
        for algorithm in ("sha256", "tree"):
            for folder in _names(self.root / algorithm):
                for name in _names(self.root / algorithm / folder):
                    if NAMED.fullmatch(digest := f"{algorithm}:{folder}{name}"):
                        yield Digest(digest)

    def path(self, digest: Digest) -> Path:
        """The read-only file that holds ``digest``, whether or not it is there. Never edit it: copy, or ``checkout``.

        Errors: Invalid for what is no digest; BlobNotFound for a digest of an algorithm the store does not keep.
        """
        match = NAMED.fullmatch(digest)
        if match is None:
            digests.parse(digest)
            raise missing(digest)
        return self.root / match[1] / match[2] / match[3]

    def _put_file(self, path: Path) -> Blob:
        with open_file(path) as stream:
            return self._publish("sha256", chunks(stream, str(path)))

    def put_manifest(self, manifest: bytes) -> None:
        """Keep a directory's manifest, whose files are kept already."""
        self._publish("tree", [manifest])

    def _publish(self, algorithm: str, pieces: Iterable[bytes]) -> Blob:
        with self._writing():
            temporary = self._temporary()
            try:
                with temporary.open("xb", buffering=0) as out:
                    fcntl.flock(out, fcntl.LOCK_EX)
                    digest = digests.of_chunks(_tee(pieces, out))
                    size = out.tell()
                    digest = Digest(digest.replace("sha256", algorithm, 1))
                    self._place(temporary, out, digest)
            finally:
                with suppress(FileNotFoundError):
                    temporary.unlink()
        return Blob(digest, size)

    def _place(self, temporary: Path, out: BinaryIO, digest: Digest) -> None:
        place = self.path(digest)
        _make_folder(place.parent)
        if not _holds(place, digest):
            os.fchmod(out.fileno(), 0o444)
            os.fsync(out.fileno())
            temporary.rename(place)
        # Also where another process has just placed it: its rename may not be on disk yet.
        _sync_folder(place.parent)

    def _temporary(self) -> Path:
        folder = self.root / "tmp"
        if not self._swept:
            _make_folder(folder)
            _sweep(folder)
            self._swept = True
        return folder / f"{os.getpid()}-{secrets.token_hex(8)}"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise write_failed(error, f"the artifact store {self.root}") from error

    @contextmanager
    def _reading(self, digest: Digest) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise missing(digest) from error
        except OSError as error:
            raise StoreUnavailable(
                f"cannot read {digest} in the artifact store: {error.strerror}", field="digest", value=digest
            ) from error


def missing(digest: Digest) -> BlobNotFound:
    """The error for a digest that is not kept."""
    return BlobNotFound(
        f"the artifact store does not hold {digest}",
        field="digest",
        value=digest,
        remedy="Run the step that made it again, or restore a backup",
    )


def _tee(pieces: Iterable[bytes], out: BinaryIO) -> Iterator[bytes]:
    for chunk in pieces:
        view = memoryview(chunk)
        while view:
            view = view[out.write(view) :]
        yield chunk


def _holds(place: Path, digest: Digest) -> bool:
    try:
        with place.open("rb") as stream:
            return digests.of_stream(stream)[0].partition(":")[2] == digest.partition(":")[2]
    except OSError:
        return False


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what writers that died have left; a living writer holds the lock on its file."""
    for name in _names(folder):
        with suppress(OSError), (folder / name).open("rb") as stream:
            if time.time() - os.fstat(stream.fileno()).st_mtime > _STALE_S:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / name).unlink()


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
