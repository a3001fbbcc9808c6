"""Metric histories: whole, by pages, of several runs, and thinned out evenly for a chart."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import orjson

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import Run, find_run, metric
from clew.api.mlflow.errors import Refused
from clew.api.mlflow.paging import offset_of, token_of
from clew.api.mlflow.runs import RUN_ID
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import DOCS, Field, need

MOST_BULK, MOST_RUNS = 25_000, 100
MOST_POINTS_A_RUN = 2500
MOST_SKIPPED = 200
"""Points of one step that are counted through to find one of them."""
_POINTS = (
    "FROM ml_point p JOIN ml_metric m ON m.number = p.metric WHERE p.run = ? AND m.name = ? "
    "ORDER BY p.time_ms, p.step, p.value"
)
_COLUMNS = "value, is_nan, time_ms, step"
_BY_STEP = "ORDER BY step, time_ms, value, is_nan"


def get_history(call: Call) -> Answer:
    """``metrics/get-history``."""
    key, most = call.text("metric_key"), call.given.get("max_results")
    if most is not None and most <= 0:
        raise Refused(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer.")
    with call.store.read() as session:
        offset = offset_of(call.text("page_token"))
        run = known(session, call.namespace, call.text("run_id"))
        if run is None:
            return {}
        limit = -1 if most is None else most + 1
        rows = session.fetch(
            f"SELECT p.value, p.is_nan, p.time_ms, p.step {_POINTS} {_limit(session)}", (run.number, key, limit, offset)
        )
    answer: dict[str, Any] = {}
    if most is not None and len(rows) > most:
        rows = rows[:most]
        answer["next_page_token"] = token_of(offset + most)
    if rows:
        answer["metrics"] = [metric(key, *row) for row in rows]
    return answer


def known(session: Session, namespace: str, run_id: str) -> Run | None:
    """The run; None for one that is not there, whose history MLflow tells as an empty one."""
    try:
        return find_run(session, namespace, run_id)
    except Refused:
        return None


def _limit(session: Session) -> str:
    return "LIMIT ? OFFSET ?" if session.dialect == "sqlite" else "LIMIT NULLIF(?, -1) OFFSET ?"


def get_history_bulk(call: Call) -> Answer:
    """``metrics/get-history-bulk``: of several runs, by run."""
    runs, key = call.items("run_id"), call.text("metric_key")
    if not runs:
        raise Refused("GetMetricHistoryBulk request must specify at least one run_id.")
    if len(runs) > MOST_RUNS:
        raise Refused(
            f"GetMetricHistoryBulk request cannot specify more than {MOST_RUNS} run_ids. Received {len(runs)} run_ids."
        )
    if "metric_key" not in call.given:
        raise Refused("GetMetricHistoryBulk request must specify a metric_key.")
    most = min(call.whole("max_results", MOST_BULK), MOST_BULK)
    told: list[dict[str, Any]] = []
    with call.store.read() as session:
        for run_id in sorted(set(runs)):
            if len(told) >= most:
                break
            run = known(session, call.namespace, run_id)
            if run is None:
                continue
            sql = f"SELECT p.value, p.is_nan, p.time_ms, p.step {_POINTS} {_limit(session)}"
            rows = session.fetch(sql, (run.number, key, most - len(told), 0))
            told += [metric(key, *row) | {"run_id": run_id} for row in rows]
    return {"metrics": told}


def get_history_interval(call: Call) -> Answer:
    """``metrics/get-history-bulk-interval``: at most ``max_results`` points a run, evenly, with the first and last."""
    runs, key = call.items("run_ids"), call.text("metric_key")
    if len(runs) > MOST_RUNS:
        raise Refused(
            f"GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids. "
            f"Received {len(runs)} run_ids." + DOCS
        )
    most = call.whole("max_results", MOST_POINTS_A_RUN)
    if not 1 <= most <= MOST_POINTS_A_RUN:
        raise Refused(f"max_results must be between 1 and {MOST_POINTS_A_RUN}." + DOCS)
    steps = call.given.get("start_step"), call.given.get("end_step")
    if (steps[0] is None) != (steps[1] is None):
        raise Refused("If either start step or end step are specified, both must be specified.")
    if steps[0] is not None and steps[0] > steps[1]:
        raise Refused(f"end_step must be greater than start_step. Found start_step={steps[0]} and end_step={steps[1]}.")
    told: list[dict[str, Any]] = []
    with call.store.read() as session:
        for run in filter(None, (known(session, call.namespace, run_id) for run_id in runs)):
            rows = sampled(session, run.number, key, most, *steps)
            told += [metric(key, *row) | {"run_id": run.id} for row in rows]
    return {"metrics": told} if told else {}


def sampled(
    session: Session, run: int, key: str, most: int, first: int | None = None, last: int | None = None
) -> Sequence[tuple[Any, ...]]:
    """Points by step, thinned out to ``most``: the first of each of as many buckets of equal size, and the last one."""
    number = session.one("SELECT number FROM ml_metric WHERE name = ?", (key,))
    if number is None:
        return []
    where, given = "run = ? AND metric = ?", [run, number[0]]
    if first is not None and last is not None:
        where, given = f"{where} AND step >= ? AND step <= ?", [*given, first, last]
    ends = [
        session.one(f"SELECT step FROM ml_point WHERE {where} ORDER BY step {way} LIMIT 1", given)
        for way in ("ASC", "DESC")
    ]
    if ends[0] is None or ends[1] is None:
        return []
    steps = _each_step(session, given[:2], ends[0][0], ends[1][0], most)
    if steps is None:
        total = _count(session, f"WHERE {where}", given)
        if total <= most:
            return session.fetch(f"SELECT {_COLUMNS} FROM ml_point WHERE {where} {_BY_STEP}", given)
        places = bucket_starts(total, most)
        steps = _steps(session, where, given, places)
        if steps is None:
            return _by_place(session, where, given, places)
    sql = f"SELECT {_COLUMNS} FROM ml_point WHERE run = ? AND metric = ? AND step = ? {_BY_STEP} LIMIT 1 OFFSET ?"
    return [row for step, skip in steps if (row := session.one(sql, (*given[:2], step, skip))) is not None]


def bucket_starts(total: int, most: int) -> list[int]:
    """Where each of ``most`` buckets begins (SQL's NTILE), the last one replaced by the last place of all."""
    size, larger = divmod(total, most)
    starts = [number * size + min(number, larger) for number in range(most)]
    return [*starts[:-1], total - 1] if starts[-1] != total - 1 else starts


def _count(session: Session, where: str, given: Sequence[Any]) -> int:
    row = session.one(f"SELECT COUNT(*) FROM ml_point {where}", given)
    assert row is not None
    return int(row[0])


def _each_step(session: Session, of: Sequence[Any], low: int, high: int, most: int) -> list[tuple[int, int]] | None:
    """The step of each place, where every step from the first to the last has one point; None where that is not so.

    Held to be so until the points between two places are not as many as that would make them: one count over all.
    """
    total = high - low + 1
    if total <= most:
        return None
    steps = [low + place for place in bucket_starts(total, most)]
    where = "WHERE run = ? AND metric = ? AND step >= ? AND step < ?"
    for first, after in pairwise([*steps, high + 1]):
        if _count(session, where, (*of, first, after)) != after - first:
            return None
    return [(step, 0) for step in steps]


def _steps(session: Session, where: str, given: Sequence[Any], places: Sequence[int]) -> list[tuple[int, int]] | None:
    """The step of each place, and how many points of that step come before it; None where that would cost more.

    Reading a million steps as one text takes SQLite a fourth of the time that a million rows take.
    """
    if session.dialect != "sqlite":
        return None
    sql = f"SELECT json_group_array(step) FROM (SELECT step FROM ml_point WHERE {where} ORDER BY step)"
    steps: list[int] = orjson.loads(session.fetch(sql, given)[0][0])
    found = [(steps[place], place - bisect_left(steps, steps[place])) for place in places]
    return found if all(skip <= MOST_SKIPPED for _, skip in found) else None


def _by_place(session: Session, where: str, given: Sequence[Any], places: Sequence[int]) -> list[tuple[Any, ...]]:
    """By counting through all of them."""
    sql = f"SELECT {_COLUMNS} FROM ml_point WHERE {where} {_BY_STEP}"
    wanted = iter([*places, -1])
    at = next(wanted)
    kept = []
    for place, row in enumerate(session.fetch(sql, given)):
        if place == at:
            kept.append(row)
            at = next(wanted)
    return kept


_KEY = need("metric_key")
ENDPOINTS = (
    Endpoint(
        "metrics/get-history",
        ("GET",),
        get_history,
        (RUN_ID, _KEY, Field("page_token"), Field("max_results", "int", checked=False)),
    ),
    Endpoint(
        "metrics/get-history-bulk",
        ("GET",),
        get_history_bulk,
        (Field("run_id", "strings"), Field("metric_key"), Field("max_results", "int")),
    ),
    Endpoint(
        "metrics/get-history-bulk-interval",
        ("GET",),
        get_history_interval,
        (
            need("run_ids", "strings"),
            _KEY,
            Field("start_step", "int"),
            Field("end_step", "int"),
            Field("max_results", "int"),
        ),
    ),
)
