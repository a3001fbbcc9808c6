"""A piece of an artifact's bytes to look at, as GraphQL types."""

from __future__ import annotations

import base64
from typing import Annotated

import strawberry

from clew.api.graphql.enums import PreviewKind
from clew.api.graphql.operation import Operation
from clew.api.graphql.scalars import Int64, Json
from clew.metadata import node as record
from clew.metadata import preview as made
from clew.metadata.blobs.local import NAMED
from clew.metadata.blobs.reach import Reach
from clew.metadata.blobs.tree import Entry, is_tree
from clew.metadata.errors import BlobNotFound, LimitExceeded

MAX_BYTES = 8 << 20
BYTES_A_FIELD = 16
"""How many bytes count as one of the fields that an answer may hold."""
FILE = "clew.file"
"""The custom property with the file name of an artifact whose address does not tell it."""

MaxBytes = Annotated[int, strawberry.argument(description="Bytes to read at most; the limit is 8388608.")]
FolderPath = Annotated[str, strawberry.argument(description="Of a directory: what lies at this path in it.")]


@strawberry.type(description="A name in a directory.")
class PreviewEntry:
    """An entry."""

    name: str = strawberry.field(description="Its name.")
    kind: str = strawberry.field(description="file, folder or link.")
    size_bytes: Int64 = strawberry.field(description="Its size; of a folder, that of everything in it.")


@strawberry.type(description="A piece of an artifact's bytes to look at.")
class Preview:
    """A preview."""

    kind: PreviewKind = strawberry.field(description="How it can be shown.")
    media_type: str | None = strawberry.field(description="Media type of the bytes, as far as they tell.")
    text: str | None = strawberry.field(description="The text, of what is text.")
    base64: str | None = strawberry.field(description="The bytes of an image; the first 4096 of other bytes.")
    columns: list[str] | None = strawberry.field(description="Of a table: names of its columns, 500 at most.")
    rows: list[list[Json | None]] | None = strawberry.field(
        description="Of a table: its rows, 1000 at most, each with a cell for each column. Numbers are numbers, empty "
        "cells null, long texts cut."
    )
    total_bytes: Int64 | None = strawberry.field(description="Size of the whole.")
    truncated: bool = strawberry.field(description="Whether there is more than is shown.")
    reason: str | None = strawberry.field(description="Why nothing is shown, or not all.")
    entries: list[PreviewEntry] | None = strawberry.field(description="Of a directory: what is in it, 1000 at most.")


def preview_of(operation: Operation, artifact: record.Artifact, most: int, path: str) -> Preview:
    """What can be shown of ``artifact``. Errors: LimitExceeded."""
    if not 1 <= most <= MAX_BYTES:
        raise LimitExceeded(
            f"maxBytes is {most}, the limit is 1 to {MAX_BYTES}",
            field="maxBytes",
            value=most,
            remedy="Ask for less: a preview is no download",
        )
    operation.check_time()
    return _spelled(operation, _seen(operation, artifact, most, path))


def _seen(operation: Operation, artifact: record.Artifact, most: int, path: str) -> made.Preview:
    runs = operation.services.runs
    digest = artifact.digest
    if digest is None:
        known = artifact.size_bytes == 0 or not artifact.uri
        return made.nothing(_NO_BYTES if known else _NO_DIGEST, artifact.size_bytes)
    if runs is None or not NAMED.fullmatch(digest):
        return made.nothing(_ELSEWHERE, artifact.size_bytes)
    reach = Reach(runs.store, [runs.home / "runs"])
    name, uri = _file_name(artifact), artifact.uri
    try:
        if path:
            digest, name = reach.inside(digest, path)
            uri = None
        if is_tree(digest):
            return made.folder(_entry(*item) for item in sorted(reach.entries(digest).items()))
        piece = reach.head(digest, most, uri)
    except BlobNotFound:
        return made.nothing(_ELSEWHERE, artifact.size_bytes)
    return made.preview_of_bytes(piece.head, piece.size_bytes, name, "" if path else artifact.type)


_NO_BYTES = "It has no bytes: its content is its properties"
_NO_DIGEST = (
    "Its bytes are not known: it was recorded without a digest, so nothing tells whether they are still the same"
)
_ELSEWHERE = "Its bytes are not in the artifact store of this home"


def _file_name(artifact: record.Artifact) -> str:
    told = artifact.custom_properties.get(FILE)
    return told if isinstance(told, str) else (artifact.uri or "").rstrip("/").rpartition("/")[2]


def _entry(name: str, entry: Entry) -> made.FolderEntry:
    kind = {"tree": "folder", "file": "file", "link": "link"}[entry.kind]
    return made.FolderEntry(name, kind, entry.size_bytes)


def _spelled(operation: Operation, seen: made.Preview) -> Preview:
    is_table, is_folder = seen.kind is PreviewKind.TABLE, seen.kind is PreviewKind.FOLDER
    cells = len(seen.rows) * len(seen.columns)
    operation.spend(1 + len(seen.entries) + cells + (len(seen.text or "") + len(seen.data or b"")) // BYTES_A_FIELD)
    return Preview(
        kind=seen.kind,
        media_type=seen.media_type or None,
        text=None if seen.text is None else seen.text.replace("\0", "\ufffd"),
        base64=None if seen.data is None else base64.b64encode(seen.data).decode(),
        columns=seen.columns if is_table else None,
        rows=[[None if cell is None else Json(cell) for cell in row] for row in seen.rows] if is_table else None,
        total_bytes=None if seen.total_bytes is None else Int64(seen.total_bytes),
        truncated=seen.truncated,
        reason=seen.reason or None,
        entries=[PreviewEntry(name=one.name, kind=one.kind, size_bytes=Int64(one.size_bytes)) for one in seen.entries]
        if is_folder
        else None,
    )
