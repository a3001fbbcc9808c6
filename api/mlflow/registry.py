"""Registered models: the endpoints under ``registered-models/``."""

from __future__ import annotations

from typing import Any

from clew.api.mlflow import conditions, model_lineage
from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.conditions import page
from clew.api.mlflow.errors import EXISTS, INTERNAL, Refused
from clew.api.mlflow.paging import offset_of
from clew.api.mlflow.registry_rows import (
    MODEL_COLUMNS,
    PROMPT,
    STAGES,
    Model,
    check_alias,
    check_name,
    check_tag,
    model_of,
    newest,
    save_model,
    stage_of,
    tags_of,
    taken,
    the_model,
    the_version,
    told_model,
    told_version,
    versions_of,
)
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import Field, need

ORDER_KEYS = {"name": "name", "timestamp": "updated_ms", "last_updated_timestamp": "updated_ms"}


def create(call: Call) -> Answer:
    """Make a registered model."""
    name, tags = call.text("name"), tags_of(call.items("tags"))
    check_name(name)
    now = call.now_ms
    with call.store.write() as tx:
        row = tx.one(
            f"SELECT {MODEL_COLUMNS} FROM ml_registered WHERE namespace = ? AND name = ?", (call.namespace, name)
        )
        if row is not None:
            raise taken(name, old_is_prompt=is_prompt(model_of(row).tags), new_is_prompt=is_prompt(tags))
        model = Model(name, now, now, call.given.get("description"), tags, {})
        save_model(tx, call.namespace, model)
    return {"registered_model": told_model(model, [])}


def get(call: Call) -> Answer:
    """One registered model."""
    with call.store.read() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        return {"registered_model": told_model(model, versions_of(tx, call.namespace, model.name))}


def update(call: Call) -> Answer:
    """Describe it anew."""
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        model.description, model.updated_ms = call.given.get("description"), call.now_ms
        save_model(tx, call.namespace, model)
        return {"registered_model": told_model(model, versions_of(tx, call.namespace, model.name))}


def rename(call: Call) -> Answer:
    """Give a model another name; its versions go along, and links by the old name lead nowhere, as in MLflow."""
    old, new, now = call.text("name"), call.text("new_name"), call.now_ms
    check_name(new)
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, old)
        if new != old:
            if tx.one("SELECT 1 FROM ml_registered WHERE namespace = ? AND name = ?", (call.namespace, new)):
                raise Refused(f"Registered Model (name={new}) already exists.", EXISTS)
            tx.execute("DELETE FROM ml_registered WHERE namespace = ? AND name = ?", (call.namespace, old))
        model.name, model.updated_ms = new, now
        save_model(tx, call.namespace, model)
        tx.execute(
            "UPDATE ml_version SET name = ?, updated_ms = ? WHERE namespace = ? AND name = ?",
            (new, now, call.namespace, old),
        )
        versions = versions_of(tx, call.namespace, new)
    model_lineage.labelled(call.services, call.namespace, model, versions)
    return {"registered_model": told_model(model, versions)}


def delete(call: Call) -> Answer:
    """Forget a model and its versions; the record keeps what they were."""
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        versions = versions_of(tx, call.namespace, model.name)
        for table in ("ml_registered", "ml_version"):
            tx.execute(f"DELETE FROM {table} WHERE namespace = ? AND name = ?", (call.namespace, model.name))
    model_lineage.forgotten(call.services, call.namespace, versions)
    return {}


def set_tag(call: Call) -> Answer:
    """Tag a model."""
    key, value = call.text("key"), call.text("value")
    check_tag(key, value)
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        model.tags[key] = value
        save_model(tx, call.namespace, model)
    return {}


def delete_tag(call: Call) -> Answer:
    """Take a tag away, if it is there."""
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        if model.tags.pop(call.text("key"), None) is not None:
            save_model(tx, call.namespace, model)
    return {}


def set_alias(call: Call) -> Answer:
    """Let an alias name a version."""
    alias = call.text("alias")
    check_alias(alias)
    with call.store.write() as tx:
        one = the_version(tx, call.namespace, call.text("name"), call.text("version"))
        model = the_model(tx, call.namespace, one.name)
        before = model.aliases.get(alias)
        model.aliases[alias] = one.version
        save_model(tx, call.namespace, model)
        versions = versions_of(tx, call.namespace, one.name)
    model_lineage.labelled(
        call.services, call.namespace, model, [v for v in versions if v.version in (before, one.version)]
    )
    return {}


def delete_alias(call: Call) -> Answer:
    """Take an alias away, if it is there."""
    with call.store.write() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        before = model.aliases.pop(call.text("alias"), None)
        if before is None:
            return {}
        save_model(tx, call.namespace, model)
        versions = versions_of(tx, call.namespace, model.name)
    model_lineage.labelled(call.services, call.namespace, model, [v for v in versions if v.version == before])
    return {}


def by_alias(call: Call) -> Answer:
    """The version an alias names."""
    with call.store.read() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        version = model.aliases.get(call.text("alias"))
        if version is None:
            raise Refused(f"Registered model alias {call.text('alias')} not found.")
        one = the_version(tx, call.namespace, model.name, str(version))
    return {"model_version": told_version(one, model)}


def latest(call: Call) -> Answer:
    """The newest version of each stage."""
    stages = {stage_of(stage) for stage in call.items("stages")} or set(STAGES)
    with call.store.read() as tx:
        model = the_model(tx, call.namespace, call.text("name"))
        found = [one for one in newest(versions_of(tx, call.namespace, model.name)) if one.stage in stages]
    return _some("model_versions", [told_version(one, model) for one in found])


def search(call: Call) -> Answer:
    """One page of the models a filter selects."""
    wanted = conditions.read(call.text("filter"), {"attribute": "attribute", "tag": "tag", "tags": "tag"})
    for one in wanted:
        _check(one)
    by = _order(call.items("order_by"))
    start, most = offset_of(call.text("page_token")), call.whole("max_results", 100)
    with call.store.read() as tx:
        models = [m for m in _all(tx, call.namespace) if _selected(m, wanted)]
        found, token = page(conditions.ordered(models, by), start, most)
        told = [told_model(model, versions_of(tx, call.namespace, model.name)) for model in found]
    return _some("registered_models", told) | ({"next_page_token": token} if token else {})


def is_prompt(tags: dict[str, str]) -> bool:
    """Whether the tags tell of a prompt, which MLflow keeps among the models."""
    return tags.get(PROMPT, "").lower() == "true"


def asks_for_prompts(wanted: list[conditions.Comparison]) -> bool:
    """Whether a filter is about prompts; models alone are searched else."""
    for one in wanted:
        if one.kind == "tag" and one.key == PROMPT:
            return (one.op, str(one.value).lower()) in (("=", "true"), ("!=", "false"))
    return False


def _all(tx: Session, namespace: str) -> list[Model]:
    return [
        model_of(row)
        for row in tx.fetch(f"SELECT {MODEL_COLUMNS} FROM ml_registered WHERE namespace = ?", (namespace,))
    ]


def _check(one: conditions.Comparison) -> None:
    if one.kind == "tag":
        check_tag_comparison(one)
        return
    if one.key != "name":
        raise Refused(f"Invalid attribute key '{one.key}' specified. Valid keys are '{{'name'}}'")
    if not isinstance(one.value, str | tuple):
        raise Refused(
            f"Expected a quoted string value or a list of quoted string values for attributes. Got value {one.value}"
        )
    if one.op not in conditions.STRING_OPS:
        raise Refused(f"Invalid comparator for attribute: {one.op}")


def check_tag_comparison(one: conditions.Comparison) -> None:
    """Errors: Refused for a comparison that tags do not know."""
    if one.op not in ("=", "!=", "LIKE", "ILIKE"):
        raise Refused(f"Invalid comparator for tag: {one.op}")
    if not isinstance(one.value, str):
        raise Refused(f"Expected a quoted string value for tag (e.g. 'my-value'). Got value {one.value}")


def selected_by_tags(tags: dict[str, str], wanted: list[conditions.Comparison]) -> bool:
    """Whether tags fulfil every comparison; who does not ask for prompts gets none."""
    if asks_for_prompts(wanted) != is_prompt(tags):
        return False
    return all(one.holds(tags.get(one.key)) for one in wanted if one.kind == "tag" and one.key != PROMPT)


def _selected(model: Model, wanted: list[conditions.Comparison]) -> bool:
    named = all(one.holds(model.name) for one in wanted if one.kind == "attribute")
    return named and selected_by_tags(model.tags, wanted)


def _order(given: list[str]) -> list[tuple[Any, bool]]:
    found: dict[str, bool] = {}
    for text in given:
        key, ascending = conditions.order_clause(text)
        if key not in ORDER_KEYS:
            raise Refused(f"Invalid order by key '{key}' specified. Valid keys are '{{'timestamp', 'name'}}'")
        if ORDER_KEYS[key] in found:
            raise Refused(f"`order_by` contains duplicate fields: {given}", INTERNAL)
        found[ORDER_KEYS[key]] = ascending
    found.setdefault("name", True)
    return [((lambda model, at=at: getattr(model, at)), ascending) for at, ascending in found.items()]


def _some(name: str, items: list[Any]) -> dict[str, Any]:
    return {name: items} if items else {}


_NAME = need("name")
ENDPOINTS = (
    Endpoint("registered-models/create", ("POST",), create, (_NAME, Field("tags", "dicts"), Field("description"))),
    Endpoint("registered-models/get", ("GET",), get, (_NAME,)),
    Endpoint("registered-models/update", ("PATCH",), update, (_NAME, Field("description"))),
    Endpoint("registered-models/rename", ("POST",), rename, (_NAME, need("new_name"))),
    Endpoint("registered-models/delete", ("DELETE",), delete, (_NAME,)),
    Endpoint("registered-models/set-tag", ("POST",), set_tag, (_NAME, need("key"), Field("value"))),
    Endpoint("registered-models/delete-tag", ("DELETE",), delete_tag, (_NAME, need("key"))),
    Endpoint("registered-models/alias", ("POST",), set_alias, (_NAME, need("alias"), need("version"))),
    Endpoint("registered-models/alias", ("DELETE",), delete_alias, (_NAME, need("alias"))),
    Endpoint("registered-models/alias", ("GET",), by_alias, (_NAME, need("alias"))),
    Endpoint("registered-models/get-latest-versions", ("GET", "POST"), latest, (_NAME, Field("stages", "strings"))),
    Endpoint(
        "registered-models/search",
        ("GET",),
        search,
        (
            Field("filter"), Field("max_results", "int", at_most=1000), Field("order_by", "strings"),
            Field("page_token"),
        ),
    ),
)  # fmt: skip
