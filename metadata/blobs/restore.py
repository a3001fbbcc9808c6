"""Restore a file or directory from an artifact store.

By copy, never by hard link: steps may edit what they are given, and a link would let them edit the store.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from clew.metadata import digest as digests
from clew.metadata.blobs import tree
from clew.metadata.blobs.failure import changed, write_failed
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.digest import CHUNK_BYTES, Digest
from clew.metadata.errors import Corrupt, Invalid


def checkout(store: ArtifactStore, digest: Digest, dest: str | os.PathLike[str]) -> Blob:
    """Restore ``digest`` at ``dest``, which must not exist yet; its parents are made.

    Bytes are verified while they are copied and appear at ``dest`` whole or not at all. Files get the mode the umask
    gives, with the executable bit of the manifest.
    Errors: BlobNotFound; Invalid when ``dest`` exists; StoreFull, StoreReadOnly for its disk.
    """
    dest = Path(dest)
    if os.path.lexists(dest):
        raise Invalid(f"{dest} exists already", field="dest", value=str(dest), remedy="Name a path that does not exist")
    partial = dest.with_name(f".clew-{secrets.token_hex(8)}")
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        blob = _restore_tree(store, digest, partial, 0) if tree.is_tree(digest) else _restore(store, digest, partial)
        partial.rename(dest)
    except OSError as error:
        raise write_failed(error, str(dest)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):
            partial.unlink()
    return blob


def _restore(store: ArtifactStore, digest: Digest, path: Path, executable: bool = False) -> Blob:
    flags, mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o777 if executable else 0o666
    with store.open(digest) as source, open(os.open(path, flags, mode), "wb") as target:
        found = digests.of_chunks(_tee(source, target))
        size = target.tell()
    if found != digest:
        raise changed(digest, found)
    return Blob(digest, size)


def _restore_tree(store: ArtifactStore, digest: Digest, path: Path, depth: int) -> Blob:
    if depth > tree.MAX_DEPTH:
        raise Corrupt(f"a directory is nested more than {tree.MAX_DEPTH} levels deep", field="digest", value=digest)
    with store.open(digest) as stream:
        manifest = stream.read()
    if (found := tree.digest_of_manifest(manifest)) != digest:
        raise changed(digest, found)
    path.mkdir()
    entries = tree.read_manifest(manifest)
    for name, entry in entries.items():
        _restore_entry(store, entry, path / name, depth)
    return Blob(digest, tree.size_of(entries))


def _restore_entry(store: ArtifactStore, entry: tree.Entry, path: Path, depth: int) -> None:
    if entry.kind == "tree":
        _restore_tree(store, entry.digest, path, depth + 1)
    elif entry.kind == "file":
        _restore(store, entry.digest, path, entry.executable)
    elif tree.link_stays_inside(entry.target, depth):
        path.symlink_to(entry.target)
    else:
        raise Invalid(f"the link {path.name} may leave the directory", field="digest", value=entry.target)


def _tee(source: BinaryIO, target: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        target.write(chunk)
        yield chunk
