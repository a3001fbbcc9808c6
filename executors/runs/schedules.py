"""Schedules of a home: made, paused, removed, and fired.

A firing is one change: the run it asks for, and the schedule's note of the moment it fired for. It is made only if the
schedule stands as it was read, so that of several servers one makes it, once; a server that dies just after has left a
run that waits, which the next one starts.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace

from clew.executors.runs.again import Again
from clew.executors.runs.find import RunFilter
from clew.executors.runs.kept import OPEN, RUN_TYPE, Run, keep_spec
from clew.executors.runs.launch import stored
from clew.executors.runs.put import RunPut, put_run, put_types
from clew.executors.runs.schedule import SCHEDULE_TYPE, Schedule, state_filter
from clew.executors.runs.schedule_find import schedule_named
from clew.executors.runs.service import RunService
from clew.executors.runs.when import When
from clew.metadata.change import Change
from clew.metadata.digest import parse as parse_digest
from clew.metadata.errors import BlobNotFound, ClewError, Conflict, Invalid, KeyReused, TypeNotFound, VersionConflict
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.value import Value

_RUN_IDS = uuid.UUID("6a6d2a0e-2f0a-4f0c-9d0a-5d2c3f7f5b11")
"""Names of runs are made from the schedule and the moment within this space."""


@dataclass(frozen=True, slots=True)
class ScheduleService:
    """Schedules of one home. Safe for several threads."""

    runs: RunService
    _had: set[str] = field(default_factory=set)
    """Digests of pipelines that the store had: it is not asked for them twice a second."""

    def add(self, again: Again, when: When) -> Schedule:
        """Record a schedule.

        Errors: UsageError, Invalid, InvalidPipeline before anything is recorded.
        """
        from clew.executors.pipeline.check import check

        when = when.checked()
        about = again.options.about.checked()
        given = check(again.pipeline, again.parameters, again.options).parameters
        id = str(uuid.uuid4())
        change = Change(actor=self.runs.options.actor, namespace=again.options.namespace)
        put_types(change)
        change.type(NodeType(Kind.CONTEXT, SCHEDULE_TYPE))
        name = about.name or again.pipeline.name
        root = (self.runs.home / "runs").as_uri()
        spec = keep_spec(self.runs.store, again.pipeline.source)
        put = RunPut(
            id,
            again.pipeline.name,
            root,
            given,
            replace(about, name=name),
            spec,
            again.options.kept(),
            again.options.project,
            SCHEDULE_TYPE,
        )
        kept = put_run(change, put, when.properties() | {"clew.state": "ENABLED"})[1]
        receipt = self.runs.record.commit(change)
        with self.runs.record.read() as reader:
            return Schedule(reader.context(receipt.id(kept)))

    def pause(self, schedule: str) -> Schedule:
        """Let it fire no more until it is resumed. Errors: NotFound, UsageError, Conflict."""
        return self._set(schedule, {"clew.state": "PAUSED"})

    def resume(self, schedule: str) -> Schedule:
        """Let it fire again; what it missed is made up for only where it catches up."""
        found = self.find(schedule)
        if found.state == "ENABLED":
            return found
        now: dict[str, Value] = {} if found.when.catch_up else {"clew.since_ms": _now_ms()}
        return self._set(schedule, {"clew.state": "ENABLED"} | now)

    def remove(self, schedule: str) -> Schedule:
        """Let it fire never more; its history stays."""
        return self._set(schedule, {"clew.state": "REMOVED"})

    def find(self, schedule: str) -> Schedule:
        """The schedule of that id, beginning of an id, name or ``context:N``. Errors: NotFound, UsageError."""
        with self.runs.record.read() as reader:
            return schedule_named(reader, schedule)

    def fire_due(self, now_ms: int | None = None) -> list[Run]:
        """Make the firings that are due, each once, and return the runs asked for.

        Errors: the first that a schedule met, when the others have fired.
        """
        fired: list[Run] = []
        errors: list[ClewError] = []
        for schedule in self.enabled():
            try:
                run = self._fire(schedule, _now_ms() if now_ms is None else now_ms)
            except ClewError as error:
                errors.append(error)
                continue
            fired += [run] if run is not None else []
        if errors:
            raise errors[0]
        return fired

    def enabled(self) -> list[Schedule]:
        """The schedules that fire, whose pipelines this home has."""
        found: list[Schedule] = []
        after = None
        enabled = state_filter("ENABLED")
        with self.runs.record.read() as reader:
            while True:
                try:
                    page = reader.contexts(type=SCHEDULE_TYPE, where=enabled, after=after, limit=1000)
                except TypeNotFound:  # none was ever made
                    return []
                found += [Schedule(context) for context in page.items]
                after = page.next_cursor
                if after is None:
                    return [schedule for schedule in found if self._has_spec(schedule)]

    def _fire(self, schedule: Schedule, now_ms: int) -> Run | None:
        moment = schedule.due_ms(now_ms)
        if moment is None or self._under_way(schedule) >= schedule.when.max_concurrency:
            return None
        again = stored(self.runs.store, schedule.kept, self.runs.options)
        about = replace(again.options.about, schedule=schedule.id, scheduled_ms=moment)
        again = replace(again, options=replace(again.options, about=about))
        change = Change(
            actor=self.runs.options.actor,
            namespace=schedule.context.namespace,
            key=f"clew.schedule/{schedule.id}/{moment}",
        )
        run = str(uuid.uuid5(_RUN_IDS, f"{schedule.id}/{moment}"))
        try:
            put = self.runs.launcher.put(change, again, run)
        except Invalid as error:  # it could be when the schedule was made: a secret is gone, or an engine
            put = self.runs.launcher.put_failed(change, again, run, error.message)
        note = change.context(id=schedule.context.id, custom_properties={"clew.fired_ms": moment})
        note.expect_updated_seq = schedule.context.updated_seq
        try:
            receipt = self.runs.record.commit(change)
        except (VersionConflict, KeyReused):  # another server made it, or somebody changed the schedule
            return None
        with self.runs.record.read() as reader:
            return Run(reader.context(receipt.id(put)))

    def _under_way(self, schedule: Schedule) -> int:
        """Runs of the schedule that wait or go on."""
        with self.runs.record.read() as reader:
            return sum(
                reader.count(Kind.CONTEXT, type=RUN_TYPE, where=RunFilter(schedule=schedule.id, state=state).text())
                for state in OPEN
            )

    def _has_spec(self, schedule: Schedule) -> bool:
        spec = schedule.kept.spec
        if spec not in self._had:
            try:
                self.runs.store.stat(parse_digest(spec))
            except BlobNotFound:
                return False
            self._had.add(spec)
        return True

    def _set(self, schedule: str, properties: dict[str, Value]) -> Schedule:
        found = self.find(schedule)
        if found.state == "REMOVED":
            raise Conflict(
                f"schedule {found.name!r} was removed",
                field="schedule",
                value=schedule,
                remedy="Add another with `clew schedule add`",
            )
        change = Change(actor=self.runs.options.actor, namespace=found.context.namespace)
        change.context(id=found.context.id, custom_properties=properties)
        self.runs.record.commit(change)
        return self.find(str(found.context.ref))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
