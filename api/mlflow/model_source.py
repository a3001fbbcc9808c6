"""Where a model version comes from: a source is resolved through registry and store, and checked to be in reach of it.

Replays of published MLflow cases end here: a source that names a local path, leaves its folder by ``..`` (escaped once
or more), or lies among another run's files is refused with MLflow's texts.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus, urlsplit

from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.api.mlflow.registry_rows import STAGES, Version, newest, the_model, the_version, versions_of
from clew.api.mlflow.store.database import Session

_MODEL_ID = re.compile(r"m-[0-9a-zA-Z]+")
_MODELS = re.compile(r"mlflow-artifacts:/+(?:[^/]+/)*?\d+/models/(m-[0-9a-zA-Z]+)/artifacts(?:/|$)")


class Source(NamedTuple):
    """What a version is made of."""

    source: str
    storage: str
    run_id: str
    model_id: str


class ModelUri(NamedTuple):
    """``models:/`` and m-ID, NAME/VERSION, NAME/STAGE, NAME/latest or NAME@ALIAS."""

    model_id: str = ""
    name: str = ""
    version: str = ""
    stage: str = ""
    alias: str = ""


def parse_model_uri(uri: str) -> ModelUri | None:
    """The parts of a ``models:/`` URI; None for any other text."""
    match = re.fullmatch(r"models:/{1,3}([^/].*?)/?", uri)
    if match is None or not match[1]:
        return None
    name, slash, rest = unquote(match[1]).partition("/")
    if not slash:
        before, at, alias = name.rpartition("@")
        if at and before:
            return ModelUri(name=before, alias=alias)
        return ModelUri(model_id=name) if _MODEL_ID.fullmatch(name) else None
    if "/" in rest or not rest:
        return ModelUri(model_id=name) if _MODEL_ID.fullmatch(name) else None
    if rest.isdigit():
        return ModelUri(name=name, version=rest)
    return ModelUri(name=name, stage="latest" if rest.lower() == "latest" else rest)


def resolved(tx: Session, namespace: str, uri: ModelUri) -> Version:
    """The version that a URI names now. Errors: Refused."""
    model = the_model(tx, namespace, uri.name)
    if uri.version:
        return the_version(tx, namespace, uri.name, uri.version)
    if uri.alias:
        if uri.alias not in model.aliases:
            raise Refused(f"Registered model alias {uri.alias} not found.")
        return the_version(tx, namespace, uri.name, str(model.aliases[uri.alias]))
    versions = versions_of(tx, namespace, uri.name)
    if uri.stage != "latest":
        wanted = next((stage for stage in STAGES if stage.lower() == uri.stage.lower()), uri.stage)
        versions = [one for one in newest(versions) if one.stage == wanted]
    if not versions:
        raise Refused(f"No versions of model with name '{uri.name}' and stage '{uri.stage}' found", NOT_THERE)
    return max(versions, key=lambda one: one.version)


def source_of(tx: Session, namespace: str, source: str, run_id: str | None, model_id: str | None) -> Source:
    """What a new version is made of; ids are None where they were not given. Errors: Refused."""
    storage = ""
    uri = parse_model_uri(source) if source.startswith("models:") else None
    if source.startswith("models:"):
        if uri is None:
            raise _not_within(source, "model_id")
        if uri.name:
            before = resolved(tx, namespace, uri)
            if (run_id is not None and run_id != (before.run_id or "")) or (
                model_id is not None and model_id != (before.model_id or "")
            ):
                raise Refused(
                    f"Invalid model version source: '{source}'. The run_id and model_id request parameters must"
                    " match the referenced model version."
                )
            run_id, model_id = run_id or before.run_id, model_id or before.model_id
            source, storage = f"models:/{uri.name}/{before.version}", before.storage
    if not storage:
        _check(tx, source, uri, run_id or "", model_id or "")
    if uri is not None and uri.model_id:
        storage, run_id = _of_model(tx, uri.model_id, run_id)
    elif model_id and not run_id:
        _, run_id = _of_model(tx, model_id, run_id)
    return Source(source, storage or source, run_id or "", model_id or "")


def model_of_location(location: str) -> str:
    """The id of the LoggedModel whose files lie at ``location``; empty for any other place."""
    match = _MODELS.match(location)
    return match[1] if match else ""


def _of_model(tx: Session, model_id: str, run_id: str | None) -> tuple[str, str | None]:
    row = tx.one("SELECT location, source_run_id FROM ml_logged_model WHERE id = ?", (model_id,))
    if row is None:
        raise Refused(f"Logged model with ID '{model_id}' not found.", NOT_THERE)
    return row[0], run_id or row[1]


def _check(tx: Session, source: str, uri: ModelUri | None, run_id: str, model_id: str) -> None:
    by = "model_id" if model_id else "run_id"
    if _is_local(source):
        raise Refused(
            f"Invalid model version source: '{source}'. To use a local path as a model version source, the {by} request"
            " parameter has to be specified and the local path has to be contained within the artifact directory of the"
            f" run specified by the {by}."
        )
    _check_path(source)
    parts = urlsplit(source)
    if parts.scheme == "runs":
        if model_id or parts.netloc or parts.path.strip("/").split("/")[0] != run_id or not run_id:
            raise _not_within(source, by)
    elif parts.scheme == "models":
        if parts.netloc or uri is None or (uri.model_id and uri.model_id != model_id):
            raise _not_within(source, "model_id")
    elif _is_ours(source):
        table, key = ("SELECT location FROM ml_logged_model WHERE id = ?", model_id)
        if not model_id:
            table, key = "SELECT artifact_uri FROM ml_run WHERE id = ?", run_id
        row = tx.one(table, (key,)) if key else None
        if row is None or not _within(source, row[0]):
            raise _not_within(source, by)


def _is_local(source: str) -> bool:
    parts = urlsplit(source)
    return parts.scheme in ("", "file") or bool(re.match(r"[A-Za-z]:[\\/]", source))


def _check_path(source: str) -> None:
    text = source
    while (plain := unquote_plus(text)) != text:
        text = plain
    path = re.sub(r"/+", "/", urlsplit(text).path.rstrip("/"))
    if "\0" in text or "\\" in text or any(part in (".", "..") for part in [*text.split("/"), *path.split("/")]):
        raise Refused(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp,"
            " objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references"
            " present. Please provide an absolute path."
        )


def _is_ours(source: str) -> bool:
    parts = urlsplit(source)
    if parts.scheme == "mlflow-artifacts":
        return True
    return parts.scheme in ("http", "https") and "/api/2.0/mlflow-artifacts/artifacts" in unquote(parts.path)


def _within(source: str, root: str) -> bool:
    inner, outer = urlsplit(source), urlsplit(root)
    path, folder = ([part for part in unquote(one.path).split("/") if part] for one in (inner, outer))
    return (
        (inner.scheme, inner.netloc) == (outer.scheme, outer.netloc) and bool(folder) and path[: len(folder)] == folder
    )


def _not_within(source: str, by: str) -> Refused:
    return Refused(
        f"Invalid model version source: '{source}'. The {by} request parameter must identify the resource that contains"
        " the source."
    )
