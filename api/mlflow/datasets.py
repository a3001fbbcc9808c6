"""What runs read and which models they wrote: data sets, logged models, and the search of data sets."""

from __future__ import annotations

import json
from typing import Any

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import find_run, parse_experiment_id
from clew.api.mlflow.errors import Refused
from clew.api.mlflow.limits import check_dataset, check_run_id
from clew.api.mlflow.model_lineage import touched
from clew.api.mlflow.project import project_run
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import DOCS, Field, convert, is_broken, need

MOST_EXPERIMENTS, MOST_SUMMARIES = 20, 1000
_NAMES = ("name", "digest", "source_type", "source", "schema", "profile")


def log_inputs(call: Call) -> Answer:
    """``runs/log-inputs``: data sets, each once by name and digest, and models."""
    check_run_id(call.text("run_id"))
    given: dict[tuple[str, str], tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    for one in call.items("datasets"):
        dataset = one.get("dataset")
        if not isinstance(dataset, dict):
            raise Refused("Dataset input must have a dataset associated with it.", "INTERNAL_ERROR")
        tags = [tag for tag in one.get("tags") or () if isinstance(tag, dict)]
        check_dataset(dataset, tags)
        given.setdefault((str(dataset.get("name") or ""), str(dataset.get("digest") or "")), (dataset, tags))
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        for dataset, tags in given.values():
            number = put_dataset(session, run.experiment, dataset)
            told = json.dumps([{"key": tag.get("key") or "", "value": tag.get("value") or ""} for tag in tags])
            session.execute(
                "INSERT INTO ml_input (run, dataset, tags, used_as) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (run.number, number, told, used_as(tags)),
            )
        put_models(session, run.number, call.items("models"), writes=False)
        session.execute("UPDATE ml_run SET dirty = 1 WHERE number = ?", (run.number,))
    project_run(call.services, call.store, run.id)
    if models := [one["model_id"] for one in call.items("models")]:
        touched(call.services, call.store, run.id, (), models)
    return {}


def used_as(tags: list[dict[str, Any]]) -> str | None:
    """What a run reads the data set for: ``training``; None where that is not told."""
    return next((str(tag.get("value") or "") for tag in tags if tag.get("key") == "mlflow.data.context"), None)


def put_dataset(session: Session, experiment: int, dataset: dict[str, Any]) -> int:
    """The number of a data set, made where it is new."""
    values = [dataset.get(name) for name in _NAMES]
    values[:4] = [str(value or "") for value in values[:4]]
    session.execute(
        'INSERT INTO ml_dataset (experiment, name, digest, source_type, source, "schema", profile) '
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (experiment, *values),
    )
    sql = "SELECT number FROM ml_dataset WHERE experiment = ? AND name = ? AND digest = ?"
    row = session.one(sql, (experiment, *values[:2]))
    assert row is not None
    return int(row[0])


def put_models(session: Session, run: int, models: list[dict[str, Any]], *, writes: bool) -> None:
    """Note which logged models a run read or wrote. Errors: Refused."""
    for one in models:
        step = convert("int", one.get("step") or 0)
        if not isinstance(one.get("model_id"), str) or is_broken(step):
            raise Refused(f"Invalid model {json.dumps(one)}: it has a model_id, and a step that is a number." + DOCS)
        session.execute(
            "INSERT INTO ml_run_model (run, model_id, writes, step) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (run, one["model_id"], int(writes), step),
        )


def log_outputs(call: Call) -> Answer:
    """``runs/outputs``: models that a run wrote."""
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        put_models(session, run.number, call.items("models"), writes=True)
        session.execute("UPDATE ml_run SET dirty = 1 WHERE number = ?", (run.number,))
    project_run(call.services, call.store, run.id)
    touched(call.services, call.store, run.id, [one["model_id"] for one in call.items("models")], ())
    return {}


def search_datasets(call: Call) -> Answer:
    """``experiments/search-datasets``: which data sets the runs of some experiments read."""
    experiments = call.items("experiment_ids")
    if not experiments:
        raise Refused("SearchDatasets request must specify at least one experiment_id.")
    if len(experiments) > MOST_EXPERIMENTS:
        raise Refused(
            f"SearchDatasets request cannot specify more than {MOST_EXPERIMENTS} experiment_ids. "
            f"Received {len(experiments)} experiment_ids."
        )
    found: dict[tuple[str, str, str, str], None] = {}
    with call.store.read() as session:
        for text in experiments:
            rows = session.fetch(
                "SELECT d.name, d.digest, i.used_as FROM ml_dataset d JOIN ml_input i ON i.dataset = d.number "
                "JOIN ml_experiment e ON e.number = d.experiment WHERE d.experiment = ? AND e.namespace = ? "
                "ORDER BY d.number LIMIT ?",
                (parse_experiment_id(str(text)), call.namespace, 50 * MOST_SUMMARIES),
            )
            for name, digest, of in rows:
                found[str(text), name, digest, of or ""] = None
    return {
        "dataset_summaries": [
            {"experiment_id": experiment, "name": name, "digest": digest} | ({"context": of} if of else {})
            for experiment, name, digest, of in list(found)[:MOST_SUMMARIES]
        ]
    }


_SEARCH = (Field("experiment_ids", "strings"),)
ENDPOINTS = (
    Endpoint(
        "runs/log-inputs",
        ("POST",),
        log_inputs,
        (need("run_id"), Field("datasets", "dicts"), Field("models", "dicts")),
    ),
    Endpoint("runs/outputs", ("POST",), log_outputs, (need("run_id"), need("models", "dicts"))),
    Endpoint("experiments/search-datasets", ("POST",), search_datasets, _SEARCH),
)
