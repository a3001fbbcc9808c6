"""What runs tell while they go on: parameters, metrics, tags, one by one or in batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import Run, find_run
from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.api.mlflow.limits import (
    check_batch,
    check_metric,
    check_run_id,
    check_unique,
    fit_param,
    fit_tag,
)
from clew.api.mlflow.project import PARENT_TAG, project_run
from clew.api.mlflow.runs import RUN_ID, RUN_NAME, put_tag
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import DOCS, Field, convert, is_broken, need, wrong

_LARGEST = 1.7976931348623157e308


class Metric(NamedTuple):
    """One point, as it is stored: NaN is a mark, infinity the largest double."""

    key: str
    value: float
    is_nan: int
    time_ms: int
    step: int
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


def as_stored(value: float) -> tuple[float, int]:
    """The value and whether it is NaN."""
    if math.isnan(value):
        return 0.0, 1
    if math.isinf(value):
        return (_LARGEST if value > 0 else -_LARGEST), 0
    return value, 0


def put_metrics(session: Session, run: Run, metrics: Sequence[Metric]) -> None:
    """Add points, but for those that are there already. The latest of a key has the greatest step, then time."""
    if not metrics:
        return
    numbers = metric_numbers(session, {one.key for one in metrics})
    session.each(
        "INSERT INTO ml_point (run, metric, step, time_ms, value, is_nan) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(run.number, numbers[one.key], one.step, one.time_ms, one.value, one.is_nan) for one in metrics],
    )
    latest: dict[str, Metric] = {}
    for one in metrics:
        held = latest.get(one.key)
        if held is None or (one.step, one.time_ms, one.value) > (held.step, held.time_ms, held.value):
            latest[one.key] = one
    session.each(
        "INSERT INTO ml_latest (run, key, value, is_nan, time_ms, step) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, "
        "time_ms = excluded.time_ms, step = excluded.step "
        "WHERE (excluded.step, excluded.time_ms, excluded.value) "
        "> (ml_latest.step, ml_latest.time_ms, ml_latest.value)",
        [(run.number, one.key, one.value, one.is_nan, one.time_ms, one.step) for one in latest.values()],
    )
    session.each(
        "INSERT INTO ml_model_metric (model_id, key, time_ms, step, run, value, dataset_name, dataset_digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (
                one.model_id,
                one.key,
                one.time_ms,
                one.step,
                run.id,
                one.value,
                one.dataset_name or None,
                one.dataset_digest or None,
            )
            for one in metrics
            if one.model_id
        ],
    )


def metric_numbers(session: Session, names: set[str]) -> dict[str, int]:
    """The number of each metric's name, made where it is new."""
    found: dict[str, int] = {}
    for name in names:
        row = session.one("SELECT number FROM ml_metric WHERE name = ?", (name,))
        if row is None:
            row = session.one(
                "INSERT INTO ml_metric (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = excluded.name "
                "RETURNING number",
                (name,),
            )
        assert row is not None
        found[name] = row[0]
    return found


def put_params(session: Session, run: Run, params: Sequence[tuple[str, str]], *, batch: bool) -> None:
    """Add parameters. Errors: Refused for one that has another value already."""
    changed = []
    for key, value in params:
        made = session.one(
            "INSERT INTO ml_param (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING key",
            (run.number, key, value),
        )
        if made is None:
            held = session.one("SELECT value FROM ml_param WHERE run = ? AND key = ?", (run.number, key))
            if held is not None and held[0] != value:
                changed.append({"key": key, "old_value": held[0], "new_value": value})
    if changed and batch:
        raise Refused(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run ID='{run.id}'."
        )
    if changed:
        one = changed[0]
        raise Refused(
            f"Changing param values is not allowed. Param with key='{one['key']}' was already logged with "
            f"value='{one['old_value']}' for run ID='{run.id}'. Attempted logging new value '{one['new_value']}'."
        )


def put_tags(session: Session, run: Run, tags: Sequence[tuple[str, str]]) -> bool:
    """Set tags; whether the record must be told."""
    told = False
    for key, value in tags:
        if key == RUN_NAME and value:
            session.execute("UPDATE ml_run SET name = ?, dirty = 1 WHERE number = ?", (value, run.number))
        put_tag(session, run.number, key, value)
        told |= key in (RUN_NAME, PARENT_TAG)
    return told


def log_metric(call: Call) -> Answer:
    """``runs/log-metric``."""
    value: float = call.given["value"]
    key, time_ms, step = call.text("key"), call.whole("timestamp"), call.whole("step")
    check_metric(key, value, time_ms)
    metric = Metric(
        key,
        *as_stored(value),
        time_ms,
        step,
        call.text("model_id"),
        call.text("dataset_name"),
        call.text("dataset_digest"),
    )
    with call.store.write() as session:
        put_metrics(session, find_run(session, call.namespace, call.text("run_id"), active=True), [metric])
    return {}


def log_param(call: Call) -> Answer:
    """``runs/log-parameter``."""
    param = fit_param(call.text("key"), call.text("value"))
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        put_params(session, run, [param], batch=False)
    return {}


def set_tag(call: Call) -> Answer:
    """``runs/set-tag``."""
    tag = fit_tag(call.text("key"), call.text("value"))
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        told = put_tags(session, run, [tag])
    if told:
        project_run(call.services, call.store, run.id)
    return {}


def delete_tag(call: Call) -> Answer:
    """``runs/delete-tag``."""
    key = call.text("key")
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        sql = "DELETE FROM ml_tag WHERE run = ? AND key = ? RETURNING key"
        if session.one(sql, (run.number, key)) is None:
            raise Refused(f"No tag with name: {key} in run with id {run.id}", NOT_THERE)
    return {}


def log_batch(call: Call) -> Answer:
    """``runs/log-batch``: all of it, or nothing."""
    for index, one in enumerate(call.items("metrics")):
        for name in ("key", "value", "timestamp"):
            _require("metrics", index, one, name)
    given = [_metric(index, one) for index, one in enumerate(call.items("metrics"))]
    params = [_pair("params", index, one) for index, one in enumerate(call.items("params"))]
    tags = [_pair("tags", index, one) for index, one in enumerate(call.items("tags"))]
    check_run_id(call.text("run_id"))
    metrics = []
    for index, (one, value) in enumerate(given):
        check_metric(one.key, value, one.time_ms, f"metrics[{index}]")
        metrics.append(one)
    params = [fit_param(*one, f"params[{index}]") for index, one in enumerate(params)]
    tags = [fit_tag(*one, f"tags[{index}]") for index, one in enumerate(tags)]
    check_batch(len(metrics), len(params), len(tags))
    check_unique([key for key, _ in params])
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        put_params(session, run, params, batch=True)
        put_metrics(session, run, metrics)
        told = put_tags(session, run, tags)
    if told:
        project_run(call.services, call.store, run.id)
    return {}


def _require(list_: str, index: int, one: dict[str, Any], name: str) -> None:
    if one.get(name) is None or one[name] == "":
        raise Refused(f"Missing value for required parameter '{list_}[{index}].{name}'." + DOCS)


def _text(list_: str, index: int, one: dict[str, Any], name: str) -> str:
    value = one.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(f"{list_}[{index}].{name}", value)
    return value


def _pair(list_: str, index: int, one: dict[str, Any]) -> tuple[str, str]:
    _require(list_, index, one, "key")
    return _text(list_, index, one, "key"), _text(list_, index, one, "value")


def _metric(index: int, one: dict[str, Any]) -> tuple[Metric, float]:
    raw, told = one["value"], one["timestamp"]
    value, time_ms, step = convert("float", raw), convert("int", told), convert("int", one.get("step") or 0)
    for name, read, of in (("value", value, raw), ("timestamp", time_ms, told), ("step", step, one.get("step"))):
        if is_broken(read):
            raise wrong(f"metrics[{index}].{name}", of)
    key = _text("metrics", index, one, "key")
    extra = [_text("metrics", index, one, name) for name in ("model_id", "dataset_name", "dataset_digest")]
    return Metric(key, *as_stored(value), time_ms, step, *extra), value


_KEY = need("key")
ENDPOINTS = (
    Endpoint(
        "runs/log-metric",
        ("POST",),
        log_metric,
        (
            RUN_ID,
            _KEY,
            need("value", "float"),
            need("timestamp", "int"),
            Field("step", "int"),
            Field("model_id"),
            Field("dataset_name"),
            Field("dataset_digest"),
        ),
    ),
    Endpoint("runs/log-parameter", ("POST",), log_param, (RUN_ID, _KEY, Field("value"))),
    Endpoint("runs/set-tag", ("POST",), set_tag, (RUN_ID, _KEY, Field("value"))),
    Endpoint("runs/delete-tag", ("POST",), delete_tag, (need("run_id"), _KEY)),
    Endpoint(
        "runs/log-batch",
        ("POST",),
        log_batch,
        (need("run_id"), Field("metrics", "dicts"), Field("params", "dicts"), Field("tags", "dicts")),
    ),
)
