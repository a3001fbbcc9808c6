"""From notes to touches: which locations were read and written, when, and with which bytes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.collectors.watch.notes import MOVE, READ, SAY, WRITE, Note
from clew.metadata.blobs.protocol import Blob
from clew.metadata.errors import ClewError
from clew.metadata.identity import Touch

MOST_OF_A_FOLDER = 1000
"""Files of one folder that are told one by one; of more, the folder is told."""
MODEL_SUFFIXES = (".safetensors", ".pt", ".pth", ".onnx", ".joblib", ".keras", ".ckpt", ".gguf", ".pkl", ".pickle")
_USER = re.compile(r"(?<=://)[^/@]*@")


@dataclass(slots=True)
class _Read:
    time_ms: int
    size_bytes: int
    changed_ns: int


class Touched:
    """Gathers the notes of one piece of work. Not thread-safe."""

    def __init__(self, digest_of: Callable[[Path], Blob], *, threads: int = 2) -> None:
        """``threads`` read files; with 0 the caller's does."""
        self.said: list[tuple[str, Any]] = []
        """What processes said of themselves, in order."""
        self._digest_of = digest_of
        self._threads = threads
        self._reads: dict[str, _Read] = {}
        self._writes: dict[str, int] = {}
        self._ahead: dict[str, tuple[int, int, Blob | None]] = {}
        """What was hashed before the end, and how it stood then: size and time of the last change."""
        self._own: dict[str, int] = {}
        """What was written earlier, and when it last changed then: what is read back is no input."""

    def add(self, note: Note) -> None:
        """Take one note."""
        what, time_ms, target = note[0], note[1], note[2]
        if what == SAY:
            self.said.append((target, note[3]))
        elif what == READ:
            if target in self._writes or (note[5] >= 0 and self._own.get(target) == note[5]):
                return  # its own
            self._reads.setdefault(target, _Read(time_ms, note[4], note[5]))
        elif what == WRITE:
            self._writes.setdefault(target, time_ms)
        elif what == MOVE:
            self._move(target, note[3], time_ms)

    def hash_ahead(self) -> None:
        """Hash what was read since the last call, while the work goes on."""
        for path, read in list(self._reads.items()):
            if path not in self._ahead and _stands(path, read):
                self._ahead[path] = (read.size_bytes, read.changed_ns, self._blob(path))

    def touches(self) -> list[Touch]:
        """What was read and written and is still there; then begin anew.

        Cost: the bytes of every file, where ``digest_of`` does not remember them.
        """
        reads, writes = self._reads, self._writes
        self._reads, self._writes = {}, {}
        ahead, self._ahead = self._ahead, {}
        there = {path for path in {*reads, *writes} if not path.startswith("/") or os.path.exists(path)}
        kept = sorted(there)
        full = self._full_folders(kept)
        folded = sorted({os.path.dirname(path) if os.path.dirname(path) in full else path for path in kept})
        blobs = {path: ahead[path][2] for path in folded if _is_as(path, ahead.get(path))}
        rest = [path for path in folded if path not in blobs]
        blobs |= dict(zip(rest, self._blobs(rest), strict=True))
        found: list[Touch] = []
        for path in folded:
            inside = [p for p in kept if os.path.dirname(p) == path] if path in full else [path]
            first_read = min((reads[p] for p in inside if p in reads), key=lambda r: r.time_ms, default=None)
            first_write = min((writes[p] for p in inside if p in writes), default=None)
            if first_read is not None and (first_write is None or first_read.time_ms <= first_write):
                is_same = first_write is None and (path in full or _stands(path, first_read))
                found.append(_touch(path, False, first_read.time_ms, blobs[path] if is_same else None))
            if first_write is not None:
                self._own |= {p: _changed_ns(p) for p in inside if p in writes}
                found.append(_touch(path, True, max(first_write, _changed_ns(path) // 1_000_000), blobs[path]))
        return found

    def _move(self, source: str, target: str, time_ms: int) -> None:
        self._writes[target] = time_ms
        for path in [p for p in self._writes if p == source or p.startswith(source + "/")]:
            written = self._writes.pop(path)
            if path != source and path != target:
                self._writes[target + path[len(source) :]] = written

    def _full_folders(self, paths: list[str]) -> set[str]:
        counts = Counter(os.path.dirname(path) for path in paths if path.startswith("/"))
        return {folder for folder, count in counts.items() if count > MOST_OF_A_FOLDER}

    def _blobs(self, paths: list[str]) -> list[Blob | None]:
        if not self._threads or len(paths) < 2:
            return [self._blob(path) for path in paths]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self._threads, thread_name_prefix="clew-digest") as pool:
            return list(pool.map(self._blob, paths))

    def _blob(self, path: str) -> Blob | None:
        if not path.startswith("/"):
            return None
        try:
            return self._digest_of(Path(path))
        except (ClewError, OSError, UnicodeError):  # gone, not ours to read, or odd: it was touched all the same
            return None


def type_of(uri: str) -> str:
    """Type of the artifact at an address, by what it is called."""
    if uri.startswith(("models:", "runs:")):
        return "Model"
    return "Model" if uri.lower().endswith(MODEL_SUFFIXES) else "Dataset"


def uri_of(target: str) -> str:
    """The address of a path or address, without who may read it."""
    if target.startswith("/"):
        return "file://" + target if target.isascii() and "%" not in target and " " not in target else _file_uri(target)
    address = _USER.sub("", target)
    return address.partition("?")[0] if address.startswith(("http://", "https://")) else address


def _file_uri(path: str) -> str:
    try:
        return Path(path).as_uri()
    except UnicodeError:
        return "file://" + os.fsencode(path).decode("utf-8", "replace")


def _touch(target: str, writes: bool, time_ms: int, blob: Blob | None) -> Touch:
    uri = uri_of(target)
    name = os.path.basename(target.rstrip("/")) or target
    return Touch(
        uri=uri,
        writes=writes,
        time_ms=time_ms,
        type=type_of(uri),
        path=(name.encode("utf-8", "replace").decode(),),
        digest=blob.digest if blob else None,
        size_bytes=blob.size_bytes if blob else None,
        custom_properties={"display_name": name.encode("utf-8", "replace").decode()},
    )


def _stands(path: str, read: _Read) -> bool:
    """Whether a file stands as it stood when it was read, so that its bytes are those that were read."""
    try:
        info = os.stat(path)
    except OSError:
        return False
    return os.path.isdir(path) or (info.st_size, info.st_mtime_ns) == (read.size_bytes, read.changed_ns)


def _is_as(path: str, ahead: tuple[int, int, Blob | None] | None) -> bool:
    """Whether what was hashed ahead is what lies there now."""
    return ahead is not None and _stands(path, _Read(0, ahead[0], ahead[1]))


def _changed_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
