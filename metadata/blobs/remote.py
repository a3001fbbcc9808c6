"""The artifact store in an object store: S3, Google Cloud Storage, Azure, or memory (for tests).

    <url>/sha256/ab/cdef...   the bytes of a file
    <url>/tree/ab/cdef...     the manifest of a directory

An object appears whole or not at all, and its key is the digest of its bytes: bytes that turn out to be others while
they are sent are never published. Credentials come from the environment, as the provider's own tools take them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import obstore
from obstore import exceptions as failures
from obstore.store import from_url

from clew.metadata import digest as digests
from clew.metadata.blobs import tree
from clew.metadata.blobs.audit import verify
from clew.metadata.blobs.failure import changed
from clew.metadata.blobs.local import NAMED, missing
from clew.metadata.blobs.protocol import Blob
from clew.metadata.blobs.source import chunks, open_file
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound, Invalid, SourceUnreachable, StoreReadOnly, StoreUnavailable

_SINGLE_BYTES = 8 << 20
"""What is smaller goes in one request."""
_AT_ONCE = 8
_PARTS = 9000  # S3 takes 10,000 parts of one object
_RETRIES: Any = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=90),
    "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=10), "base": 2},
}
_NOT_FOUND = (failures.NotFoundError, FileNotFoundError)
_NOT_ALLOWED = (failures.PermissionDeniedError, failures.UnauthenticatedError, PermissionError)


class RemoteStore:
    """Artifact bytes below ``url``. Any number of processes and hosts may share it."""

    def __init__(self, url: str, store: Any = None) -> None:
        self._url = url.rstrip("/")
        self._store = store if store is not None else _opened(self._url)
        self._told: dict[Digest, str] = {}  # of objects whose bytes this process sent or compared

    @property
    def url(self) -> str:
        """The address of the whole."""
        return self._url

    def put(self, source: str | os.PathLike[str] | BinaryIO) -> Blob:
        """Keep a file, a directory, or what is left in a stream.

        What is there already is compared, not sent again: putting the good bytes again repairs a damaged object.
        """
        if isinstance(source, str | os.PathLike):
            return tree.describe(Path(source), self._put_file, self.put_manifest)
        with TemporaryFile() as spool:
            for chunk in chunks(source, "stream"):
                spool.write(chunk)
            spool.seek(0)
            return self._publish("sha256", spool, "stream")

    def open(self, digest: Digest) -> BinaryIO:
        """The bytes kept under ``digest``, as they come; of a directory, its manifest."""
        key = _key(digest)
        with self._reading(digest):
            found = obstore.get(self._store, key)
        return cast(BinaryIO, io.BufferedReader(_Stream(self, digest, found), digests.CHUNK_BYTES))

    def stat(self, digest: Digest) -> Blob:
        """Whether ``digest`` is kept, and its size."""
        if tree.is_tree(digest):
            with self.open(digest) as stream:
                return Blob(digest, tree.size_of(tree.read_manifest(stream.read())))
        key = _key(digest)
        with self._reading(digest):
            return Blob(digest, int(obstore.head(self._store, key)["size"]))

    def verify(self, digest: Digest) -> Blob:
        """Read every byte under ``digest`` and compare."""
        return verify(self, digest)

    def digests(self) -> Iterator[Digest]:
        """Every digest kept; foreign objects are passed over."""
        for algorithm in ("sha256", "tree"):
            with self._talking("list"):
                for batch in obstore.list(self._store, prefix=algorithm):
                    for entry in batch:
                        found = Digest(entry["path"].replace("/", ":", 1).replace("/", "", 1))
                        if NAMED.fullmatch(found):
                            yield found

    def tag(self, digest: Digest, *, fresh: bool = True) -> str:
        """What the keeper says of the object, and of each file of a directory: another text when its bytes are others.

        Not ``fresh`` is what was said when this store last put it.
        Errors: BlobNotFound; Corrupt for a manifest that was changed.
        """
        if tree.is_tree(digest):
            with self.open(digest) as stream:
                manifest = stream.read()
            if tree.digest_of_manifest(manifest) != digest:
                raise changed(digest, tree.digest_of_manifest(manifest))
            inside = [entry.digest for entry in tree.read_manifest(manifest).values() if entry.kind != "link"]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                return digests.of_struct("tags", list(pool.map(lambda one: self.tag(one, fresh=fresh), inside)))
        if not fresh and digest in self._told:
            return self._told[digest]
        with self._reading(digest):
            return _tag(obstore.head(self._store, _key(digest)))

    def _put_file(self, path: Path) -> Blob:
        with open_file(path) as stream:
            return self._publish("sha256", stream, str(path))

    def put_manifest(self, manifest: bytes) -> None:
        """Keep a directory's manifest, whose files are kept already."""
        self._publish("tree", io.BytesIO(manifest), "manifest")

    def _publish(self, algorithm: str, stream: Any, name: str) -> Blob:
        """Read twice: for the digest, which is the key, and to send it. Bytes that changed between are not sent."""
        digest, size = _digest_of(stream, name)
        kept = Digest(digest.replace("sha256", algorithm, 1))
        if self._holds(kept, size):
            return Blob(kept, size)
        stream.seek(0)
        with self._talking("written"):
            if size <= _SINGLE_BYTES:
                data = b"".join(_same(stream, name, digest))
                put = obstore.put(self._store, _key(kept), data, use_multipart=False)
            else:
                part, data_in_parts = max(_SINGLE_BYTES, size // _PARTS), _same(stream, name, digest)
                put = obstore.put(self._store, _key(kept), data_in_parts, chunk_size=part, max_concurrency=4)
        self._told[kept] = _tag({**put, "size": size})
        return Blob(kept, size)

    def _holds(self, digest: Digest, size: int) -> bool:
        """Whether the object is there with the right bytes."""
        try:
            found = obstore.head(self._store, _key(digest))
            if found["size"] != size:
                return False
            if self._told.get(digest) != _tag(found):  # not by us: compared, not trusted
                with self.open(digest) as stream:
                    now = digests.of_stream(stream)[0]
                if now.partition(":")[2] != digest.partition(":")[2]:
                    return False
                self._told[digest] = _tag(found)
            return True
        except (*_NOT_FOUND, BlobNotFound):
            return False
        except failures.BaseError:  # a writer that may not look; the write tells
            return False

    @contextmanager
    def _reading(self, digest: Digest) -> Iterator[None]:
        try:
            with self._talking("read"):
                yield
        except _NOT_FOUND as error:
            raise missing(digest) from error

    @contextmanager
    def _talking(self, doing: str) -> Iterator[None]:
        try:
            yield
        except _NOT_FOUND:
            if doing == "read":
                raise
            raise StoreUnavailable(
                f"the artifact store {self.url} is not there", field="artifacts", value=self.url,
                remedy="Make the bucket or container, or correct the URL",
            ) from None  # fmt: skip
        except _NOT_ALLOWED as error:
            raise StoreReadOnly(
                f"the artifact store {self.url} may not be {doing}", field="artifacts", value=self.url,
                remedy="Check the credentials in the environment and what they allow",
            ) from error  # fmt: skip
        except (failures.BaseError, OSError) as error:
            raise StoreUnavailable(
                f"the artifact store {self.url} cannot be {doing}: {_words(error)}", field="artifacts", value=self.url,
                remedy="Check that it answers, and its address and credentials in the environment",
            ) from error  # fmt: skip


class _Stream(io.RawIOBase):
    """The body of an object, as it comes."""

    def __init__(self, store: RemoteStore, digest: Digest, found: Any) -> None:
        self._store = store
        self._digest = digest
        self._chunks = iter(found.stream(digests.CHUNK_BYTES))
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        with self._store._reading(self._digest):
            while not self._left:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return 0
                self._left = memoryview(bytes(chunk))
        taken = self._left[: len(into)]
        into[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)


def _opened(url: str) -> Any:
    try:
        return from_url(url, retry_config=_RETRIES)
    except (failures.BaseError, ValueError) as error:
        raise Invalid(
            f"{url!r} cannot be an artifact store: {_words(error)}", field="artifacts", value=url,
            remedy="Give a folder, s3://bucket/prefix, gs://bucket/prefix or az://account/container/prefix",
        ) from error  # fmt: skip


def _key(digest: Digest) -> str:
    match = NAMED.fullmatch(digest)
    if match is None:
        digests.parse(digest)
        raise missing(digest)
    return "/".join(match.groups())


def _digest_of(stream: Any, name: str) -> tuple[Digest, int]:
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks(stream, name):
            size += len(chunk)
            yield chunk

    return digests.of_chunks(counted()), size


def _same(stream: Any, name: str, digest: Digest) -> Iterator[bytes]:
    """What is in ``stream``, which ends in an error if it is not ``digest`` any more: then nothing is published."""
    yield from digests.checked_chunks(chunks(stream, name), digest, lambda: SourceUnreachable(
        f"{name} changed while it was read", field="path", value=name, remedy="Write it before it is published"
    ))  # fmt: skip


def _tag(told: Any) -> str:
    return f"{told['e_tag'] or ''} {told['version'] or ''} {told['size']}"


def _words(error: BaseException) -> str:
    return str(error).partition("\n")[0][:300]
