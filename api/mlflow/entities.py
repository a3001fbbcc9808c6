"""Experiments and runs as the tracking store holds them, and as MLflow's JSON tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clew.api.mlflow.errors import NOT_THERE, Refused, missing
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import number

ACTIVE, DELETED = "active", "deleted"
DEFAULT_NAME = "Default"
_EXPERIMENT = "number, namespace, name, artifact_location, lifecycle, created_ms, updated_ms"
_RUN = (
    "r.number, r.id, r.experiment, r.name, r.user_id, r.status, r.started_ms, r.ended_ms, r.artifact_uri, "
    "r.lifecycle, e.namespace"
)
RUN_COLUMNS = _RUN
RUNS = "FROM ml_run r JOIN ml_experiment e ON e.number = r.experiment"
"""What a :class:`Run` is made of, from ``ml_run r JOIN ml_experiment e``."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One row of ``ml_experiment``."""

    number: int
    namespace: str
    name: str
    artifact_location: str
    lifecycle: str
    created_ms: int
    updated_ms: int

    def told(self, tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """As MLflow tells it."""
        answer: dict[str, Any] = {
            "experiment_id": str(self.number),
            "name": self.name,
            "artifact_location": self.artifact_location,
            "lifecycle_stage": self.lifecycle,
            "last_update_time": self.updated_ms,
            "creation_time": self.created_ms,
            "workspace": self.namespace,
        }
        if tags:
            answer["tags"] = pairs(tags)
        return answer


@dataclass(frozen=True, slots=True)
class Run:
    """One row of ``ml_run``."""

    number: int
    id: str
    experiment: int
    name: str
    user_id: str
    status: str
    started_ms: int | None
    ended_ms: int | None
    artifact_uri: str
    lifecycle: str
    namespace: str

    def info(self) -> dict[str, Any]:
        """MLflow's RunInfo."""
        answer: dict[str, Any] = {
            "run_uuid": self.id,
            "run_id": self.id,
            "experiment_id": str(self.experiment),
            "run_name": self.name,
            "user_id": self.user_id,
            "status": self.status,
            "artifact_uri": self.artifact_uri,
            "lifecycle_stage": self.lifecycle,
        }
        if self.started_ms is not None:
            answer["start_time"] = self.started_ms
        if self.ended_ms is not None:
            answer["end_time"] = self.ended_ms
        return answer


def pairs(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """``[{"key", "value"}]``."""
    return [{"key": key, "value": value} for key, value in rows]


def parse_experiment_id(text: str) -> int:
    """Errors: Refused for what is no number."""
    try:
        return int(text)
    except ValueError as error:
        raise Refused(f"Invalid experiment ID '{text}'. Experiment ID must be a valid integer.") from error


def ensure_default(session: Session, namespace: str, now_ms: int) -> None:
    """The experiment that is there before any is made; number 0 in the workspace ``default``."""
    columns = "namespace, name, artifact_location, lifecycle, created_ms, updated_ms"
    if namespace == "default":
        session.execute(
            f"INSERT INTO ml_experiment (number, {columns}) VALUES (0, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (namespace, DEFAULT_NAME, "mlflow-artifacts:/0", ACTIVE, now_ms, now_ms),
        )


def find_experiment(session: Session, namespace: str, text: str, lifecycle: str | None = None) -> Experiment:
    """The experiment of that id. Errors: Refused."""
    wanted = parse_experiment_id(text)
    row = None
    if -(1 << 63) <= wanted < 1 << 63:
        sql = f"SELECT {_EXPERIMENT} FROM ml_experiment WHERE number = ? AND namespace = ?"
        row = session.one(sql, (wanted, namespace))
    if row is None or (lifecycle is not None and row[4] != lifecycle):
        raise Refused(f"No Experiment with id={text} exists", NOT_THERE)
    return Experiment(*row)


def experiments_where(session: Session, clauses: str, parameters: Sequence[Any]) -> list[Experiment]:
    """Those that a constant clause (WHERE, ORDER BY, LIMIT) selects from ``ml_experiment e``."""
    return [
        Experiment(*row) for row in session.fetch(f"SELECT {_EXPERIMENT} FROM ml_experiment e {clauses}", parameters)
    ]


def experiment_tags(session: Session, number_: int) -> list[tuple[str, str]]:
    """Key and value."""
    sql = "SELECT key, value FROM ml_experiment_tag WHERE experiment = ? ORDER BY key"
    return [(key, value) for key, value in session.fetch(sql, (number_,))]


def find_run(session: Session, namespace: str, run_id: str, *, active: bool = False) -> Run:
    """The run. Errors: Refused where there is none in this workspace, or it must be active and is deleted."""
    sql = f"SELECT {_RUN} {RUNS} WHERE r.id = ? AND e.namespace = ?"
    row = session.one(sql, (run_id, namespace))
    if row is None:
        raise missing(run_id)
    run = Run(*row)
    if active and run.lifecycle != ACTIVE:
        raise Refused(f"The run {run.id} must be in the 'active' state. Current state is {run.lifecycle}.")
    return run


def metric(key: str, value: float, is_nan: int, time_ms: int, step: int) -> dict[str, Any]:
    """A metric as MLflow tells it."""
    return {"key": key, "value": "NaN" if is_nan else number(value), "timestamp": time_ms, "step": step}


def whole_runs(session: Session, runs: Sequence[Run], *, model_inputs: bool) -> list[dict[str, Any]]:
    """The runs with their parameters, tags, latest metrics, inputs and outputs. Cost: six statements."""
    numbers = json.dumps([run.number for run in runs])
    if session.dialect == "sqlite":
        among, listed = "IN (SELECT value FROM json_each(?))", numbers
    else:
        among, listed = "IN (SELECT value::bigint FROM json_array_elements_text(?::json))", numbers
    data: dict[int, dict[str, list[Any]]] = {run.number: {} for run in runs}
    inputs: dict[int, dict[str, list[Any]]] = {run.number: {} for run in runs}
    outputs: dict[int, dict[str, list[Any]]] = {run.number: {} for run in runs}
    for table, name in (("ml_param", "params"), ("ml_tag", "tags")):
        for run, key, value in session.fetch(f"SELECT run, key, value FROM {table} WHERE run {among}", (listed,)):
            data[run].setdefault(name, []).append({"key": key, "value": value})
    latest = f"SELECT run, key, value, is_nan, time_ms, step FROM ml_latest WHERE run {among}"
    for run, *of in session.fetch(latest, (listed,)):
        data[run].setdefault("metrics", []).append(metric(*of))
    datasets = (
        'SELECT i.run, i.tags, d.name, d.digest, d.source_type, d.source, d."schema", d.profile '
        f"FROM ml_input i JOIN ml_dataset d ON d.number = i.dataset WHERE i.run {among} ORDER BY d.number"
    )
    for run, tags, *of in session.fetch(datasets, (listed,)):
        names = ("name", "digest", "source_type", "source", "schema", "profile")
        dataset = {name: value for name, value in zip(names, of, strict=True) if value is not None}
        one: dict[str, Any] = {"dataset": dataset}
        if told := json.loads(tags):
            one["tags"] = told
        inputs[run].setdefault("dataset_inputs", []).append(one)
    models = f"SELECT run, model_id, writes, step FROM ml_run_model WHERE run {among}"
    for run, model_id, writes, step in session.fetch(models, (listed,)):
        if writes:
            outputs[run].setdefault("model_outputs", []).append({"model_id": model_id, "step": step})
        elif model_inputs:
            inputs[run].setdefault("model_inputs", []).append({"model_id": model_id})
    return [
        {
            "info": run.info(),
            "data": data[run.number],
            "inputs": inputs[run.number],
            "outputs": outputs[run.number],
        }
        for run in runs
    ]
