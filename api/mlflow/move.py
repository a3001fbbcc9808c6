"""Move an MLflow backend into the tracking store and the record. Ids stay; what is there is not moved twice."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from clew.api.mlflow import files, model_lineage
from clew.api.mlflow.datasets import put_dataset
from clew.api.mlflow.entities import find_run
from clew.api.mlflow.log import Metric, as_stored, put_metrics
from clew.api.mlflow.logged_models import COLUMNS as MODEL_COLUMNS
from clew.api.mlflow.logged_models import LoggedModel
from clew.api.mlflow.model_source import model_of_location, parse_model_uri
from clew.api.mlflow.move_proof import compare_model, compare_run, compare_version
from clew.api.mlflow.paths import safe_path
from clew.api.mlflow.project import project_experiment, project_run
from clew.api.mlflow.registry_rows import Model, Version, save_model, save_version, the_model
from clew.api.mlflow.store.database import Session, TrackingStore
from clew.api.service import Services
from clew.collectors.mlmd.proof import Proof
from clew.collectors.mlmd.source import Lost

Tell = Callable[[str, int, int | None], None]
_CHUNK = 5000


@dataclass(slots=True)
class Moved:
    """What a move did."""

    seen: Counter[str] = field(default_factory=Counter)
    """What the backend holds, by kind."""
    added: Counter[str] = field(default_factory=Counter)
    """What was not here before."""
    proof: Proof = field(default_factory=Proof)


class Mover:
    """Takes line after line of what a backend holds."""

    def __init__(
        self, services: Services, store: TrackingStore, namespace: str, tell: Tell, *, keep_files: bool
    ) -> None:
        self._services, self._store, self._namespace, self._tell = services, store, namespace, tell
        self._keep_files = keep_files
        self._experiments: dict[str, int] = {}
        self.moved = Moved()

    def take(self, told: dict[str, Any]) -> None:
        """Put one line."""
        kind = told["kind"]
        act: Callable[[dict[str, Any]], None] = getattr(self, f"_{kind}")
        act(told)
        if kind in ("experiment", "run", "model", "registered", "version"):
            self.moved.seen[kind] += 1
            self._tell(f"{kind}s" if kind != "registered" else "registered models", self.moved.seen[kind], None)

    def _count(self, told: dict[str, Any]) -> None:
        return None

    def _lost(self, told: dict[str, Any]) -> None:
        self.moved.proof.lose([Lost(told["what"], told["why"])])

    def _experiment(self, told: dict[str, Any]) -> None:
        with self._store.write() as tx:
            row = tx.one(
                "SELECT number FROM ml_experiment WHERE namespace = ? AND name = ?", (self._namespace, told["name"])
            )
            if row is None:
                self.moved.added["experiment"] += 1
                wanted = int(told["id"]) if str(told["id"]).isdigit() and int(told["id"]) < 1 << 62 else None
                if wanted is not None and tx.one("SELECT 1 FROM ml_experiment WHERE number = ?", (wanted,)):
                    wanted = None
                if wanted is None:
                    wanted = tx.fetch("SELECT COALESCE(MAX(number), 0) + 1 FROM ml_experiment")[0][0]
                location = f"mlflow-artifacts:/{wanted}" if self._keep_files else told["location"]
                tx.execute(
                    "INSERT INTO ml_experiment (number, namespace, name, artifact_location, lifecycle, created_ms,"
                    " updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        wanted,
                        self._namespace,
                        told["name"],
                        location,
                        told["lifecycle"],
                        told["created_ms"],
                        told["updated_ms"],
                    ),
                )
                if tx.dialect != "sqlite":  # an id that was given does not move the sequence
                    tx.fetch(
                        "SELECT setval(pg_get_serial_sequence('ml_experiment', 'number'),"
                        " GREATEST((SELECT MAX(number) FROM ml_experiment), 1))"
                    )
                row = (wanted,)
            self._experiments[str(told["id"])] = number = row[0]
            tx.each(
                "INSERT INTO ml_experiment_tag (experiment, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
                [(number, key, value) for key, value in told["tags"].items()],
            )
        if number:
            project_experiment(self._services, self._store, number)
        self.moved.proof.tallies["experiment", ""].add(1)

    def _run(self, told: dict[str, Any]) -> None:
        number = self._experiments[str(told["experiment"])]
        uri = f"mlflow-artifacts:/{number}/{told['id']}/artifacts" if self._keep_files else told["artifact_uri"]
        with self._store.write() as tx:
            known = tx.one("SELECT 1 FROM ml_run WHERE id = ?", (told["id"],)) is not None
            self.moved.added["run"] += not known
            tx.execute(
                "INSERT INTO ml_run (id, experiment, name, user_id, status, started_ms, ended_ms, artifact_uri,"
                " lifecycle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                " status = excluded.status, ended_ms = excluded.ended_ms, lifecycle = excluded.lifecycle, dirty = 1",
                (
                    told["id"], number, told["name"], told["user"], told["status"], told["started_ms"],
                    told["ended_ms"], uri, told["lifecycle"],
                ),
            )  # fmt: skip
            run = find_run(tx, self._namespace, told["id"])
            for table, name in (("ml_param", "params"), ("ml_tag", "tags")):
                tx.each(
                    f"INSERT INTO {table} (run, key, value) VALUES (?, ?, ?)"
                    " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
                    [(run.number, key, value) for key, value in told[name].items()],
                )
            for one in told["datasets"]:
                dataset = put_dataset(tx, number, one["dataset"])
                tx.execute(
                    "INSERT INTO ml_input (run, dataset, tags) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (run.number, dataset, orjson.dumps(one["tags"]).decode()),
                )
            links = [(run.number, model, 0, 0) for model in told["read"]]
            links += [(run.number, model, 1, step) for model, step in told["wrote"]]
            tx.each(
                "INSERT INTO ml_run_model (run, model_id, writes, step) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                links,
            )
        points = told["points"]
        for at in range(0, len(points), _CHUNK):
            with self._store.write() as tx:
                put_metrics(tx, run, [_metric(one) for one in points[at : at + _CHUNK]])
        project_run(self._services, self._store, told["id"])
        with self._store.read() as tx:
            compare_run(tx, run, told, self.moved.proof)

    def _model(self, told: dict[str, Any]) -> None:
        number = self._experiments[str(told["experiment"])]
        place = f"mlflow-artifacts:/{number}/models/{told['id']}/artifacts" if self._keep_files else told["location"]
        status = f"LOGGED_MODEL_{told['status'].rpartition('.')[2].removeprefix('LOGGED_MODEL_')}"
        model = LoggedModel(
            told["id"], number, told["name"], place, told["created_ms"], told["updated_ms"], status, told["model_type"],
            told["run"], "active", told["params"], told["tags"],
        )  # fmt: skip
        with self._store.write() as tx:
            known = tx.one("SELECT 1 FROM ml_logged_model WHERE id = ?", (model.id,))
            self.moved.added["logged model"] += known is None
            tx.execute(
                f"INSERT INTO ml_logged_model ({MODEL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET status = excluded.status, updated_ms = excluded.updated_ms,"
                " params = excluded.params, tags = excluded.tags, told = 0",
                (
                    model.id, number, model.name, place, model.created_ms, model.updated_ms, status, model.model_type,
                    model.source_run_id, "active", orjson.dumps(model.params).decode(),
                    orjson.dumps(model.tags).decode(),
                ),
            )  # fmt: skip
            tx.each(
                "INSERT INTO ml_model_metric (model_id, key, time_ms, step, run, value, dataset_name, dataset_digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [_of_model(model.id, *one) for one in told["metrics"]],
            )
        model_lineage.made(self._services, self._store, self._namespace, model)
        with self._store.read() as tx:
            compare_model(tx, told, self.moved.proof)

    def _registered(self, told: dict[str, Any]) -> None:
        model = Model(
            told["name"], told["created_ms"], told["updated_ms"], told["description"], told["tags"], told["aliases"]
        )
        with self._store.write() as tx:
            known = tx.one(
                "SELECT 1 FROM ml_registered WHERE namespace = ? AND name = ?", (self._namespace, model.name)
            )
            self.moved.added["registered model"] += known is None
            save_model(tx, self._namespace, model)
        self.moved.proof.tallies["registered model", ""].add(1)

    def _version(self, told: dict[str, Any]) -> None:
        uri = parse_model_uri(told["source"])
        model_id = told["model"] or (uri.model_id if uri else "") or model_of_location(told["storage"])
        storage = told["storage"]
        with self._store.write() as tx:
            model = the_model(tx, self._namespace, told["name"])
            known = tx.one(
                "SELECT artifact FROM ml_version WHERE namespace = ? AND name = ? AND version = ?",
                (self._namespace, told["name"], told["version"]),
            )
            self.moved.added["version"] += known is None
            if self._keep_files:
                storage = _moved_place(tx, storage, model_id, told["run"] or "")
            one = Version(
                told["name"], told["version"], told["created_ms"], told["updated_ms"], told["description"],
                told["stage"], told["source"], storage, told["run"], told["run_link"], model_id or None,
                known[0] if known else None, told["tags"],
            )  # fmt: skip
            save_version(tx, self._namespace, one)
        if one.artifact is None:
            model_lineage.registered(self._services, self._store, self._namespace, model, one)
        else:
            model_lineage.labelled(self._services, self._namespace, model, [one])
        with self._store.read() as tx:
            compare_version(tx, self._namespace, told, self.moved.proof)

    def _files(self, told: dict[str, Any]) -> None:
        """Keep the files of a run or a model, and say so."""
        assert self._services.runs is not None
        with self._store.read() as tx:
            table = "ml_run" if "run" in told else "ml_logged_model"
            column = "artifact_uri" if "run" in told else "location"
            key = told.get("run") or told["model"]
            row = tx.one(f"SELECT {column} FROM {table} WHERE id = ?", (key,))
        assert row is not None
        root, folder = files.proxied(row[0]), Path(told["folder"])
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            blob = self._services.runs.store.put(path)
            place = safe_path(f"{root}/{path.relative_to(folder).as_posix()}")
            with self._store.write() as tx:
                before = tx.one(
                    "SELECT digest FROM ml_file WHERE folder = ? AND name = ?", (os.path.dirname(place), path.name)
                )
                if before is not None and before[0] == blob.digest:
                    continue
                files.put(tx, place, blob, time.time_ns() // 1_000_000)
            self.moved.added["file"] += 1
            model_lineage.file_written(self._services, self._store, place, blob)
        if "model" in told:
            model_lineage.catch_up_models(self._services, self._store)


def _metric(one: list[Any]) -> Metric:
    key, value, time_ms, step = one
    return Metric(key, *as_stored(float(value)), time_ms, step)


def _of_model(
    model_id: str, key: str, value: Any, time_ms: int, step: int, run: str, *on: str | None
) -> tuple[Any, ...]:
    return model_id, key, time_ms, step, run or "", as_stored(float(value))[0], *on


def _moved_place(tx: Session, storage: str, model_id: str, run_id: str) -> str:
    """Where the files of a version are now."""
    if model_id:
        row = tx.one("SELECT location FROM ml_logged_model WHERE id = ?", (model_id,))
        if row is not None:
            return str(row[0])
    row = tx.one("SELECT artifact_uri FROM ml_run WHERE id = ?", (run_id,)) if run_id else None
    if row is not None and "/artifacts/" in storage:
        return f"{row[0]}/{storage.rpartition('/artifacts/')[2]}"
    return storage
