"""A schedule as the record keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clew.executors.runs.find import property_field
from clew.executors.runs.kept import Run
from clew.executors.runs.when import When
from clew.metadata.errors import UsageError
from clew.metadata.node import Context

SCHEDULE_TYPE = "clew.Schedule"
STATES = ("ENABLED", "PAUSED", "REMOVED")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The context of a schedule, read."""

    context: Context

    @property
    def id(self) -> str:
        """Its id: the context's name."""
        return self.context.name or ""

    @property
    def kept(self) -> Run:
        """What its runs are made of: a schedule keeps that as a run does."""
        return Run(self.context)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.kept.about.name

    @property
    def state(self) -> str:
        """ENABLED, PAUSED or REMOVED."""
        return self.kept.state

    @property
    def when(self) -> When:
        """When it fires."""
        return When.of(self.context.custom_properties)

    @property
    def fired_ms(self) -> int | None:
        """The latest moment it fired for."""
        value = self.context.custom_properties.get("clew.fired_ms")
        return value if isinstance(value, int) else None

    @property
    def since_ms(self) -> int:
        """Firings up to here are settled: they were made, or it was not in force."""
        value = self.context.custom_properties.get("clew.since_ms")
        since = value if isinstance(value, int) else self.context.created_ms
        return max(since, self.fired_ms or 0)

    @property
    def next_ms(self) -> int | None:
        """When it fires next, if it is enabled."""
        return self.when.after(self.since_ms, self.context.created_ms) if self.state == "ENABLED" else None

    def due_ms(self, now_ms: int) -> int | None:
        """The firing to be made now, if there is one."""
        if self.state != "ENABLED":
            return None
        when, anchor = self.when, self.context.created_ms
        if not when.catch_up:
            return when.latest(self.since_ms, now_ms, anchor)
        found = when.after(self.since_ms, anchor)
        return found if found is not None and found <= now_ms else None

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        when, kept = self.when, self.kept
        return {
            "schedule": self.id,
            "context": str(self.context.ref),
            "name": self.name,
            "pipeline": kept.pipeline,
            "state": self.state,
            "cron": when.cron or None,
            "every_s": when.every_s or None,
            "zone": when.zone,
            "start_ms": when.start_ms,
            "end_ms": when.end_ms,
            "catch_up": when.catch_up,
            "max_concurrency": when.max_concurrency,
            "fired_ms": self.fired_ms,
            "next_ms": self.next_ms,
            "parameters": kept.parameters,
            "experiment": kept.about.experiment,
            "labels": dict(kept.about.labels),
            "created_ms": self.context.created_ms,
            "namespace": self.context.namespace,
        }


def state_filter(state: str) -> str:
    """The filter for the schedules in ``state``. Errors: UsageError for what is none."""
    if state not in STATES:
        raise UsageError(
            f"{state[:80]!r} is no state of a schedule",
            field="state",
            value=state,
            remedy="Write one of " + ", ".join(STATES),
        )
    return f"{property_field('clew.state')}.string_value = '{state}'"
