"""Comparing artifacts, executions and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from clew.graph.compare import Comparison, compare
from clew.metadata.change import Change
from clew.metadata.errors import ArtifactNotFound, Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState

DIGEST = {name: "sha256:" + name * 64 for name in "abc"}


class Runs:
    """Records runs of a two-step pipeline: clean reads raw, train reads what clean made."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.count = 0

    def run(
        self,
        *,
        raw: str = "a",
        tidy: str = "b",
        model: str = "c",
        rate: float = 0.1,
        code: str = "v1",
        extra: bool = False,
        loops: int = 0,
    ) -> Mapping[str, NodeRef]:
        self.count += 1
        change = Change()
        for kind, name in ((Kind.ARTIFACT, "Data"), (Kind.EXECUTION, "Step"), (Kind.CONTEXT, "Run")):
            change.type(NodeType(kind, name))
        context = change.context("Run", name=f"run-{self.count}", custom_properties={"clew.parameters": {"rate": rate}})
        raw_put = change.artifact("Data", uri="s3://lake/raw.csv", digest=DIGEST[raw])
        tidy_put = change.artifact("Data", uri=f"s3://runs/{self.count}/tidy", digest=DIGEST[tidy])
        model_put = change.artifact(
            "Data",
            uri=f"s3://runs/{self.count}/model",
            digest=DIGEST[model],
            custom_properties={"framework": "sklearn"},
        )
        clean = change.execution("Step", state=ExecutionState.COMPLETE, custom_properties={"task_name": "clean"})
        train = change.execution(
            "Step",
            state=ExecutionState.COMPLETE,
            started_ms=self.count,
            ended_ms=10 * self.count,
            custom_properties={
                "task_name": "train",
                "pod_name": f"pod-{self.count}",
                "inputs": {"rate": rate},
                "clew.fingerprint_parts": {"code": code, "image": "python:3.12", "packages": {"numpy": "2.1"}},
            },
        )
        change.event(raw_put, clean, EventType.INPUT, path=("data",))
        change.event(tidy_put, clean, EventType.OUTPUT, path=("tidy",))
        change.event(tidy_put, train, EventType.INPUT, path=("tidy",))
        change.event(model_put, train, EventType.OUTPUT, path=("model",))
        puts = [clean, train]
        if extra:
            puts.append(change.execution("Step", custom_properties={"task_name": "report"}))
        for i in range(loops):
            puts.append(change.execution("Step", custom_properties={"task_name": "try", "iteration_index": i}))
        for put in puts:
            change.associate(context, put)
        receipt = self.record.commit(change)
        kinds = {"run": context, "raw": raw_put, "tidy": tidy_put, "model": model_put, "clean": clean, "train": train}
        return {name: NodeRef(put.kind, receipt.id(put)) for name, put in kinds.items()}


@pytest.fixture
def runs(sqlite_record: Record) -> Runs:
    return Runs(sqlite_record)


def compared(runs: Runs, a: NodeRef, b: NodeRef, **options: Any) -> Comparison:
    with runs.record.read() as reader:
        return compare(reader, a, b, **options)


def said(found: Comparison) -> set[tuple[str, str]]:
    return {(entry.section, entry.name) for entry in found.entries}


def test_executions_of_the_same_work_on_the_same_bytes_do_not_differ(runs: Runs) -> None:
    one, other = runs.run(), runs.run()
    found = compared(runs, one["train"], other["train"])
    assert found.same
    assert found.entries == []


def test_a_changed_parameter_and_changed_code_are_told(runs: Runs) -> None:
    one, other = runs.run(), runs.run(rate=0.2, code="v2")
    found = compared(runs, one["train"], other["train"])
    assert said(found) == {("parameters", "rate"), ("code", "code")}
    rate = next(entry for entry in found.entries if entry.name == "rate")
    assert (rate.a, rate.b) == (0.1, 0.2)


def test_inputs_are_compared_by_their_bytes_and_not_by_their_place(runs: Runs) -> None:
    one, same, other = runs.run(), runs.run(), runs.run(tidy="c")
    assert ("inputs", "tidy") not in said(compared(runs, one["train"], same["train"]))
    found = compared(runs, one["train"], other["train"])
    assert ("inputs", "tidy") in said(found)
    entry = next(entry for entry in found.entries if entry.section == "inputs")
    assert (entry.a["digest"], entry.b["digest"]) == (DIGEST["b"], DIGEST["c"])


def test_two_models_differ_by_what_made_them(runs: Runs) -> None:
    one, other = runs.run(), runs.run(rate=0.2, model="a", raw="b")
    found = compared(runs, one["model"], other["model"])
    assert {("attributes", "digest"), ("attributes", "location")} <= said(found)
    assert ("lineage", "s3://lake/raw.csv") in said(found)
    assert found.producers is not None
    assert ("parameters", "rate") in {(entry.section, entry.name) for entry in found.producers.entries}


def test_runs_are_compared_task_by_task(runs: Runs) -> None:
    one, other = runs.run(), runs.run(rate=0.2, extra=True)
    found = compared(runs, one["run"], other["run"])
    assert said(found) == {("parameters", "rate")}
    tasks = {task.task: task for task in found.tasks}
    assert tasks.keys() == {"train", "report"}
    assert (tasks["train"].a, tasks["train"].b) == (one["train"], other["train"])
    assert (tasks["report"].a, tasks["report"].same) == (None, False)


def test_iterations_of_a_loop_are_matched_by_their_index(runs: Runs) -> None:
    one, other = runs.run(loops=2), runs.run(loops=3)
    found = compared(runs, one["run"], other["run"])
    assert [task.task for task in found.tasks] == ["try#2"]


def test_everything_shows_what_is_the_same_and_the_bookkeeping(runs: Runs) -> None:
    one, other = runs.run(), runs.run()
    found = compared(runs, one["train"], other["train"], everything=True)
    assert {("parameters", "rate"), ("environment", "packages.numpy"), ("properties", "pod_name")} <= said(found)
    assert next(entry for entry in found.entries if entry.name == "rate").same


def test_the_answer_is_plain_json(runs: Runs) -> None:
    import json

    one, other = runs.run(), runs.run(rate=0.2, model="a")
    for name in ("model", "train", "run"):
        told = json.loads(json.dumps(compared(runs, one[name], other[name]).as_dict()))
        assert told["a"] == str(one[name])
        assert told["same"] is False


def test_nodes_of_two_kinds_cannot_be_compared(runs: Runs) -> None:
    one = runs.run()
    with pytest.raises(Invalid, match="two kinds"):
        compared(runs, one["model"], one["train"])
    with pytest.raises(ArtifactNotFound):
        compared(runs, one["model"], NodeRef(Kind.ARTIFACT, 999))
