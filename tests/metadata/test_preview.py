"""What the first bytes of a file show: tables, images, text; and that nothing in them is run or believed."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata.preview import BINARY_BYTES, FolderEntry, PreviewKind, folder, preview_of_bytes

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("data", "name", "type", "kind", "media"),
    [
        (PNG, "", "", "IMAGE", "image/png"),
        (PNG, "report.html", "system.HTML", "IMAGE", "image/png"),
        (b"\xff\xd8\xff\xe0rest\0", "", "", "IMAGE", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "", "IMAGE", "image/webp"),
        (b"<?xml version='1.0'?>\n<svg xmlns='x'><script/></svg>", "", "", "IMAGE", "image/svg+xml"),
        (b"a,b\n1,2\n3,4\n", "", "", "TABLE", "text/csv"),
        (b"a\tb\n1\t2\n", "", "system.Dataset", "TABLE", "text/csv"),
        (b"one\n1\n2\n", "x.csv", "", "TABLE", "text/csv"),
        (b'{"a": 1}\n{"b": [2]}\n', "x.jsonl", "", "TABLE", "application/x-ndjson"),
        (b'{"a": 1}', "", "", "JSON", "application/json"),
        (b"not json", "x.json", "", "JSON", "application/json"),
        (b"# Title", "x.md", "", "MARKDOWN", "text/markdown"),
        (b"# Title", "", "system.Markdown", "MARKDOWN", "text/markdown"),
        (b"<!-- c --> <!DOCTYPE html><script>alert(1)</script>", "", "", "HTML", "text/html"),
        (b"<p>x", "", "system.HTML", "HTML", "text/html"),
        (b"Dear reader, hello.\nThis, that, and more.\n", "", "", "TEXT", "text/plain"),
        (b"caf\xe9 au lait", "", "", "TEXT", "text/plain"),
        ("\ufeffgrün".encode("utf-16"), "", "", "TEXT", "text/plain"),
        (b"", "", "", "TEXT", "text/plain"),
        (pickle.dumps({"a": object}), "model.pkl", "system.Model", "BINARY", "application/octet-stream"),
        (b"PAR1\0\0", "", "", "BINARY", "application/vnd.apache.parquet"),
        (b"PK\x03\x04\0", "", "", "BINARY", "application/zip"),
        (b"\0\1\2", "x.csv", "", "BINARY", "application/octet-stream"),
    ],
)
def test_bytes_decide_and_names_say_which_text_it_is(data: bytes, name: str, type: str, kind: str, media: str) -> None:
    seen = preview_of_bytes(data, len(data), name, type)
    assert (seen.kind.name, seen.media_type, seen.truncated) == (kind, media, False)


def test_cells_are_numbers_where_they_are_written_as_such_and_null_where_empty() -> None:
    data = b"id,x,code,note\n1,0.5,007,\n-2,1e3,12345678901234567890,a\n3,nan\n"
    seen = preview_of_bytes(data, len(data), "x.csv")
    assert seen.columns == ["id", "x", "code", "note"]
    assert seen.rows == [[1, 0.5, "007", None], [-2, 1000.0, "12345678901234567890", "a"], [3, "nan", None, None]]


def test_cells_beyond_the_names_stand_in_columns_of_numbers() -> None:
    seen = preview_of_bytes(b"a,b\n1,2,3,4\n5,6,,\n", 20, "x.csv")
    assert seen.columns == ["a", "b", "3", "4"]
    assert seen.rows == [[1, 2, 3, 4], [5, 6, None, None]]


def test_a_table_without_names_gets_numbers_for_names() -> None:
    seen = preview_of_bytes(b"1;2\n3;4\n", 8)
    assert (seen.columns, seen.rows) == (["1", "2"], [[1, 2], [3, 4]])


def test_what_is_cut_off_is_told_and_no_half_row_nor_half_character_is_shown() -> None:
    cut = preview_of_bytes(b"a,b\n1,2\n3,4", 1000)
    assert (cut.rows, cut.truncated, cut.total_bytes) == ([[1, 2]], True, 1000)
    half = preview_of_bytes("né".encode()[:-1], 1000)
    assert (half.kind, half.text) == (PreviewKind.TEXT, "n")
    image = preview_of_bytes(PNG, 10_000)
    assert (image.kind, image.data, image.truncated) == (PreviewKind.IMAGE, None, True)
    assert "10000 bytes" in image.reason
    binary = preview_of_bytes(b"\0" * 9000, 9000)
    assert (len(binary.data or b""), binary.truncated) == (BINARY_BYTES, True)
    long = preview_of_bytes(b"a,b\n" + b"1,2\n" * 2000, 8004)
    assert (len(long.rows), long.truncated) == (1000, True)
    wide = preview_of_bytes(b",".join(b"%d" % n for n in range(900)) + b"\n" + b"1," * 899 + b"1\n", 10_000)
    assert len(wide.columns) == len(wide.rows[0]) == 500


@pytest.mark.parametrize("data", [b'a,b\n"' + b"x" * 200_000, b"[" * 100_000, b'{"a":' * 50_000, b"a,b\n1,2,3\n"])
def test_odd_text_is_shown_as_text_or_json(data: bytes) -> None:
    assert preview_of_bytes(data, len(data)).kind in (PreviewKind.TEXT, PreviewKind.JSON)
    assert preview_of_bytes(data, len(data), "x.json").kind is PreviewKind.JSON


@given(st.binary(max_size=300), st.sampled_from(["", "x.csv", "x.tsv", "x.jsonl", "x.json", "x.md", "x.html", "x.svg"]))
def test_no_bytes_are_too_strange(data: bytes, name: str) -> None:
    seen = preview_of_bytes(data, len(data), name)
    assert all(len(row) == len(seen.columns) for row in seen.rows)


def test_a_folder_tells_what_is_in_it() -> None:
    seen = folder([FolderEntry(f"part-{n}", "file", 10) for n in range(1500)])
    assert (seen.kind, len(seen.entries), seen.total_bytes, seen.truncated) == (PreviewKind.FOLDER, 1000, 15_000, True)
