"""A schedule: when a pipeline is run, and what the record keeps of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clew.executors.runs.find import property_field
from clew.executors.runs.kept import Run
from clew.metadata.errors import UsageError
from clew.metadata.node import Context
from clew.metadata.value import Value

SCHEDULE_TYPE = "clew.Schedule"
STATES = ("ENABLED", "PAUSED", "REMOVED")
_EVERY = re.compile(r"(\d{1,9})(s|m|h|d)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CONCURRENCY_MAX = 1000


@dataclass(frozen=True, slots=True)
class When:
    """The moments at which a schedule fires: by ``cron`` in ``zone``, or every ``every_s`` seconds."""

    cron: str = ""
    every_s: int = 0
    zone: str = "UTC"
    start_ms: int | None = None
    """Not before; an interval is counted from here."""
    end_ms: int | None = None
    """Not after."""
    catch_up: bool = True
    """Whether firings that were missed are made up for; else only the latest is."""
    max_concurrency: int = 1
    """Runs of it at once; a firing waits for room."""

    def checked(self) -> When:
        """The same, cron in its usual spelling. Errors: UsageError naming what cannot be."""
        if bool(self.cron) == bool(self.every_s):
            raise UsageError("a schedule has either a cron expression or an interval", field="cron", remedy="Give one")
        if not 1 <= self.max_concurrency <= _CONCURRENCY_MAX:
            raise UsageError(
                f"{self.max_concurrency} runs at once cannot be",
                field="max_concurrency",
                value=self.max_concurrency,
                remedy=f"Write 1 to {_CONCURRENCY_MAX}",
            )
        if self.start_ms is not None and self.end_ms is not None and self.end_ms < self.start_ms:
            raise UsageError("it ends before it starts", field="end", value=self.end_ms, remedy="Swap them")
        zone_of(self.zone)
        if self.cron:
            _cron(self.cron, datetime.now(UTC))
        return self

    def after(self, moment_ms: int, anchor_ms: int) -> int | None:
        """The first firing later than ``moment_ms``; intervals count from ``anchor_ms`` where there is no start."""
        if self.start_ms is not None:
            moment_ms = max(moment_ms, self.start_ms - 1)
        if self.every_s:
            step, first = self.every_s * 1000, self._first(anchor_ms)
            found = first if moment_ms < first else first + ((moment_ms - first) // step + 1) * step
        else:
            moment = datetime.fromtimestamp(moment_ms / 1000, zone_of(self.zone))
            try:
                found = _ms(next(_cron(self.cron, moment)))
            except StopIteration:
                return None
        return None if self.end_ms is not None and found > self.end_ms else found

    def latest(self, since_ms: int, now_ms: int, anchor_ms: int) -> int | None:
        """The last firing later than ``since_ms`` and not later than ``now_ms``."""
        until = now_ms if self.end_ms is None else min(now_ms, self.end_ms)
        if self.every_s:
            step, first = self.every_s * 1000, self._first(anchor_ms)
            found = first + (until - first) // step * step if until >= first else None
        else:
            moment = datetime.fromtimestamp(until / 1000 + 1, zone_of(self.zone))
            try:
                found = _ms(next(_cron(self.cron, moment, reverse=True)))
            except StopIteration:
                return None
        begins = max(since_ms, (self.start_ms or 1) - 1)
        return found if found is not None and begins < found <= until else None

    def _first(self, anchor_ms: int) -> int:
        return self.start_ms if self.start_ms is not None else anchor_ms + self.every_s * 1000

    def properties(self) -> dict[str, Value]:
        """As the context of the schedule keeps it."""
        said: dict[str, Value] = {
            "clew.zone": self.zone,
            "clew.catch_up": self.catch_up,
            "clew.max_concurrency": self.max_concurrency,
        }
        for name, value in (
            ("clew.cron", self.cron),
            ("clew.every_s", self.every_s),
            ("clew.start_ms", self.start_ms),
            ("clew.end_ms", self.end_ms),
        ):
            if value:
                said[name] = value
        return said

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> When:
        """Read from the properties of a context."""
        return cls(
            cron=str(told.get("clew.cron", "")),
            every_s=int(told.get("clew.every_s", 0)),
            zone=str(told.get("clew.zone", "UTC")),
            start_ms=told.get("clew.start_ms"),
            end_ms=told.get("clew.end_ms"),
            catch_up=told.get("clew.catch_up") is not False,
            max_concurrency=int(told.get("clew.max_concurrency", 1)),
        )


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


def every(text: str) -> int:
    """Seconds of ``90s``, ``10m``, ``2h``, ``1d``. Errors: UsageError."""
    match = _EVERY.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise UsageError(f"{text[:80]!r} is no interval", field="every", value=text, remedy="Write 90s, 10m, 2h or 1d")
    return int(match[1]) * _UNIT_S[match[2]]


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Errors: UsageError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"{name[:80]!r} is no time zone known here",
            field="zone",
            value=name,
            remedy="Write a name such as Europe/Berlin, or UTC",
        ) from error


def moment_of(text: str, zone: str, field: str) -> int:
    """A time in ISO 8601 as UTC milliseconds; without an offset it is of ``zone``. Errors: UsageError."""
    try:
        moment = datetime.fromisoformat(text)
        return _ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone_of(zone)))
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text[:80]!r} is no time", field=field, value=text, remedy="Write it as 2026-12-01T09:00"
        ) from error


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _cron(text: str, moment: datetime, *, reverse: bool = False) -> Any:
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(text.replace("?", "*"), moment, reverse=reverse)
    except CronSimError as error:
        raise UsageError(
            f"{text[:80]!r} is no cron expression: {error}",
            field="cron",
            value=text,
            remedy="Write five fields, minute hour day month weekday ('0 9 * * 1-5'), or six with seconds before them",
        ) from error
