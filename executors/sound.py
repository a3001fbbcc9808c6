"""Whether the bytes of an artifact are what the record says, at its address and in the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from clew.executors.remote_source import ETAG
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore, Blob, address_of
from clew.metadata.blobs.tree import digest_of_manifest, digest_of_path, is_tree, read_manifest
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound, ClewError
from clew.metadata.node import Artifact

TAG = "clew.tag"
"""The custom property with what an object store said of an artifact when it was put."""


def local_path(uri: str | None) -> Path | None:
    """The path a ``file://`` URI or an absolute path names; None for any other address."""
    if not uri:
        return None
    if uri.startswith("/"):
        return Path(uri)
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


def fault_of(artifact: Artifact, store: ArtifactStore, digest_of: Callable[[Path], Blob] = digest_of_path) -> str:
    """What is wrong with the bytes of ``artifact``, in words that follow its name; empty when they are sound.

    Cost: reads every byte, of the file by ``digest_of``, and once more where the file and the blob are not one.
    """
    if artifact.digest is None:
        return "" if artifact.size_bytes == 0 else "has bytes Clew does not know"
    path = local_path(artifact.uri)
    if artifact.uri and artifact.uri == address_of(store, Digest(artifact.digest)):
        return _fault_of_kept(artifact, Digest(artifact.digest), store)
    if path is None and artifact.digest.startswith(ETAG):
        return ""  # who looks at the address again, an importer, sees whether it is still the same
    if path is None:
        return f"lies at {artifact.uri}, which cannot be checked"
    try:
        if not path.exists():
            return "is gone: its file was deleted"
        if digest_of(path).digest != artifact.digest:
            return "was edited: its bytes do not match its digest"
        if not _is_one(path, artifact.digest, store):
            store.verify(artifact.digest)
    except BlobNotFound as error:
        return "" if _is_elsewhere(path, store) else f"is damaged: {error.message}"
    except ClewError as error:
        return f"is damaged: {error.message}"
    return ""


def _fault_of_kept(artifact: Artifact, digest: Digest, store: ArtifactStore) -> str:
    """Of an object in a store elsewhere: whether it is as its keeper said it was when it was put; else its bytes count.

    Cost: a request for each file.
    """
    from clew.metadata.blobs.remote import RemoteStore

    assert isinstance(store, RemoteStore)
    try:
        kept = artifact.custom_properties.get(TAG)
        if not kept or store.tag(digest) != kept:
            store.verify(digest)
    except ClewError as error:
        return f"is damaged: {error.message}"
    return ""


def _is_one(path: Path, digest: Digest, store: ArtifactStore) -> bool:
    """Whether the file is the blob itself, of a directory every file in it, so that reading one has verified both."""
    if not isinstance(store, LocalStore):
        return False
    if not is_tree(digest):
        return _same(path, store.path(digest))
    with store.open(digest) as stream:
        manifest = stream.read()
    if digest_of_manifest(manifest) != digest:
        return False
    inside = ((name, entry) for name, entry in read_manifest(manifest).items() if entry.kind != "link")
    return all(_is_one(path / name, entry.digest, store) for name, entry in inside)


def _is_elsewhere(path: Path, store: ArtifactStore) -> bool:
    """Whether a file may belong to another home, of those that share a record: its blob is there, not here."""
    return isinstance(store, LocalStore) and not path.absolute().is_relative_to(store.root.absolute().parent)


def _same(path: Path, blob: Path) -> bool:
    try:
        return path.samefile(blob)
    except OSError:
        return False
