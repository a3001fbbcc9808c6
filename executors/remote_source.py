"""What lies at an address elsewhere: its identity without reading it, or its bytes.

    identity   who answers for it says that it is still the same: ETag, version and size; of a prefix, of all below it
    bytes      it is read, once for each identity, and known by the digest of its bytes

Nothing is asked of an address unless the run was told to (``clew run --look``). An address whose keeper says nothing
that would change with the bytes has no identity, and is never guessed.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from clew.metadata.blobs.opened import SCHEMES
from clew.metadata.blobs.protocol import Blob
from clew.metadata.digest import Digest, of_struct
from clew.metadata.errors import ClewError, Invalid, SourceUnreachable

Look = Literal["off", "identity", "bytes"]
ETAG = "etag:"
_MOST_OBJECTS = 10_000
_TIMEOUT_S = 30.0


class RemoteSources:
    """Looks at addresses as ``look`` says; copies are kept in ``folder``, by identity."""

    def __init__(self, look: Look, folder: Path, digest_of: Callable[[Path], Blob]) -> None:
        self._look = look
        self._folder = folder
        self._digest_of = digest_of

    def blob(self, uri: str) -> Blob | None:
        """Identity or digest of what lies at ``uri``, and its size; None where nothing may or can be known.

        Errors: SourceUnreachable when it does not answer, or there is nothing; Invalid when obstore is missing.
        """
        scheme = urlsplit(uri).scheme
        if self._look == "off" or scheme not in (*SCHEMES, "http", "https"):
            return None
        seen = _of_page(uri) if scheme in ("http", "https") else _of_object(uri)
        if self._look == "identity" or seen is None:
            return seen
        return self._by_bytes(uri, seen)

    def copy(self, uri: str, digest: str, name: str) -> Path | None:
        """A copy of what was seen at ``uri`` as ``digest``; None when this is not for us to fetch.

        Errors: SourceUnreachable, also when something else lies there by now.
        """
        if self._look == "off" or urlsplit(uri).scheme not in (*SCHEMES, "http", "https"):
            return None
        place = self._folder / digest.replace(":", "-") / name
        if place.exists():
            return place
        self._fetch(uri, place)
        blob = self.blob(uri) if digest.startswith(ETAG) else self._digest_of(place)
        if blob is None or blob.digest != digest:
            shutil.rmtree(place.parent, ignore_errors=True)
            raise SourceUnreachable(
                f"what lies at {uri} is not what was seen there before", field="uri", value=uri,
                remedy="Run again: what changed is imported anew",
            )  # fmt: skip
        return place

    def _by_bytes(self, uri: str, seen: Blob) -> Blob:
        known = self._folder / "identities" / seen.digest.removeprefix(ETAG)
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(known.read_text())
            return Blob(Digest(told["digest"]), int(told["size_bytes"]))
        draft = self._folder / f".{uuid.uuid4().hex}" / file_name(uri)
        try:
            self._fetch(uri, draft)
            blob = self._digest_of(draft)
            place = self._folder / blob.digest.replace(":", "-") / draft.name
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # another has just placed the same
                draft.rename(place)
        finally:
            shutil.rmtree(draft.parent, ignore_errors=True)
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps({"digest": blob.digest, "size_bytes": blob.size_bytes}))
        return blob

    def _fetch(self, uri: str, place: Path) -> None:
        draft = place.parent / f".{uuid.uuid4().hex}"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            if urlsplit(uri).scheme in ("http", "https"):
                _fetch_page(uri, draft)
            else:
                _fetch_object(uri, draft)
            with suppress(OSError):
                draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            draft.unlink(missing_ok=True)


def file_name(uri: str) -> str:
    """The last part of an address's path."""
    return unquote(urlsplit(uri).path).rstrip("/").rpartition("/")[2].strip(".")[:200] or "artifact"


def _identity(uri: str, told: Any, size: int) -> Blob:
    return Blob(Digest(ETAG + of_struct("etag", [uri, told]).removeprefix("sha256:")), size)


# -- object stores ----------------------------------------------------------------------------------------


def _of_object(uri: str) -> Blob | None:
    obstore, store, key = _store_of(uri)
    with _Asking(uri):
        try:
            meta = obstore.head(store, key) if key else None
        except FileNotFoundError:
            meta = None
        except obstore.exceptions.NotFoundError:
            meta = None
        if meta is not None:
            told = _told(meta)
            return _identity(uri, told, int(meta["size"])) if told else None
        entries = _below(obstore, store, key, uri)
    told = [[entry["path"], _told(entry)] for entry in entries]
    return _identity(uri, told, sum(int(e["size"]) for e in entries)) if all(t for _, t in told) else None


def _told(meta: Any) -> list[Any]:
    """What changes when the object does; empty when nothing is known to."""
    return [meta["e_tag"], meta["version"], meta["size"]] if meta["e_tag"] or meta["version"] else []


def _below(obstore: Any, store: Any, key: str, uri: str) -> list[Any]:
    found: list[Any] = []
    for batch in obstore.list(store, prefix=key or None):
        found += batch
        if len(found) > _MOST_OBJECTS:
            raise SourceUnreachable(
                f"more than {_MOST_OBJECTS} objects lie below {uri}", field="uri", value=uri,
                remedy="Import a file that lists them",
            )  # fmt: skip
    if not found:
        raise SourceUnreachable(f"there is nothing at {uri}", field="uri", value=uri, remedy="Check the address")
    return sorted(found, key=lambda entry: str(entry["path"]))


def _fetch_object(uri: str, place: Path) -> None:
    obstore, store, key = _store_of(uri)
    with _Asking(uri):
        try:
            _write(obstore.get(store, key).stream(), place)
            return
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            entries = _below(obstore, store, key, uri)
        for entry in entries:
            target = (place / entry["path"].removeprefix(key).lstrip("/")).resolve()
            if target.is_relative_to(place.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(obstore.get(store, entry["path"]).stream(), target)


def _store_of(uri: str) -> tuple[Any, Any, str]:
    try:
        import obstore
        from obstore.store import from_url
    except ImportError as error:
        raise Invalid(
            f"{uri} needs obstore, which is not installed", field="uri", value=uri,
            remedy="pip install clew[artifacts], or leave --look out",
        ) from error  # fmt: skip
    parts = urlsplit(uri)
    names = unquote(parts.path).strip("/").split("/")
    inside = 1 if parts.scheme in ("az", "azure") and len(names) > 1 else 0  # az://account/container/key
    root = "/".join([f"{parts.scheme}://{parts.netloc}", *names[:inside]])
    with _Asking(uri):
        return obstore, from_url(root), "/".join(names[inside:])


class _Asking:
    """Puts what a store or server says into our words."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, ClewError) or not isinstance(error, Exception):
            return
        said = str(error).partition("\n")[0][:300]
        raise SourceUnreachable(
            f"{self._uri} cannot be looked at: {said}", field="uri", value=self._uri,
            remedy="Check the address, and the credentials in the environment",
        ) from error  # fmt: skip


# -- web servers ------------------------------------------------------------------------------------------


def _of_page(uri: str) -> Blob | None:
    import httpx

    with _Asking(uri), httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
        answer = client.head(uri)
        answer.raise_for_status()
        headers = answer.headers
    etag, size = headers.get("etag", ""), headers.get("content-length")
    if etag and not etag.startswith("W/"):
        return _identity(uri, [etag], int(size or 0))
    if headers.get("last-modified") and size:
        return _identity(uri, [headers["last-modified"], size], int(size))
    return None


def _fetch_page(uri: str, place: Path) -> None:
    import httpx

    with _Asking(uri), httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:
        with client.stream("GET", uri) as answer:
            answer.raise_for_status()
            _write(answer.iter_bytes(), place)


def _write(pieces: Any, place: Path) -> None:
    with place.open("xb") as out:
        for piece in pieces:
            out.write(piece)
