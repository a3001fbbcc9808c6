"""Compare what a store holds with what was promised: one digest, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from clew.metadata import digest as digests
from clew.metadata.blobs import tree
from clew.metadata.blobs.failure import changed
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound, ClewError, Corrupt


@dataclass(frozen=True, slots=True)
class Audit:
    """What :func:`verify_all` found."""

    checked: int
    """Digests asked for."""
    size_bytes: int
    """Bytes read."""
    damage: dict[Digest, ClewError]
    """What is wrong, by the digest that was asked for: BlobNotFound, StoreUnavailable, Corrupt."""


def verify(store: ArtifactStore, digest: Digest) -> Blob:
    """Read every byte under ``digest``, of a directory every file's.

    Errors: BlobNotFound for a blob that is gone for one that was edited or cut; both name the blob, and
    the path inside a directory.
    """
    return _Verifier(store).check(digest, "", 0)


def verify_all(
    store: ArtifactStore,
    wanted: Iterable[Digest] | None = None,
    progress: Callable[[int, Digest], None] | None = None,
) -> Audit:
    """Verify ``wanted``, or everything the store lists, reading each blob once.

    A blob that was deleted is not listed: pass the digests the record knows to learn of it. ``progress`` is called
    before each digest with how many are done.
    """
    verifier, damage, checked = _Verifier(store), dict[Digest, ClewError](), 0
    for digest in store.digests() if wanted is None else wanted:
        if progress is not None:
            progress(checked, digest)
        checked += 1
        try:
            verifier.check(digest, "", 0)
        except ClewError as error:
            damage[digest] = error
    return Audit(checked, verifier.read_bytes, damage)


class _Verifier:
    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._good: dict[Digest, Blob] = {}
        self.read_bytes = 0

    def check(self, digest: Digest, path: str, depth: int) -> Blob:
        if digest not in self._good:
            self._good[digest] = (
                self._check_tree(digest, path, depth) if tree.is_tree(digest) else self._read(digest, path)
            )
        return self._good[digest]

    def _read(self, digest: Digest, path: str) -> Blob:
        with self._open(digest, path) as stream:
            found, size = digests.of_stream(stream)
        self.read_bytes += size
        if found != digest:
            raise changed(digest, found, path)
        return Blob(digest, size)

    def _check_tree(self, digest: Digest, path: str, depth: int) -> Blob:
        if depth > tree.MAX_DEPTH:
            raise Corrupt(f"a directory is nested more than {tree.MAX_DEPTH} levels deep", field="digest", value=digest)
        with self._open(digest, path) as stream:
            manifest = stream.read()
        self.read_bytes += len(manifest)
        if (found := tree.digest_of_manifest(manifest)) != digest:
            raise changed(digest, found, path)
        entries = tree.read_manifest(manifest)
        for name, entry in entries.items():
            if entry.kind != "link":
                self._check_entry(entry, f"{path}/{name}", depth + 1)
        return Blob(digest, tree.size_of(entries))

    def _check_entry(self, entry: tree.Entry, path: str, depth: int) -> None:
        size = self.check(entry.digest, path, depth).size_bytes
        if size != entry.size_bytes:
            raise changed(entry.digest, f"{size} bytes instead of {entry.size_bytes}", path)

    def _open(self, digest: Digest, path: str) -> BinaryIO:
        try:
            return self._store.open(digest)
        except BlobNotFound as error:
            if not path:
                raise
            raise BlobNotFound(
                f"{digest}, the directory's {path[1:]}, is gone from the artifact store",
                field="digest", value=digest, remedy=error.remedy,
            ) from error  # fmt: skip
