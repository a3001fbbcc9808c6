"""Reads an MLflow backend through MLflow's own client, and tells what it holds as lines of JSON.

Run as a script by whatever Python has mlflow; it imports nothing of ours. Where files are asked for, it lays those of
one run or model in a folder, tells the folder, and waits for a line before it goes on.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Any


def main() -> None:
    """``move_reader.py URI REGISTRY_URI (files|none)``."""
    uri, registry, files = sys.argv[1:4]
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the client prints is no line of ours

    def tell(kind: str, **more: Any) -> None:
        lines.write(json.dumps({"kind": kind, **more}, allow_nan=False) + "\n")
        lines.flush()

    try:
        mlflow: Any = importlib.import_module("mlflow")
        entities: Any = importlib.import_module("mlflow.entities")
    except ImportError as error:
        tell("failed", message=f"this Python has no mlflow: {error}")
        return
    try:
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=registry or None)
        mlflow.set_tracking_uri(uri)
        _read(client, entities.ViewType.ALL, tell, with_files=files == "files")
    except Exception as error:  # whatever its backend raises
        tell("failed", message=f"{type(error).__name__}: {error}")


def _read(client: Any, every: Any, tell: Any, *, with_files: bool) -> None:
    experiments = list(_pages(lambda token: client.search_experiments(view_type=every, page_token=token)))
    tell("count", experiments=len(experiments))
    for one in experiments:
        tell(
            "experiment", id=one.experiment_id, name=one.name, location=one.artifact_location,
            lifecycle=one.lifecycle_stage, created_ms=one.creation_time or 0, updated_ms=one.last_update_time or 0,
            tags=dict(one.tags),
        )  # fmt: skip
    for one in experiments:
        ids = [one.experiment_id]
        for run in _pages(lambda token, ids=ids: client.search_runs(ids, run_view_type=every, page_token=token)):
            tell("run", **_run(client, run))
            if with_files:
                _files(client.download_artifacts, run.info.run_id, tell, run=run.info.run_id)
        for model in _models(client, ids):
            tell("model", **_model(model))
            if with_files:
                _files(
                    lambda uri, _, folder: importlib.import_module("mlflow.artifacts").download_artifacts(
                        artifact_uri=uri, dst_path=folder
                    ),
                    model.artifact_location, tell, model=model.model_id,
                )  # fmt: skip
    for model in _pages(lambda token: client.search_registered_models(page_token=token)):
        tell(
            "registered", name=model.name, created_ms=model.creation_timestamp, description=model.description,
            updated_ms=model.last_updated_timestamp, tags=dict(model.tags),
            aliases={alias: int(version) for alias, version in dict(model.aliases).items()},
        )  # fmt: skip
        name = model.name.replace("'", "''")
        versions = _pages(lambda token, name=name: client.search_model_versions(f"name='{name}'", page_token=token))
        for one in sorted(versions, key=lambda one: int(one.version)):
            tell("version", **_version(client, one))
    tell("end")


def _run(client: Any, run: Any) -> dict[str, Any]:
    info, data = run.info, run.data
    points = [
        [m.key, _number(m.value), m.timestamp, m.step]
        for key in data.metrics
        for m in client.get_metric_history(info.run_id, key)
    ]
    datasets = [
        {"dataset": _known(vars_of(one.dataset)), "tags": [{"key": t.key, "value": t.value} for t in one.tags]}
        for one in (run.inputs.dataset_inputs if run.inputs else [])
    ]
    read = [m.model_id for m in (getattr(run.inputs, "model_inputs", None) or [])] if run.inputs else []
    outputs = getattr(run, "outputs", None)
    wrote = [[m.model_id, m.step] for m in (outputs.model_outputs if outputs else [])]
    return {
        "id": info.run_id, "experiment": info.experiment_id, "name": info.run_name or "", "user": info.user_id or "",
        "status": info.status, "started_ms": info.start_time, "ended_ms": info.end_time,
        "artifact_uri": info.artifact_uri, "lifecycle": info.lifecycle_stage, "params": dict(data.params),
        "tags": dict(data.tags), "points": points, "datasets": datasets, "read": read, "wrote": wrote,
    }  # fmt: skip


def vars_of(dataset: Any) -> dict[str, Any]:
    """The fields of a data set."""
    return {name: getattr(dataset, name) for name in ("name", "digest", "source_type", "source", "schema", "profile")}


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _models(client: Any, experiments: list[str]) -> Iterator[Any]:
    if not hasattr(client, "search_logged_models"):
        return
    try:
        yield from _pages(lambda token: client.search_logged_models(experiment_ids=experiments, page_token=token))
    except (NotImplementedError, AttributeError):
        return


def _model(one: Any) -> dict[str, Any]:
    return {
        "id": one.model_id, "experiment": one.experiment_id, "name": one.name, "location": one.artifact_location,
        "created_ms": one.creation_timestamp, "updated_ms": one.last_updated_timestamp, "status": str(one.status),
        "model_type": one.model_type, "run": one.source_run_id, "params": dict(one.params or {}),
        "tags": dict(one.tags or {}),
        "metrics": [
            [m.key, _number(m.value), m.timestamp, m.step, m.run_id, m.dataset_name, m.dataset_digest]
            for m in one.metrics or []
        ],
    }  # fmt: skip


def _version(client: Any, one: Any) -> dict[str, Any]:
    try:
        storage = client.get_model_version_download_uri(one.name, one.version)
    except Exception:
        storage = one.source
    return {
        "name": one.name, "version": int(one.version), "created_ms": one.creation_timestamp,
        "updated_ms": one.last_updated_timestamp, "description": one.description, "stage": one.current_stage or "None",
        "source": one.source or "", "storage": storage or "", "run": one.run_id, "run_link": one.run_link,
        "model": getattr(one, "model_id", None), "tags": dict(one.tags),
    }  # fmt: skip


def _files(download: Any, where: str, tell: Any, **of: str) -> None:
    folder = tempfile.mkdtemp(prefix="clew-mlflow-")
    try:
        try:
            root = download(where, "", folder)  # of some stores a folder in it
        except Exception as error:
            tell("lost", what=f"files of {where}", why=f"{type(error).__name__}: {error}"[:300])
            return
        tell("files", folder=str(root), **of)
        sys.stdin.readline()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _number(value: float) -> Any:
    return value if math.isfinite(value) else repr(value)


def _pages(ask: Any) -> Iterator[Any]:
    token = None
    while True:
        page = ask(token)
        yield from page
        token = page.token
        if not token:
            return


if __name__ == "__main__":
    main()
