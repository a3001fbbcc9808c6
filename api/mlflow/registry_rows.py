"""Registered models and their versions as rows, and as MLflow's JSON tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from clew.api.mlflow.errors import EXISTS, NOT_THERE, Refused
from clew.api.mlflow.store.database import Session

STAGES = ("None", "Staging", "Production", "Archived")
ACTIVE_STAGES = ["Staging", "Production"]
DELETED = "Deleted_Internal"
PROMPT = "mlflow.prompt.is_prompt"
MODEL_COLUMNS = "name, created_ms, updated_ms, description, tags, aliases"
VERSION_COLUMNS = (
    "name, version, created_ms, updated_ms, description, stage, source, storage, run_id, run_link, model_id, "
    "artifact, tags"
)
_ALIAS = re.compile(r"[\w\-]*")


@dataclass(slots=True)
class Model:
    """One registered model."""

    name: str
    created_ms: int
    updated_ms: int
    description: str | None
    tags: dict[str, str]
    aliases: dict[str, int]


@dataclass(slots=True)
class Version:
    """One version of a registered model."""

    name: str
    version: int
    created_ms: int
    updated_ms: int
    description: str | None
    stage: str
    source: str
    storage: str
    """Where its files are: the source with ``models:/`` resolved."""
    run_id: str | None
    run_link: str | None
    model_id: str | None
    artifact: int | None
    """Its artifact in the record."""
    tags: dict[str, str]


def model_of(row: tuple[Any, ...]) -> Model:
    """A row of MODEL_COLUMNS."""
    tags, aliases = orjson.loads(row[4]), orjson.loads(row[5])
    return Model(*row[:4], tags, aliases)  # type: ignore[call-arg]


def version_of(row: tuple[Any, ...]) -> Version:
    """A row of VERSION_COLUMNS."""
    tags = orjson.loads(row[12])
    return Version(*row[:12], tags)  # type: ignore[call-arg]


def the_model(tx: Session, namespace: str, name: str) -> Model:
    """The registered model. Errors: Refused."""
    check_name(name)
    row = tx.one(f"SELECT {MODEL_COLUMNS} FROM ml_registered WHERE namespace = ? AND name = ?", (namespace, name))
    if row is None:
        raise Refused(f"Registered Model with name={name} not found", NOT_THERE)
    return model_of(row)


def the_version(tx: Session, namespace: str, name: str, version: str) -> Version:
    """The version, unless it was deleted. Errors: Refused."""
    check_name(name)
    number = version_number(version)
    row = tx.one(
        f"SELECT {VERSION_COLUMNS} FROM ml_version WHERE namespace = ? AND name = ? AND version = ? AND stage != ?",
        (namespace, name, number, DELETED),
    )
    if row is None:
        raise Refused(f"Model Version (name={name}, version={version}) not found", NOT_THERE)
    return version_of(row)


def versions_of(tx: Session, namespace: str, name: str) -> list[Version]:
    """Every version that was not deleted, oldest first."""
    sql = f"SELECT {VERSION_COLUMNS} FROM ml_version WHERE namespace = ? AND name = ? AND stage != ? ORDER BY version"
    return [version_of(row) for row in tx.fetch(sql, (namespace, name, DELETED))]


def save_model(tx: Session, namespace: str, model: Model) -> None:
    """Put a model, new or changed."""
    tx.execute(
        f"INSERT INTO ml_registered (namespace, {MODEL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (namespace, name) DO UPDATE SET updated_ms = excluded.updated_ms,"
        " description = excluded.description, tags = excluded.tags, aliases = excluded.aliases",
        (
            namespace, model.name, model.created_ms, model.updated_ms, model.description,
            _json(model.tags), _json(model.aliases),
        ),
    )  # fmt: skip


def save_version(tx: Session, namespace: str, one: Version) -> None:
    """Put a version, new or changed."""
    tx.execute(
        f"INSERT INTO ml_version (namespace, {VERSION_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (namespace, name, version) DO UPDATE SET updated_ms = excluded.updated_ms,"
        " description = excluded.description, stage = excluded.stage, source = excluded.source,"
        " storage = excluded.storage, run_id = excluded.run_id, run_link = excluded.run_link,"
        " artifact = excluded.artifact, tags = excluded.tags",
        (
            namespace, one.name, one.version, one.created_ms, one.updated_ms, one.description, one.stage, one.source,
            one.storage, one.run_id, one.run_link, one.model_id, one.artifact, _json(one.tags),
        ),
    )  # fmt: skip


def told_version(one: Version, model: Model | None) -> dict[str, Any]:
    """MLflow's ``model_version``; its aliases are those of ``model``, None where MLflow tells none."""
    told: dict[str, Any] = {
        "name": one.name,
        "version": str(one.version),
        "creation_timestamp": one.created_ms,
        "last_updated_timestamp": one.updated_ms,
        "current_stage": one.stage,
        "source": one.source,
        "run_id": one.run_id or "",
        "status": "READY",
        "run_link": one.run_link or "",
    }
    if one.description is not None:
        told["description"] = one.description
    if one.tags:
        told["tags"] = pairs(one.tags)
    aliases = [] if model is None else [alias for alias, at in sorted(model.aliases.items()) if at == one.version]
    if aliases:
        told["aliases"] = aliases
    return told


def told_model(model: Model, versions: list[Version]) -> dict[str, Any]:
    """MLflow's ``registered_model``, with the newest version of each stage."""
    told: dict[str, Any] = {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
    }
    if model.description is not None:
        told["description"] = model.description
    if latest := newest(versions):
        told["latest_versions"] = [told_version(one, None) for one in latest]
    if model.tags:
        told["tags"] = pairs(model.tags)
    if model.aliases:
        told["aliases"] = [{"alias": alias, "version": str(at)} for alias, at in sorted(model.aliases.items())]
    return told


def newest(versions: list[Version]) -> list[Version]:
    """The newest version of each stage, by stage as they come up."""
    found: dict[str, Version] = {}
    for one in versions:
        if one.stage not in found or one.version > found[one.stage].version:
            found[one.stage] = one
    return list(found.values())


def pairs(tags: Mapping[str, str | None]) -> list[dict[str, Any]]:
    """A mapping as MLflow's list of key and value, by key."""
    return [{"key": key, "value": value or ""} for key, value in sorted(tags.items())]


def tags_of(given: list[dict[str, Any]]) -> dict[str, str]:
    """MLflow's list of tags as a mapping; the last of a key counts. Errors: Refused."""
    found = {str(tag.get("key") or ""): str(tag.get("value") or "") for tag in given}
    for key, value in found.items():
        check_tag(key, value)
    return found


def check_tag(key: str, value: str) -> None:
    """Errors: Refused for a key or value the client could not send to MLflow either."""
    if not key:
        raise Refused("Missing value for required parameter 'key'.")
    if not re.fullmatch(r"[/\w.\- :]*", key):
        raise Refused(
            f"Invalid value {key!r} for parameter 'key' supplied: Names may only contain alphanumerics, underscores"
            " (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
        )
    if len(key) > 250:
        raise Refused("'key' exceeds the maximum length of 250 characters")
    if len(value) > 100_000:
        raise Refused("'value' exceeds the maximum length of 100000 characters")


def check_name(name: str) -> None:
    """Errors: Refused for what is no name of a registered model."""
    if not name:
        raise Refused("Registered model name cannot be empty.")
    if "/" in name or ":" in name or "\0" in name:
        raise Refused(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")


def check_alias(alias: str) -> None:
    """Errors: Refused for an alias that a version or ``latest`` could be meant by."""
    if not _ALIAS.fullmatch(alias):
        raise Refused(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    if len(alias) > 255:
        raise Refused("'alias' exceeds the maximum length of 255 characters")
    if alias.lower() == "latest":
        raise Refused("'latest' alias name (case insensitive) is reserved.")
    if re.fullmatch(r"[vV]\d+", alias):
        raise Refused(f"Version alias name '{alias}' is reserved.")


def version_number(text: str) -> int:
    """The number of a version. Errors: Refused."""
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise Refused(f"Parameter 'version' must be an integer, got '{text}'.")
    return int(text)


def stage_of(text: str) -> str:
    """A stage as it is written. Errors: Refused."""
    for stage in STAGES:
        if stage.lower() == text.lower():
            return stage
    raise Refused(f"Invalid Model Version stage: {text}. Value must be one of {', '.join(STAGES)}.")


def taken(name: str, *, old_is_prompt: bool, new_is_prompt: bool) -> Refused:
    """The name is in use, perhaps by the other kind."""
    what = "Prompt" if old_is_prompt else "Registered Model"
    if old_is_prompt == new_is_prompt:
        return Refused(f"{what} (name={name}) already exists.", EXISTS)
    kinds = ("prompt", "registered model")
    wanted, other = kinds if new_is_prompt else kinds[::-1]
    return Refused(
        f"Tried to create a {wanted} with name {name!r}, but the name is already taken by a {other}.", EXISTS
    )


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value)).decode()
