from __future__ import annotations

from typing import Any

from clew.metadata.ids import Kind
from clew.metadata.node import Execution
from clew.metadata.states import EventType, ExecutionState


def _executions(bench: Any, result: Any) -> dict[Any, Execution]:
    with bench.record.read() as reader:
        found = reader.executions(context_id=result.context, limit=1000).items
    return {e.custom_properties.get("clew.path", ""): e for e in found}


def test_a_run_is_a_context_inside_its_pipeline(bench: Any) -> None:
    result = bench.run("words")
    with bench.record.read() as reader:
        run = reader.context(result.context)
        parents = {context.type: context for context in reader.parents_of([run.id])[run.id]}
        parent = parents.pop("system.Pipeline")
        assert {type: context.name for type, context in parents.items()} == {"clew.Experiment": "Default"}
    assert (run.type, run.name, parent.type, parent.name) == (
        "system.PipelineRun", result.run, "system.Pipeline", "words",
    )  # fmt: skip
    assert run.custom_properties["resource_name"] == "run-resource"
    assert run.custom_properties["clew.state"] == "COMPLETE"
    assert run.custom_properties["pipeline_root"].endswith(f"/runs/{result.run}")


def test_the_root_execution_is_named_after_the_run(bench: Any) -> None:
    result = bench.run("sums", a=3)
    root = _executions(bench, result)[""]
    assert (root.type, root.name, root.state) == (
        "system.DAGExecution", f"run/{result.run}", ExecutionState.COMPLETE,
    )  # fmt: skip
    assert root.custom_properties["inputs"] == {"a": 3, "b": 2}
    assert root.custom_properties["outputs"] == result.outputs
    assert root.custom_properties["total_dag_tasks"] == 3


def test_every_execution_knows_the_graph_it_stands_in(bench: Any) -> None:
    executions = _executions(bench, bench.run("loop"))
    loop, iteration, leaf = (executions[n] for n in ("for-loop-2", "for-loop-2#1", "for-loop-2#1/square"))
    assert loop.custom_properties["parent_dag_id"] == executions[""].id
    assert loop.custom_properties["iteration_count"] == 3
    assert iteration.custom_properties["parent_dag_id"] == loop.id
    assert iteration.custom_properties["iteration_index"] == 1
    assert leaf.custom_properties["parent_dag_id"] == iteration.id
    assert leaf.custom_properties["task_name"] == "square"
    assert leaf.custom_properties["image"] == "python:3.11"


def test_events_name_inputs_and_outputs_and_the_place_in_a_list(bench: Any) -> None:
    result = bench.run("loop")
    largest = _executions(bench, result)["largest"]
    with bench.record.read() as reader:
        events = reader.events_of_executions([largest.id])
    inputs = sorted(e.path for e in events if e.type is EventType.INPUT)
    assert inputs == [("models", 0), ("models", 1), ("models", 2)]
    assert [e.path for e in events if e.type is EventType.OUTPUT] == [("best",)]


def test_artifacts_carry_type_digest_size_and_metadata(bench: Any) -> None:
    result = bench.run("words", text="abcd")
    with bench.record.read() as reader:
        (artifact,) = [a for a in reader.artifacts().items if a.custom_properties["display_name"] == "out"]
        contexts = {c.id for c in reader.contexts_of_artifacts([artifact.id])[artifact.id]}
    assert (artifact.type, artifact.size_bytes) == ("system.Dataset", 4)
    assert artifact.digest == bench.store.put(bench.home / "runs" / result.run / "write" / "out" / "out").digest
    assert artifact.custom_properties["length"] == 4
    assert result.context in contexts


def test_metrics_live_in_the_record_without_bytes(bench: Any) -> None:
    bench.run("loop")
    with bench.record.read() as reader:
        metrics = reader.artifacts(type="system.Metrics").items
    assert sorted(m.custom_properties["n"] for m in metrics) == [1, 2, 3]
    assert {(m.digest, m.size_bytes) for m in metrics} == {(None, 0)}


def test_kept_bytes_are_read_only_and_kept_once(bench: Any) -> None:
    result = bench.run("words")
    path = bench.home / "runs" / result.run / "write" / "out" / "out"
    assert path.stat().st_mode & 0o222 == 0
    with bench.record.read() as reader:
        (artifact,) = reader.artifacts_at(path.as_uri())
    assert path.samefile(bench.store.path(artifact.digest))


def test_two_runs_of_a_pipeline_share_its_context_and_its_components(bench: Any) -> None:
    bench.run("words")
    bench.run("words")
    with bench.record.read() as reader:
        assert reader.count(Kind.CONTEXT, type="system.Pipeline") == 1
        assert reader.count(Kind.CONTEXT, type="system.PipelineRun") == 2
        (component,) = [c for c in reader.contexts(type="clew.Component").items if c.name == "words/comp-write"]
        assert len(reader.executions(context_id=component.id).items) == 2
