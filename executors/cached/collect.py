"""Make room: drop what is cheap to make again and large first, never what is pinned or what something live needs."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.executors import marks
from clew.executors.cached.entries import Entry, entries
from clew.executors.occupied import alone
from clew.executors.sound import local_path
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.tree import is_tree, read_manifest
from clew.metadata.change import Change
from clew.metadata.digest import Digest
from clew.metadata.errors import ClewError, UsageError
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState

Tell = Callable[[str, int, int | None], None]
_BATCH = 100
_GONE = (ArtifactState.DELETED, ArtifactState.ABANDONED)


@dataclass(frozen=True, slots=True)
class Drop:
    """An entry to drop, and the bytes that go with it."""

    entry: Entry
    freed_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        e = self.entry
        return {
            "execution": str(e.execution.ref),
            "component": e.component,
            "cost_ms": e.cost_ms,
            "size_bytes": e.size_bytes,
            "freed_bytes": self.freed_bytes,
            "used_ms": e.used_ms,
            "hits": e.hits,
        }


@dataclass(frozen=True, slots=True)
class Collection:
    """What a collection drops."""

    drops: list[Drop]
    held_bytes: int
    """Bytes of live artifacts in the store before."""
    pinned: int
    """Entries that were kept because they are pinned."""

    @property
    def freed_bytes(self) -> int:
        """Bytes that go."""
        return sum(drop.freed_bytes for drop in self.drops)

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        return {
            "dropped": [drop.as_dict() for drop in self.drops],
            "freed_bytes": self.freed_bytes,
            "held_bytes": self.held_bytes - self.freed_bytes,
            "pinned": self.pinned,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much may stay. Errors: UsageError when nothing is said."""

    max_bytes: int | None = None
    """Drop until no more than this is held."""
    older_than_s: float | None = None
    """Drop only what was neither made nor reused within this time."""

    def __post_init__(self) -> None:
        if self.max_bytes is None and self.older_than_s is None:
            raise UsageError(
                "nothing says how much may stay", field="max-bytes", remedy="Give --max-bytes 10G or --older-than 30d"
            )


def planned(record: Record, store: LocalStore, wanted: Wanted) -> Collection:
    """What a collection would drop now; nothing is touched."""
    with record.read() as reader:
        return _planned(reader, _Bytes(store), wanted)


def collect(
    record: Record, store: LocalStore, home: Path, wanted: Wanted, *, actor: str, tell: Tell | None = None
) -> Collection:
    """Drop entries: their bytes first, then the record says so. Whatever stops it between leaves misses, no lies.

    Errors: Conflict while runs are under way in the home.
    """
    with alone(home):
        bytes_ = _Bytes(store)
        with record.read() as reader:
            plan = _planned(reader, bytes_, wanted)
        dropped = {int(a.id) for drop in plan.drops for a in drop.entry.outputs}
        for start in range(0, len(plan.drops), _BATCH):
            batch = plan.drops[start : start + _BATCH]
            for drop in batch:
                with record.read() as reader:
                    _remove(reader, drop.entry, bytes_, home, dropped)
            _mark(record, batch, actor)
            if tell is not None:
                tell("collect", start + len(batch), len(plan.drops))
        return plan


def _planned(reader: Reader, bytes_: _Bytes, wanted: Wanted) -> Collection:
    held = bytes_.count(reader)
    every = [e for e in entries(reader, live_only=True) if e.size_bytes and bytes_.holds(e)]
    free = sorted((e for e in every if not e.is_pinned), key=lambda e: ((e.cost_ms + 1) / e.size_bytes, e.used_ms))
    if wanted.older_than_s is not None:
        limit_ms = time.time() * 1000 - wanted.older_than_s * 1000
        free = [e for e in free if e.used_ms < limit_ms]
    drops: list[Drop] = []
    left = held
    for entry in free:
        if wanted.max_bytes is not None and left <= wanted.max_bytes:
            break
        freed = bytes_.release(entry)
        left -= freed
        drops.append(Drop(entry, freed))
    return Collection(drops, held, sum(e.is_pinned for e in every))


@dataclass(slots=True)
class _Bytes:
    """Which blobs live artifacts need, how often, and how large they are."""

    store: LocalStore
    needed: Counter[str] = field(default_factory=Counter)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    """Digest -> the blobs it is made of."""

    def count(self, reader: Reader) -> int:
        """Count what everything live needs; the bytes of it in the store."""
        for page in reader.every(Kind.ARTIFACT):
            for artifact in page:
                if artifact.digest is not None and artifact.state not in _GONE:
                    self.needed.update(self.blobs(artifact.digest).keys())
        for digest in _kept_with_runs(reader):
            self.needed.update(self.blobs(digest).keys())
        unique = {blob: size for blobs in self.sizes.values() for blob, size in blobs.items()}
        return sum(unique.values())

    def blobs(self, digest: str) -> dict[str, int]:
        """The blobs under ``digest`` that the store holds, with their sizes."""
        if digest not in self.sizes:
            self.sizes[digest] = dict(self._walk(Digest(digest)))
        return self.sizes[digest]

    def holds(self, entry: Entry) -> bool:
        """Whether bytes of the entry are in this store."""
        return any(a.digest and self.blobs(a.digest) for a in entry.outputs)

    def release(self, entry: Entry) -> int:
        """Count the entry out; the bytes nobody needs any more then."""
        freed = 0
        for artifact in entry.outputs:
            if artifact.digest and artifact.state not in _GONE:
                for blob, size in self.blobs(artifact.digest).items():
                    self.needed[blob] -= 1
                    freed += size if self.needed[blob] == 0 else 0
        return freed

    def _walk(self, digest: Digest) -> Iterator[tuple[str, int]]:
        try:
            size = self.store.path(digest).stat().st_size
            yield digest, size
            if is_tree(digest):
                with self.store.open(digest) as stream:
                    manifest = read_manifest(stream.read())
                for entry in manifest.values():
                    if entry.kind != "link":
                        yield from self._walk(entry.digest)
        except (ClewError, OSError):  # elsewhere, or damaged: there is nothing to gain
            return


def _kept_with_runs(reader: Reader) -> list[str]:
    """Digests of the pipelines that runs keep."""
    property = (
        "json_extract(custom_properties, '$.\"clew.spec\"')"
        if reader.dialect == "sqlite"
        else "custom_properties::jsonb ->> 'clew.spec'"
    )
    return [row[0] for row in reader.query(f"SELECT DISTINCT {property} FROM context") if row[0]]


def _remove(reader: Reader, entry: Entry, bytes_: _Bytes, home: Path, dropped: set[int]) -> None:
    for artifact in entry.outputs:
        path = local_path(artifact.uri)
        if path is not None and artifact.uri is not None and _is_ours(path, home, bytes_.store):
            others = [a for a in reader.artifacts_at(artifact.uri) if a.id not in dropped and a.state not in _GONE]
            if not others:
                _delete(path)
        for blob in bytes_.blobs(artifact.digest) if artifact.digest else ():
            again = (a for a in reader.artifacts_with_digest(blob) if a.id not in dropped and a.state not in _GONE)
            if bytes_.needed[blob] <= 0 and next(again, None) is None:  # nobody has recorded the same bytes meanwhile
                bytes_.store.remove(Digest(blob))


def _is_ours(path: Path, home: Path, store: LocalStore) -> bool:
    """Whether a file is one that a run laid out in the home, and no blob."""
    real = path.resolve()
    return real.is_relative_to(home.resolve()) and not real.is_relative_to(store.root.resolve())


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _mark(record: Record, batch: list[Drop], actor: str) -> None:
    note = marks.note(actor, time.time_ns() // 1_000_000, "collected to make room")
    change = Change(actor=actor)
    for drop in batch:
        for artifact in drop.entry.outputs:
            change.artifact(id=artifact.id, state=ArtifactState.DELETED)
        change.execution(id=drop.entry.execution.id, custom_properties={marks.DROPPED: note})
    record.commit(change)
