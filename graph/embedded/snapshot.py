"""Snapshots on disk: the engine's arrays as of one change, in a file that is mapped, not read.

    0   8 bytes   CLEWGRPH
    8   4 bytes   format version
    12  4 bytes   length of the header
    16  4 bytes   CRC-32 of the header
    64            header: JSON (record, seq, digest of the change at seq, classes, arrays with offset and checksum)
    ...           arrays, little endian, each aligned to 64 bytes

A file that is torn, damaged, of another record, format or byte order is not an error: there is then no snapshot, and
the engine is rebuilt from the record. Checking every byte on opening costs 40 ms at ten million edges and touches
every page, so that no query waits for a page fault. The file is not flushed to disk before it is published: after a
power loss its checksum tells, and the record's own commits never wait for hundreds of megabytes of ours.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import secrets
import sys
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clew.graph.embedded.csr import Csr
from clew.graph.embedded.jit import kernel

NAME: Final = "graph.snapshot"
VERSION: Final = 1
_MAGIC: Final = b"CLEWGRPH"
_FIXED: Final = Struct("<8sIII")
_HEADER_AT: Final = 64
_ALIGN: Final = 64
_HEADER_MAX: Final = 64 << 20
_STALE_S: Final = 3600

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What moment of which record a snapshot is of."""

    record: str
    seq: int
    digest: str
    """Digest of the change at ``seq``, so that a record that was restored and went another way is told apart."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Arrays by name, the classes they refer to, and their moment."""

    stamp: Stamp
    classes: list[tuple[int, int, str]]
    direct: tuple[int, int]
    """Directly numbered ids of artifacts and of executions."""
    arrays: dict[str, Array]

    def csr(self) -> Csr:
        """The adjacency arrays."""
        return Csr(*(self.arrays[name] for name in Csr._fields))


def publish(folder: Path, snapshot: Snapshot) -> bool:
    """Write ``snapshot`` beside and move it into place at once; False where the folder cannot be written.

    The last of several processes to publish wins; whichever it is, the log is followed from there.
    """
    temporary = folder / f"{NAME}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        _write(temporary, snapshot)
        os.replace(temporary, folder / NAME)
        return True
    except OSError:  # disk full, read-only: a snapshot saves time, nothing else
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return False


def load(folder: Path, record: str) -> Snapshot | None:
    """The folder's snapshot of ``record``, mapped and checked; None when there is none that can be trusted."""
    path = folder / NAME
    header = _header(path)
    if header is None or header["record"] != record:
        return None
    try:
        with open(path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):
        return None
    if len(mapped) != header["size"]:
        return None
    whole = np.frombuffer(mapped, np.uint8)
    arrays = {}
    for name, dtype, length, offset, check in header["arrays"]:
        array = whole[offset : offset + length * np.dtype(dtype).itemsize].view(dtype)
        if f"{checksum(array.view(np.uint8)):016x}" != check:
            return None
        arrays[name] = array
    stamp = Stamp(header["record"], header["seq"], header["digest"])
    return Snapshot(stamp, [(t, s, n) for t, s, n in header["classes"]], tuple(header["direct"]), arrays)


@kernel
def checksum(data: NDArray[np.uint8]) -> np.uint64:
    """A 64-bit checksum at memory speed, in eight lanes. Any one changed word is sure to change it.

    Source: the round of XXH64.
    """
    odd, mixer = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
    words = data[: data.size // 64 * 64].view(np.uint64)
    a = b = c = d = e = f = g = h = np.uint64(0)
    for i in range(0, words.size, 8):
        a = _turned(a + words[i] * mixer) * odd
        b = _turned(b + words[i + 1] * mixer) * odd
        c = _turned(c + words[i + 2] * mixer) * odd
        d = _turned(d + words[i + 3] * mixer) * odd
        e = _turned(e + words[i + 4] * mixer) * odd
        f = _turned(f + words[i + 5] * mixer) * odd
        g = _turned(g + words[i + 6] * mixer) * odd
        h = _turned(h + words[i + 7] * mixer) * odd
    total = np.uint64(data.size) * odd
    for lane in (a, b, c, d, e, f, g, h):
        total = _turned(total + lane * mixer) * odd
    for i in range(words.size * 8, data.size):
        total = _turned(total + np.uint64(data[i]) * mixer) * odd
    return total


@kernel
def _turned(word: np.uint64) -> np.uint64:
    return (word << np.uint64(31)) | (word >> np.uint64(33))


def _write(path: Path, snapshot: Snapshot) -> None:
    described: list[list[Any]] = [
        [name, array.dtype.str, array.size, 0, f"{checksum(_bytes(array)):016x}"]
        for name, array in snapshot.arrays.items()
    ]
    header = asdict(snapshot.stamp) | {
        "classes": snapshot.classes, "direct": snapshot.direct, "size": 0, "arrays": described,
    }  # fmt: skip
    room = len(json.dumps(header)) + 24 * (len(described) + 1)  # offsets and size are longer than the zeros
    offset = _aligned(_HEADER_AT + room)
    for entry, array in zip(described, snapshot.arrays.values(), strict=True):
        entry[3] = offset
        offset = _aligned(offset + array.nbytes)
    header["size"] = offset
    text = json.dumps(header).encode()
    with open(path, "xb") as file:
        file.write(_FIXED.pack(_MAGIC, VERSION, len(text), zlib.crc32(text)))
        file.seek(_HEADER_AT)
        file.write(text)
        for entry, array in zip(described, snapshot.arrays.values(), strict=True):
            file.seek(entry[3])
            file.write(_bytes(array).data)
        file.truncate(offset)


def _bytes(array: Array) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array).view(np.uint8)


def _aligned(offset: int) -> int:
    return (offset + _ALIGN - 1) // _ALIGN * _ALIGN


def _header(path: Path) -> dict[str, Any] | None:
    if sys.byteorder != "little":
        return None
    try:
        with open(path, "rb") as file:
            fixed = file.read(_FIXED.size)
            if len(fixed) < _FIXED.size:
                return None
            magic, version, length, crc = _FIXED.unpack(fixed)
            if magic != _MAGIC or version != VERSION or length > _HEADER_MAX:
                return None
            file.seek(_HEADER_AT)
            text = file.read(length)
    except OSError:
        return None
    if len(text) != length or zlib.crc32(text) != crc:
        return None
    header: dict[str, Any] = json.loads(text)
    return header


def _remove_stale(folder: Path) -> None:
    for left in folder.glob(f"{NAME}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                left.unlink()
