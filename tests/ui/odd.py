"""A home with one of everything that a page may have to show: every kind of preview, metrics, hostile names."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import clew
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.store.sqlite import connect

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "x" * 10_000,
    "\u202eevil \u05d0\u05d1\u05d2 \u0639\u0631\u0628\u064a",
    "\u9577\u3044\u540d\u524d" * 60,
    "'; DROP TABLE artifact; --",
    "javascript:alert(1)",
)
"""Names that someone may record."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAALklEQVR42u3NMQEAAAgDoPnFf63HGAMaCDSbs1EgEAgEAoFAIBAIBAKBQCAQfAsWx14BQc3X1pIAAAAASUVORK5CYII="
)
HTML = (
    "<!doctype html><title>r</title><h1 id=shown>Report</h1><script>alert('ran')</script>"
    "<img src='https://elsewhere.example/x.png' onerror=\"alert('image')\"><a href='javascript:alert(2)'>link</a>"
)
MARKDOWN = (
    "# Summary\n\n- accuracy **0.97**\n- <script>alert(3)</script>\n\n![far](https://elsewhere.example/y.png)\n\n"
    "| metric | value |\n|---|---|\n| <img src=x onerror=alert(4)> | 0.97 |\n\n- [x] audited\n\n"
    "[run](javascript:alert(5))\n"
)
STYLED = (
    "<base href='https://elsewhere.example/'><meta http-equiv=refresh content='0;url=https://elsewhere.example/'>"
    "<style>@im\\port url(https://elsewhere.example/a);"
    " b {background: image-set('https://elsewhere.example/b' 1x)}</style>"
    "<p style='background: u\\72 l(https://elsewhere.example/c)'>Styled</p><svg onload=alert(6)></svg>"
)
ROC = [
    {"confidenceThreshold": threshold, "recall": tpr, "falsePositiveRate": fpr}
    for threshold, tpr, fpr in (
        (1.9, 0.0, 0.0),
        (0.9, 0.55, 0.04),
        (0.6, 0.83, 0.12),
        (0.3, 0.95, 0.4),
        (0.1, 1.0, 1.0),
    )
]
CONFUSION = {
    "annotationSpecs": [{"displayName": name} for name in ("benign", "malignant", HOSTILE[0])],
    "rows": [{"row": row} for row in ([52, 3, 0], [2, 84, 1], [0, 4, 12])],
}


def black(width: int, height: int) -> bytes:
    """A black PNG: few bytes, many pixels."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes((1 + width // 8) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", lines) + part(b"IEND", b"")


def files(folder: Path) -> dict[str, Path]:
    """One file, or folder, of every kind of preview."""
    lines = ["name,rows,share", *(f"row {n},{n},{n / 7:.6f}" for n in range(60)), f"{HOSTILE[0]},1,0.5"]
    texts = {
        "table.csv": "\n".join(lines),
        "report.html": HTML,
        "summary.md": MARKDOWN,
        "notes.txt": "plain text\n" * 200,
        "styled.html": STYLED,
        "deep.json": "[" * 5000 + "]" * 5000,
        "empty.csv": "",
        "config.json": json.dumps({"depth": 3, "names": list(HOSTILE[:1]), "nested": {"a": [1, 2.5, None, True]}}),
    }
    made = {}
    for name, text in texts.items():
        (folder / name).write_text(text)
        made[name] = folder / name
    (folder / "picture.png").write_bytes(PNG)
    (folder / "cut.png").write_bytes(PNG[:20])
    (folder / "bomb.png").write_bytes(black(20_000, 20_000))
    (folder / "model.bin").write_bytes(bytes(range(256)) * 8)
    (folder / "shards").mkdir()
    for part in range(3):
        (folder / "shards" / f"part-{part}.csv").write_text("a,b\n1,2\n")
    return made | {name: folder / name for name in ("picture.png", "cut.png", "bomb.png", "model.bin", "shards")}


def odd_home(folder: Path) -> dict[str, str]:
    """Make the home ``folder / "home"``; the ids of what is in it, by name."""
    work = folder / "work"
    work.mkdir(parents=True)
    with clew.connect(folder / "home") as home:
        with home.execution("Look", name="make", params={"depth": 3}, project="odd", run="first") as run:
            for name, path in files(work).items():
                run.output(name, str(path), type="Dataset", key=name)
            for name, text in zip(("hostile", "long", "rtl", "cjk", "sql", "scheme"), HOSTILE, strict=True):
                run.output(text, f"s3://lake/{name}", type="Model", key=name, note=text)
            curves = {"confidenceMetrics": {"list": ROC}, "confusionMatrix": {"struct": CONFUSION}, "accuracy": 0.925}
            run.output("metrics", "s3://lake/m", type="system.ClassificationMetrics", key="metrics", **curves)
            sliced = _slices(("young", "old"))
            run.output("slices", "s3://lake/s", type="system.SlicedClassificationMetrics", key="slices", **sliced)
        ids = {str(a.custom_properties["key"]): str(a.ref) for a in home.artifacts(limit=100)}
        with home.execution("Look", name="read", inputs={"data": ids["table.csv"]}, project="odd", run="first") as read:
            read.output("result", "s3://lake/result", type="Model", key="result")
        ids["result"] = str(home.artifacts("custom_properties.key.string_value = 'result'")[0].ref)
        return ids | {"execution": str(run.ref), "reader": str(read.ref)}


def _slices(names: Sequence[str]) -> dict[str, object]:
    one = {"confidenceMetrics": ROC, "confusionMatrix": CONFUSION}
    return {"evaluationSlices": {"list": [{"slice": name, "sliceClassificationMetrics": one} for name in names]}}


def many_home(home: Path, artifacts: int) -> Path:
    """A home of so many artifacts of one type, put into the record's tables with plain SQL."""
    with Record.open(home) as record:
        change = Change()
        change.type(NodeType(Kind.ARTIFACT, "system.Dataset"))
        record.commit(change)
        with record.read() as reader:
            type_id = next(type.id for type in reader.types(Kind.ARTIFACT) if type.name == "system.Dataset")
    connection = connect(home / "record.db")
    columns = "id, type_id, namespace, name, state, custom_properties, created_ms, updated_ms, created_seq, updated_seq"
    connection.execute("BEGIN")
    connection.executemany(
        f"INSERT INTO artifact({columns}, uri, location) VALUES(?, ?, 'default', ?, 2, '{{}}', ?, ?, 1, 1, ?, ?)",
        (
            (n, type_id, f"part-{n:07}", n * 1000, n * 1000, f"s3://lake/{n}", f"s3://lake/{n}")
            for n in range(1, artifacts + 1)
        ),
    )
    connection.execute("UPDATE head SET next_artifact = ?", (artifacts + 1,))
    connection.execute("COMMIT")
    connection.close()
    return home
