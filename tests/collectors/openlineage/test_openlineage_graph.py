"""What events become, and that their order and number change nothing."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.collectors.openlineage.event import read_event
from clew.collectors.openlineage.inbox import Inbox
from clew.metadata.identity import Identity
from clew.metadata.node import Artifact, Execution
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState

A, B, C = (f"01a2302a-2798-75e8-a4b9-2b014b60c04{n}" for n in range(3))
SCHEMA = {"schema": {"fields": [{"name": "id", "type": "int"}]}}


def run_event(
    run: str, state: str, second: int, *, job: str = "etl", inputs: Any = (), outputs: Any = (), **facets: Any
) -> dict[str, Any]:
    """An event of a run in the first minute of 2026; datasets as names, or (name, facets)."""

    def dataset(given: Any) -> dict[str, Any]:
        name, told = given if isinstance(given, tuple) else (given, {})
        return {"namespace": "s3://lake", "name": name, "facets": told}

    return {
        "eventType": state,
        "eventTime": f"2026-01-01T00:00:{second:02d}Z",
        "producer": "https://example.org",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": "jobs", "name": job},
        "inputs": [dataset(given) for given in inputs],
        "outputs": [dataset(given) for given in outputs],
    }


class Home:
    """A record, told events."""

    def __init__(self, folder: Path) -> None:
        self.record = Record.open(folder)
        self.inbox = Inbox(self.record, Identity(self.record))

    def tell(self, *events: dict[str, Any]) -> None:
        assert self.inbox.deliver([read_event(event) for event in events]) == [None] * len(events)

    def run(self, run: str) -> Execution:
        with self.record.read() as reader:
            (found,) = reader.executions(where=f"external_id = '{run}'").items
            return found

    def touched(self, run: str, type: EventType) -> list[Artifact]:
        with self.record.read() as reader:
            events = reader.events_of_executions([self.run(run).id])
            return [reader.artifact(event.artifact_id) for event in events if event.type is type]

    def graph(self) -> Any:
        """Everything that was said, but for ids and the order things were recorded in."""
        with self.record.read() as reader:
            executions = {e.id: e for e in reader.executions(limit=1000).items}
            artifacts = {a.id: a for a in reader.artifacts(limit=1000).items}
            groups = reader.contexts_of_executions(executions)
            events = reader.events_of_executions(executions)
            told = {
                e.external_id: (
                    e.state,
                    e.started_ms,
                    e.ended_ms,
                    e.custom_properties,
                    sorted(c.name for c in groups[e.id]),
                )
                for e in executions.values()
            }
            edges = {
                (
                    artifacts[e.artifact_id].external_id,
                    executions[e.execution_id].external_id,
                    e.type,
                    e.time_ms,
                    e.source,
                )
                for e in events
            }
            touched = {e.artifact_id for e in events}
            versions = {a.external_id: a.custom_properties for a in artifacts.values() if a.id in touched}
            return told, edges, versions, sorted(c.name for c in reader.contexts(limit=1000).items)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_run_becomes_an_execution_in_its_job_that_reads_and_writes(home: Home) -> None:
    home.tell(
        run_event(A, "START", 1, inputs=["raw"]),
        run_event(A, "COMPLETE", 5, inputs=["raw"], outputs=[("clean", SCHEMA)]),
    )
    run = home.run(A)
    assert (run.state, run.ended_ms and run.started_ms and run.ended_ms - run.started_ms) == (
        ExecutionState.COMPLETE,
        4000,
    )
    assert [a.external_id for a in home.touched(A, EventType.INPUT)] == ["s3://lake/raw#"]
    (clean,) = home.touched(A, EventType.OUTPUT)
    assert (clean.external_id, clean.uri) == (f"s3://lake/clean#{A}", "s3://lake/clean")
    assert clean.custom_properties["columns"] == "id: int"
    assert home.graph()[0][A][4] == ["jobs/etl"]


def test_a_reader_gets_the_version_written_before_it_read(home: Home) -> None:
    home.tell(run_event(C, "COMPLETE", 9, inputs=["clean"]), run_event(B, "COMPLETE", 20, outputs=["clean"]))
    assert [a.external_id for a in home.touched(C, EventType.INPUT)] == ["s3://lake/clean#"]
    home.tell(run_event(A, "COMPLETE", 3, outputs=["clean"]))  # late
    assert [a.external_id for a in home.touched(C, EventType.INPUT)] == [f"s3://lake/clean#{A}"]


def test_a_failure_that_names_no_outputs_erases_none(home: Home) -> None:
    error = {"message": "disk full", "programmingLanguage": "JAVA", "stackTrace": "at X"}
    home.tell(run_event(A, "START", 1, inputs=["raw"], outputs=["clean"]), run_event(A, "FAIL", 4, errorMessage=error))
    assert len(home.touched(A, EventType.OUTPUT)) == len(home.touched(A, EventType.INPUT)) == 1
    assert (home.run(A).state, home.run(A).custom_properties["error"]) == (ExecutionState.FAILED, "disk full")


def test_what_no_specification_knows_is_kept_verbatim(home: Home) -> None:
    odd = {"_producer": "p", "deep": [{"x": None}], "n": 2**53 + 1}
    home.tell(run_event(A, "START", 1, mine=odd), run_event(A, "RUNNING", 2), run_event(A, "COMPLETE", 3))
    facets = orjson.loads(str(home.run(A).custom_properties["openlineage.facets"]))
    assert facets["run"]["mine"] == odd


def test_facets_merge_by_name_and_the_latest_counts_whenever_it_comes(home: Home) -> None:
    home.tell(run_event(A, "COMPLETE", 5, a={"v": 2}))
    home.tell(run_event(A, "START", 1, a={"v": 1}, b={"v": 1}))
    facets = orjson.loads(str(home.run(A).custom_properties["openlineage.facets"]))
    assert facets["run"] == {"a": {"v": 2}, "b": {"v": 1}}


def test_parents_and_roots_are_contexts_of_their_children(home: Home) -> None:
    parent = {
        "run": {"runId": B}, "job": {"namespace": "jobs", "name": "dag"},
        "root": {"run": {"runId": C}, "job": {"namespace": "jobs", "name": "all"}},
    }  # fmt: skip
    home.tell(run_event(A, "COMPLETE", 1, parent=parent))
    assert home.graph()[0][A][4] == sorted([B, C, "jobs/etl"])


def test_a_run_inside_an_execution_of_the_record_reads_and_writes_for_it(home: Home) -> None:
    home.tell(run_event(B, "COMPLETE", 1))
    parent = {"run": {"runId": C}, "job": {"namespace": "clew", "name": str(home.run(B).ref)}}
    home.tell(run_event(A, "COMPLETE", 2, inputs=["raw"], outputs=["clean"], parent=parent))
    assert home.touched(B, EventType.OUTPUT) == home.touched(A, EventType.OUTPUT)
    assert home.touched(B, EventType.INPUT) == home.touched(A, EventType.INPUT)


def test_symlinks_make_two_locations_one(home: Home) -> None:
    links = {"symlinks": {"identifiers": [{"namespace": "hive://meta", "name": "db.clean", "type": "TABLE"}]}}
    home.tell(run_event(A, "COMPLETE", 1, outputs=[("clean", links)]))
    other = run_event(B, "COMPLETE", 2)
    other["inputs"] = [{"namespace": "hive://meta", "name": "db.clean"}]
    home.tell(other)
    assert home.touched(B, EventType.INPUT) == home.touched(A, EventType.OUTPUT)


def test_what_was_renamed_comes_from_where_it_was(home: Home) -> None:
    before = {"namespace": "s3://lake", "name": "draft"}
    rename = {"lifecycleStateChange": {"lifecycleStateChange": "RENAME", "previousIdentifier": before}}
    home.tell(run_event(A, "COMPLETE", 1, outputs=["draft"]), run_event(B, "COMPLETE", 2, outputs=[("final", rename)]))
    assert home.touched(B, EventType.INPUT) == home.touched(A, EventType.OUTPUT)


def test_statistics_and_quality_are_told_of_the_version(home: Home) -> None:
    event = run_event(A, "COMPLETE", 1, outputs=["clean"])
    event["outputs"][0]["outputFacets"] = {"outputStatistics": {"rowCount": 7, "size": 90, "fileCount": 2}}
    checks = [{"assertion": "not_null", "success": True}, {"assertion": "unique", "success": False}]
    event["outputs"][0]["facets"] = {
        "dataQualityAssertions": {"assertions": checks},
        "ownership": {"owners": [{"name": "ann"}]},
    }
    home.tell(event)
    (clean,) = home.touched(A, EventType.OUTPUT)
    told = {k: v for k, v in clean.custom_properties.items() if not k.startswith("openlineage.")}
    assert (clean.size_bytes, told) == (
        90, {"rows": 7, "files": 2, "owners": "ann", "assertions_passed": 1, "assertions_failed": 1},
    )  # fmt: skip


def test_jobs_and_datasets_without_a_run_are_told_of(home: Home) -> None:
    event = run_event(A, "START", 1, inputs=["raw"], outputs=["clean"])
    del event["run"], event["eventType"]
    dataset = {key: event[key] for key in ("eventTime", "producer", "schemaURL")}
    dataset["dataset"] = {"namespace": "s3://lake", "name": "lonely", "facets": SCHEMA}
    home.tell(event, dataset)
    told, edges, _, _ = home.graph()
    assert list(told) == ["openlineage:jobs/etl"]
    assert {(artifact, type) for artifact, _, type, _, _ in edges} == {
        ("s3://lake/raw#", EventType.INPUT),
        ("s3://lake/clean#openlineage:jobs/etl", EventType.OUTPUT),
    }
    with home.record.read() as reader:
        (lonely,) = reader.artifacts_at("s3://lake/lonely")
        assert lonely.custom_properties["columns"] == "id: int"


def test_one_refused_event_leaves_the_others(home: Home) -> None:
    sound, other = run_event(A, "COMPLETE", 1, outputs=["clean"]), run_event(B, "COMPLETE", 2)
    bad = run_event(C, "COMPLETE", 2, mine={"n": "\0"}, inputs=[("raw", {"schema": {"fields": "none"}})])
    outcomes = home.inbox.deliver([read_event(event) for event in (sound, bad, other)])
    assert outcomes[0] is outcomes[2] is None
    assert home.touched(A, EventType.OUTPUT)


_names = st.sampled_from(["raw", "clean", "model"])
_events = st.builds(
    run_event,
    st.sampled_from([A, B, C]),
    st.sampled_from(["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]),
    st.integers(0, 8),
    job=st.sampled_from(["etl", "train"]),
    inputs=st.lists(_names, max_size=2, unique=True),
    outputs=st.lists(st.tuples(_names, st.sampled_from([{}, SCHEMA, {"x": {"v": 1}}])), max_size=2),
    mine=st.fixed_dictionaries({"v": st.integers(0, 2)}),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_events, min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_shuffled_and_repeated_events_make_the_same_graph(events: list[dict[str, Any]], chance: random.Random) -> None:
    shuffled = events + chance.choices(events, k=len(events))
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first, second = Home(Path(one)), Home(Path(other))
        first.tell(*events)
        for event in shuffled:
            second.tell(event)
        assert first.graph() == second.graph()
        first.record.close()
        second.record.close()
