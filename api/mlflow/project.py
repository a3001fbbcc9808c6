"""From the tracking store into the record: experiments become contexts, runs executions, data sets what they read.

The tracking store is written first, and marks what the record does not know yet; the mark goes when the record has
it. A crash between the two is made good when the server starts again (:func:`catch_up`). Told again, it is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from clew.api.mlflow.entities import DELETED, RUN_COLUMNS, Run
from clew.api.mlflow.store.database import Session, TrackingStore
from clew.api.service import Services
from clew.metadata.change import Change, NodePut
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.value import Value

RUN_TYPE: Final = "mlflow.Run"
EXPERIMENT_TYPE: Final = "mlflow.Experiment"
DATASET_TYPE: Final = "Dataset"
SOURCE: Final = "mlflow"
PARENT_TAG: Final = "clew.execution"
"""A run with this tag is part of that execution: what it reads and writes, that one does too."""
MOST_PROPERTIES: Final = 500
"""Parameters, and as many metrics, that an execution carries; the tracking store has them all."""
_STATES = {
    "RUNNING": ExecutionState.RUNNING,
    "SCHEDULED": ExecutionState.NEW,
    "FINISHED": ExecutionState.COMPLETE,
    "FAILED": ExecutionState.FAILED,
    "KILLED": ExecutionState.CANCELED,
}
_TOLD_TAGS = ("mlflow.user", "mlflow.source.name", "mlflow.source.git.commit", "mlflow.parentRunId", PARENT_TAG)
_REF = re.compile(r"(?:execution:)?(\d{1,18})")
_EXPERIMENT_KEY = "mlflow-experiment:{}"


def run_key(run_id: str) -> str:
    """The external id of a run's execution, and the key of what it writes."""
    return f"mlflow:{run_id}"


def project_experiment(services: Services, store: TrackingStore, number: int) -> None:
    """Tell the record of an experiment. Errors: Unavailable."""
    with store.projecting(str(number)):
        with store.read() as session:
            row = session.one("SELECT namespace, name, lifecycle FROM ml_experiment WHERE number = ?", (number,))
        if row is None:
            return
        change = Change(actor=SOURCE, namespace=row[0])
        _experiment(change, number, row[1], row[2])
        services.record.commit(change)
        store.told("experiment", number)


def _experiment(change: Change, number: int, name: str, lifecycle: str) -> NodePut:
    kind = change.type(NodeType(Kind.CONTEXT, EXPERIMENT_TYPE))
    return change.context(
        kind,
        name=name,
        external_id=_EXPERIMENT_KEY.format(number),
        custom_properties={"experiment_id": str(number), "lifecycle_stage": lifecycle},
        reuse="external_id",
    )


def run_put(change: Change, run: Run, properties: dict[str, Value]) -> NodePut:
    """The execution of a run, as a part of ``change``."""
    kind = change.type(NodeType(Kind.EXECUTION, RUN_TYPE))
    put = change.execution(
        kind,
        external_id=run_key(run.id),
        state=_STATES.get(run.status, ExecutionState.UNKNOWN),
        started_ms=run.started_ms or None,
        ended_ms=run.ended_ms,
        custom_properties=properties,
        reuse="external_id",
    )
    put.state_rule = "replace"  # a run may be taken up again
    return put


def find_parent(services: Services, session: Session, run: Run) -> int | None:
    """The execution that the run is part of, by its tag; None where it names none that is recorded."""
    row = session.one("SELECT value FROM ml_tag WHERE run = ? AND key = ?", (run.number, PARENT_TAG))
    told = _REF.fullmatch(row[0].strip()) if row is not None else None
    if told is None:
        return None
    with services.read() as reader:
        return next(iter(reader.executions_by_id([int(told[1])])), None)


def project_run(services: Services, store: TrackingStore, run_id: str) -> None:
    """Tell the record how a run stands, and what it has read. Errors: Unavailable."""
    with store.projecting(run_id):
        _project_run(services, store, run_id)


def _project_run(services: Services, store: TrackingStore, run_id: str) -> None:
    with store.read() as session:
        row = session.one(
            f"SELECT {RUN_COLUMNS}, e.name, e.lifecycle FROM ml_run r JOIN ml_experiment e ON e.number = r.experiment "
            "WHERE r.id = ?",
            (run_id,),
        )
        if row is None:
            return
        run = Run(*row[:-2])
        properties = _properties(session, run)
        datasets = _datasets(session, run)
        parent = find_parent(services, session, run)
    change = Change(actor=run.user_id or SOURCE, namespace=run.namespace)
    put = run_put(change, run, properties)
    change.associate(_experiment(change, run.experiment, row[-2], row[-1]), put)
    touches = [touch for dataset in datasets if (touch := _touch(run, dataset)) is not None]
    for dataset in datasets:
        if place_of(dataset[3]) is None:
            _read(change, put, parent, dataset)
    within = () if parent is None else (parent,)
    services.identity.settle([Saying(change, put, run_key(run.id), touches, SOURCE, within)])
    store.told("run", run.number)


def _properties(session: Session, run: Run) -> dict[str, Value]:
    """Name and tags; once it has ended, its parameters and the latest value of each metric as well."""
    tags: dict[str, str] = dict(session.fetch("SELECT key, value FROM ml_tag WHERE run = ?", (run.number,)))
    told: dict[str, Value] = {"display_name": run.name, "run_id": run.id, "artifact_uri": run.artifact_uri}
    told |= {key: tags[key] for key in _TOLD_TAGS if key in tags}
    if run.lifecycle == DELETED:
        told["lifecycle_stage"] = DELETED
    if run.status in ("FINISHED", "FAILED", "KILLED"):
        sql = "SELECT key, value FROM ml_param WHERE run = ? ORDER BY key LIMIT ?"
        told = dict(session.fetch(sql, (run.number, MOST_PROPERTIES))) | told
        sql = "SELECT key, value FROM ml_latest WHERE run = ? AND is_nan = 0 ORDER BY key LIMIT ?"
        told = {key: float(value) for key, value in session.fetch(sql, (run.number, MOST_PROPERTIES))} | told
    return told


def _datasets(session: Session, run: Run) -> Sequence[tuple[Any, ...]]:
    return session.fetch(
        "SELECT d.name, d.digest, d.source_type, d.source, i.used_as FROM ml_input i "
        "JOIN ml_dataset d ON d.number = i.dataset WHERE i.run = ? ORDER BY d.number",
        (run.number,),
    )


def place_of(source: str) -> str | None:
    """Where a data set lies, by its source as MLflow tells it; None where it was made by code."""
    try:
        told = json.loads(source)
    except ValueError:
        return source if "://" in source else None
    if not isinstance(told, dict):
        return None
    for name in ("uri", "url", "path", "delta_table_name", "table_name"):
        if isinstance(told.get(name), str) and told[name]:
            return str(told[name])
    return None


def _touch(run: Run, dataset: tuple[Any, ...]) -> Touch | None:
    """A read of where the data set lies, when the run began; None for one that lies nowhere."""
    name, digest, source_type, source, used_as = dataset
    uri = place_of(source)
    if uri is None:
        return None
    told = {"display_name": name, "mlflow.digest": digest, "source_type": source_type}
    return Touch(uri, False, run.started_ms or 0, DATASET_TYPE, path=(used_as or name,), custom_properties=told)


def _read(change: Change, execution: NodePut, parent: int | None, dataset: tuple[Any, ...]) -> None:
    """An input that was made by code: known by name and digest alone."""
    name, digest, source_type, _, used_as = dataset
    artifact = change.artifact(
        change.type(NodeType(Kind.ARTIFACT, DATASET_TYPE)),
        external_id=f"mlflow-dataset:{name}#{digest}",
        state=ArtifactState.LIVE,
        custom_properties={"display_name": name, "mlflow.digest": digest, "source_type": source_type},
        reuse="external_id",
    )
    path = (str(used_as or name),)
    change.event(artifact, execution, EventType.INPUT, path=path, source=SOURCE)
    if parent is not None:
        change.event(artifact, parent, EventType.INPUT, path=path, source=SOURCE)


def catch_up(services: Services, store: TrackingStore) -> int:
    """Tell the record what a crash kept from it; how much that was."""
    with store.read() as session:
        experiments = session.fetch("SELECT number FROM ml_experiment WHERE dirty = 1 AND number <> 0")
        runs = session.fetch("SELECT id FROM ml_run WHERE dirty = 1")
    for (number,) in experiments:
        project_experiment(services, store, number)
    for (run_id,) in runs:
        project_run(services, store, run_id)
    return len(experiments) + len(runs)
