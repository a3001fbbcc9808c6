"""LoggedModels: what runs make and registries name. The endpoints under ``logged-models``."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from clew.api.mlflow import conditions, files, model_lineage
from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import ACTIVE, DELETED, find_experiment, parse_experiment_id
from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.api.mlflow.paths import joined, safe_path
from clew.api.mlflow.registry_rows import pairs
from clew.api.mlflow.runs import random_name
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import DOCS, Field, need, number

STATUSES = {
    0: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    1: "LOGGED_MODEL_PENDING",
    2: "LOGGED_MODEL_READY",
    3: "LOGGED_MODEL_UPLOAD_FAILED",
}
COLUMNS = (
    "id, experiment, name, location, created_ms, updated_ms, status, model_type, source_run_id, lifecycle, params, tags"
)
ATTRIBUTES = {
    "name": "name",
    "model_id": "id",
    "model_type": "model_type",
    "status": "status",
    "source_run_id": "source_run_id",
    "experiment_id": "experiment",
    "artifact_location": "location",
    "lifecycle_stage": "lifecycle",
    "creation_timestamp": "created_ms",
    "creation_timestamp_ms": "created_ms",
    "creation_time": "created_ms",
    "last_updated_timestamp": "updated_ms",
    "last_updated_timestamp_ms": "updated_ms",
    "last_updated_time": "updated_ms",
}
NUMBERS = ("created_ms", "updated_ms", "experiment")
KINDS = {"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"}
MOST, DEFAULT_MOST = 1000, 100


@dataclass(slots=True)
class LoggedModel:
    """One row of ``ml_logged_model``."""

    id: str
    experiment: int
    name: str
    location: str
    created_ms: int
    updated_ms: int
    status: str
    model_type: str | None
    source_run_id: str | None
    lifecycle: str
    params: dict[str, str]
    tags: dict[str, str]

    def told(self, metrics: list[dict[str, Any]]) -> dict[str, Any]:
        """As MLflow tells it."""
        info: dict[str, Any] = {
            "model_id": self.id,
            "experiment_id": str(self.experiment),
            "name": self.name,
            "creation_timestamp_ms": self.created_ms,
            "last_updated_timestamp_ms": self.updated_ms,
            "artifact_uri": self.location,
            "status": self.status,
            "model_type": self.model_type or "",
            "source_run_id": self.source_run_id or "",
        }
        data: dict[str, Any] = {}
        if self.tags:
            info["tags"] = pairs(self.tags)
        if self.params:
            data["params"] = pairs(self.params)
        if metrics:
            data["metrics"] = metrics
        return {"info": info, "data": data}


def model_of(row: tuple[Any, ...]) -> LoggedModel:
    """A row of COLUMNS."""
    params, tags = orjson.loads(row[10]), orjson.loads(row[11])
    return LoggedModel(*row[:10], params, tags)  # type: ignore[call-arg]


def find_model(tx: Session, namespace: str, model_id: str, *, deleted: bool = False) -> LoggedModel:
    """The model, in its workspace. Errors: Refused where there is none, or it was deleted."""
    columns = ", ".join(f"m.{name}" for name in COLUMNS.split(", "))
    row = tx.one(
        f"SELECT {columns} FROM ml_logged_model m JOIN ml_experiment e ON e.number = m.experiment"
        " WHERE m.id = ? AND e.namespace = ?",
        (model_id, namespace),
    )
    if row is None or (row[9] == DELETED and not deleted):
        raise Refused(f"Logged model with ID '{model_id}' not found.", NOT_THERE)
    return model_of(row)


def create(call: Call) -> Answer:
    """Make one; the run it comes from writes it."""
    name = call.text("name")
    if name and any(c in name for c in "/:.%\"'"):
        raise Refused(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain the"
            " following characters: ('/', ':', '.', '%', '\"', \"'\")"
        )
    params, tags = _mapping(call.items("params")), _mapping(call.items("tags"))
    now, model_id = call.now_ms, f"m-{secrets.token_hex(16)}"
    with call.store.write() as tx:
        experiment = find_experiment(tx, call.namespace, call.text("experiment_id"))
        if experiment.lifecycle != ACTIVE:
            raise Refused(
                f"The experiment {experiment.number} must be in the 'active' state. Current state is"
                f" {experiment.lifecycle}."
            )
        location = f"{experiment.artifact_location.rstrip('/')}/models/{model_id}/artifacts"
        model = LoggedModel(
            model_id, experiment.number, name or random_name(), location, now, now, STATUSES[1],
            call.text("model_type"), call.text("source_run_id"), ACTIVE, params, tags,
        )  # fmt: skip
        tx.execute(
            f"INSERT INTO ml_logged_model ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                model.id, model.experiment, model.name, model.location, now, now, model.status, model.model_type,
                model.source_run_id, model.lifecycle, _json(params), _json(tags),
            ),
        )  # fmt: skip
    model_lineage.made(call.services, call.store, call.namespace, model)
    return {"model": model.told([])}


def get(call: Call) -> Answer:
    """One model."""
    deleted = str(call.raw.get("allow_deleted", ["false"])[0]).lower() == "true"
    with call.store.read() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=deleted)
        return {"model": model.told(_metrics(tx, model.id))}


def finalize(call: Call) -> Answer:
    """It is whole, or its upload failed: now its files are one directory with a digest."""
    given = call.raw.get("status")
    if given is None or given == "":
        raise Refused("Missing value for required parameter 'status'." + DOCS)
    status = STATUSES.get(given, STATUSES[0]) if isinstance(given, int) else given
    with call.store.write() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=True)
        model.status = status if status in STATUSES.values() else STATUSES[0]
        model.updated_ms = call.now_ms
        tx.execute(
            "UPDATE ml_logged_model SET status = ?, updated_ms = ?, told = 0 WHERE id = ?",
            (model.status, model.updated_ms, model.id),
        )
        metrics = _metrics(tx, model.id)
    model_lineage.made(call.services, call.store, call.namespace, model)
    return {"model": model.told(metrics)}


def delete(call: Call) -> Answer:
    """Mark it deleted; the record keeps what it was."""
    with call.store.write() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=True)
        tx.execute(
            "UPDATE ml_logged_model SET lifecycle = ?, updated_ms = ? WHERE id = ?", (DELETED, call.now_ms, model.id)
        )
    return {}


def set_tags(call: Call) -> Answer:
    """Tag it."""
    tags = _mapping(call.items("tags"))
    with call.store.write() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=True)
        _save(tx, "tags", model.id, model.tags | tags)
    return {}


def delete_tag(call: Call) -> Answer:
    """Take a tag away."""
    key = call.path["key"]
    with call.store.write() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=True)
        if key not in model.tags:
            raise Refused(f"No tag with key {key!r} found for model with ID {model.id!r}.", NOT_THERE)
        del model.tags[key]
        _save(tx, "tags", model.id, model.tags)
    return {}


def log_params(call: Call) -> Answer:
    """Add parameters. What is there stays as it is."""
    params = _mapping(call.items("params"))
    with call.store.write() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"], deleted=True)
        if twice := sorted(model.params.keys() & params.keys()):
            raise Refused(f"Changing params of a logged model is not allowed; {twice} are set already.", "BAD_REQUEST")
        _save(tx, "params", model.id, model.params | params)
    return {}


def artifacts(call: Call) -> Answer:
    """What lies in the model's folder."""
    given = call.text("artifact_directory_path")
    inside = safe_path(given, empty_ok=True)
    with call.store.read() as tx:
        model = find_model(tx, call.namespace, call.path["model_id"])
        found = [one.told(inside) for one in files.entries(tx, joined(files.proxied(model.location), inside))]
    return {"root_uri": model.location} | ({"files": found} if found else {})


def run_artifacts(call: Call) -> Answer:
    """What lies in a run's folder."""
    inside = safe_path(call.text("path"), empty_ok=True)
    with call.store.read() as tx:
        row = tx.one(
            "SELECT r.artifact_uri FROM ml_run r JOIN ml_experiment e ON e.number = r.experiment"
            " WHERE r.id = ? AND e.namespace = ?",
            (call.text("run_id"), call.namespace),
        )
        if row is None:
            raise Refused(f"Run with id={call.text('run_id')} not found", NOT_THERE)
        found = [one.told(inside) for one in files.entries(tx, joined(files.proxied(row[0]), inside))]
    return {"root_uri": row[0]} | ({"files": found} if found else {})


def search(call: Call) -> Answer:
    """One page of the models of some experiments that a filter selects, by default the newest first."""
    experiments, text, orders = call.items("experiment_ids"), call.text("filter"), call.items("order_by")
    datasets = [(str(d.get("dataset_name") or ""), d.get("dataset_digest")) for d in call.items("datasets")]
    if any(not name for name, _ in datasets):
        raise Refused("`dataset_name` in the `datasets` clause must be specified.")
    wanted = conditions.read(text, KINDS)
    for one in wanted:
        _check(one)
    start = _start(call.text("page_token"), experiments, text, orders)
    most = min(call.whole("max_results") or DEFAULT_MOST, MOST)
    found: list[tuple[LoggedModel, list[dict[str, Any]]]] = []
    with call.store.read() as tx:
        for experiment in experiments:
            rows = tx.fetch(
                f"SELECT {COLUMNS} FROM ml_logged_model WHERE experiment = ? AND lifecycle != ? AND experiment IN"
                " (SELECT number FROM ml_experiment WHERE namespace = ?)",
                (parse_experiment_id(experiment), DELETED, call.namespace),
            )
            for model in map(model_of, rows):
                metrics = _metrics(tx, model.id)
                if _selected(model, metrics, wanted, datasets):
                    found.append((model, metrics))
    ordered = conditions.ordered(found, _order(orders))
    items = ordered[start : start + most]
    answer: dict[str, Any] = {"models": [model.told(metrics) for model, metrics in items]} if items else {}
    if len(ordered) > start + most:
        answer["next_page_token"] = _token(experiments, text, orders, start + most)
    return answer


def _check(one: conditions.Comparison) -> None:
    numeric = one.kind == "metric" or ATTRIBUTES.get(one.key) in NUMBERS
    if one.kind == "attribute" and one.key not in ATTRIBUTES:
        raise Refused(f"Invalid attribute key '{one.key}' specified. Valid keys are {sorted(ATTRIBUTES)}")
    ops = conditions.NUMERIC_OPS if numeric else conditions.STRING_OPS
    name = {"attribute": "attributes", "metric": "metrics", "param": "params", "tag": "tags"}[one.kind]
    if one.op not in ops:
        raise Refused(f"Invalid comparison operator for {name}.{one.key}: '{one.op}'. Expected one of {ops}.")
    if numeric and not isinstance(one.value, int | float):
        raise Refused(f"Invalid value for {name}.{one.key}: {one.value!r} is no number.")


def _selected(
    model: LoggedModel,
    metrics: list[dict[str, Any]],
    wanted: list[conditions.Comparison],
    datasets: list[tuple[str, Any]],
) -> bool:
    on = [m for m in metrics if not datasets or any(_is_on(m, *one) for one in datasets)]
    if datasets and not on:
        return False
    for one in wanted:
        if one.kind == "metric":
            values = [m["value"] for m in on if m["key"] == one.key and isinstance(m["value"], int | float)]
            if not any(one.holds(value) for value in values):
                return False
        else:
            found: Any
            if one.kind == "attribute":
                found = getattr(model, ATTRIBUTES[one.key])
                if one.key == "status":
                    found = found.removeprefix("LOGGED_MODEL_")
            else:
                found = (model.params if one.kind == "param" else model.tags).get(one.key)
            if not one.holds(found):
                return False
    return True


def _is_on(metric: dict[str, Any], name: str, digest: Any) -> bool:
    return metric.get("dataset_name") == name and (not digest or metric.get("dataset_digest") == digest)


def _order(given: list[Any]) -> list[tuple[Any, bool]]:
    found: list[tuple[Any, bool]] = []
    seen: set[str] = set()
    for one in given:
        name, ascending = str(one.get("field_name") or ""), bool(one.get("ascending", True))
        kind, dot, key = name.partition(".")
        if dot and kind != "metrics":
            raise Refused(f"Invalid order by field name: {name}. Only metrics are supported.")
        if dot:
            on = str(one.get("dataset_name") or ""), one.get("dataset_digest")
            found.append(((lambda pair, key=key, on=on: _latest(pair[1], key, on)), ascending))
        elif name in ATTRIBUTES:
            at = ATTRIBUTES[name]
            seen.add(at)
            found.append(((lambda pair, at=at: getattr(pair[0], at)), ascending))
        else:
            raise Refused(f"Invalid order by field name: {name}")
    if "created_ms" not in seen:
        found.append(((lambda pair: pair[0].created_ms), False))
    found.append(((lambda pair: pair[0].id), True))
    return found


def _latest(metrics: list[dict[str, Any]], key: str, on: tuple[str, Any]) -> Any:
    values = [
        m for m in metrics if m["key"] == key and (not on[0] or _is_on(m, *on)) and isinstance(m["value"], int | float)
    ]
    return max(values, key=lambda m: (m["timestamp"], m["step"]))["value"] if values else None


def _metrics(tx: Session, model_id: str) -> list[dict[str, Any]]:
    rows = tx.fetch(
        "SELECT key, value, time_ms, step, dataset_name, dataset_digest, run FROM ml_model_metric WHERE model_id = ?"
        " ORDER BY key, time_ms, step, run",
        (model_id,),
    )
    found = []
    for key, value, time_ms, step, name, digest, run in rows:
        one = {"key": key, "value": number(value), "timestamp": time_ms, "step": step}
        if name:
            one |= {"dataset_name": name}
        if digest:
            one |= {"dataset_digest": digest}
        found.append(one | {"model_id": model_id, "run_id": run})
    return found


def _start(token: str, experiments: list[str], text: str, orders: list[Any]) -> int:
    if not token:
        return 0
    try:
        told = json.loads(base64.b64decode(token))
        offset = int(told["offset"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"Invalid page token: {token[:200]}") from error
    asked: tuple[tuple[str, str, str, Any], ...] = (
        ("Experiment IDs", "do", "experiment_ids", experiments),
        ("Filter string", "does", "filter_string", text or None),
        ("Order by", "does", "order_by", orders or None),
    )
    for what, does, name, now in asked:
        if told.get(name) != now:
            of = what if does == "do" else what.lower()
            raise Refused(
                f"{what} in the page token {does} not match the requested {of}. "
                f"Expected: {now}. Found: {told.get(name)}"
            )
    return max(offset, 0)


def _token(experiments: list[str], text: str, orders: list[Any], offset: int) -> str:
    told = {"experiment_ids": experiments, "filter_string": text or None, "order_by": orders or None, "offset": offset}
    return base64.b64encode(json.dumps(told).encode()).decode()


def _mapping(given: list[dict[str, Any]]) -> dict[str, str]:
    found = {str(one.get("key") or ""): str(one.get("value") or "") for one in given}
    for key in found:
        if not key or len(key) > 250:
            raise Refused("'key' must be 1 to 250 characters")
    return found


def _save(tx: Session, column: str, model_id: str, value: dict[str, str]) -> None:
    sql = {
        "tags": "UPDATE ml_logged_model SET tags = ? WHERE id = ?",
        "params": "UPDATE ml_logged_model SET params = ? WHERE id = ?",
    }
    tx.execute(sql[column], (_json(value), model_id))


def _json(value: dict[str, str]) -> str:
    return orjson.dumps(value).decode()


_ONE = "logged-models/{model_id}"
ENDPOINTS = (
    Endpoint(
        "logged-models/search",
        ("POST",),
        search,
        (
            need("experiment_ids", "strings"),
            Field("filter"),
            Field("datasets", "dicts"),
            Field("max_results", "int"),
            Field("order_by", "dicts"),
            Field("page_token"),
        ),
    ),
    Endpoint(
        "logged-models",
        ("POST",),
        create,
        (
            need("experiment_id"),
            Field("name"),
            Field("model_type"),
            Field("source_run_id"),
            Field("params", "dicts"),
            Field("tags", "dicts"),
        ),
    ),
    Endpoint(_ONE, ("GET",), get),
    Endpoint(_ONE, ("PATCH",), finalize, (need("model_id"),)),
    Endpoint(_ONE, ("DELETE",), delete),
    Endpoint(f"{_ONE}/tags", ("PATCH",), set_tags, (Field("tags", "dicts"),)),
    Endpoint(f"{_ONE}/tags/{{key:path}}", ("DELETE",), delete_tag),
    Endpoint(f"{_ONE}/params", ("POST",), log_params, (Field("params", "dicts"),)),
    Endpoint(f"{_ONE}/artifacts/directories", ("GET",), artifacts, (Field("artifact_directory_path"),)),
    Endpoint(
        "artifacts/list",
        ("GET",),
        run_artifacts,
        (need("run_id", or_name="run_uuid"), Field("path"), Field("page_token")),
    ),
)
