"""From models, versions and files to the graph: a run writes a LoggedModel, a registration makes a version of it.

The tracking store is written first; what the record does not know yet is marked, and told when the server starts again
(:func:`catch_up`). Told twice, it is the same: every version of a place is named by the work that wrote it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clew.api.mlflow import files
from clew.api.mlflow.entities import RUN_COLUMNS, Run
from clew.api.mlflow.project import SOURCE, find_parent, run_key, run_put
from clew.api.mlflow.project import catch_up as catch_up_runs
from clew.api.mlflow.registry_rows import VERSION_COLUMNS, Model, Version, the_model, version_of
from clew.api.mlflow.store.database import Session, TrackingStore
from clew.api.service import Services
from clew.metadata.blobs.assemble import assemble
from clew.metadata.blobs.protocol import Blob
from clew.metadata.change import Change, NodePut
from clew.metadata.identity import Saying, Touch, canonical
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, ExecutionState
from clew.metadata.value import Value

if TYPE_CHECKING:
    from clew.api.mlflow.logged_models import LoggedModel

MODEL_TYPE = "mlflow.LoggedModel"
VERSION_TYPE = "mlflow.ModelVersion"
REGISTRATION_TYPE = "mlflow.Registration"
FILE_TYPE = "mlflow.File"
_OF_RUN = re.compile(r"(?:workspaces/[^/]+/)?(?:[^/]+/)*?\d+/([0-9a-f]{32})/artifacts/(.+)")
_OF_MODEL = re.compile(r"(?:workspaces/[^/]+/)?(?:[^/]+/)*?\d+/models/(m-[0-9a-z]+)/artifacts/.+")
log = logging.getLogger("clew.api")


def model_place(model_id: str) -> str:
    """Where a LoggedModel is, for the graph."""
    return f"models:/{model_id}"


def version_place(name: str, version: int) -> str:
    """Where a version is, for the graph."""
    return f"models:/{name}/{version}"


def made(services: Services, store: TrackingStore, namespace: str, model: LoggedModel) -> None:
    """The run wrote the model; once it is whole, its files are its digest. Errors: those of the record."""
    blob = _whole(services, store, model) if model.status == "LOGGED_MODEL_READY" else None
    told: dict[str, Value] = {"display_name": model.name, "model_id": model.id, "artifact_uri": model.location}
    if model.model_type:
        told["model_type"] = model.model_type
    touch = Touch(
        model_place(model.id), True, model.created_ms, MODEL_TYPE, path=(model.name,), custom_properties=told,
        digest=None if blob is None else blob.digest, size_bytes=None if blob is None else blob.size_bytes,
    )  # fmt: skip
    if model.source_run_id and not _say_of_run(services, store, model.source_run_id, [touch]):
        log.warning("logged model %s names a run that is not there: %s", model.id, model.source_run_id)
    with store.write() as tx:
        tx.execute("UPDATE ml_logged_model SET told = 1 WHERE id = ? AND updated_ms = ?", (model.id, model.updated_ms))


def touched(services: Services, store: TrackingStore, run_id: str, written: Sequence[str], read: Sequence[str]) -> None:
    """A run wrote and read LoggedModels, told by their ids. Errors: those of the record."""
    touches: list[Touch] = []
    with store.read() as tx:
        for model_id in written:
            row = tx.one("SELECT name, created_ms FROM ml_logged_model WHERE id = ?", (model_id,))
            if row is not None:
                touches.append(Touch(model_place(model_id), True, row[1], MODEL_TYPE, path=(row[0],)))
    now = time.time_ns() // 1_000_000
    touches += [Touch(model_place(model_id), False, now, MODEL_TYPE) for model_id in read]
    _say_of_run(services, store, run_id, touches)


def file_written(services: Services, store: TrackingStore, path: str, blob: Blob) -> None:
    """A run wrote a file. The files of a LoggedModel are told with it, as one. Errors: those of the record."""
    if (model := _OF_MODEL.fullmatch(path)) is not None:
        with store.write() as tx:
            tx.execute("UPDATE ml_logged_model SET told = 0 WHERE id = ?", (model[1],))
        return
    match = _OF_RUN.fullmatch(path)
    if match is None:
        return
    touch = Touch(
        files.SCHEME + path, True, time.time_ns() // 1_000_000, FILE_TYPE, path=(match[2],), digest=blob.digest,
        size_bytes=blob.size_bytes, custom_properties={"display_name": match[2]},
    )  # fmt: skip
    _say_of_run(services, store, match[1], [touch])


def files_deleted(services: Services, store: TrackingStore, paths: Sequence[str]) -> None:
    """Files are gone from the proxy; the record says so."""
    places = [files.SCHEME + path for path in paths if _OF_RUN.fullmatch(path)]
    with services.read() as reader:
        found = {artifact.id for place in places for artifact in reader.artifacts_at(place)}
    if found:
        change = Change(actor=SOURCE)
        for id in found:
            change.artifact(id=id, state=ArtifactState.DELETED)
        services.record.commit(change)


def registered(services: Services, store: TrackingStore, namespace: str, model: Model, one: Version) -> None:
    """A registration read what the version is of, and wrote the version. Errors: those of the record."""
    key = f"mlflow-registration:{one.name}/{one.version}@{one.created_ms}"
    change = Change(actor=SOURCE, namespace=namespace)
    execution = change.execution(
        change.type(NodeType(Kind.EXECUTION, REGISTRATION_TYPE)),
        external_id=key,
        state=ExecutionState.COMPLETE,
        started_ms=one.created_ms,
        ended_ms=one.created_ms,
        custom_properties={"display_name": f"register {one.name} v{one.version}"},
        reuse="external_id",
    )
    source = one.storage
    if one.source.startswith("models:/") and "/" in one.source.removeprefix("models:/"):
        source = one.source  # a copy of another version
    elif one.model_id:
        source = model_place(one.model_id)
    # The version is written a moment after the model that it is of, whatever the clock's grain is.
    touches = [Touch(source, False, one.created_ms, MODEL_TYPE, path=("model",))]
    of = services.identity.resolve(source, one.created_ms, namespace)
    touches.append(
        Touch(
            version_place(one.name, one.version),
            True,
            one.created_ms,
            VERSION_TYPE,
            path=("version",),
            digest=of.digest if of is not None else None,
            size_bytes=of.size_bytes if of is not None else None,
            custom_properties=_label(model, one),
        )
    )
    services.identity.settle([Saying(change, execution, key, touches, SOURCE)])
    external_id = f"{canonical(version_place(one.name, one.version))}#{key}"
    with services.read() as reader:
        found = reader.find_external(Kind.ARTIFACT, [external_id], namespace)
    if found:
        one.artifact = found[0].id
        with store.write() as tx:
            tx.execute(
                "UPDATE ml_version SET artifact = ? WHERE namespace = ? AND name = ? AND version = ?",
                (one.artifact, namespace, one.name, one.version),
            )


def labelled(services: Services, namespace: str, model: Model, versions: Sequence[Version]) -> None:
    """Versions have other aliases, another stage or another name. Errors: those of the record."""
    change = Change(actor=SOURCE, namespace=namespace)
    for one in versions:
        if one.artifact is not None:
            change.artifact(id=one.artifact, custom_properties=_label(model, one))
    if change.nodes:
        services.record.commit(change)


def forgotten(services: Services, namespace: str, versions: Sequence[Version]) -> None:
    """Versions are registered no more. Errors: those of the record."""
    change = Change(actor=SOURCE, namespace=namespace)
    for one in versions:
        if one.artifact is not None:
            change.artifact(
                id=one.artifact, state=ArtifactState.DELETED, custom_properties={"aliases": "", "stage": "Deleted"}
            )
    if change.nodes:
        services.record.commit(change)


def catch_up(services: Services, store: TrackingStore) -> int:
    """Tell the record what a crash kept from it; how much that was."""
    return catch_up_runs(services, store) + catch_up_models(services, store)


def catch_up_models(services: Services, store: TrackingStore) -> int:
    """As :func:`catch_up`, of LoggedModels and versions."""
    from clew.api.mlflow.logged_models import COLUMNS, model_of

    with store.read() as tx:
        models = tx.fetch(
            f"SELECT {', '.join('m.' + c for c in COLUMNS.split(', '))}, e.namespace FROM ml_logged_model m"
            " JOIN ml_experiment e ON e.number = m.experiment WHERE m.told = 0 AND m.status != ?",
            ("LOGGED_MODEL_PENDING",),
        )
        versions = tx.fetch(
            f"SELECT {VERSION_COLUMNS}, namespace FROM ml_version WHERE artifact IS NULL AND stage != ?",
            ("Deleted_Internal",),
        )
    for row in models:
        made(services, store, row[-1], model_of(row[:-1]))
    for row in versions:
        one = version_of(row[:-1])
        with store.read() as tx:
            model = the_model(tx, row[-1], one.name)
        registered(services, store, row[-1], model, one)
    return len(models) + len(versions)


def _label(model: Model, one: Version) -> Mapping[str, Value]:
    aliases = sorted(alias for alias, at in model.aliases.items() if at == one.version)
    marks = "".join(f" @{alias}" for alias in aliases)
    if not aliases and one.stage in ("Staging", "Production"):
        marks = f" {one.stage}"
    return {
        "display_name": f"{one.name} v{one.version}{marks}",
        "registered_model": one.name,
        "version": one.version,
        "stage": one.stage,
        "aliases": ", ".join(aliases),
    }


def _whole(services: Services, store: TrackingStore, model: LoggedModel) -> Blob | None:
    """The model's files as one directory; None where they are kept elsewhere, or there are none."""
    if services.runs is None or not model.location.startswith(files.SCHEME):
        return None
    with store.read() as tx:
        found = files.below(tx, files.proxied(model.location))
    return assemble(found, services.runs.store) if found else None


def _say_of_run(services: Services, store: TrackingStore, run_id: str, touches: Sequence[Touch]) -> bool:
    """Say what a run touched; False where there is no such run."""
    with store.read() as tx:
        run = _run(tx, run_id)
        if run is None:
            return False
        parent = find_parent(services, tx, run)
    change = Change(actor=run.user_id or SOURCE, namespace=run.namespace)
    execution: NodePut = run_put(change, run, {})
    within = [] if parent is None else [parent]
    services.identity.settle([Saying(change, execution, run_key(run.id), touches, SOURCE, within)])
    return True


def _run(tx: Session, run_id: str) -> Run | None:
    row = tx.one(
        f"SELECT {RUN_COLUMNS} FROM ml_run r JOIN ml_experiment e ON e.number = r.experiment WHERE r.id = ?", (run_id,)
    )
    return None if row is None else Run(*row)
