"""Group commit: the changes of concurrent callers share one transaction, each keeping its own success or error.

There is no committing thread. The first caller to arrive leads: it commits whatever is queued, itself included;
who arrives meanwhile waits, and one of those leads the next group. A lone caller pays for no hand-over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from clew.metadata.applier import Applier
from clew.metadata.change import Change, Receipt
from clew.metadata.encode import EncodedChange, encode_change
from clew.metadata.errors import ClewError, StoreUnavailable
from clew.metadata.ids import INT64_MAX, Kind
from clew.metadata.planner import NotPlain, PlainPlan, named_ids
from clew.metadata.store.protocol import HeadMoved, Store, WriteSession, among, listed
from clew.metadata.types import TypeCache

GROUP_LIMIT = 256
"""Changes a transaction: bounds the wait of the last caller and the memory of the rows."""
GATHER_S = 0.0002
"""How often a leader looks whether more callers have come."""
CHAINS = 8
"""So many callers of a group are let go at once, each letting the next one go."""

Outcome = Receipt | BaseException


class _Waiting:
    """One caller's changes, and the gate it waits at until they are committed or it is made leader."""

    __slots__ = ("changes", "gate", "group", "leads", "next", "opened", "outcomes", "taken")

    def __init__(self, changes: list[EncodedChange]) -> None:
        self.changes = changes
        self.gate = threading.Lock()
        self.gate.acquire()
        self.opened = False
        self.leads = False
        self.taken = False
        """Whether a leader, or itself as one, has begun with it."""
        self.group: list[_Waiting] = []
        """Of a leader: whom it commits, itself first."""
        self.outcomes: list[Outcome] | None = None
        self.next: _Waiting | None = None
        """Who is let go after this one: one by one, or dozens of threads would fight for the interpreter at once."""

    def open(self) -> None:
        """Let the caller go on."""
        with suppress(RuntimeError):  # opened before, by a call that Ctrl-C cut short
            self.gate.release()
        self.opened = True

    def wait(self) -> None:
        """Wait at the gate; once through, let the next one go."""
        self.gate.acquire()
        self.pass_on()

    def see_through(self) -> None:
        """Wait again if the first wait was interrupted: who comes after must go on."""
        while not self.opened:
            self.gate.acquire(timeout=0.01)
        self.pass_on()

    def pass_on(self) -> None:
        """Let the next one go."""
        if self.next is not None:
            self.next.open()
            self.next = None


class Committer:
    """Writes changes to one store. Thread-safe."""

    def __init__(self, store: Store, types: TypeCache, clock_ms: Callable[[], int]) -> None:
        self._store = store
        self._types = types
        self._clock_ms = clock_ms
        self._mutex = threading.Lock()
        self._queue: list[_Waiting] = []
        self._busy = False
        self._crowd = 1
        """How many callers there were around the last commit."""

    def commit(self, change: Change) -> Receipt:
        """Record one change; durable when it returns. Errors: its own, or the store's."""
        (outcome,) = self._enter([encode_change(change)])
        if isinstance(outcome, Receipt):
            return outcome
        raise outcome

    def commit_many(self, changes: Sequence[Change]) -> list[Outcome]:
        """Record independent changes in as few transactions as possible, in order."""
        outcomes: list[Outcome | None] = [None] * len(changes)
        sound: list[tuple[int, EncodedChange]] = []
        for index, change in enumerate(changes):
            try:
                sound.append((index, encode_change(change)))
            except ClewError as error:
                outcomes[index] = error
        for start in range(0, len(sound), GROUP_LIMIT):
            group = sound[start : start + GROUP_LIMIT]
            for (index, _), outcome in zip(group, self._enter([e for _, e in group]), strict=True):
                outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _enter(self, changes: list[EncodedChange]) -> list[Outcome]:
        me = _Waiting(changes)
        try:
            with self._mutex:
                self._queue.append(me)
                if not self._busy:
                    self._busy = me.leads = True
            if not me.leads:
                me.wait()
            if me.leads:
                self._lead(me)
        finally:
            try:
                self._leave(me)
            except BaseException:
                self._leave(me)
                raise
        if me.outcomes is None:
            raise _interrupted()
        return me.outcomes

    def _leave(self, me: _Waiting) -> None:
        """Let go whoever waits for ``me``. Ctrl-C may have struck at any line before, or strike here: said twice, it
        does the same, and the others go on."""
        if me.taken and not me.leads:
            me.see_through()
            return
        _let_go(me.group[1:])
        with self._mutex:
            if not me.taken and me in self._queue:
                self._queue.remove(me)
            led = me.leads
            if led:
                self._crowd = len(me.group) + len(self._queue)
                following = self._queue[0] if self._queue else None
                self._busy = following is not None
                if following is not None:
                    following.leads = True
                    following.open()
                me.leads = False
        if me.taken and not led:  # a leader has just begun with it
            me.see_through()

    def _gather(self) -> None:
        """Wait, while they keep coming, for the callers around the last commit, who are preparing their next changes:
        no small group slips in between two large ones. A lone caller never waits."""
        seen = 0
        while seen < len(self._queue) < self._crowd:
            seen = len(self._queue)
            time.sleep(GATHER_S)

    def _lead(self, me: _Waiting) -> None:
        """Commit ``me`` and whoever waits behind."""
        me.opened = True
        self._gather()
        self._take(me.group)
        self._commit_group(me.group)

    def _take(self, group: list[_Waiting]) -> None:
        """Move the callers of the next transaction from the front of the queue to ``group``."""
        with self._mutex:
            size = taken = 0
            for waiting in self._queue:
                size += len(waiting.changes)
                if taken and size > GROUP_LIMIT:
                    break
                taken += 1
            group[:], self._queue = self._queue[:taken], self._queue[taken:]  # one line: both, or neither
            for waiting in group:
                waiting.taken = True

    def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            outcomes = self._transact([change for waiting in group for change in waiting.changes])
            start = 0
            for waiting in group:
                waiting.outcomes = outcomes[start : start + len(waiting.changes)]
                start += len(waiting.changes)
        except BaseException as error:
            translated = self._store.translate(error)
            if translated is not error:
                translated.__cause__ = error
            elif not isinstance(error, Exception):  # the leader's own Ctrl-C; what became of the others' is unknown
                translated = _interrupted()
            for waiting in group:
                waiting.outcomes = [translated] * len(waiting.changes)
            if not isinstance(error, Exception):
                raise

    def _transact(self, changes: list[EncodedChange]) -> list[Outcome]:
        locked = not all(encoded.plain for encoded in changes)
        for _ in range(2):
            try:
                return self._attempt(changes, locked=locked, careful=False)
            except HeadMoved:
                locked = True
            except Exception as error:
                if not self._store.is_conflict(error):
                    raise
                break
        # Some change breaks a uniqueness rule: find which, by applying one at a time.
        return self._attempt(changes, locked=True, careful=True)

    def _attempt(self, changes: list[EncodedChange], *, locked: bool, careful: bool) -> list[Outcome]:
        now_ms = self._clock_ms()
        with self._store.write(locked=locked) as session:
            types = self._types.at(session, session.head.types_seq)
            plan = PlainPlan(session.head.copy(), types, now_ms)
            if not plan.head.dense:  # an import left gaps below the counters: only a look tells whether an id exists
                plan.existing = _existing(session, changes)
            outcomes: list[Outcome] = []
            for encoded in changes:
                try:
                    outcomes.append(self._take_in(session, plan, encoded, now_ms, careful))
                except Exception as error:
                    if isinstance(error, HeadMoved) or self._store.translate(error) is not error:
                        raise
                    if not locked:  # what it misses may be of another process, written since the head was read
                        raise HeadMoved from error
                    outcomes.append(error)
            if plan.dirty:
                session.commit(plan.rows, plan.head)
                self._types.learn(plan.head.types_seq, plan.types)
        return outcomes

    def _take_in(
        self, session: WriteSession, plan: PlainPlan, encoded: EncodedChange, now_ms: int, careful: bool
    ) -> Receipt:
        if encoded.plain and not careful and plan.can_add:
            with suppress(NotPlain):
                return plan.add(encoded)
        return self._apply(session, plan, encoded, now_ms)

    def _apply(self, session: WriteSession, plan: PlainPlan, encoded: EncodedChange, now_ms: int) -> Receipt:
        _write_out(session, plan)
        session.execute("SAVEPOINT one")
        applier = Applier(session, plan.head.copy(), plan.types, plan.rows, now_ms)
        try:
            receipt = applier.apply(encoded)
            _write_out(session, plan)
        except Exception:
            for rows in plan.rows.values():
                rows.clear()
            session.execute("ROLLBACK TO SAVEPOINT one")
            session.execute("RELEASE SAVEPOINT one")
            raise
        session.execute("RELEASE SAVEPOINT one")
        plan.head, plan.types = applier.head, applier.types
        if not receipt.replayed:
            plan.learn(encoded.change, receipt.node_ids)
        # A key may be all that was written: then the head stands still, yet the transaction must commit.
        plan.dirty = plan.dirty or receipt.changed or (encoded.change.key is not None and not receipt.replayed)
        return receipt


def _existing(session: WriteSession, changes: list[EncodedChange]) -> dict[Kind, set[int]]:
    """Which of the nodes that plain changes name by id exist."""
    named: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for encoded in changes:
        if encoded.plain:
            for kind, id, _ in named_ids(encoded.change):
                named[kind].add(id)
    return {kind: _those_that_exist(session, kind, ids) for kind, ids in named.items()}


def _those_that_exist(session: WriteSession, kind: Kind, ids: set[int]) -> set[int]:
    wanted = [id for id in ids if 0 < id <= INT64_MAX]
    if not wanted:
        return set()
    sql = f"SELECT id FROM {kind.value} WHERE id {among(session)}"
    found = session.fetch(sql, (listed(session, wanted),))
    return {row[0] for row in found}


def _let_go(followers: list[_Waiting]) -> None:
    for waiting, after in zip(followers, followers[CHAINS:], strict=False):
        waiting.next = after
    for waiting in followers[:CHAINS]:
        waiting.open()


def _interrupted() -> StoreUnavailable:
    return StoreUnavailable(
        "the process was interrupted while this change was committed with others",
        remedy="Look whether it is recorded, or retry it under its idempotency key",
    )


def _write_out(session: WriteSession, plan: PlainPlan) -> None:
    session.insert(plan.rows)
    for rows in plan.rows.values():
        rows.clear()
