"""What can be done with runs, and what can be heard of them: the run part of Mutation, Query and Subscription."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import NONE, After, First, Where
from clew.api.graphql.connection import Connection
from clew.api.graphql.describe import recorded, resolved, streamed
from clew.api.graphql.operation import Info, Operation
from clew.api.graphql.run_input import NewRunInput, again_of, parameters_of
from clew.api.graphql.runs import Run, RunFilter, run_of, runs_page, service_of
from clew.api.graphql.scalars import Int64, Json
from clew.executors.runs.find import run_named
from clew.executors.runs.kept import Run as KeptRun
from clew.executors.runs.log import LogPiece
from clew.executors.runs.task import RunTask as KeptTask
from clew.executors.runs.task import tasks_of
from clew.metadata.ids import Kind
from clew.metadata.record import Record

RunId = Annotated[
    str, strawberry.argument(description="A run's id, the beginning of it (four characters), or `context:N`.")
]
BATCH = 200


@strawberry.type(description="A piece of what a task printed.")
class RunLog:
    """A piece of a log."""

    text: str = strawberry.field(description="What it printed.")
    offset: Int64 = strawberry.field(description="Where the next piece begins: pass it as `offset`.")
    is_over: bool = strawberry.field(description="Whether nothing more will come.")


@strawberry.type(description="News of a task of a run.")
class RunTaskChange:
    """A task that began or ended."""

    seq: Int64 = strawberry.field(description="The change that told of it: pass it as `after` to continue behind it.")
    run_state: str = strawberry.field(description="The state of the run.")
    name: str = strawberry.field(description="Where the task stands in the run; empty for the run itself.")
    kind: str = strawberry.field(description="container, importer, resolver, dag or run.")
    state: str = strawberry.field(description="RUNNING, COMPLETE, CACHED, FAILED, CANCELED or SKIPPED.")
    execution: strawberry.ID | None = strawberry.field(description="Its execution; null for the run itself.")
    started_ms: Int64 | None = strawberry.field(description="When it began.")
    ended_ms: Int64 | None = strawberry.field(description="When it ended.")
    error: str = strawberry.field(description="Why it failed.")
    cached: bool = strawberry.field(description="Whether another execution did the work.")
    origin: strawberry.ID | None = strawberry.field(description="Of a reused one: the execution that did the work.")
    skipped: str = strawberry.field(description="Why it was not triggered; empty when it was.")
    attempts: int = strawberry.field(description="How often it was tried.")
    saved_ms: Int64 = strawberry.field(description="Of a reused one: the time the original took.")


@strawberry.type
class RunQuery:
    """Questions about runs."""

    @resolved
    def run(self, info: Info, id: RunId) -> Run:
        """One run. Errors: NOT_FOUND; USAGE when the id is that of several, or of none."""
        return run_of(info.context, id)

    @resolved
    def runs(
        self,
        info: Info,
        where: Where = None,
        filter: Annotated[RunFilter | None, strawberry.argument(description="A typed filter.")] = None,
        first: First = 100,
        after: After = None,
    ) -> Connection[Run]:
        """Runs, newest first; without `filter` those that were not archived."""
        return runs_page(info.context, where, filter, first, after)

    @resolved
    def run_log(
        self,
        info: Info,
        run: RunId,
        task: Annotated[str, strawberry.argument(description="Where the task stands in the run.")],
        offset: Annotated[Int64, strawberry.argument(description="Where the piece begins, in bytes.")] = NONE,
    ) -> RunLog:
        """What a task printed, 256 KiB at most; of a reused one, what the original printed. Errors: NOT_FOUND."""
        piece: LogPiece = service_of(info.context).log(run, task, int(offset))
        return RunLog(text=piece.text, offset=Int64(piece.offset), is_over=piece.is_over)


@strawberry.type
class RunMutation:
    """What can be done with runs."""

    @recorded
    def create_run(self, info: Info, run: Annotated[NewRunInput, strawberry.argument(description="The run.")]) -> Run:
        """Start a run, in a process of its own on the server's home. Errors: INVALID_PIPELINE, INVALID, USAGE before
        anything is recorded; SUBMIT_FAILED.
        """
        service = service_of(info.context)
        return _answer(info.context, service.start(again_of(service, run)))

    @recorded
    def cancel_run(self, info: Info, id: RunId) -> Run:
        """Ask a run to stop; one whose runner is gone is over at once. Errors: NOT_FOUND; CONFLICT when it is over."""
        return _answer(info.context, service_of(info.context).cancel(id))

    @recorded
    def resume_run(self, info: Info, id: RunId) -> Run:
        """Start the run that goes on where this one ended. Errors: NOT_FOUND; CONFLICT while it goes on."""
        return _answer(info.context, service_of(info.context).resume(id))

    @recorded
    def retry_run(
        self,
        info: Info,
        id: RunId,
        task: Annotated[
            str | None,
            strawberry.argument(description="Run this task anew, and what depends on it, instead of what failed."),
        ] = None,
    ) -> Run:
        """Start the run that does again what failed. Errors: NOT_FOUND; CONFLICT when nothing failed; INVALID."""
        return _answer(info.context, service_of(info.context).retry(id, task or ""))

    @recorded
    def clone_run(
        self,
        info: Info,
        id: RunId,
        parameters: Annotated[
            Json | None, strawberry.argument(description="An object: the parameters that differ.")
        ] = None,
        name: Annotated[str | None, strawberry.argument(description="What to call the new run.")] = None,
    ) -> Run:
        """Start a run of the same pipeline from its beginning. Errors: NOT_FOUND, INVALID."""
        return _answer(info.context, service_of(info.context).clone(id, parameters_of(parameters), name))

    @recorded
    def archive_run(
        self,
        info: Info,
        id: RunId,
        archived: Annotated[bool, strawberry.argument(description="False takes it into listings again.")] = True,
    ) -> Run:
        """Leave a run out of listings; nothing of it is deleted. Errors: NOT_FOUND."""
        return _answer(info.context, service_of(info.context).archive(id, archived))


@strawberry.type
class RunSubscription:
    """What can be heard of runs."""

    @streamed
    async def run_tasks(
        self,
        info: Info,
        run: RunId,
        after: Annotated[
            Int64, strawberry.argument(description="Begin behind this change; 0 tells first how all tasks stand.")
        ] = NONE,
    ) -> AsyncGenerator[RunTaskChange, None]:
        """The tasks of a run as they begin and end, then the run's own end: the last that is told."""
        record, stream, seen = info.context.services.record, info.context.stream, int(after)
        context = await stream.run(partial(_context, record, run))
        while True:
            changes, seen, is_over = await stream.run(partial(_news, record, context, seen))
            for change in changes:
                yield change
            if is_over:
                return
            if not changes:
                await stream.pulse.beyond(seen)


def _context(record: Record, run: str) -> int:
    with record.read() as reader:
        return run_named(reader, run).context.id


def _news(record: Record, context: int, seen: int) -> tuple[list[RunTaskChange], int, bool]:
    """What changed behind ``seen``, how far was looked, and whether the run is over and all is told."""
    with record.read() as reader:
        found = KeptRun(reader.context(context))
        where = f"updated_seq > {seen}"
        chunks = reader.every(Kind.EXECUTION, context_id=found.context.id, where=where)
        changed = sorted((task for chunk in chunks for task in tasks_of(chunk)), key=_changed_at)
        news = [_change(found, task) for task in changed]
        if not found.is_open:
            news.append(_end(found))
        return news, int(reader.seq), not found.is_open


def _changed_at(task: KeptTask) -> tuple[int, int]:
    return task.execution.updated_seq, task.execution.id


def _change(run: KeptRun, task: KeptTask) -> RunTaskChange:
    execution = task.execution
    return RunTaskChange(
        seq=Int64(execution.updated_seq),
        run_state=run.state,
        name=task.path,
        kind=task.kind,
        state=task.state,
        execution=strawberry.ID(str(execution.ref)),
        started_ms=None if execution.started_ms is None else Int64(execution.started_ms),
        ended_ms=None if execution.ended_ms is None else Int64(execution.ended_ms),
        error=task.error,
        cached=task.is_cached,
        origin=None if task.origin is None else strawberry.ID(f"execution:{task.origin}"),
        skipped=task.skipped,
        attempts=task.attempts,
        saved_ms=Int64(task.saved_ms),
    )


def _end(run: KeptRun) -> RunTaskChange:
    return RunTaskChange(
        seq=Int64(run.context.updated_seq),
        run_state=run.state,
        name="",
        kind="run",
        state=run.state,
        execution=None,
        started_ms=None if run.started_ms is None else Int64(run.started_ms),
        ended_ms=None if run.ended_ms is None else Int64(run.ended_ms),
        error=run.error,
        cached=False,
        origin=None,
        skipped="",
        attempts=1,
        saved_ms=NONE,
    )


def _answer(operation: Operation, run: KeptRun) -> Run:
    operation.forget_snapshot()
    return run_of(operation, str(run.context.ref))
