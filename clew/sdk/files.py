"""Files and addresses that users hand over, and the artifacts they stand for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.metadata.blobs import digest_of_path
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import Invalid, SourceUnreachable, TimedOut
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact
from clew.metadata.states import ArtifactState

if TYPE_CHECKING:
    from clew.sdk.connection import Connection

STORED = "clew.stored"
"""Custom property: the home keeps the artifact's bytes under its digest."""
Given = str | Path | NodeRef | Artifact
"""How users name an artifact: id, URI, path, or itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was handed over."""

    ref: NodeRef | None
    """The artifact it is already, if there is one."""
    uri: str = ""
    digest: str | None = None
    size_bytes: int | None = None
    stored: bool = False

    def put(self, change: Change, type: str, properties: dict[str, Any]) -> NodePut | int:
        """The artifact in ``change``: by its id, or new."""
        if self.ref is not None:
            return self.ref.id
        from clew.metadata.node import NodeType

        return change.artifact(
            change.type(NodeType(Kind.ARTIFACT, type)),
            uri=self.uri,
            state=ArtifactState.LIVE,
            digest=self.digest,
            size_bytes=self.size_bytes,
            custom_properties=properties | ({STORED: True} if self.stored else {}),
        )


def look(connection: Connection, given: Given, *, reuse: bool, field: str) -> Found:
    """What ``given`` stands for. A file's bytes are kept in the home; with a server only its digest is recorded.

    With ``reuse``, an artifact recorded at the same address with the same bytes is that artifact.
    Errors: ArtifactNotFound for an id; Invalid for a path that does not exist.
    """
    if isinstance(given, Artifact):
        return Found(given.ref)
    if isinstance(given, NodeRef):
        return Found(_artifact(connection, given, field))
    if not isinstance(given, str | os.PathLike):
        raise Invalid(
            f"{field} is a {type(given).__name__}, not an artifact",
            field=field,
            value=given,
            remedy="Give a path, a URI, an id such as artifact:42, or an artifact",
        )
    text = os.fspath(given)
    if isinstance(given, str) and text.startswith("artifact:"):
        return Found(_artifact(connection, NodeRef.parse(text, field), field))
    found = _address(connection, text, field)
    if reuse and (ref := _recorded(connection, found)) is not None:
        return Found(ref)
    return found


def _artifact(connection: Connection, ref: NodeRef, field: str) -> NodeRef:
    if ref.kind is not Kind.ARTIFACT:
        raise Invalid(f"{ref} is no artifact", field=field, value=str(ref), remedy="Name an artifact: artifact:N")
    if ref not in connection.client.nodes_by_ref([ref]):
        from clew.metadata.errors import ArtifactNotFound

        raise ArtifactNotFound(f"no {ref.kind.value} {ref.id}", field=field, value=str(ref))
    return ref


def _address(connection: Connection, text: str, field: str) -> Found:
    if "://" in text and not text.startswith("file://"):
        return Found(None, uri=text)
    path = local_path(text)
    if not path.exists():
        raise Invalid(
            f"{text!r} is no file, folder or URI",
            field=field,
            value=text,
            remedy="Check the path; an address elsewhere starts with a scheme, as s3://",
        )
    blob = digest_of_path(path) if connection.is_remote else connection.store.put(path)
    return Found(None, path.absolute().as_uri(), blob.digest, blob.size_bytes, stored=not connection.is_remote)


def local_path(text: str) -> Path:
    """The path that ``text``, a path or a ``file://`` URI, names."""
    if text.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        return Path(unquote(urlsplit(text).path))
    return Path(text).expanduser()


def _recorded(connection: Connection, found: Found) -> NodeRef | None:
    """The newest artifact at the same address, if its bytes are the same."""
    try:
        newest = connection.client.artifacts_at(found.uri)[:1]
    except (SourceUnreachable, TimedOut):  # the server is away: which artifact it is, is settled when it is back
        return None
    return newest[0].ref if newest and newest[0].digest == found.digest else None
