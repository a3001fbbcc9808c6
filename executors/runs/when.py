"""The moments at which a schedule fires."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clew.metadata.errors import UsageError
from clew.metadata.value import Value

_EVERY = re.compile(r"(\d{1,9})(s|m|h|d)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_CONCURRENCY_MAX = 1000
_EVERY_MAX_S = 100 * 366 * 86_400  # a century: later than the calendar of what reads it goes


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
        if not self.cron and not 1 <= self.every_s <= _EVERY_MAX_S:
            raise UsageError(
                f"every {self.every_s} s cannot be",
                field="every",
                value=self.every_s,
                remedy=f"Write an interval of 1 to {_EVERY_MAX_S} s",
            )
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
