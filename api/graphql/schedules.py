"""Schedules, as GraphQL types, questions and mutations."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.arguments import After, First
from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.describe import recorded, resolved
from clew.api.graphql.nodes import Context, contexts_of
from clew.api.graphql.operation import Info, Operation, Snapshot
from clew.api.graphql.run_input import NewRunInput, again_of
from clew.api.graphql.runs import Label, Run, RunFilter, runs_page, service_of
from clew.api.graphql.scalars import Int64, Json
from clew.executors.runs import schedule as kept
from clew.executors.runs.schedule_find import schedule_named
from clew.executors.runs.schedules import ScheduleService
from clew.executors.runs.when import When
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind

ScheduleId = Annotated[
    str, strawberry.argument(description="A schedule's name, its id, the beginning of it, or `context:N`.")
]


@strawberry.input(description="A schedule to be made: a run, and when. Give `cron` or `everyS`.")
class NewScheduleInput:
    """A schedule."""

    run: NewRunInput = strawberry.field(description="The run; its name is that of the schedule.")
    cron: str | None = strawberry.field(
        default=None, description="Minute, hour, day, month, weekday; six fields begin with seconds."
    )
    every_s: int | None = strawberry.field(default=None, description="Seconds between two firings.")
    zone: str = strawberry.field(default="UTC", description="Time zone of the cron expression.")
    start_ms: Int64 | None = strawberry.field(default=None, description="Not before.")
    end_ms: Int64 | None = strawberry.field(default=None, description="Not after.")
    catch_up: bool = strawberry.field(
        default=True, description="Whether every firing that was missed is made up for, or only the latest."
    )
    max_concurrency: int = strawberry.field(default=1, description="Runs of it at once.")


@strawberry.type(description="A pipeline that is run at set times.")
class Schedule:
    """A schedule."""

    snapshot: strawberry.Private[Snapshot]
    told: strawberry.Private[kept.Schedule]
    node: strawberry.Private[Context]
    id: str = strawberry.field(description="Its id: the name of its context.")
    name: str = strawberry.field(description="What people call it.")
    pipeline: str = strawberry.field(description="Name of its pipeline.")
    state: str = strawberry.field(description="ENABLED, PAUSED or REMOVED.")
    cron: str | None = strawberry.field(description="When it fires, as a cron expression.")
    every_s: int | None = strawberry.field(description="Seconds between two firings.")
    zone: str = strawberry.field(description="Time zone of the cron expression.")
    start_ms: Int64 | None = strawberry.field(description="Not before.")
    end_ms: Int64 | None = strawberry.field(description="Not after.")
    catch_up: bool = strawberry.field(description="Whether every firing that was missed is made up for.")
    max_concurrency: int = strawberry.field(description="Runs of it at once.")
    fired_ms: Int64 | None = strawberry.field(description="The latest moment it fired for.")
    next_ms: Int64 | None = strawberry.field(description="When it fires next.")
    experiment: str = strawberry.field(description="The experiment of its runs.")
    labels: list[Label] = strawberry.field(description="The labels of its runs.")
    created_ms: Int64 = strawberry.field(description="When it was made.")
    namespace: str = strawberry.field(description="Its namespace.")

    @resolved
    def context(self) -> Context:
        """Its context in the record; its history is that of the schedule."""
        return self.node

    @resolved
    def parameters(self) -> Json:
        """What its runs are given, defaults filled in."""
        return Json(self.told.kept.parameters)

    @resolved
    def runs(self, first: First = 20, after: After = None) -> Connection[Run]:
        """The runs it started, newest first."""
        chosen = RunFilter(schedule=self.told.id, archived=None)
        return runs_page(self.snapshot.operation, None, chosen, first, after)


@strawberry.type
class ScheduleQuery:
    """Questions about schedules."""

    @resolved
    def schedule(self, info: Info, id: ScheduleId) -> Schedule:
        """One schedule. Errors: NOT_FOUND; USAGE when the name is that of several."""
        snapshot = info.context.snapshot()
        return _schedules(snapshot, [schedule_named(snapshot.reader, id)])[0]

    @resolved
    def schedules(
        self,
        info: Info,
        state: Annotated[str | None, strawberry.argument(description="ENABLED, PAUSED or REMOVED.")] = None,
        namespace: Annotated[str | None, strawberry.argument(description="In this namespace.")] = None,
        first: First = 100,
        after: After = None,
    ) -> Connection[Schedule]:
        """Schedules, newest first."""
        snapshot, limit = info.context.snapshot(), info.context.page(first)
        reader = snapshot.reader
        where = None if state is None else kept.state_filter(state)
        try:
            page = reader.contexts(
                type=kept.SCHEDULE_TYPE,
                where=where,
                namespace=namespace,
                descending=True,
                after=after,
                limit=max(1, limit),
            )
        except TypeNotFound:  # none was ever made
            return connect([], [], False, after, lambda: 0)
        items = [kept.Schedule(context) for context in page.items][:limit]

        def total() -> int:
            return reader.count(Kind.CONTEXT, type=kept.SCHEDULE_TYPE, where=where, namespace=namespace)

        has_next = page.has_next or len(page.items) > limit
        return connect(_schedules(snapshot, items), page.cursors[:limit], has_next, after, total)


@strawberry.type
class ScheduleMutation:
    """What can be done with schedules."""

    @recorded
    def create_schedule(
        self, info: Info, schedule: Annotated[NewScheduleInput, strawberry.argument(description="The schedule.")]
    ) -> Schedule:
        """Run a pipeline at set times; `clew up` does it. Errors: USAGE, INVALID, INVALID_PIPELINE."""
        when = When(
            cron=schedule.cron or "",
            every_s=schedule.every_s or 0,
            zone=schedule.zone,
            start_ms=schedule.start_ms,
            end_ms=schedule.end_ms,
            catch_up=schedule.catch_up,
            max_concurrency=schedule.max_concurrency,
        )
        service = _service(info.context)
        return _answer(info.context, service.add(again_of(service.runs, schedule.run), when))

    @recorded
    def pause_schedule(self, info: Info, id: ScheduleId) -> Schedule:
        """Let it fire no more, until it is resumed. Errors: NOT_FOUND; CONFLICT when it was removed."""
        return _answer(info.context, _service(info.context).pause(id))

    @recorded
    def resume_schedule(self, info: Info, id: ScheduleId) -> Schedule:
        """Let it fire again. Errors: NOT_FOUND; CONFLICT when it was removed."""
        return _answer(info.context, _service(info.context).resume(id))

    @recorded
    def remove_schedule(self, info: Info, id: ScheduleId) -> Schedule:
        """Let it fire never more; its history stays. Errors: NOT_FOUND; CONFLICT when it was removed."""
        return _answer(info.context, _service(info.context).remove(id))


def _service(operation: Operation) -> ScheduleService:
    return ScheduleService(service_of(operation))


def _answer(operation: Operation, schedule: kept.Schedule) -> Schedule:
    operation.forget_snapshot()
    return _schedules(operation.snapshot(), [schedule])[0]


def _schedules(snapshot: Snapshot, found: list[kept.Schedule]) -> list[Schedule]:
    nodes = contexts_of(snapshot, [schedule.context for schedule in found])
    return [_schedule(snapshot, schedule, node) for schedule, node in zip(found, nodes, strict=True)]


def _schedule(snapshot: Snapshot, told: kept.Schedule, node: Context) -> Schedule:
    when, about = told.when, told.kept.about
    return Schedule(
        snapshot=snapshot,
        told=told,
        node=node,
        id=told.id,
        name=told.name,
        pipeline=told.kept.pipeline,
        state=told.state,
        cron=when.cron or None,
        every_s=when.every_s or None,
        zone=when.zone,
        start_ms=_time(when.start_ms),
        end_ms=_time(when.end_ms),
        catch_up=when.catch_up,
        max_concurrency=when.max_concurrency,
        fired_ms=_time(told.fired_ms),
        next_ms=_time(told.next_ms),
        experiment=about.experiment,
        labels=[Label(key=key, value=value) for key, value in sorted(about.labels.items())],
        created_ms=Int64(told.context.created_ms),
        namespace=told.context.namespace,
    )


def _time(ms: int | None) -> Int64 | None:
    return None if ms is None else Int64(ms)
