"""Identity: the one place where what protocols say becomes one graph."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clew.metadata.change import Change, NodePut, Receipt
from clew.metadata.committer import Outcome
from clew.metadata.errors import ClewError, NotFound, StoreUnavailable
from clew.metadata.identity import alias
from clew.metadata.identity.alias import Alias, Aliases
from clew.metadata.identity.coverage import Coverage, coverage
from clew.metadata.identity.place import Place
from clew.metadata.identity.saying import Said, Saying, version_name
from clew.metadata.identity.weave import Weaver, check
from clew.metadata.identity.whole import joined, located, split
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.value import Value

BATCH = 256
"""Sayings that are settled together: one transaction of the committer."""
FOREVER_MS = 2**62
MOST_KEPT = 300_000
"""Versions, reads and executions that are kept in memory between batches, about 0.5 KB each."""
MOST_FOREIGN = 200
"""Changes of others that are looked through before what is kept is rather loaded anew."""


@dataclass(slots=True, eq=False)
class _Waiting:
    sayings: list[Saying]
    outcomes: list[Outcome] | None = None


class Identity:
    """Settles sayings on one record. Thread-safe: callers that come together share a transaction."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._mutex = threading.Lock()
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._weaver: Weaver | None = None
        """What is known of places, as of ``_seq``: most messages are about the same few."""
        self._seq = 0

    def settle(self, sayings: Sequence[Saying]) -> list[Receipt]:
        """Record each saying as one atomic change, durable when this returns.

        The graph is a function of the set of sayings: their order, number and repetition do not matter.
        Errors: that of the first saying that failed, after all others were recorded.
        """
        receipts: list[Receipt] = []
        failed: list[BaseException] = []
        for outcome in self.settle_many(sayings):
            if isinstance(outcome, Receipt):
                receipts.append(outcome)
            else:
                failed.append(outcome)
        if failed:
            raise failed[0]
        return receipts

    def settle_many(self, sayings: Sequence[Saying]) -> list[Outcome]:
        """As :meth:`settle`, but an error is one saying's own, in its place."""
        if not sayings:
            return []
        me = _Waiting(list(sayings))
        with self._mutex:
            self._queue.append(me)
        with self._lock:
            if me.outcomes is None:
                self._settle_waiting()
        assert me.outcomes is not None
        return me.outcomes

    def resolve(self, uri: str, at_ms: int | None = None, namespace: str = "default") -> Artifact | None:
        """What a read of ``uri`` would get: its newest version written until ``at_ms`` (now, where None).

        None where nothing is known of the place; as it was found, where nobody was seen to write it.
        Errors: Invalid for a uri that is none.
        """
        location, partition = located(uri)
        with self._record.read() as reader:
            weaver = Weaver(reader, Aliases(alias.every(reader, namespace)))
            weaver.load(namespace, (location,))
            place = weaver.places[namespace, location]
            none = -1
            found = {name: found.ref for name, found in place.found.items()}
            said = Said(FOREVER_MS if at_ms is None else at_ms, location, partition, (), None, None)
            refs = place.resolve(None, said, lambda part: found.get(version_name(joined(place.head, part), ""), none))
            ids = [ref for ref in refs if isinstance(ref, int) and ref != none]
            return reader.artifacts_by_id(ids[:1]).get(ids[0]) if ids else None

    def look_again(self, uris: Iterable[str], namespace: str = "default") -> None:
        """Look again at places where something was recorded beside what was said: where somebody is known to have
        written, who imported from there gets the version. Errors: Invalid for a uri that is none."""
        locations = {located(uri)[0] for uri in uris}
        with self._lock:
            with self._record.read() as reader:
                weaver = Weaver(reader, Aliases(alias.every(reader, namespace)))
                weaver.load(namespace, locations)
                change = Change(actor="identity", namespace=namespace)
                for place in {id(p): p for p in weaver.places.values() if p.versions}.values():
                    weaver.settle(change, place)
            if change.events or change.withdrawals or change.nodes:
                self._record.commit(change)

    # -- aliases -----------------------------------------------------------------------------------------------

    def add_alias(
        self, location: str, same_as: str, *, actor: str = "", reason: str = "", namespace: str = "default"
    ) -> Receipt:
        """Two locations are one: reads of either are of the newest version of both.

        Errors: Invalid for a uri that is none.
        """
        one, other = located(location)[0], located(same_as)[0]
        change = Change(actor=actor, namespace=namespace)
        with self._lock:
            with self._record.read() as reader:
                weaver = Weaver(reader, Aliases(alias.every(reader, namespace)))
                alias.put(change, one, other, reason=reason, source="", typed=False)
                weaver.settle(change, weaver.join(namespace, one, other))
            return self._record.commit(change)

    def remove_alias(
        self, location: str, same_as: str, *, actor: str = "", reason: str = "", namespace: str = "default"
    ) -> Receipt:
        """Two locations are not one after all: reads move back to where they were. No later message revives it.

        Errors: NotFound where nobody said so.
        """
        one, other = located(location)[0], located(same_as)[0]
        change = Change(actor=actor, namespace=namespace)
        with self._lock:
            with self._record.read() as reader:
                every = list(alias.every(reader, namespace))
                gone = next((a for a in every if not a.undone and a.pair == alias.pair(one, other)), None)
                if gone is None:
                    raise NotFound(
                        f"nobody said that {one} is {other}",
                        field="same_as",
                        value=same_as,
                        remedy="List aliases with `clew alias ls`",
                    )
                told: dict[str, Value] = {"undone": True, "undone_by": actor, "undone_reason": reason}
                change.context(id=gone.context_id, custom_properties=told)
                self._part(reader, change, Aliases(iter(every)), Aliases(a for a in every if a is not gone), one)
            return self._record.commit(change)

    def aliases(self, namespace: str | None = None, *, undone: bool = False) -> list[Alias]:
        """Which locations are one, and who said so; with ``undone``, also what was taken back."""
        with self._record.read() as reader:
            return [a for a in alias.every(reader, namespace) if undone or not a.undone]

    def _part(self, reader: Reader, change: Change, before: Aliases, after: Aliases, location: str) -> None:
        """Move the edges of one place to the places it falls apart into."""
        namespace = change.namespace
        weaver = Weaver(reader, before)
        weaver.load(namespace, (location,))
        whole = weaver.places[namespace, location]
        weaver.aliases = after
        weaver.places = {}
        parts: dict[int, Place] = {}
        for member in whole.members:
            if (namespace, member) not in weaver.places:
                place = _part_of(whole, after.members(namespace, member))
                weaver.places |= {(namespace, name): place for name in place.members}
                parts[id(place)] = place
        weaver.part(change, whole, list(parts.values()))

    # -- questions ---------------------------------------------------------------------------------------------

    def same_content(self, artifact_id: int) -> list[Artifact]:
        """Other artifacts with the same bytes, newest first. Errors: ArtifactNotFound."""
        with self._record.read() as reader:
            digest = reader.artifact(artifact_id).digest
            found = reader.artifacts_with_digest(digest) if digest else []
        return [artifact for artifact in found if artifact.id != artifact_id]

    def versions(self, artifact_id: int) -> list[Artifact]:
        """All that was ever at the artifact's location, newest first, itself included. Errors: ArtifactNotFound."""
        with self._record.read() as reader:
            artifact = reader.artifact(artifact_id)
            if not artifact.location:
                return [artifact]
            return [a for a in reader.artifacts_at(artifact.location) if a.namespace == artifact.namespace]

    def coverage(self, namespace: str | None = None) -> Coverage:
        """Executions without inputs or outputs and artifacts nobody made, by type and protocol."""
        with self._record.read() as reader:
            return coverage(reader, namespace)

    # -- private -----------------------------------------------------------------------------------------------

    def _settle_waiting(self) -> None:
        with self._mutex:
            group, self._queue = self._queue, []
        sayings = [saying for waiting in group for saying in waiting.sayings]
        outcomes: list[Outcome] = []
        try:
            for start in range(0, len(sayings), BATCH):
                outcomes += self._settle_batch(sayings[start : start + BATCH])
        except BaseException as error:
            outcomes += [error] * (len(sayings) - len(outcomes))
            if not isinstance(error, Exception):
                raise
        finally:
            outcomes += [StoreUnavailable("the process was interrupted", remedy="Say it again")] * (
                len(sayings) - len(outcomes)
            )
            start = 0
            for waiting in group:
                waiting.outcomes = outcomes[start : start + len(waiting.sayings)]
                start += len(waiting.sayings)

    def _settle_batch(self, sayings: list[Saying]) -> list[Outcome]:
        marks = [_Mark(saying) for saying in sayings]
        outcomes = self._attempt(sayings, careful=False)
        for at, outcome in enumerate(outcomes):
            # Another process was quicker, or a saying failed on which this one relied: again, alone and looking.
            if isinstance(outcome, ClewError):
                marks[at].restore()
                (outcomes[at],) = self._attempt([sayings[at]], careful=True)
        return outcomes

    def _attempt(self, sayings: list[Saying], *, careful: bool) -> list[Outcome]:
        outcomes: list[Outcome | None] = [None] * len(sayings)
        woven: list[int] = []
        with self._record.read() as reader:
            before = reader.seq
            weaver = self._kept(reader, careful=careful)
            try:
                for saying in sayings:
                    check(saying)
                weaver.prepare(sayings)
            except ClewError as error:
                if len(sayings) == 1:
                    return [error]
                return [self._attempt([saying], careful=careful)[0] for saying in sayings]
            for at, saying in enumerate(sayings):
                try:
                    weaver.weave(saying)
                    woven.append(at)
                except ClewError as error:
                    outcomes[at] = error
        for at, outcome in zip(woven, self._record.commit_many([sayings[at].change for at in woven]), strict=True):
            outcomes[at] = outcome
        settled = [outcome for outcome in outcomes if outcome is not None]
        if not self._mend(before, settled, weaver) and all(isinstance(outcome, Receipt) for outcome in settled):
            touched = {id(p): p for s in sayings for p in weaver.places_of(s)}
            weaver.bind(touched.values())
            self._weaver, self._seq = weaver, before + sum(isinstance(o, Receipt) and o.changed for o in settled)
        return settled

    def _kept(self, reader: Reader, *, careful: bool) -> Weaver:
        """What is kept of the record, as it says now; it is kept again when all went well."""
        kept, self._weaver = self._weaver, None
        if kept is None or careful or kept.size > MOST_KEPT or not _caught_up(kept, reader, self._seq):
            return Weaver(reader, Aliases(alias.every(reader)), careful=careful)
        kept.look_at(reader)
        return kept

    def _mend(self, before: int, outcomes: list[Outcome], weaver: Weaver) -> bool:
        """Look again at places where somebody else recorded something since they were looked at; whether so."""
        ours = {outcome.seq for outcome in outcomes if isinstance(outcome, Receipt) and outcome.changed}
        if not ours or max(ours) - before == len(ours):
            return False
        with self._record.read() as reader:
            wanted: dict[str, list[str]] = {}
            for namespace, location in weaver.places:
                wanted.setdefault(namespace, []).append(location)
            again = Weaver(reader, Aliases(alias.every(reader)))
            for namespace, locations in wanted.items():
                again.load(namespace, locations)
                change = Change(actor="identity", namespace=namespace)
                for place in {id(p): p for (n, _), p in again.places.items() if n == namespace}.values():
                    place.all_stale()
                    again.settle(change, place)
                if change.events or change.withdrawals or change.nodes:
                    self._record.commit(change)
        return True


def _caught_up(weaver: Weaver, reader: Reader, seq: int) -> bool:
    """Let go of what others changed since ``seq``; False where that is better done by starting anew."""
    if reader.seq == seq:
        return True
    if reader.seq - seq > MOST_FOREIGN:
        return False
    written: set[int] = set()
    aliases = {t.id for t in reader.types(Kind.CONTEXT) if t.name == alias.TYPE}
    for change in reader.changes(seq, MOST_FOREIGN):
        for table, row in change.ops:
            if table == "withdrawal" or (table == "context" and row["type_id"] in aliases):
                return False
            if table == "artifact":
                written.add(row["id"])
            elif table == "event":
                written.add(row["artifact"])
                if "location" in row:
                    weaver.forget(change.namespace, row["location"])
    for artifact in reader.artifacts_by_id(written).values():
        if artifact.location:
            weaver.forget(artifact.namespace, split(artifact.location)[0])
    return True


def _part_of(whole: Place, members: frozenset[str]) -> Place:
    place = Place(members, whole.outer)
    for version in whole.versions.values():
        if split(version.location)[0] in members:
            own = place.add_version(version.ref, version.name, version.location, version.partition, version.time_ms)
            own.wrote = version.wrote
    for execution, reads in whole.reads.items():
        for said in reads.values():
            if said.location in members:
                place.read(execution, said)
    return place


class _Mark:
    """How long the lists of a change were, and how its execution was to be found, before it was woven."""

    def __init__(self, saying: Saying) -> None:
        change = saying.change
        self._lists = [
            (items, len(items))
            for items in (
                change.types, change.nodes, change.events, change.withdrawals, change.attributions,
                change.associations, change.parents,
            )
        ]  # fmt: skip
        puts = (*change.nodes, saying.execution, *saying.within)
        self._reuse = [(put, put.reuse) for put in puts if isinstance(put, NodePut)]

    def restore(self) -> None:
        """As it was."""
        for items, length in self._lists:
            del items[length:]
        for put, reuse in self._reuse:
            put.reuse, put.given = reuse, None
