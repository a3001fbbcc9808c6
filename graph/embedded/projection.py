"""The graph kept in step with the record: opened from a snapshot, followed by the log, compacted in the background."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from clew.graph.embedded import snapshot as snapshots
from clew.graph.embedded.csr import EMPTY, edges_of, extended, without
from clew.graph.embedded.follow import Batch
from clew.graph.embedded.load import check_size, class_array, load, pack_edges
from clew.graph.embedded.numbering import Classes, Numbering
from clew.graph.embedded.pulse import Pulse
from clew.graph.embedded.tail import TailWriter
from clew.graph.embedded.view import Base, View
from clew.graph.question import wait_for
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.store.sqlite import SqliteStore

log = logging.getLogger(__name__)
CHANGES_A_READ: Final = 2000
COMPACT_AFTER: Final = 65_536
"""Entries the tail may hold before it is folded into the arrays; a thirty-second of the edges when that is more."""


class Projection:
    """Follows one record. Queries take ``fresh()`` and never wait for compaction."""

    view: View

    def __init__(self, record: Record, folder: Path | None, compact_after: int = COMPACT_AFTER) -> None:
        self._record = record
        self._folder = folder
        self._compact_after = compact_after
        self._lock = threading.RLock()
        self._compaction: threading.Thread | None = None
        self._writer: TailWriter
        self.rebuilt = 0
        """How often the arrays were built from the record's tables."""
        with self._lock, record.read() as reader:
            if not self._open_snapshot(reader):
                self._rebuild(reader)
            self._follow(reader)
        self._pulse = Pulse.of(record.store.path) if isinstance(record.store, SqliteStore) else None
        self._known: tuple[bytes | None, View] = (None, self.view)

    def fresh(self, min_seq: int = 0) -> View:
        """The record as of now, in any process's eyes. Errors: TimedOut when ``min_seq`` is not reached."""
        beat = self._pulse.read() if self._pulse is not None else None
        known, view = self._known
        if beat is not None and beat == known and view.seq >= min_seq:
            return view
        seq = int(self._record.seq())
        if seq < min_seq:
            seq = wait_for(min_seq, self._record.seq)
        view = self.view
        if view.seq != seq:
            with self._lock:
                if self.view.seq != seq:
                    with self._record.read() as reader:
                        self._follow(reader)
                view = self.view
        self._known = (beat, view)  # the beat was read first: the view reflects all it stands for, or more
        return view

    def compact(self) -> None:
        """Fold the tail into new arrays and publish them, now and in this thread."""
        with self._lock:
            view, writer = self.view, self._writer
            sizes = (view.numbering[0].size, view.numbering[1].size)
            known = len(view.classes.known)
        unchanged = view.edge_limit + view.attribute_limit == 0
        base = view.base if unchanged else _folded(view, writer, sizes, known)
        if self._folder is not None:
            stamp = snapshots.Stamp(self._record.id, view.seq, view.digest)
            snapshots.publish(self._folder, base.as_snapshot(stamp, view.classes, view.numbering))
        with self._lock:
            if unchanged or self._writer is not writer:  # or: rebuilt meanwhile
                return
            follower = TailWriter(base.codes)
            follower.add_edges(*writer.edges_between(view.edge_limit, writer.edges))
            follower.add_attributes(*writer.attributes_between(view.attribute_limit, writer.attributes))
            self._writer = follower
            self.view = replace(
                self.view, base=base, tail=follower.tail, edge_limit=follower.edges, attribute_limit=follower.attributes
            )
            self._known = (None, self.view)  # lets go of the old arrays

    def close(self) -> None:
        """Wait for a compaction under way."""
        compaction = self._compaction
        if compaction is not None:
            compaction.join()

    def memory_bytes(self) -> int:
        """What arrays, tail and numbering hold."""
        view = self.view
        return view.base.memory_bytes() + self._writer.memory_bytes() + sum(n.memory_bytes() for n in view.numbering)

    def _open_snapshot(self, reader: Reader) -> bool:
        found = snapshots.load(self._folder, self._record.id) if self._folder is not None else None
        if found is None or not _continues(reader, found.stamp.seq, found.stamp.digest):
            return False
        a = found.arrays
        numbering = (Numbering(found.direct[0], a["artifact_extra"]), Numbering(found.direct[1], a["execution_extra"]))
        self._begin(Base.of_snapshot(found), numbering, Classes(found.classes), found.stamp.seq, found.stamp.digest)
        return True

    def _rebuild(self, reader: Reader) -> None:
        base, numbering, classes = load(reader)
        self._begin(base, numbering, classes, reader.seq, _digest_at(reader, reader.seq))
        self.rebuilt += 1
        if self._folder is not None and reader.seq > 0:
            self._compact_later()

    def _begin(
        self, base: Base, numbering: tuple[Numbering, Numbering], classes: Classes, seq: int, digest: str
    ) -> None:
        self._writer = TailWriter(base.codes)
        self.view = View(base, self._writer.tail, 0, 0, numbering, classes, base.codes, seq, digest)

    def _follow(self, reader: Reader) -> None:
        if not _continues(reader, self.view.seq, self.view.digest):
            self._rebuild(reader)  # the record was restored from a backup under us
            return
        view = self.view
        withdrawn: set[tuple[int, int, int]] = set()
        while view.seq < reader.seq:
            changes = reader.changes(view.seq, CHANGES_A_READ)
            batch = Batch(view.numbering, view.classes)
            for change in changes:
                batch.add(change)
            self._writer.add_attributes(*batch.attributes())
            self._writer.add_edges(*batch.edges())
            for numbering in view.numbering:
                check_size(numbering)
            view = replace(
                view,
                tail=self._writer.tail,
                edge_limit=self._writer.edges,
                attribute_limit=self._writer.attributes,
                codes=2 * max(numbering.size for numbering in view.numbering),
                seq=changes[-1].seq,
                digest=changes[-1].digest,
            )
            withdrawn |= batch.withdrawn
            if not withdrawn:
                self.view = view
        if withdrawn:
            self._withdraw(view, sorted(withdrawn), reader)
        waiting = self._writer.edges + self._writer.attributes
        if waiting > max(self._compact_after, self.view.base.csr.reads.size // 32):
            self._compact_later()

    def _withdraw(self, view: View, withdrawn: list[tuple[int, int, int]], reader: Reader) -> None:
        """Publish ``view`` as the record says it, where events were taken back, perhaps to be put again.

        Cost: O(E), about 0.1 s a million edges. What withdraws is what came late and what was said to be the same:
        seldom enough that the walks need not know of it.
        """
        executions = {execution for execution, _, _ in withdrawn}
        there = {
            (event.execution_id, event.type, event.artifact_id) for event in reader.events_of_executions(executions)
        }
        sizes = (view.numbering[0].size, view.numbering[1].size)
        base = _folded(view, self._writer, sizes, len(view.classes.known))
        ids = np.array(withdrawn, np.int64)
        kept = without(edges_of(base.csr), pack_edges(view.numbering, ids[:, 0], ids[:, 1], ids[:, 2]))
        back = np.array([key for key in withdrawn if key in there], np.int64).reshape(-1, 3)
        again = pack_edges(view.numbering, back[:, 0], back[:, 1], back[:, 2])
        base = replace(base, csr=extended(extended(EMPTY, sizes, kept), sizes, again))
        self._writer = TailWriter(base.codes)
        self.view = replace(view, base=base, tail=self._writer.tail, edge_limit=0, attribute_limit=0)

    def _compact_later(self) -> None:
        if self._compaction is None or not self._compaction.is_alive():
            self._compaction = threading.Thread(target=self._compact_quietly, name="clew-graph-compaction", daemon=True)
            self._compaction.start()

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except MemoryError:
            log.warning("not enough memory to fold the graph's tail into its arrays; going on with both")


def _digest_at(reader: Reader, seq: int) -> str:
    found = reader.changes(seq - 1, 1) if seq > 0 else []
    return found[0].digest if found else ""


def _continues(reader: Reader, seq: int, digest: str) -> bool:
    """Whether the reader's record went through that change."""
    return seq <= reader.seq and _digest_at(reader, seq) == digest


def _folded(view: View, writer: TailWriter, sizes: tuple[int, int], known: int) -> Base:
    csr = extended(view.base.csr, sizes, writer.edges_between(0, view.edge_limit))
    codes, numbers, times = writer.attributes_between(0, view.attribute_limit)
    classes, created = [], []
    for kind in (0, 1):
        number, time = np.zeros(sizes[kind], np.uint32), np.zeros(sizes[kind], np.int64)
        old = view.base.classes[kind]
        number[: old.size], time[: old.size] = old, view.base.created[kind]
        mine = (codes & 1) == kind
        at = codes[mine] >> 1
        number[at], time[at] = numbers[mine], times[mine]  # NumPy assigns in order: the last word on a node stands
        classes.append(class_array(number, known))
        created.append(time)
    return Base(csr, (classes[0], classes[1]), (created[0], created[1]))
