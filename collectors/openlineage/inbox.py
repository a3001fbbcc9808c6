"""Takes deliveries: events of callers who come at the same time are recorded together, each with its own outcome.

Whoever comes while events are recorded waits, and the first of those who waited then records all that have come: so
many small deliveries cost few transactions. An answer means that the event is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from clew.collectors.openlineage.event import DATASET, EventSaid
from clew.collectors.openlineage.sayings import (
    DATASET_TYPE,
    DECLARED_TYPE,
    JOB_TYPE,
    PARENT_TYPE,
    RUN_TYPE,
    SOURCE,
    ContextKey,
    Known,
    change_of,
    contexts_of,
    outer_of,
    saying_of,
    subject,
)
from clew.metadata.change import Change, NodePut, Receipt
from clew.metadata.errors import ClewError
from clew.metadata.identity import Identity
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution, NodeType
from clew.metadata.record import Record

Outcome = ClewError | None
MOST_CONTEXTS = 100_000
"""Contexts whose ids are remembered."""
_TYPES = (
    (Kind.ARTIFACT, ("Dataset",)),
    (Kind.EXECUTION, (RUN_TYPE, DECLARED_TYPE)),
    (Kind.CONTEXT, (JOB_TYPE, DATASET_TYPE, PARENT_TYPE)),
)


class _Delivery:
    __slots__ = ("error", "events", "outcomes")

    def __init__(self, events: Sequence[EventSaid]) -> None:
        self.events = events
        self.outcomes: list[Outcome] | None = None
        self.error: BaseException | None = None


class Inbox:
    """Records events. Thread-safe."""

    def __init__(self, record: Record, identity: Identity, namespace: str = "default") -> None:
        self._record, self._identity, self._namespace = record, identity, namespace
        self._turn, self._mutex = threading.Lock(), threading.Lock()
        self._waiting: list[_Delivery] = []
        self._contexts: dict[ContextKey, int] = {}
        self._typed = False

    def deliver(self, events: Sequence[EventSaid]) -> list[Outcome]:
        """Record ``events``: None for each that is durable, else what was wrong with it.

        Errors: those of the store, when nothing could be recorded.
        """
        mine = _Delivery(events)
        with self._mutex:
            self._waiting.append(mine)
        with self._turn:
            if mine.outcomes is None and mine.error is None:
                with self._mutex:
                    taken, self._waiting = self._waiting, []
                self._take(taken)
        if mine.error is not None:
            raise mine.error
        assert mine.outcomes is not None
        return mine.outcomes

    def _take(self, taken: list[_Delivery]) -> None:
        try:
            outcomes = self._settle([event for delivery in taken for event in delivery.events])
        except BaseException as error:
            for delivery in taken:
                delivery.error = error
            return
        for delivery in taken:
            delivery.outcomes, outcomes = outcomes[: len(delivery.events)], outcomes[len(delivery.events) :]

    def _settle(self, events: list[EventSaid]) -> list[Outcome]:
        """Those of one subject together; where they are refused, one by one, so that the wrong one is told."""
        self._make_types()
        self._make_contexts(contexts_of(events))
        subjects: dict[str, list[int]] = {}
        for index, event in enumerate(events):
            subjects.setdefault(subject(event), []).append(index)
        outcomes: list[Outcome] = [None] * len(events)
        places = list(subjects.values())
        for indexes, error in zip(places, self._settle_each([[events[i] for i in p] for p in places]), strict=True):
            if error is None:
                continue
            for index in indexes:
                outcomes[index] = error if len(indexes) == 1 else self._settle_each([[events[index]]])[0]
        return outcomes

    def _settle_each(self, subjects: list[list[EventSaid]]) -> list[Outcome]:
        """Record each list of events, all of one subject, as one change."""
        known = self._known([event for events in subjects for event in events])
        changes = [change_of(events, known) for events in subjects if events[0].kind == DATASET]
        sayings = [saying_of(events, known) for events in subjects if events[0].kind != DATASET]
        found = iter(self._record.commit_many(changes))
        settled = iter(self._identity.settle_many(sayings))
        return [_outcome(next(found if events[0].kind == DATASET else settled)) for events in subjects]

    def _known(self, events: list[EventSaid]) -> Known:
        known = Known(contexts=dict(self._contexts))
        outer = {id for event in events if (id := outer_of(event)) is not None}
        work = {subject(event) for event in events if event.kind != DATASET}
        datasets = {subject(event) for event in events if event.kind == DATASET}
        with self._record.read() as reader:
            for node in reader.find_external(Kind.EXECUTION, work, self._namespace):
                assert isinstance(node, Execution)
                known.executions[node.external_id or ""] = node
            for found in reader.find_external(Kind.ARTIFACT, datasets, self._namespace) if datasets else ():
                assert isinstance(found, Artifact)
                known.artifacts[found.external_id or ""] = found
            known.outer = set(reader.executions_by_id(outer)) if outer else set()
        return known

    def _make_types(self) -> None:
        if self._typed:
            return
        change = Change(actor=SOURCE)
        for kind, names in _TYPES:
            for name in names:
                change.type(NodeType(kind, name))
        self._record.commit(change)
        self._typed = True

    def _make_contexts(self, keys: dict[ContextKey, None]) -> None:
        missing = [key for key in keys if key not in self._contexts]
        if not missing:
            return
        if len(self._contexts) > MOST_CONTEXTS:
            self._contexts.clear()
            missing = list(keys)
        change = Change(actor=SOURCE, namespace=self._namespace)
        for key in missing:
            put = NodePut(Kind.CONTEXT, key.type, name=key.name, custom_properties=dict(key.properties))
            put.reuse, put.if_absent = "name", True
            change.node(put)
        self._contexts |= dict(zip(missing, self._record.commit(change).node_ids, strict=True))


def _outcome(outcome: Receipt | BaseException) -> Outcome:
    if isinstance(outcome, Receipt):
        return None
    if isinstance(outcome, ClewError):
        return outcome
    raise outcome
