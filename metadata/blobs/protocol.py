"""What a store of artifact bytes must do.

Bytes are named by what they are: ``sha256:<hex>`` is a file's bytes, ``tree:<hex>`` a directory's manifest (tree.py).
The two never meet: a file that holds the text of a manifest is still a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from clew.metadata.digest import Digest


class Blob(NamedTuple):
    """What was stored: its digest, and its size (of a directory: of all the files in it)."""

    digest: Digest
    size_bytes: int


class ArtifactStore(Protocol):
    """Artifact bytes, content-addressed. Safe for several threads and processes at once.

    ``url`` is where others may read what is kept; empty where an artifact is best known by the file its maker wrote.

    Errors: BlobNotFound, DigestMismatch; StoreFull, StoreReadOnly, StoreUnavailable from the store's side;
    Invalid and SourceUnreachable from the side of what is to be stored. A put that fails leaves nothing behind.
    """

    @property
    def url(self) -> str:
        """The address of the whole."""
        ...

    def put(self, source: str | os.PathLike[str] | BinaryIO) -> Blob:
        """Keep a file, a directory, or what is left in a stream, durably. The same bytes are kept once."""
        ...

    def put_manifest(self, manifest: bytes) -> None:
        """Keep a directory's manifest, whose files are kept already."""
        ...

    def open(self, digest: Digest) -> BinaryIO:
        """The bytes kept under ``digest``; of a directory, its manifest."""
        ...

    def stat(self, digest: Digest) -> Blob:
        """Whether ``digest`` is kept, and its size. Cheap: neither bytes nor a directory's files are looked at."""
        ...

    def verify(self, digest: Digest) -> Blob:
        """Read every byte under ``digest``, of a directory every file's, and compare with what was promised."""
        ...

    def digests(self) -> Iterator[Digest]:
        """Every digest kept, files and manifests, in no promised order."""
        ...


def address_of(store: ArtifactStore, digest: Digest) -> str:
    """The URL others may read ``digest`` at; empty where the store has none."""
    algorithm, _, hex = digest.partition(":")
    return f"{store.url}/{algorithm}/{hex[:2]}/{hex[2:]}" if store.url else ""
