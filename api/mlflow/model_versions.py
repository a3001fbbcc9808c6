"""Versions of registered models: the endpoints under ``model-versions/``."""

from __future__ import annotations

from typing import Any

import orjson

from clew.api.mlflow import conditions, model_lineage
from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.conditions import page
from clew.api.mlflow.errors import INTERNAL, Refused
from clew.api.mlflow.model_source import source_of
from clew.api.mlflow.paging import offset_of
from clew.api.mlflow.registry import check_tag_comparison, is_prompt, selected_by_tags
from clew.api.mlflow.registry_rows import (
    ACTIVE_STAGES,
    DELETED,
    VERSION_COLUMNS,
    Version,
    check_tag,
    save_model,
    save_version,
    stage_of,
    tags_of,
    the_model,
    the_version,
    told_version,
    version_of,
    versions_of,
)
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import Field, need

COLUMNS = {"name": "name", "version_number": "version", "run_id": "run_id", "source_path": "source"}
NUMBERS = {"version_number": "version", "creation_timestamp": "created_ms", "last_updated_timestamp": "updated_ms"}
ORDER_KEYS = NUMBERS | {"name": "name"}


def create(call: Call) -> Answer:
    """Register one more version of a model: an artifact of the record, made from that of the LoggedModel."""
    name, tags, now = call.text("name"), tags_of(call.items("tags")), call.now_ms
    with call.store.write() as tx:
        if is_prompt(tags):
            source = run_id = model_id = ""
            storage = source = call.text("source")
        else:
            source, storage, run_id, model_id = source_of(
                tx, call.namespace, call.text("source"), call.given.get("run_id"), call.given.get("model_id")
            )
        model = the_model(tx, call.namespace, name)
        number = tx.fetch(
            "SELECT COALESCE(MAX(version), 0) + 1 FROM ml_version WHERE namespace = ? AND name = ?",
            (call.namespace, name),
        )[0][0]
        one = Version(
            name, number, now, now, call.text("description"), "None", source, storage, run_id, call.text("run_link"),
            model_id, None, tags,
        )  # fmt: skip
        save_version(tx, call.namespace, one)
        model.updated_ms = now
        save_model(tx, call.namespace, model)
        if model_id:
            _note_on_model(tx, model_id, name, number)
    model_lineage.registered(call.services, call.store, call.namespace, model, one)
    return {"model_version": told_version(one, model)}


def get(call: Call) -> Answer:
    """One version."""
    with call.store.read() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        return {"model_version": told_version(one, the_model(tx, call.namespace, one.name))}


def update(call: Call) -> Answer:
    """Describe it anew."""
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        one.description, one.updated_ms = call.given.get("description"), call.now_ms
        save_version(tx, call.namespace, one)
        return {"model_version": told_version(one, the_model(tx, call.namespace, one.name))}


def transition(call: Call) -> Answer:
    """Move a version to another stage, and with ``archive_existing_versions`` those there away."""
    stage, archive, now = call.text("stage"), bool(call.given.get("archive_existing_versions")), call.now_ms
    to = stage_of(stage)
    if archive and to not in ACTIVE_STAGES:
        raise Refused(
            "Model version transition cannot archive existing model versions because"
            f" '{stage}' is not an Active stage. Valid stages are {ACTIVE_STAGES}",
            INTERNAL,
        )
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        model = the_model(tx, call.namespace, one.name)
        moved = [one]
        if archive:
            there = versions_of(tx, call.namespace, one.name)
            moved += [other for other in there if other.stage == to and other.version != one.version]
        for other in moved:
            other.stage, other.updated_ms = "Archived", now
        one.stage, model.updated_ms = to, now
        for other in moved:
            save_version(tx, call.namespace, other)
        save_model(tx, call.namespace, model)
    model_lineage.labelled(call.services, call.namespace, model, moved)
    return {"model_version": told_version(one, model)}


def delete(call: Call) -> Answer:
    """Forget a version; its number is not given again, and the record keeps what it was."""
    now = call.now_ms
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        model = the_model(tx, call.namespace, one.name)
        model.aliases = {alias: at for alias, at in model.aliases.items() if at != one.version}
        model.updated_ms = one.updated_ms = now
        one.stage, one.description, one.source, one.storage = DELETED, None, "", ""
        one.run_id = one.run_link = None
        save_version(tx, call.namespace, one)
        save_model(tx, call.namespace, model)
    model_lineage.forgotten(call.services, call.namespace, [one])
    return {}


def download_uri(call: Call) -> Answer:
    """Where a version's files are."""
    with call.store.read() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
    return {"artifact_uri": one.storage or one.source}


def set_tag(call: Call) -> Answer:
    """Tag a version."""
    key, value = call.text("key"), call.text("value")
    check_tag(key, value)
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        one.tags[key] = value
        save_version(tx, call.namespace, one)
    return {}


def delete_tag(call: Call) -> Answer:
    """Take a tag away, if it is there."""
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        if one.tags.pop(call.text("key"), None) is not None:
            save_version(tx, call.namespace, one)
    return {}


def search(call: Call) -> Answer:
    """One page of the versions a filter selects, by default the last changed first."""
    wanted = conditions.read(call.text("filter"), {"attribute": "attribute", "tag": "tag", "tags": "tag"})
    for one in wanted:
        _check(one)
    by = _order(call.items("order_by"))
    start, most = offset_of(call.text("page_token")), call.whole("max_results", 10_000)
    if most < 1:
        raise Refused(f"Invalid value for max_results. It must be a positive integer, but got {most}")
    with call.store.read() as tx:
        found = [v for v in _narrowed(tx, call.namespace, wanted) if _selected(v, wanted)]
    items, token = page(conditions.ordered(found, by), start, most)
    told: dict[str, Any] = {"model_versions": [told_version(v, None) for v in items]} if items else {}
    return told | ({"next_page_token": token} if token else {})


def _note_on_model(tx: Session, model_id: str, name: str, version: int) -> None:
    """MLflow's own tag on a LoggedModel: which versions were made of it."""
    row = tx.one("SELECT tags FROM ml_logged_model WHERE id = ?", (model_id,))
    if row is None:
        return
    tags = orjson.loads(row[0])
    try:
        noted = orjson.loads(tags.get("mlflow.modelVersions", "[]"))
    except ValueError:
        noted = []
    import json

    tags["mlflow.modelVersions"] = json.dumps([*noted, {"name": name, "version": version}])
    tx.execute("UPDATE ml_logged_model SET tags = ? WHERE id = ?", (orjson.dumps(tags).decode(), model_id))


def _narrowed(tx: Session, namespace: str, wanted: list[conditions.Comparison]) -> list[Version]:
    """Versions by what an index finds first."""
    sql, parameters = (
        f"SELECT {VERSION_COLUMNS} FROM ml_version WHERE namespace = ? AND stage != ?",
        [namespace, DELETED],
    )
    for one in wanted:
        if one.kind == "attribute" and one.op == "=" and one.key in ("name", "run_id"):
            sql += " AND name = ?" if one.key == "name" else " AND run_id = ?"
            parameters.append(one.value)
    return [version_of(row) for row in tx.fetch(sql, parameters)]


def _check(one: conditions.Comparison) -> None:
    if one.kind == "tag":
        check_tag_comparison(one)
        return
    if one.key not in COLUMNS and one.key not in NUMBERS:
        raise Refused(f"Invalid attribute key '{one.key}' specified. Valid keys are '{set(COLUMNS)}'")
    if one.key in NUMBERS:
        if one.key != "version_number":
            raise Refused(f"Invalid attribute key '{one.key}' specified. Valid keys are '{set(COLUMNS)}'")
        if one.op not in conditions.NUMERIC_OPS:
            raise Refused(f"Invalid comparator for attribute {one.key}: {one.op}")
        if _number(one.value) is None:
            raise Refused(f"Invalid value for numeric attribute '{one.key}': {one.value!r}")
        return
    if isinstance(one.value, int | float):
        raise Refused(f"Only the '{set(NUMBERS)}' attributes support comparison with numeric values.")
    if one.op not in conditions.STRING_OPS or (one.op in ("IN", "NOT IN") and one.key not in ("run_id", "name")):
        raise Refused(f"Invalid comparator for attribute: {one.op}")


def _number(value: Any) -> int | None:
    if isinstance(value, float | tuple):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _selected(one: Version, wanted: list[conditions.Comparison]) -> bool:
    for by in wanted:
        if by.kind == "attribute":
            found, value = getattr(one, COLUMNS[by.key]), by.value
            if by.key in NUMBERS:
                by = conditions.Comparison(by.kind, by.key, by.op, _number(value))
            if not by.holds(found):
                return False
    return selected_by_tags(one.tags, wanted)


def _order(given: list[str]) -> list[tuple[Any, bool]]:
    found: dict[str, bool] = {}
    for text in given:
        key, ascending = conditions.order_clause(text)
        if key not in ORDER_KEYS:
            raise Refused(f"Invalid attribute key '{key}' specified. Valid keys are '{set(ORDER_KEYS)}'")
        if ORDER_KEYS[key] in found:
            raise Refused(f"`order_by` contains duplicate fields: {given}")
        found[ORDER_KEYS[key]] = ascending
    if not found:
        found["updated_ms"] = False
    found.setdefault("name", True)
    found.setdefault("version", False)
    return [((lambda one, at=at: getattr(one, at)), ascending) for at, ascending in found.items()]


_ONE = (need("name"), need("version"))
ENDPOINTS = (
    Endpoint(
        "model-versions/create",
        ("POST",),
        create,
        (
            need("name"), need("source"), Field("run_id"), Field("tags", "dicts"), Field("run_link"),
            Field("description"), Field("model_id"),
        ),
    ),
    Endpoint("model-versions/get", ("GET",), get, _ONE),
    Endpoint("model-versions/update", ("PATCH",), update, (*_ONE, Field("description"))),
    Endpoint(
        "model-versions/transition-stage",
        ("POST",),
        transition,
        (*_ONE, need("stage"), Field("archive_existing_versions", "bool")),
    ),
    Endpoint("model-versions/delete", ("DELETE",), delete, _ONE),
    Endpoint("model-versions/get-download-uri", ("GET",), download_uri, (Field("name"), Field("version"))),
    Endpoint("model-versions/set-tag", ("POST",), set_tag, (*_ONE, need("key"), Field("value"))),
    Endpoint("model-versions/delete-tag", ("DELETE",), delete_tag, (*_ONE, need("key"))),
    Endpoint(
        "model-versions/search",
        ("GET",),
        search,
        (
            Field("filter"), Field("max_results", "int", at_most=200_000), Field("order_by", "strings"),
            Field("page_token"),
        ),
    ),
)  # fmt: skip
