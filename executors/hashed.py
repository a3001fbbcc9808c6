"""Digests of large files and folders, without reading again what has not changed since they were read.

Of each the digest is kept beside how it stood: device, inode, size, and the times of the last change of its bytes and
of its inode, of a folder those of everything in it. A write that leaves all of these as they were does not exist: the
time of the inode cannot be set by a program. Its clock is coarse, though, so what had changed within two seconds
before it was read is not kept.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clew.metadata.blobs.protocol import Blob
from clew.metadata.blobs.tree import digest_of_path
from clew.metadata.digest import Digest, of_struct

SMALL_BYTES = 1 << 20
"""What is smaller is read each time: a millisecond."""
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class _Stand:
    stamp: str
    size_bytes: int
    changed_ns: int


class Hashed:
    """Digests kept in ``folder``, a file each; it may be deleted at any time, and shared by any number of processes."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        self._folder = folder
        self._keeps = keeps

    def digest_of(self, path: Path) -> Blob:
        """Digest and size of a file or directory.

        Cost: reads every byte, unless it is large and stands as it stood the last time.
        Errors: as :func:`~clew.metadata.blobs.tree.digest_of_path`.
        """
        looked_ns = time.time_ns()
        stand = _stand(path)
        if stand is None or stand.size_bytes < SMALL_BYTES:
            return digest_of_path(path)
        place = self._folder / of_struct("path", str(path.absolute())).rpartition(":")[2]
        if (kept := _read(place, stand.stamp)) is not None:
            return kept
        blob = digest_of_path(path)
        if self._keeps and stand.changed_ns < looked_ns - _SETTLED_NS and _stand(path) == stand:
            self._keep(place, stand.stamp, blob)
        return blob

    def _keep(self, place: Path, stamp: str, blob: Blob) -> None:
        with suppress(OSError):  # it is hashed again the next time
            self._folder.mkdir(exist_ok=True)
            draft = place.with_name(f"{place.name}.{os.getpid()}-{time.monotonic_ns()}")
            draft.write_text(json.dumps({"stamp": stamp, "digest": blob.digest, "size_bytes": blob.size_bytes}))
            draft.replace(place)


def _read(place: Path, stamp: str) -> Blob | None:
    try:
        kept = json.loads(place.read_text())
        return Blob(Digest(kept["digest"]), kept["size_bytes"]) if kept["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stand(path: Path) -> _Stand | None:
    """How ``path`` stands; None where that cannot be told."""
    try:
        stands = [("", path.stat())]
        if stat.S_ISDIR(stands[0][1].st_mode):
            stands += _inside(os.fspath(path), "")
    except (OSError, UnicodeError):
        return None
    files = [info for _, info in stands if stat.S_ISREG(info.st_mode)]
    told = [[n, i.st_dev, i.st_ino, i.st_mode, i.st_size, i.st_mtime_ns, i.st_ctime_ns] for n, i in stands]
    try:
        stamp = of_struct("stand", told)
    except UnicodeError:  # a name that is not Unicode: no artifact, as whoever hashes it will say
        return None
    return _Stand(stamp, sum(i.st_size for i in files), max(max(i.st_mtime_ns, i.st_ctime_ns) for _, i in stands))


def _inside(folder: str, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        yield prefix + entry.name, entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _inside(entry.path, f"{prefix}{entry.name}/")
