"""Many nodes side by side, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from clew.graph.metrics import is_metrics, metrics_of
from clew.graph.table import Column, Table, side_by_side
from clew.metadata.change import Change, TypePut
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState, PropertyType


class Runs:
    """Records runs of prepare -> train -> evaluate; train puts out a loss, evaluate a metrics artifact."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.count = 0
        self.ids: dict[str, NodeRef] = {}

    def run(self, depth: int = 4, accuracy: float = 0.9, loss: Any = 0.5, **more: Any) -> NodeRef:
        self.count += 1
        change, n = Change(), self.count
        run = change.context(
            change.type(NodeType(Kind.CONTEXT, "system.PipelineRun")),
            name=f"run-{n}",
            custom_properties={
                "display_name": f"try {n}",
                "clew.parameters": {"depth": depth, "seed": 7} | more,
                "clew.state": "COMPLETE",
                "clew.started_ms": 1000,
                "clew.ended_ms": 1000 + 500 * n,
                "outputs": {"best": f"model-{depth}"},
            },
        )
        step = change.type(NodeType(Kind.EXECUTION, "system.ContainerExecution"))
        dag = change.type(NodeType(Kind.EXECUTION, "system.DAGExecution"))
        told: dict[str, tuple[TypePut, dict[str, Any]]] = {
            "": (dag, {"inputs": {"depth": depth}, "outputs": {"loss": loss}}),
            "prepare": (step, {"inputs": {"rows": 100}}),
            "train": (step, {"inputs": {"depth": depth, "twice": 2 * depth}, "outputs": {"loss": loss, "note": "x"}}),
            "evaluate": (step, {"clew.skipped": "condition"} if n == 9 else {}),
        }
        puts = {
            path: change.execution(
                type,
                state=ExecutionState.COMPLETE,
                custom_properties={"clew.path": path, **properties},
            )
            for path, (type, properties) in told.items()
        }
        metrics = change.artifact(
            change.type(NodeType(Kind.ARTIFACT, "system.Metrics")),
            custom_properties={
                "display_name": "metrics",
                "accuracy": accuracy,
                "rows": 100,
                "good": True,
                "why": "text",
            },
        )
        model = change.artifact(change.type(NodeType(Kind.ARTIFACT, "system.Model")), custom_properties={"size": n})
        change.event(metrics, puts["evaluate"], EventType.OUTPUT, path=("metrics",))
        change.event(metrics, puts["prepare"], EventType.INPUT, path=("metrics",))  # what it read is not its result
        change.event(model, puts["train"], EventType.OUTPUT, path=("model",))
        for put in puts.values():
            change.associate(run, put)
        receipt = self.record.commit(change)
        self.ids = {
            name: NodeRef(put.kind, receipt.id(put))
            for name, put in (*puts.items(), ("metrics", metrics), ("run", run))
        }
        return self.ids["run"]


@pytest.fixture
def runs(record: Record) -> Runs:
    return Runs(record)


def beside(runs: Runs, refs: list[NodeRef], everything: bool = False) -> tuple[Table, dict[tuple[str, str], Column]]:
    with runs.record.read() as reader:
        table = side_by_side(reader, refs, only_different=not everything)
    return table, {(column.section, column.name): column for column in table.columns}


def test_runs_stand_side_by_side_with_parameters_and_metrics(runs: Runs) -> None:
    refs = [runs.run(depth=2, accuracy=0.8), runs.run(depth=4, accuracy=0.9), runs.run(depth=4, accuracy=0.7)]
    table, columns = beside(runs, refs)
    assert [node.ref for node in table.nodes] == refs
    assert columns["parameters", "depth"].values == [2, 4, 4]
    accuracy = columns["metrics", "evaluate.metrics.accuracy"]
    assert (accuracy.values, accuracy.kind, accuracy.low, accuracy.high) == (
        [0.8, 0.9, 0.7], PropertyType.DOUBLE, 0.7, 0.9,
    )  # fmt: skip
    assert columns["attributes", "seconds"].values == [0.5, 1.0, 1.5]
    assert columns["outputs", "best"].values == ["model-2", "model-4", "model-4"]
    assert {section for section, _ in columns} == {"attributes", "parameters", "metrics", "outputs", "properties"}
    assert not table.partial


def test_a_task_parameter_that_hands_on_a_parameter_of_the_run_is_not_told_again(runs: Runs) -> None:
    _, columns = beside(runs, [runs.run(depth=2), runs.run(depth=4)])
    parameters = [name for section, name in columns if section == "parameters"]
    assert parameters == ["depth", "train.twice"]


def test_everything_tells_what_is_the_same_too(runs: Runs) -> None:
    refs = [runs.run(depth=2), runs.run(depth=4)]
    few, _ = beside(runs, refs)
    all_, columns = beside(runs, refs, everything=True)
    assert all_.total == few.total == len(all_.columns)
    assert few.hidden == few.total - len(few.columns) > 0
    assert columns["parameters", "seed"].differs is False
    assert columns["metrics", "train.loss"].values == [0.5, 0.5]
    assert columns["states", "train"].values == ["COMPLETE", "COMPLETE"]
    assert not any(name.startswith((".", "system.")) for section, name in columns if section != "properties")
    assert ("metrics", "evaluate.metrics.good") not in columns


def test_what_a_row_lacks_is_none_and_differs(runs: Runs) -> None:
    _, columns = beside(runs, [runs.run(), runs.run(extra="x" * 5000), runs.run(loss="n/a")])
    assert columns["parameters", "extra"].values == [None, "x" * 1000 + "…", None]
    assert columns["metrics", "train.loss"].values == [0.5, 0.5, None]


def test_a_metric_is_the_same_as_a_whole_number_or_a_fraction(runs: Runs) -> None:
    _, columns = beside(runs, [runs.run(loss=1), runs.run(loss=1.0)])
    assert ("metrics", "train.loss") not in columns
    _, columns = beside(runs, [runs.run(loss=1), runs.run(loss=float("nan")), runs.run(loss=2.5)])
    assert (columns["metrics", "train.loss"].low, columns["metrics", "train.loss"].high) == (1, 2.5)


def test_executions_stand_side_by_side(runs: Runs) -> None:
    runs.run(depth=2, loss=0.25)
    one = runs.ids["train"]
    runs.run(depth=4, loss=0.75)
    table, columns = beside(runs, [runs.ids["train"], one])
    assert [node.ref for node in table.nodes] == [runs.ids["train"], one]
    assert columns["parameters", "twice"].values == [8, 4]
    assert columns["metrics", "loss"].values == [0.75, 0.25]
    assert columns["outputs", "model"].kind is PropertyType.STRUCT
    assert ("outputs", "loss") not in columns


def test_artifacts_stand_side_by_side(runs: Runs) -> None:
    runs.run(accuracy=0.5)
    one = runs.ids["metrics"]
    runs.run(accuracy=1)
    _, columns = beside(runs, [one, runs.ids["metrics"]])
    assert columns["properties", "accuracy"].values == [0.5, 1]
    assert columns["properties", "accuracy"].kind is PropertyType.DOUBLE


def test_rows_that_are_not_recorded_are_left_out_and_kinds_do_not_mix(runs: Runs) -> None:
    run = runs.run()
    table, _ = beside(runs, [run, run, NodeRef(Kind.CONTEXT, 999)])
    assert ([node.ref for node in table.nodes], table.partial) == ([run], True)
    assert beside(runs, [])[0].total == 0
    with pytest.raises(Invalid):
        beside(runs, [run, runs.ids["train"]])


def test_runs_with_too_many_executions_or_columns_are_told_in_part(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [runs.run(depth=2), runs.run(depth=4)]
    monkeypatch.setattr("clew.graph.table_runs.MOST_EXECUTIONS", 4)
    table, columns = beside(runs, refs, everything=True)
    assert table.partial
    assert ("states", "evaluate") not in columns
    monkeypatch.setattr("clew.graph.table_runs.MOST_EXECUTIONS", 100)
    monkeypatch.setattr("clew.graph.table.MOST_CELLS", 6)
    table, _ = beside(runs, refs)
    assert (len(table.columns), table.partial) == (3, True)
    monkeypatch.setattr("clew.graph.table_runs.TASK_PARAMETERS", 0)
    monkeypatch.setattr("clew.graph.table.MOST_CELLS", 1000)
    _, columns = beside(runs, refs)
    assert [name for section, name in columns if section == "parameters"] == ["depth"]


def test_an_earlier_moment_shows_what_was_told_then(runs: Runs) -> None:
    refs = [runs.run(depth=2), runs.run(depth=4)]
    with runs.record.read() as reader:
        seq = reader.seq
    change = Change()
    change.type(NodeType(Kind.EXECUTION, "system.ContainerExecution"))
    late = change.execution(
        "system.ContainerExecution", custom_properties={"clew.path": "late", "outputs": {"score": 1.5}}
    )
    change.associate(refs[0].id, late)
    runs.record.commit(change)
    assert ("metrics", "late.score") in beside(runs, refs)[1]
    with runs.record.read(as_of=seq) as reader:
        assert ("metrics", "late.score") not in {(c.section, c.name) for c in side_by_side(reader, refs).columns}


def test_types_of_metrics_are_known_by_name_or_by_what_they_build_on(runs: Runs) -> None:
    runs.run()
    with runs.record.read() as reader:
        types: dict[int, NodeType] = {type.id: type for type in reader.types()}
        base = next(type for type in types.values() if type.name == "mlmd.Metrics")
        artifact = reader.artifact(runs.ids["metrics"].id)
    told = {type.name for type in types.values() if is_metrics(type, types)}
    assert told == {"system.Metrics", "mlmd.Metrics"}
    assert is_metrics(NodeType(Kind.ARTIFACT, "Scores", base_type_id=base.id), types)
    assert metrics_of(artifact) == {"metrics.accuracy": 0.9, "metrics.rows": 100}
