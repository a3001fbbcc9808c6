"""What must be true of a record after any crash, counted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

from torture_writer import SHAPES, change_of, kind_of

from clew.graph.embedded.engine import EmbeddedEngine
from clew.graph.protocol import Direction, GraphEngine
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.record import Record
from clew.metadata.replay import differences


@dataclass
class Tally:
    """Counts of one scenario. Everything from ``lost`` on must be zero."""

    rounds: int = 0
    changes: int = 0
    acknowledged: int = 0
    in_flight_kept: int = 0
    """Committed, but killed before it could be told."""
    in_flight_gone: int = 0
    said_again: int = 0
    """Keyed changes without an answer, sent once more."""
    lost: int = 0
    half: int = 0
    twice: int = 0
    misplaced: int = 0
    """A receipt that names another place or other ids than the log."""
    gaps: int = 0
    replay: int = 0
    engine: int = 0
    other: int = 0
    told: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def differences(self) -> int:
        """What must be zero."""
        names = ("lost", "half", "twice", "misplaced", "gaps", "replay", "engine", "other")
        return sum(getattr(self, name) for name in names)

    def note(self, counter: str, text: str) -> None:
        """Count a difference and keep the first few in words."""
        setattr(self, counter, getattr(self, counter) + 1)
        if len(self.told) < 20:
            self.told.append(f"{counter}: {text}")

    def add(self, other: Tally) -> None:
        """Take in the counts of ``other``."""
        for f in fields(self):
            if f.name != "seen":
                setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))


def read_notes(path: Path) -> tuple[dict[str, tuple[int, tuple[int, ...]]], set[str]]:
    """What writers were promised (tag -> seq, ids), and what they had asked for."""
    promised: dict[str, tuple[int, tuple[int, ...]]] = {}
    asked: set[str] = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        word, tag, *rest = line.split()
        if word == "I":
            asked.add(tag)
        else:
            promised[tag] = (int(rest[0]), () if rest[1] == "-" else tuple(map(int, rest[1].split(","))))
    return promised, asked


def check(record: Record, notes: Path, tally: Tally, *, say_again: bool = True) -> None:
    """Compare the record with what was promised; every difference is counted in ``tally``."""
    promised, asked = read_notes(notes)
    with record.read() as reader:
        log = reader.changes(limit=10_000_000)
        found = differences(reader)
        names = {a.id: a.name for a in _all(reader.artifacts)} | {-e.id: e.name for e in _all(reader.executions)}
    for text in found:
        tally.note("replay", text)
    for place, change in enumerate(log, 1):
        if change.seq != place:
            tally.note("gaps", f"change {change.seq} stands at {place}")
    in_log = Counter(change.actor for change in log)
    for tag, times in in_log.items():
        if times > 1:
            tally.note("twice", f"{tag} is recorded {times} times")
    by_tag = {change.actor: change for change in log}
    for change in log:
        if change.actor != "seed" and Counter(op[0] for op in change.ops) not in SHAPES[kind_of(change.actor)]:
            tally.note("half", f"{change.actor}: {Counter(op[0] for op in change.ops)}")
    for tag, (seq, ids) in promised.items():
        if tag not in by_tag:
            tally.note("lost", f"{tag} was acknowledged as {seq} and is gone")
        elif by_tag[tag].seq != seq:
            tally.note("misplaced", f"{tag} was acknowledged as {seq} and is {by_tag[tag].seq}")
        elif kind_of(tag) in ("step", "keyed") and [names.get(-ids[0]), names.get(ids[1])] != [tag, f"{tag}/0"]:
            tally.note("misplaced", f"{tag} was given {ids}, which are not its nodes")
    tally.changes, tally.acknowledged = len(log), len(promised)
    open_ = asked - promised.keys()
    new = open_ - tally.seen
    tally.seen |= new
    kept = sum(tag in by_tag for tag in new)
    tally.in_flight_kept, tally.in_flight_gone = tally.in_flight_kept + kept, tally.in_flight_gone + len(new) - kept
    for tag in sorted(new) if say_again else ():
        _say_again(record, tag, by_tag[tag].seq if tag in by_tag else None, notes, tally)


def _say_again(record: Record, tag: str, seq: int | None, notes: Path, tally: Tally) -> None:
    """A keyed change said again is recorded once, whether or not it had been."""
    change = change_of(tag, keyed=record.store.dialect != "sqlite")
    if change.key is None:
        return
    receipt = record.commit(change)
    tally.said_again += 1
    if seq is not None and (receipt.seq, receipt.replayed) != (seq, True):
        tally.note("twice", f"{tag} was {seq} and became {receipt.seq}")
    with notes.open("a") as out:
        out.write(f"A {tag} {receipt.seq} {','.join(map(str, receipt.node_ids)) or '-'}\n")


def _all(listing):  # type: ignore[no-untyped-def]
    after = None
    while True:
        page = listing(after=after, limit=10_000)
        yield from page.items
        after = page.next_cursor
        if after is None:
            return


def compare_engines(record: Record, followed: list[EmbeddedEngine], tally: Tally, rng: random.Random) -> None:
    """Every engine that followed the record says what one built from it now says."""
    with record.read() as reader:
        edges = sorted(tuple(row) for chunk in reader.edge_rows() for row in chunk)
        artifacts, executions = reader.count(Kind.ARTIFACT), reader.count(Kind.EXECUTION)
    rebuilt = EmbeddedEngine(record, None)
    seeds = [NodeRef(Kind.ARTIFACT, n) for n in range(1, artifacts + 1)]
    seeds += [NodeRef(Kind.EXECUTION, n) for n in range(1, executions + 1)]
    some = rng.sample(seeds, min(10, len(seeds)))
    try:
        for engine in (rebuilt, *followed):
            whole = engine.trace(seeds, Direction.BOTH, edges=True)
            if sorted(map(tuple, whole.edges)) != edges or whole.total_nodes != len(seeds):
                tally.note(
                    "engine", f"{len(whole.edges)} edges of {len(edges)}, {whole.total_nodes} of {len(seeds)} nodes"
                )
        for ref in some:
            for direction in Direction:
                answers = {_answer(engine, ref, direction) for engine in (rebuilt, *followed)}
                if len(answers) > 1:
                    tally.note("engine", f"{ref} {direction}: engines differ")
    finally:
        rebuilt.close()


def _answer(engine: GraphEngine, ref: NodeRef, direction: Direction) -> tuple[object, ...]:
    trace = engine.trace([ref], direction)
    nodes = sorted(zip(map(int, trace.kinds), map(int, trace.ids), map(int, trace.depths), strict=True))
    return (tuple(nodes), trace.total_nodes, trace.total_edges, trace.depth, trace.seq)
