"""What the first bytes of an artifact are, for a person to look at: a table, an image, text, or nothing readable.

Bytes are looked at, never run: nothing is unpickled, unpacked or fetched, and HTML stays text.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1000, 500, 1000
BINARY_BYTES = 4096
"""Of what nobody can read, for a hexadecimal view."""
_SNIFFED_LINES = 20

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"BM", "image/bmp"), (b"PAR1", "application/vnd.apache.parquet"),
    (b"PK\x03\x04", "application/zip"), (b"\x1f\x8b", "application/gzip"), (b"%PDF-", "application/pdf"),
    (b"\x93NUMPY", "application/x-npy"), (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"ARROW1", "application/vnd.apache.arrow.file"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
)  # fmt: skip
_MEDIA_OF_ENDING: Final = {
    "csv": "text/csv", "tsv": "text/tab-separated-values", "json": "application/json", "jsonl": "application/x-ndjson",
    "ndjson": "application/x-ndjson", "md": "text/markdown", "markdown": "text/markdown", "html": "text/html",
    "htm": "text/html", "svg": "image/svg+xml", "txt": "text/plain", "log": "text/plain",
}  # fmt: skip
_MEDIA_OF_TYPE: Final = {"system.HTML": "text/html", "system.Markdown": "text/markdown"}
_DELIMITERS: Final = {"text/csv": ",;\t|", "text/tab-separated-values": "\t", "": ",\t;|"}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HTML = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL)
_SVG = re.compile(
    r"\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*|<!doctype\s+svg[^>]*>\s*)*<svg[\s>]", re.IGNORECASE | re.DOTALL
)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]{1,3})?")


class PreviewKind(Enum):
    """How a piece of bytes can be shown."""

    TABLE = "table"
    IMAGE = "image"
    JSON = "json"
    MARKDOWN = "markdown"
    TEXT = "text"
    HTML = "html"
    BINARY = "binary"
    FOLDER = "folder"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A name in a folder."""

    name: str
    kind: str
    """``file``, ``folder`` or ``link``."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be shown."""

    kind: PreviewKind
    media_type: str = ""
    text: str | None = None
    data: bytes | None = None
    """Of an image all of it; of other bytes the first 4096."""
    columns: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    entries: list[FolderEntry] = field(default_factory=list)
    total_bytes: int | None = None
    truncated: bool = False
    reason: str = ""
    """Why there is nothing to show, or not all."""


def preview_of_bytes(head: bytes, total: int, name: str = "", type: str = "") -> Preview:
    """What ``head``, the first of ``total`` bytes, shows; ``name`` is the file's, ``type`` the artifact's.

    What the bytes are decides; name and type say only which kind of text it is.
    """
    truncated = len(head) < total
    if (media := _magic(head)) is not None:
        return _of_media(media, head, total, truncated)
    text = _text(head, whole=not truncated)
    if text is None:
        return Preview(
            PreviewKind.BINARY, "application/octet-stream", data=head[:BINARY_BYTES], total_bytes=total,
            truncated=total > BINARY_BYTES,
        )  # fmt: skip
    told = _MEDIA_OF_TYPE.get(type) or _MEDIA_OF_ENDING.get(name.rpartition(".")[2].lower() if "." in name else "", "")
    if told == "image/svg+xml" or (not told and _SVG.match(text)):
        return _of_media("image/svg+xml", head, total, truncated)
    return _of_text(text, told, total, truncated)


def nothing(reason: str, total: int | None = None) -> Preview:
    """Nothing to show, and why."""
    return Preview(PreviewKind.NONE, total_bytes=total, reason=reason)


def _of_media(media: str, head: bytes, total: int, truncated: bool) -> Preview:
    if not media.startswith("image/"):
        return Preview(
            PreviewKind.BINARY, media, data=head[:BINARY_BYTES], total_bytes=total, truncated=total > BINARY_BYTES
        )
    if truncated:
        reason = f"The image has {total} bytes, more than were asked for"
        return Preview(PreviewKind.IMAGE, media, total_bytes=total, truncated=True, reason=reason)
    return Preview(PreviewKind.IMAGE, media, data=head, total_bytes=total)


def _of_text(text: str, told: str, total: int, truncated: bool) -> Preview:
    facts: dict[str, Any] = {"total_bytes": total, "truncated": truncated}
    if told == "text/html" or (not told and _HTML.match(text)):
        return Preview(PreviewKind.HTML, "text/html", text=text, **facts)
    if told == "text/markdown":
        return Preview(PreviewKind.MARKDOWN, told, text=text, **facts)
    if told == "application/x-ndjson" and (table := _of_objects(text, truncated)) is not None:
        return _table(table, told, text, **facts)
    if told in ("application/json", "application/x-ndjson") or (not told and _is_json(text, truncated)):
        return Preview(PreviewKind.JSON, told or "application/json", text=text, **facts)
    if told in ("", *_DELIMITERS) and (rows := _separated(text, told, truncated)) is not None:
        return _table(rows, told or "text/csv", text, **facts)
    return Preview(PreviewKind.TEXT, told or "text/plain", text=text, **facts)


def _table(table: tuple[list[str], list[list[Any]], bool], media: str, text: str, **facts: Any) -> Preview:
    columns, rows, cut = table
    facts["truncated"] = facts["truncated"] or cut
    return Preview(PreviewKind.TABLE, media, text=text, columns=columns, rows=rows, **facts)


def _magic(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    found = next((media for magic, media in _MAGIC if head.startswith(magic)), None)
    return None if found == "image/bmp" and not _CONTROL.search(head[:32]) else found


def _text(head: bytes, *, whole: bool) -> str | None:
    """``head`` as text; None for what is none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return codecs.getincrementaldecoder("utf-16")("replace").decode(head)
    if _CONTROL.search(head):
        return None
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(head, final=whole)
    except UnicodeDecodeError:
        return head.decode("latin-1")


def _is_json(text: str, truncated: bool) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    if truncated:
        return True
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


# -- tables --------------------------------------------------------------------------------------------------------


def _separated(text: str, told: str, truncated: bool) -> tuple[list[str], list[list[Any]], bool] | None:
    """Rows between separators; None where the lines are not of one width."""
    lines = text.splitlines()
    if truncated and lines and not text.endswith(("\n", "\r")):
        lines.pop()
    for delimiter in _DELIMITERS[told]:
        rows = _read(lines, delimiter)
        if rows is None or not _is_even(rows, told):
            continue
        head, *body = rows
        named = all(cell and not _DECIMAL.fullmatch(cell) for cell in head) and len(set(head)) == len(head)
        widest = max([len(head), *(at for row in rows for at, cell in enumerate(row, 1) if cell)])
        columns = [*(head if named else ()), *map(str, range(len(head) * named + 1, widest + 1))]
        shown = (body if named else rows)[:MAX_ROWS]
        width = min(len(columns), MAX_COLUMNS)
        cells = [[_cell(row[at]) if at < len(row) else None for at in range(width)] for row in shown]
        cut = len(shown) < len(body if named else rows) or width < len(columns)
        return [name[:MAX_CELL] for name in columns[:width]], cells, cut
    return None


def _read(lines: Sequence[str], delimiter: str) -> list[list[str]] | None:
    rows: list[list[str]] = []
    try:
        for row in csv.reader((line + "\n" for line in lines), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) > MAX_ROWS + 1:
                break
    except csv.Error:
        return None
    return rows


def _is_even(rows: Sequence[Sequence[str]], told: str) -> bool:
    """Whether these are rows of a table. Without a name that says so, prose must not become one."""
    if not rows or (not told and len(rows) < 2):
        return False
    width = len(rows[0])
    if told:
        return width > 1 or len(rows) > 1
    sniffed = rows[:_SNIFFED_LINES]
    return width > 1 and all(len(row) == width for row in sniffed) and not any(len(c) > 200 for r in sniffed for c in r)


def _of_objects(text: str, truncated: bool) -> tuple[list[str], list[list[Any]], bool] | None:
    """JSON objects, one a line, as rows; None where a line is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if truncated and lines:
        lines.pop()
    try:
        objects = [json.loads(line) for line in lines[: MAX_ROWS + 1]]
    except (ValueError, RecursionError):
        return None
    if not objects or not all(isinstance(one, dict) for one in objects):
        return None
    columns = list(dict.fromkeys(name for one in objects for name in one))
    shown = columns[:MAX_COLUMNS]
    rows = [[_plain(one.get(name)) for name in shown] for one in objects[:MAX_ROWS]]
    return [name[:MAX_CELL] for name in shown], rows, len(lines) > MAX_ROWS or len(shown) < len(columns)


def _cell(text: str) -> Any:
    """A cell as a number where it is written as one, as null where it is empty."""
    if text == "":
        return None
    if len(text) < 40:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text) and not text.isdigit():
            return float(text)
    return text[:MAX_CELL]


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)[:MAX_CELL]
    return value[:MAX_CELL] if isinstance(value, str) else value


def folder(entries: Iterable[FolderEntry], most: int = MAX_ROWS) -> Preview:
    """What a folder holds."""
    every = list(entries)
    total = sum(entry.size_bytes for entry in every)
    return Preview(PreviewKind.FOLDER, entries=every[:most], total_bytes=total, truncated=len(every) > most)
