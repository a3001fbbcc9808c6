"""What the calls of ``kfp.Client`` answer with, in the fields and words of KFP's v2beta1 API.

Source: kfp-server-api ``V2beta1Run``, ``V2beta1RecurringRun``, ``V2beta1Experiment`` and what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from clew.executors.runs.kept import Run as KeptRun
from clew.executors.runs.schedule import Schedule
from clew.executors.runs.task import RunTask
from clew.metadata.node import Context

STATES = {"COMPLETE": "SUCCEEDED", "CACHED": "SKIPPED"}
"""Our words -> KFP's, where they differ. A reused task is SKIPPED there, with the execution that did the work."""


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """What a run was given."""

    parameters: Mapping[str, Any]
    pipeline_root: str = ""


@dataclass(frozen=True, slots=True)
class Error:
    """Why something failed."""

    message: str
    code: int = 2


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """One task of a run."""

    run_id: str
    task_id: str
    display_name: str
    state: str
    start_time: datetime | None
    end_time: datetime | None
    execution_id: str
    error: Error | None


@dataclass(frozen=True, slots=True)
class RunDetails:
    """The tasks of a run."""

    pipeline_run_context_id: str
    task_details: list[TaskDetail]


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as KFP's ``V2beta1Run``."""

    run_id: str
    display_name: str
    experiment_id: str
    state: str
    """PENDING, RUNNING, CANCELING, SUCCEEDED, FAILED or CANCELED."""
    storage_state: str
    """AVAILABLE or ARCHIVED."""
    created_at: datetime
    scheduled_at: datetime
    finished_at: datetime | None
    runtime_config: RuntimeConfig
    error: Error | None
    recurring_run_id: str | None
    run_details: RunDetails | None = None
    """Only of ``get_run``."""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Ours."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Ours: the output parameters."""


@dataclass(frozen=True, slots=True)
class ListRuns:
    """A page of runs."""

    runs: list[Run]
    total_size: int
    next_page_token: str


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """Fires by a cron expression."""

    cron: str
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class PeriodicSchedule:
    """Fires at an interval."""

    interval_second: int
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a recurring run starts runs."""

    cron_schedule: CronSchedule | None = None
    periodic_schedule: PeriodicSchedule | None = None


@dataclass(frozen=True, slots=True)
class RecurringRun:
    """A schedule, as KFP's ``V2beta1RecurringRun``."""

    recurring_run_id: str
    display_name: str
    experiment_id: str
    status: str
    """ENABLED or DISABLED."""
    mode: str
    """ENABLE or DISABLE."""
    trigger: Trigger
    max_concurrency: int
    no_catchup: bool
    runtime_config: RuntimeConfig
    created_at: datetime
    updated_at: datetime
    namespace: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ListRecurringRuns:
    """Recurring runs."""

    recurring_runs: list[RecurringRun]
    total_size: int
    next_page_token: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment, as KFP's ``V2beta1Experiment``. Its id is its name."""

    experiment_id: str
    display_name: str
    namespace: str
    created_at: datetime
    description: str = ""
    storage_state: str = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class ListExperiments:
    """A page of experiments."""

    experiments: list[Experiment]
    total_size: int
    next_page_token: str


def run_answer(run: KeptRun, tasks: list[RunTask] | None = None) -> Run:
    """A run of the record in KFP's words."""
    about = run.about
    state = "CANCELING" if run.is_open and run.is_cancel_asked else STATES.get(run.state, run.state)
    details = None
    if tasks is not None:
        details = RunDetails(str(run.context.id), [_task(run, task) for task in tasks])
    return Run(
        run_id=run.id,
        display_name=about.name or run.pipeline,
        experiment_id=about.experiment,
        state=state,
        storage_state="ARCHIVED" if run.is_archived else "AVAILABLE",
        created_at=_moment(run.created_ms),
        scheduled_at=_moment(about.scheduled_ms or run.created_ms),
        finished_at=None if run.ended_ms is None else _moment(run.ended_ms),
        runtime_config=RuntimeConfig(run.parameters, run.root),
        error=Error(run.error) if run.error else None,
        recurring_run_id=about.schedule or None,
        run_details=details,
        description=about.description,
        labels=about.labels,
        outputs=run.outputs,
    )


def recurring_answer(schedule: Schedule) -> RecurringRun:
    """A schedule of the record in KFP's words."""
    when, kept, is_on = schedule.when, schedule.kept, schedule.state == "ENABLED"
    start = None if when.start_ms is None else _moment(when.start_ms)
    end = None if when.end_ms is None else _moment(when.end_ms)
    by_cron = Trigger(cron_schedule=CronSchedule(when.cron, start, end))
    return RecurringRun(
        recurring_run_id=schedule.id,
        display_name=schedule.name,
        experiment_id=kept.about.experiment,
        status="ENABLED" if is_on else "DISABLED",
        mode="ENABLE" if is_on else "DISABLE",
        trigger=by_cron if when.cron else Trigger(periodic_schedule=PeriodicSchedule(when.every_s, start, end)),
        max_concurrency=when.max_concurrency,
        no_catchup=not when.catch_up,
        runtime_config=RuntimeConfig(kept.parameters),
        created_at=_moment(schedule.context.created_ms),
        updated_at=_moment(schedule.context.updated_ms),
        namespace=schedule.context.namespace,
        description=kept.about.description,
    )


def experiment_answer(context: Context) -> Experiment:
    """An experiment of the record in KFP's words."""
    told = context.custom_properties.get("description")
    return Experiment(
        experiment_id=context.name or "",
        display_name=context.name or "",
        namespace=context.namespace,
        created_at=_moment(context.created_ms),
        description=told if isinstance(told, str) else "",
    )


def _task(run: KeptRun, task: RunTask) -> TaskDetail:
    started, ended = task.execution.started_ms, task.execution.ended_ms
    return TaskDetail(
        run_id=run.id,
        task_id=task.path,
        display_name=task.path.rpartition("/")[2],
        state=STATES.get(task.state, task.state),
        start_time=None if started is None else _moment(started),
        end_time=None if ended is None else _moment(ended),
        execution_id=str(task.execution.id),
        error=Error(task.error) if task.error else None,
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
