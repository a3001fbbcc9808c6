"""Runs and their tasks, as GraphQL types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import After, First
from clew.api.graphql.cache import CacheDecision, cache_decision
from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.definition import PipelineDefinition, definition_of
from clew.api.graphql.describe import resolved
from clew.api.graphql.listing import Asked, page_of
from clew.api.graphql.nodes import Context, Execution, contexts_of, executions_of
from clew.api.graphql.operation import Operation, Snapshot
from clew.api.graphql.scalars import Int64, Json
from clew.executors.runs import find, kept, task
from clew.executors.runs.log import task_named
from clew.executors.runs.service import RunService
from clew.executors.runs.tally import tallies
from clew.metadata import node as record
from clew.metadata.errors import InvalidPipeline, NotFound, TypeNotFound, Unsupported
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader


@strawberry.type(description="A label of a run.")
class Label:
    """A label."""

    key: str = strawberry.field(description="Its key.")
    value: str = strawberry.field(description="Its value.")


@strawberry.input(description="A label to find runs by.")
class LabelInput:
    """A label."""

    key: str = strawberry.field(description="Its key.")
    value: str = strawberry.field(description="Its value.")


@strawberry.input(description="Which runs. What is given must all hold.")
class RunFilter:
    """Typed filter of runs."""

    experiment: str | None = strawberry.field(default=None, description="Of this experiment.")
    state: str | None = strawberry.field(default=None, description="PENDING, RUNNING, COMPLETE, FAILED or CANCELED.")
    pipeline: str | None = strawberry.field(default=None, description="Of this pipeline.")
    name: str | None = strawberry.field(default=None, description="Of this name.")
    schedule: str | None = strawberry.field(default=None, description="Started by this schedule.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description="With all of these labels.")
    archived: bool | None = strawberry.field(
        default=False, description="Those that were archived, or those that were not; null for both."
    )
    namespace: str | None = strawberry.field(default=None, description="In this namespace.")


@strawberry.type(description="One task of a run.")
class RunTask:
    """A task."""

    node: strawberry.Private[Execution]
    told: strawberry.Private[task.RunTask]
    name: str = strawberry.field(description="Where it stands in the run: `for-loop-1#2/train`.")
    kind: str = strawberry.field(description="container, importer, resolver or dag.")
    state: str = strawberry.field(description="RUNNING, COMPLETE, CACHED, FAILED, CANCELED or SKIPPED.")
    cached: bool = strawberry.field(description="Whether another execution did the work.")
    origin: strawberry.ID | None = strawberry.field(description="Of a reused one: the execution that did the work.")
    started_ms: Int64 | None = strawberry.field(description="When it began.")
    ended_ms: Int64 | None = strawberry.field(description="When it ended.")
    error: str = strawberry.field(description="Why it failed.")
    skipped: str = strawberry.field(description="Why it was not triggered; empty when it was.")
    parent: str = strawberry.field(
        description="The graph or iteration it lies in: `for-loop-1#2` of `for-loop-1#2/train`, `for-loop-1` of that; "
        "empty for the run itself."
    )
    iteration: int | None = strawberry.field(description="Of an iteration of a loop: which, from 0.")
    attempts: int = strawberry.field(description="How often it was tried.")
    saved_ms: Int64 = strawberry.field(description="Of a reused one: the time the original took.")

    @resolved
    def execution(self) -> Execution:
        """Its execution in the record."""
        return self.node

    @resolved
    def inputs(self) -> Json:
        """The parameters it was given."""
        return Json(self.told.execution.custom_properties.get("inputs", {}))

    @resolved
    def outputs(self) -> Json:
        """Its output parameters."""
        return Json(self.told.execution.custom_properties.get("outputs", {}))

    @resolved
    def decision(self) -> CacheDecision | None:
        """Why it was reused or had to run; null where nothing was decided."""
        try:
            return cache_decision(self.node.batch.snapshot, self.told.execution.ref)
        except NotFound:
            return None


@strawberry.type(description="Tasks in one state.")
class RunTaskCount:
    """A count."""

    state: str = strawberry.field(description="RUNNING, COMPLETE, CACHED, FAILED, CANCELED or SKIPPED.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="How the steps of a run that have begun stand: graphs and loops are not counted.")
class RunTally:
    """A tally."""

    steps: int = strawberry.field(description="All of them.")
    counts: list[RunTaskCount] = strawberry.field(description="By state.")
    saved_ms: Int64 = strawberry.field(description="The time that reuse spared.")


@strawberry.type(description="A run of a pipeline.")
class Run:
    """A run."""

    snapshot: strawberry.Private[Snapshot]
    told: strawberry.Private[kept.Run]
    node: strawberry.Private[Context]
    id: str = strawberry.field(description="Its id: the name of its context.")
    name: str = strawberry.field(description="What people call it.")
    description: str = strawberry.field(description="What it is for.")
    pipeline: str = strawberry.field(description="Name of its pipeline.")
    experiment: str = strawberry.field(description="The experiment it belongs to.")
    labels: list[Label] = strawberry.field(description="Its labels.")
    state: str = strawberry.field(description="PENDING, RUNNING, COMPLETE, FAILED or CANCELED.")
    archived: bool = strawberry.field(description="Whether listings leave it out.")
    created_ms: Int64 = strawberry.field(description="When it was asked for.")
    started_ms: Int64 | None = strawberry.field(description="When its runner began.")
    ended_ms: Int64 | None = strawberry.field(description="When it ended.")
    error: str = strawberry.field(description="Why it failed.")
    resumed_from: str | None = strawberry.field(description="The run whose finished tasks it took over.")
    cloned_from: str | None = strawberry.field(description="The run it is a copy of.")
    schedule: str | None = strawberry.field(description="The schedule that started it.")
    namespace: str = strawberry.field(description="Its namespace.")

    @resolved
    def context(self) -> Context:
        """Its context in the record."""
        return self.node

    @resolved
    def parameters(self) -> Json:
        """What it was given, defaults filled in."""
        return Json(self.told.parameters)

    @resolved
    def outputs(self) -> Json:
        """Its output parameters."""
        return Json(self.told.outputs)

    @resolved
    def spec(self) -> str:
        """The IR it was made from. Errors: NOT_FOUND where it was not kept."""
        return kept.spec_text(service_of(self.snapshot.operation).store, self.told)

    @resolved
    def definition(self) -> PipelineDefinition | None:
        """The pipeline it runs, read: what it takes and which tasks it has; null where it was not kept."""
        try:
            return definition_of(kept.spec_text(service_of(self.snapshot.operation).store, self.told))
        except (NotFound, InvalidPipeline):
            return None

    @resolved
    def tally(self) -> RunTally:
        """How its steps stand, counted."""
        batch = self.node.batch
        found = batch.once("tallies", lambda snapshot, ids: tallies(snapshot.reader, ids))[self.told.context.id]
        counts = [RunTaskCount(state=state, count=count) for state, count in sorted(found.counts.items())]
        return RunTally(steps=found.steps, counts=counts, saved_ms=Int64(found.saved_ms))

    @resolved
    def task(self, name: Annotated[str, strawberry.argument(description="Where it stands in the run.")]) -> RunTask:
        """One task; the latest, where it was begun twice. Errors: NOT_FOUND."""
        found = task_named(self.snapshot.reader, self.told, name)
        return tasks_of(self.snapshot, [found.execution])[0]

    @resolved
    def tasks(self, first: First = 100, after: After = None) -> Connection[RunTask]:
        """Its tasks, in the order in which they began."""
        where = f"type IN ({', '.join(map(find.quoted, task.KINDS))})"
        where += " AND custom_properties.`clew.path`.string_value IS NOT NULL"
        asked = Asked(Kind.EXECUTION, where, None, None, first, after, self.told.context.id)
        return page_of(self.snapshot, tasks_of, asked)


def service_of(operation: Operation) -> RunService:
    """What can be done with runs. Errors: Unsupported on a server without a home."""
    if operation.services.runs is None:
        raise Unsupported(
            "this server has no home, so it neither runs pipelines nor keeps their files",
            field="runs",
            remedy="Serve a home with `clew up`",
        )
    return operation.services.runs


def runs_of(snapshot: Snapshot, rows: Sequence[record.Context]) -> list[Run]:
    """Contexts of runs, as runs."""
    return [_run(snapshot, row, node) for row, node in zip(rows, contexts_of(snapshot, rows), strict=True)]


def tasks_of(snapshot: Snapshot, rows: Sequence[record.Execution]) -> list[RunTask]:
    """Executions of tasks, as tasks."""
    return [_task(row, node) for row, node in zip(rows, executions_of(snapshot, rows), strict=True)]


def run_of(operation: Operation, text: str) -> Run:
    """The run named by its id, the beginning of its id, or `context:N`. Errors: NotFound, UsageError."""
    snapshot = operation.snapshot()
    return runs_of(snapshot, [find.run_named(snapshot.reader, text).context])[0]


def runs_page(
    operation: Operation, where: str | None, filter: RunFilter | None, first: int, after: str | None
) -> Connection[Run]:
    """One page of runs, newest first."""
    chosen = filter or RunFilter()
    asked = find.RunFilter(
        experiment=chosen.experiment,
        state=chosen.state,
        pipeline=chosen.pipeline,
        name=chosen.name,
        schedule=chosen.schedule,
        labels={label.key: label.value for label in chosen.labels or []},
        archived=chosen.archived,
        where=where,
    )
    asked.text()
    snapshot, limit = operation.snapshot(), operation.page(first)
    reader = snapshot.reader
    try:
        text = find.without_archived(asked, lambda archived: _ids(reader, archived, chosen.namespace)).text()
        with find.positions(asked):
            page = reader.contexts(
                type=kept.RUN_TYPE,
                where=text,
                namespace=chosen.namespace,
                descending=True,
                after=after,
                limit=max(1, limit),
            )
    except TypeNotFound:  # no run was ever recorded
        return connect([], [], False, after, lambda: 0)
    items = list(page.items)[:limit]

    def total() -> int:
        return reader.count(Kind.CONTEXT, type=kept.RUN_TYPE, where=text, namespace=chosen.namespace)

    has_next = page.has_next or len(page.items) > limit
    return connect(runs_of(snapshot, items), page.cursors[:limit], has_next, after, total)


def _ids(reader: Reader, where: str, namespace: str | None) -> Iterator[int]:
    after = None
    while True:
        page = reader.contexts(type=kept.RUN_TYPE, where=where, namespace=namespace, after=after, limit=1000)
        yield from (context.id for context in page.items)
        after = page.next_cursor
        if after is None:
            return


def _run(snapshot: Snapshot, row: record.Context, node: Context) -> Run:
    told = kept.Run(row)
    about = told.about
    return Run(
        snapshot=snapshot,
        told=told,
        node=node,
        id=told.id,
        name=about.name,
        description=about.description,
        pipeline=told.pipeline,
        experiment=about.experiment,
        labels=[Label(key=key, value=value) for key, value in sorted(about.labels.items())],
        state=told.state,
        archived=told.is_archived,
        created_ms=Int64(told.created_ms),
        started_ms=_time(told.started_ms),
        ended_ms=_time(told.ended_ms),
        error=told.error,
        resumed_from=about.resumed_from or None,
        cloned_from=about.cloned_from or None,
        schedule=about.schedule or None,
        namespace=row.namespace,
    )


def _task(row: record.Execution, node: Execution) -> RunTask:
    told = task.RunTask(row)
    return RunTask(
        node=node,
        told=told,
        name=told.path,
        kind=told.kind,
        state=told.state,
        cached=told.is_cached,
        origin=None if told.origin is None else strawberry.ID(f"execution:{told.origin}"),
        started_ms=_time(row.started_ms),
        ended_ms=_time(row.ended_ms),
        error=told.error,
        skipped=told.skipped,
        parent=told.parent,
        iteration=told.iteration,
        attempts=told.attempts,
        saved_ms=Int64(told.saved_ms),
    )


def _time(ms: int | None) -> Int64 | None:
    return None if ms is None else Int64(ms)
