"""Schedules: when they fire, that each firing is made once, and what happens to those that were missed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.runs.about import About
from clew.executors.runs.again import Again
from clew.executors.runs.find import RunFilter
from clew.executors.runs.keeper import Keeper
from clew.executors.runs.kept import RUN_TYPE, Run
from clew.executors.runs.schedule import Schedule
from clew.executors.runs.schedules import ScheduleService
from clew.executors.runs.service import RunService
from clew.executors.runs.when import When, every, moment_of
from clew.metadata.blobs.local import LocalStore
from clew.metadata.change import Change
from clew.metadata.errors import Conflict, Invalid, NotFound, UsageError
from clew.metadata.record import Record

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


# -- when --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "after", "expected"),
    [
        (When(cron="0 9 * * *"), "2026-01-01T09:00", "2026-01-02T09:00"),
        (When(cron="0 9 * * *"), "2026-01-01T08:59:59", "2026-01-01T09:00"),
        (When(cron="30 0 9 ? * 2-6"), "2026-01-01T00:00", "2026-01-01T09:00:30"),
        (When(cron="0 9 * * *", zone="Europe/Berlin"), "2026-01-01T00:00", "2026-01-01T08:00"),
        (When(cron="0 9 * * *", zone="Europe/Berlin"), "2026-07-01T00:00", "2026-07-01T07:00"),
        (When(cron="0 9 * * *", start_ms=at("2026-03-01T09:00")), "2026-01-01T00:00", "2026-03-01T09:00"),
        (When(cron="0 9 * * *", end_ms=at("2026-01-01T09:00")), "2026-01-01T09:00", None),
        (When(every_s=600), "2026-01-01T00:00", "2026-01-01T00:10"),
        (When(every_s=600), "2026-01-01T00:10", "2026-01-01T00:20"),
        (When(every_s=600), "2026-01-01T00:25", "2026-01-01T00:30"),
        (When(every_s=600, start_ms=at("2026-01-01T00:05")), "2026-01-01T00:00", "2026-01-01T00:05"),
        (When(every_s=600, start_ms=at("2026-01-01T00:05")), "2026-01-01T00:05", "2026-01-01T00:15"),
    ],
)
def test_the_next_firing_is_the_first_later_one(when: When, after: str, expected: str | None) -> None:
    found = when.after(at(after), anchor_ms=at("2026-01-01T00:00"))
    assert found == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    "when", [When(cron="*/7 * * * *"), When(every_s=420), When(cron="15 3 * * *", zone="Asia/Tokyo")]
)
def test_the_latest_firing_is_the_last_of_those_that_follow_one_another(when: When) -> None:
    anchor = at("2026-01-01T00:00")
    for until in range(anchor, anchor + 3 * DAY, 97 * MINUTE + 13_000):
        moment, last = anchor, None
        while (following := when.after(moment, anchor)) is not None and following <= until:
            moment = last = following
        assert when.latest(anchor, until, anchor) == last


def test_a_time_that_does_not_exist_in_the_zone_fires_once_that_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    when = When(cron="30 2 * * *", zone="Europe/Berlin")
    moment, days = at("2026-03-27T12:00"), []
    for _ in range(4):
        following = when.after(moment, 0)
        assert following is not None
        days.append(datetime.fromtimestamp(following / 1000, berlin).day)
        moment = following
    assert days == [28, 29, 30, 31]


@pytest.mark.parametrize(
    "make",
    [
        lambda: When().checked(),
        lambda: When(cron="0 9 * * *", every_s=60).checked(),
        lambda: When(cron="0 9 * *").checked(),
        lambda: When(cron="61 9 * * *").checked(),
        lambda: When(cron="0 9 * * *", zone="Mars/Olympus").checked(),
        lambda: When(cron="0 9 * * *", zone="../../etc/passwd").checked(),
        lambda: When(every_s=60, max_concurrency=0).checked(),
        lambda: When(every_s=-1).checked(),
        lambda: When(every_s=10**13).checked(),
        lambda: When(every_s=60, start_ms=2, end_ms=1).checked(),
        lambda: every("0m"),
        lambda: every("10 minutes"),
        lambda: moment_of("tomorrow", "UTC", "start"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_with_what_to_write(make: Any) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert caught.value.field
    assert caught.value.remedy


def test_intervals_and_times_are_read() -> None:
    assert [every(text) for text in ("90s", "10m", "2h", "1d")] == [90, 600, 7200, 86_400]
    assert moment_of("2026-12-01T09:00", "Europe/Berlin", "start") == at("2026-12-01T08:00")
    assert moment_of("2026-12-01T09:00+02:00", "UTC", "start") == at("2026-12-01T07:00")


# -- firing ------------------------------------------------------------------------------------------------


class Desk:
    """Schedules on one record."""

    def __init__(self, record: Record, home: Path, compiled: Path) -> None:
        self.record, self.home = record, home
        self.pipeline = load(compiled / "sums.yaml")
        self.service = self.server()

    def server(self) -> ScheduleService:
        return ScheduleService(
            RunService(self.record, LocalStore(self.home / "blobs"), RunOptions(home=self.home, actor="ann"))
        )

    def add(self, when: When, **about: Any) -> Schedule:
        options = RunOptions(home=self.home, about=About(**({"name": "nightly"} | about)))
        return self.service.add(Again(self.pipeline, {}, options), when)

    def runs(self, schedule: Schedule) -> list[Run]:
        """Oldest first."""
        with self.record.read() as reader:
            where = RunFilter(schedule=schedule.id).text()
            return [Run(context) for context in reader.contexts(type=RUN_TYPE, where=where, limit=1000).items]

    def end(self, run: Run, state: str = "COMPLETE") -> None:
        change = Change()
        change.context(id=run.context.id, custom_properties={"clew.state": state})
        self.record.commit(change)


@pytest.fixture
def desk(record_url: str, tmp_path: Path, compiled: Path) -> Iterator[Desk]:
    home = tmp_path / "home"
    home.mkdir()
    with Record.open(record_url) as record:
        yield Desk(record, home, compiled)


def test_a_firing_asks_for_a_run_as_the_schedule_says(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60), experiment="churn", labels={"team": "search"})
    assert desk.service.fire_due(schedule.context.created_ms + 59_999) == []
    (run,) = desk.service.fire_due(schedule.context.created_ms + 60_000)
    about = run.about
    assert (run.state, run.pipeline, about.name, about.experiment, about.labels) == (
        "PENDING",
        "sums",
        "nightly",
        "churn",
        {"team": "search"},
    )
    assert (about.schedule, about.scheduled_ms) == (schedule.id, schedule.context.created_ms + 60_000)
    assert desk.service.fire_due(schedule.context.created_ms + 60_001) == []


def test_each_firing_is_made_once_by_many_servers(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60, max_concurrency=1000))
    servers = [desk.server() for _ in range(8)]
    begin = schedule.context.created_ms
    with ThreadPoolExecutor(8) as pool:
        for minute in range(1, 6):
            list(pool.map(lambda server: server.fire_due(begin + minute * MINUTE), servers))  # noqa: B023
    moments = [run.about.scheduled_ms for run in desk.runs(schedule)]
    assert moments == [begin + minute * MINUTE for minute in range(1, 6)]


def test_missed_firings_are_made_up_for_one_by_one(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60))
    begin = schedule.context.created_ms
    late = begin + 3 * MINUTE + 1
    moments = []
    for _ in range(5):
        for run in desk.service.fire_due(late):
            moments.append(run.about.scheduled_ms)
            desk.end(run)
    assert moments == [begin + MINUTE, begin + 2 * MINUTE, begin + 3 * MINUTE]


def test_without_catching_up_only_the_latest_is_made_up_for(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60, catch_up=False))
    begin = schedule.context.created_ms
    for _ in range(3):
        for run in desk.service.fire_due(begin + 10 * MINUTE + 1):
            desk.end(run)
    assert [run.about.scheduled_ms for run in desk.runs(schedule)] == [begin + 10 * MINUTE]


def test_a_firing_waits_for_room(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60, max_concurrency=2))
    begin = schedule.context.created_ms
    for minute in range(1, 5):
        desk.service.fire_due(begin + minute * MINUTE)
    assert len(desk.runs(schedule)) == 2
    desk.end(desk.runs(schedule)[0], "FAILED")
    desk.service.fire_due(begin + 4 * MINUTE)
    assert [run.about.scheduled_ms - begin for run in desk.runs(schedule)] == [MINUTE, 2 * MINUTE, 3 * MINUTE]


def test_a_paused_schedule_does_not_fire_and_forgets_what_it_missed_unless_it_catches_up(desk: Desk) -> None:
    for catch_up in (True, False):
        schedule = desk.add(When(every_s=1, catch_up=catch_up), name=f"catch-up-{catch_up}")
        assert desk.service.pause(schedule.name).state == "PAUSED"
        begin = schedule.context.created_ms
        time.sleep(1.1)
        assert desk.service.fire_due(begin + 5000) == []
        resumed = desk.service.resume(schedule.id[:8])
        assert resumed.state == "ENABLED"
        assert (resumed.due_ms(int(time.time() * 1000)) is not None) is catch_up
        desk.service.remove(schedule.id)


def test_a_removed_schedule_keeps_its_history_and_cannot_come_back(desk: Desk) -> None:
    schedule = desk.add(When(every_s=60))
    desk.service.fire_due(schedule.context.created_ms + MINUTE)
    desk.service.remove("nightly")
    assert desk.service.fire_due(schedule.context.created_ms + 9 * MINUTE) == []
    assert len(desk.runs(schedule)) == 1
    with pytest.raises(Conflict, match="was removed"):
        desk.service.resume("nightly")
    with desk.record.read() as reader:
        states = [node.custom_properties["clew.state"] for node in reader.history(schedule.context.ref)]
    assert (states[0], states[-1]) == ("ENABLED", "REMOVED")


def test_a_schedule_is_named_by_name_or_id_and_ambiguity_is_said(desk: Desk) -> None:
    one, two = desk.add(When(every_s=60)), desk.add(When(every_s=60))
    assert desk.service.find(one.id).id == one.id
    assert desk.service.find(f"context:{two.context.id}").id == two.id
    with pytest.raises(UsageError, match="names several schedules"):
        desk.service.find("nightly")
    desk.service.remove(one.id)
    assert desk.service.find("nightly").id == two.id
    with pytest.raises(NotFound):
        desk.service.find("daily")


def test_a_bad_schedule_is_refused_before_anything_is_recorded(desk: Desk) -> None:
    before = desk.record.seq()
    options = RunOptions(home=desk.home)
    for again, when in [
        (Again(desk.pipeline, {"nope": 1}, options), When(every_s=60)),
        (Again(desk.pipeline, {}, options), When(cron="every day")),
        (Again(desk.pipeline, {}, replace(options, about=About("a\nb"))), When(every_s=60)),
    ]:
        with pytest.raises(Invalid):
            desk.service.add(again, when)
    assert desk.record.seq() == before


def test_a_firing_that_cannot_be_is_a_failed_run_and_hinders_no_other(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret.env"
    secret.write_text("KEY=value")
    options = RunOptions(home=desk.home, about=About("bad"), secrets={"db": secret})
    bad = desk.service.add(Again(desk.pipeline, {}, options), When(every_s=60))
    good = desk.add(When(every_s=60))
    secret.unlink()
    desk.service.fire_due(good.context.created_ms + MINUTE)
    assert [run.state for run in desk.runs(good)] == ["PENDING"]
    (failed,) = desk.runs(bad)
    assert (failed.state, "secret" in failed.error) == ("FAILED", True)
    assert desk.service.find("bad").fired_ms == failed.about.scheduled_ms


def test_a_run_that_a_dead_server_left_waiting_is_started_by_the_next(tmp_path: Path, compiled: Path) -> None:
    home = tmp_path / "home"
    with Record.open(home) as record:
        desk = Desk(record, home, compiled)
        schedule = desk.add(When(every_s=1, max_concurrency=1))
        (run,) = desk.service.fire_due(schedule.context.created_ms + 1000)  # and then the server was killed
        desk.service.pause(schedule.id)
        keeper = Keeper(desk.service.runs)
        keeper.start()
        deadline = time.monotonic() + 60
        while (ended := desk.service.runs.again(run)).is_open:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        keeper.stop()
        assert (ended.state, [one.id for one in desk.runs(schedule)]) == ("COMPLETE", [run.id])
