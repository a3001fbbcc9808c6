"""Experiments: made, found, renamed, tagged, deleted and restored. In the record they are contexts."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import (
    ACTIVE,
    DELETED,
    ensure_default,
    experiment_tags,
    experiments_where,
    find_experiment,
)
from clew.api.mlflow.errors import EXISTS, INVALID_STATE, NOT_THERE, Refused
from clew.api.mlflow.limits import MOST_EXPERIMENT_NAME, MOST_TAGS_AT_ONCE, check_experiment_tag, check_length
from clew.api.mlflow.project import project_experiment
from clew.api.mlflow.wire import Field, need


def tags_of(items: list[Any]) -> list[tuple[str, str]]:
    """Key and value of MLflow's tags; the last of equal keys counts. Errors: Refused beyond what is sane."""
    if len(items) > MOST_TAGS_AT_ONCE:
        raise Refused(f"At most {MOST_TAGS_AT_ONCE} tags can be set at once. Got {len(items)} tags.")
    return list({str(tag.get("key") or ""): str(tag.get("value") or "") for tag in items}.items())


def _check_name(name: str) -> None:
    if not name:
        raise Refused(f"Invalid experiment name: '{name}'")
    check_length("name", MOST_EXPERIMENT_NAME, name)


def _check_location(location: str) -> None:
    """Errors: Refused for a place whose path would be cut off, or lead out of it."""
    plain = location
    while (text := unquote(plain)) != plain:
        plain = text
    if any(c in plain for c in "#?;"):
        raise Refused("'artifact_location' URL can't include fragments or params.")
    if "\0" in plain or "\\" in plain or ".." in plain.split("/"):
        raise Refused(f"Invalid artifact location: '{location}'. It must not include relative path references.")


def create_experiment(call: Call) -> Answer:
    """``experiments/create``."""
    name, location = call.text("name"), call.text("artifact_location")
    _check_name(name)
    _check_location(location)
    tags = tags_of(call.items("tags"))
    for key, value in tags:
        check_experiment_tag(key, value)
    now_ms = call.now_ms
    with call.store.write() as session:
        ensure_default(session, call.namespace, now_ms)
        made = session.one(
            "INSERT INTO ml_experiment (namespace, name, artifact_location, lifecycle, created_ms, updated_ms) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, name) DO NOTHING RETURNING number",
            (call.namespace, name, location, ACTIVE, now_ms, now_ms),
        )
        if made is None:
            raise Refused(f"Experiment(name={name}) already exists. Error: its name is taken", EXISTS)
        (number,) = made
        if not location:
            session.execute(
                "UPDATE ml_experiment SET artifact_location = ? WHERE number = ?",
                (f"mlflow-artifacts:/{number}", number),
            )
        session.each(
            "INSERT INTO ml_experiment_tag (experiment, key, value) VALUES (?, ?, ?)",
            [(number, key, value) for key, value in tags],
        )
    project_experiment(call.services, call.store, number)
    return {"experiment_id": str(number)}


def _default_there(call: Call) -> None:
    with call.store.read() as session:
        there = session.one("SELECT 1 FROM ml_experiment WHERE number = 0")
    if there is None:
        with call.store.write() as session:
            ensure_default(session, "default", call.now_ms)


def get_experiment(call: Call) -> Answer:
    """``experiments/get``."""
    if call.text("experiment_id") == "0":
        _default_there(call)
    with call.store.read() as session:
        found = find_experiment(session, call.namespace, call.text("experiment_id"))
        return {"experiment": found.told(experiment_tags(session, found.number))}


def get_experiment_by_name(call: Call) -> Answer:
    """``experiments/get-by-name``."""
    name = call.text("experiment_name")
    if name == "Default":
        _default_there(call)
    with call.store.read() as session:
        found = experiments_where(session, "WHERE namespace = ? AND name = ?", (call.namespace, name))
        if not found:
            raise Refused(f"Could not find experiment with name '{name}'", NOT_THERE)
        return {"experiment": found[0].told(experiment_tags(session, found[0].number))}


def update_experiment(call: Call) -> Answer:
    """``experiments/update``: a new name."""
    name = call.text("new_name")
    _check_name(name)
    with call.store.write() as session:
        found = find_experiment(session, call.namespace, call.text("experiment_id"))
        if found.lifecycle != ACTIVE:
            raise Refused("Cannot rename a non-active experiment.", INVALID_STATE)
        taken = experiments_where(session, "WHERE namespace = ? AND name = ?", (call.namespace, name))
        if taken and taken[0].number != found.number:
            raise Refused(f"Experiment(name={name}) already exists. Error: its name is taken", "BAD_REQUEST")
        session.execute(
            "UPDATE ml_experiment SET name = ?, updated_ms = ?, dirty = 1 WHERE number = ?",
            (name, call.now_ms, found.number),
        )
    project_experiment(call.services, call.store, found.number)
    return {}


def delete_experiment(call: Call) -> Answer:
    """``experiments/delete``, with its runs."""
    return _turn(call, ACTIVE, DELETED)


def restore_experiment(call: Call) -> Answer:
    """``experiments/restore``, with its runs."""
    return _turn(call, DELETED, ACTIVE)


def _turn(call: Call, before: str, after: str) -> Answer:
    if call.text("experiment_id") == "0":
        _default_there(call)
    with call.store.write() as session:
        found = find_experiment(session, call.namespace, call.text("experiment_id"), before)
        session.execute(
            "UPDATE ml_experiment SET lifecycle = ?, updated_ms = ?, dirty = 1 WHERE number = ?",
            (after, call.now_ms, found.number),
        )
        session.execute("UPDATE ml_run SET lifecycle = ? WHERE experiment = ?", (after, found.number))
    project_experiment(call.services, call.store, found.number)
    return {}


def set_experiment_tag(call: Call) -> Answer:
    """``experiments/set-experiment-tag``."""
    key, value = call.text("key"), call.text("value")
    check_experiment_tag(key, value)
    with call.store.write() as session:
        found = find_experiment(session, call.namespace, call.text("experiment_id"))
        _check_active(found.number, found.lifecycle)
        session.execute(
            "INSERT INTO ml_experiment_tag (experiment, key, value) VALUES (?, ?, ?) "
            "ON CONFLICT (experiment, key) DO UPDATE SET value = excluded.value",
            (found.number, key, value),
        )
        session.execute("UPDATE ml_experiment SET updated_ms = ? WHERE number = ?", (call.now_ms, found.number))
    return {}


def delete_experiment_tag(call: Call) -> Answer:
    """``experiments/delete-experiment-tag``."""
    key = call.text("key")
    with call.store.write() as session:
        found = find_experiment(session, call.namespace, call.text("experiment_id"))
        _check_active(found.number, found.lifecycle)
        sql = "DELETE FROM ml_experiment_tag WHERE experiment = ? AND key = ? RETURNING key"
        if session.one(sql, (found.number, key)) is None:
            raise Refused(f"No tag with name: {key} in experiment with id {found.number}", NOT_THERE)
    return {}


def _check_active(number: int, lifecycle: str) -> None:
    if lifecycle != ACTIVE:
        raise Refused(f"The experiment {number} must be in the 'active' state. Current state is {lifecycle}.")


_ID = need("experiment_id")
ENDPOINTS = (
    Endpoint(
        "experiments/create",
        ("POST",),
        create_experiment,
        (need("name"), Field("artifact_location"), Field("tags", "dicts")),
    ),
    Endpoint("experiments/get", ("GET",), get_experiment, (_ID,)),
    Endpoint("experiments/get-by-name", ("GET",), get_experiment_by_name, (need("experiment_name"),)),
    Endpoint("experiments/update", ("POST",), update_experiment, (_ID, need("new_name"))),
    Endpoint("experiments/delete", ("POST",), delete_experiment, (_ID,)),
    Endpoint("experiments/restore", ("POST",), restore_experiment, (_ID,)),
    Endpoint("experiments/set-experiment-tag", ("POST",), set_experiment_tag, (_ID, need("key"), Field("value"))),
    Endpoint("experiments/delete-experiment-tag", ("POST",), delete_experiment_tag, (_ID, need("key"))),
)
