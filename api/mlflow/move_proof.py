"""Proof of a move: what the backend told is read back from the tracking store and compared, value by value."""

from __future__ import annotations

from typing import Any

import orjson

from clew.api.mlflow.entities import Run
from clew.api.mlflow.log import as_stored
from clew.api.mlflow.store.database import Session
from clew.collectors.mlmd.proof import Proof


def compare_run(tx: Session, run: Run, told: dict[str, Any], proof: Proof) -> None:
    """Fields, parameters, tags and every metric point of a run."""
    where = f"run:{run.id}"
    for name, found in (
        ("status", run.status), ("started_ms", run.started_ms), ("ended_ms", run.ended_ms),
        ("lifecycle", run.lifecycle), ("name", run.name),
    ):  # fmt: skip
        if found != told[name]:
            proof.differs(where, name, told[name], found)
    proof.tallies["run", ""].add(1)
    for table, name, what in (("ml_param", "params", "parameter"), ("ml_tag", "tags", "tag")):
        found_pairs: dict[str, str] = dict(tx.fetch(f"SELECT key, value FROM {table} WHERE run = ?", (run.number,)))
        _compare(proof, where, what, told[name], found_pairs)
    rows = tx.fetch(
        "SELECT m.name, p.value, p.is_nan, p.time_ms, p.step FROM ml_point p JOIN ml_metric m ON m.number = p.metric"
        " WHERE p.run = ?",
        (run.number,),
    )
    found_points = {(key, value, is_nan, time_ms, step) for key, value, is_nan, time_ms, step in rows}
    wanted = {(key, *as_stored(float(value)), time_ms, step) for key, value, time_ms, step in told["points"]}
    tally = proof.tallies["metric point", ""]
    tally.store += len(wanted)
    tally.record += len(found_points)
    tally.equal += len(wanted & found_points)
    for missing in sorted(wanted - found_points)[:20]:
        proof.differs(where, f"metrics.{missing[0]}", missing[1:], "not there")


def compare_model(tx: Session, told: dict[str, Any], proof: Proof) -> None:
    """Parameters and tags of a LoggedModel."""
    row = tx.one("SELECT name, params, tags FROM ml_logged_model WHERE id = ?", (told["id"],))
    proof.tallies["logged model", ""].add(1)
    if row is None or row[0] != told["name"]:
        proof.differs(f"model:{told['id']}", "name", told["name"], row and row[0])
        return
    _compare(proof, f"model:{told['id']}", "model parameter", told["params"], orjson.loads(row[1]))
    _compare(proof, f"model:{told['id']}", "model tag", told["tags"], orjson.loads(row[2]))


def compare_version(tx: Session, namespace: str, told: dict[str, Any], proof: Proof) -> None:
    """Fields and tags of a version, and that the record has its artifact."""
    row = tx.one(
        "SELECT stage, source, run_id, tags, artifact FROM ml_version WHERE namespace = ? AND name = ? AND version = ?",
        (namespace, told["name"], told["version"]),
    )
    where = f"version:{told['name']}/{told['version']}"
    proof.tallies["model version", ""].add(1)
    wanted = (told["stage"], told["source"], told["run"])
    if row is None or tuple(row[:3]) != wanted:
        proof.differs(where, "stage, source, run", wanted, row and row[:3])
        return
    if row[4] is None:
        proof.differs(where, "artifact", "one", "none")
    _compare(proof, where, "version tag", told["tags"], orjson.loads(row[3]))


def _compare(proof: Proof, where: str, what: str, wanted: dict[str, str], found: dict[str, str]) -> None:
    tally = proof.tallies[what, ""]
    tally.store += len(wanted)
    tally.record += len(found)
    for key, value in wanted.items():
        if found.get(key) == value:
            tally.equal += 1
        else:
            proof.differs(where, f"{what} {key}", value, found.get(key))
