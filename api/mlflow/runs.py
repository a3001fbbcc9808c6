"""Runs: made, read, updated, deleted and restored. In the record they are executions."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import ACTIVE, DELETED, ensure_default, find_experiment, find_run, whole_runs
from clew.api.mlflow.errors import Refused
from clew.api.mlflow.experiments import tags_of
from clew.api.mlflow.limits import MOST_TAG
from clew.api.mlflow.project import project_run
from clew.api.mlflow.wire import Field, need

RUN_NAME = "mlflow.runName"
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""MLflow's numbers and names of what a run is doing."""
RUN_ID = need("run_id", or_name="run_uuid")
_FIRST = "able brave calm eager fair gentle keen kind loyal merry neat noble proud quick quiet sharp swift warm wise"
_SECOND = "ant bear bee cat crow deer dove eel elk fawn fish fox goat gull hare hawk lark mole moth newt owl ram"


def random_name() -> str:
    """A name for what was given none."""
    return f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}-{secrets.randbelow(1000)}"


def create_run(call: Call) -> Answer:
    """``runs/create``."""
    tags = dict(tags_of(call.items("tags")))
    named, tag_name = call.text("run_name"), tags.get(RUN_NAME, "")
    if named and tag_name and named != tag_name:
        raise Refused(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
            f"(run_name='{named}', mlflow.runName='{tag_name}')."
        )
    name = named or tag_name or random_name()
    tags[RUN_NAME] = name
    run_id = uuid.uuid4().hex
    with call.store.write() as session:
        if call.text("experiment_id") == "0":
            ensure_default(session, call.namespace, call.now_ms)
        if not call.text("experiment_id"):
            raise Refused("Missing value for required parameter 'experiment_id'.", "BAD_REQUEST")
        experiment = find_experiment(session, call.namespace, call.text("experiment_id"))
        if experiment.lifecycle != ACTIVE:
            raise Refused(
                f"The experiment {experiment.number} must be in the 'active' state. "
                f"Current state is {experiment.lifecycle}."
            )
        uri = f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"
        made = session.one(
            "INSERT INTO ml_run (id, experiment, name, user_id, status, started_ms, artifact_uri, lifecycle) "
            "VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?) RETURNING number",
            (run_id, experiment.number, name, call.text("user_id"), call.whole("start_time"), uri, ACTIVE),
        )
        assert made is not None
        session.each(
            "INSERT INTO ml_tag (run, key, value) VALUES (?, ?, ?)",
            [(made[0], key, value[:MOST_TAG]) for key, value in tags.items()],
        )
        run = find_run(session, call.namespace, run_id)
    project_run(call.services, call.store, run_id)
    data = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
    return {"run": {"info": run.info(), "data": data, "inputs": {}}}


def get_run(call: Call) -> Answer:
    """``runs/get``."""
    with call.store.read() as session:
        run = find_run(session, call.namespace, call.text("run_id"))
        return {"run": whole_runs(session, [run], model_inputs=True)[0]}


def _status(raw: Any) -> str | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return STATUSES.get(raw)
    return raw if raw in STATUSES.values() else None


def update_run(call: Call) -> Answer:
    """``runs/update``: state, end and name. A state that MLflow does not know counts as not given."""
    status, name = _status(call.raw.get("status")), call.text("run_name")
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"), active=True)
        session.execute(
            "UPDATE ml_run SET status = ?, ended_ms = ?, name = ?, dirty = 1 WHERE number = ?",
            (status or run.status, call.given.get("end_time", run.ended_ms), name or run.name, run.number),
        )
        if name:
            put_tag(session, run.number, RUN_NAME, name)
        run = find_run(session, call.namespace, run.id)
    project_run(call.services, call.store, run.id)
    return {"run_info": run.info()}


def put_tag(session: Any, run: int, key: str, value: str) -> None:
    """Set a tag, over what it was."""
    session.execute(
        "INSERT INTO ml_tag (run, key, value) VALUES (?, ?, ?) "
        "ON CONFLICT (run, key) DO UPDATE SET value = excluded.value",
        (run, key, value),
    )


def delete_run(call: Call) -> Answer:
    """``runs/delete``: it is marked, and can be restored."""
    return _turn(call, DELETED)


def restore_run(call: Call) -> Answer:
    """``runs/restore``."""
    return _turn(call, ACTIVE)


def _turn(call: Call, lifecycle: str) -> Answer:
    with call.store.write() as session:
        run = find_run(session, call.namespace, call.text("run_id"))
        session.execute("UPDATE ml_run SET lifecycle = ?, dirty = 1 WHERE number = ?", (lifecycle, run.number))
    project_run(call.services, call.store, run.id)
    return {}


ENDPOINTS = (
    Endpoint(
        "runs/create",
        ("POST",),
        create_run,
        (
            Field("experiment_id"),
            Field("user_id"),
            Field("start_time", "int"),
            Field("tags", "dicts"),
            Field("run_name"),
        ),
    ),
    Endpoint("runs/get", ("GET",), get_run, (RUN_ID,)),
    Endpoint("runs/update", ("POST",), update_run, (RUN_ID, Field("end_time", "int"), Field("run_name"))),
    Endpoint("runs/delete", ("POST",), delete_run, (need("run_id"),)),
    Endpoint("runs/restore", ("POST",), restore_run, (need("run_id"),)),
)
