"""Curves, on both databases."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clew.graph.series import Series, series
from clew.metadata.change import Change, NodePut
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState


class Training:
    """A run of one task, which puts out a metrics artifact; both may be told more of later."""

    def __init__(self, record: Record) -> None:
        self.record = record
        change = Change()
        run = change.context(change.type(NodeType(Kind.CONTEXT, "Run")), name=f"run-{record.seq()}")
        work = change.type(NodeType(Kind.EXECUTION, "Train"))
        train = change.execution(
            work,
            state=ExecutionState.RUNNING,
            custom_properties={"task_name": "train", "rate": 0.1, "inputs": {"rate": 0.1}},
        )
        metrics = change.artifact(
            change.type(NodeType(Kind.ARTIFACT, "system.Metrics")), custom_properties={"display_name": "scores"}
        )
        change.event(metrics, train, EventType.OUTPUT, path=("scores",))
        change.associate(run, train)
        receipt = record.commit(change)
        self.run, self.train, self.metrics = (NodeRef(put.kind, receipt.id(put)) for put in (run, train, metrics))

    def tell(self, ref: NodeRef, **values: Any) -> int:
        change = Change()
        change.node(NodePut(ref.kind, None, id=ref.id, custom_properties=values))
        return int(self.record.commit(change).seq)

    def more_metrics(self, **values: Any) -> None:
        change = Change()
        change.type(NodeType(Kind.ARTIFACT, "system.Metrics"))
        put = change.artifact("system.Metrics", custom_properties={"display_name": "scores", **values})
        change.event(put, self.train.id, EventType.OUTPUT, path=("scores",))
        self.record.commit(change)

    def curves(self, *refs: NodeRef, as_of: int | None = None, **asked: Any) -> dict[tuple[NodeRef, str], Series]:
        with self.record.read(as_of=as_of) as reader:
            found, partial = series(reader, refs, **asked)
        assert not partial
        return {(one.node, one.metric): one for one in found}


@pytest.fixture
def training(record: Record) -> Training:
    return Training(record)


def test_what_was_told_once_is_no_curve(training: Training) -> None:
    training.tell(training.train, loss=0.5)
    training.tell(training.metrics, accuracy=0.9)
    training.tell(training.train, note="unchanged numbers are no new point")
    assert training.curves(training.run, training.train, training.metrics) == {}


def test_values_told_one_after_another_are_a_curve_by_step(training: Training) -> None:
    for step, loss in enumerate((0.9, 0.5, 0.5, float("nan"))):
        training.tell(training.train, loss=loss, step=step)
    found = training.curves(training.train)
    assert list(found) == [(training.train, "loss")]  # neither the step itself, nor the parameter
    curve = found[training.train, "loss"]
    assert (curve.by_step, curve.x, curve.y, curve.total) == (True, [0, 1, 2, 3], [0.9, 0.5, 0.5, None], 4)
    (of_run,) = training.curves(training.run).values()
    assert (of_run.metric, of_run.y) == ("train.loss", curve.y)


def test_without_a_step_the_curve_goes_by_time(training: Training) -> None:
    for loss in (0.9, 0.5, 0.5, 0.7):
        training.tell(training.metrics, loss=loss)
    of_artifact = training.curves(training.metrics)[training.metrics, "loss"]
    assert (of_artifact.by_step, of_artifact.y) == (False, [0.9, 0.5, 0.7])
    assert of_artifact.x == sorted(of_artifact.x)
    assert training.curves(training.train)[training.train, "scores.loss"].y == of_artifact.y
    assert training.curves(training.run)[training.run, "train.scores.loss"].y == of_artifact.y


def test_several_metrics_artifacts_of_one_output_are_a_curve(training: Training) -> None:
    for epoch in (2, 0, 1):
        training.more_metrics(accuracy=0.5 + epoch / 10, epoch=epoch)
    (curve,) = training.curves(training.run).values()
    assert (curve.metric, curve.by_step, curve.x, curve.y) == (
        "train.scores.accuracy",
        True,
        [0, 1, 2],
        [0.5, 0.6, 0.7],
    )


def test_a_list_of_numbers_is_a_curve(training: Training) -> None:
    training.tell(
        training.train,
        outputs={"loss": [3, 2.5, 1], "words": ["a", "b"], "one": [1], "on": [True, False]},
        kept={"list": [1, 2]},
        rates={"list": [0.1, 0.2]},
        inputs={"rates": [0.1, 0.2]},
    )
    found = training.curves(training.train)
    assert {metric for _, metric in found} == {"loss", "kept"}
    assert (found[training.train, "loss"].x, found[training.train, "loss"].y) == ([0, 1, 2], [3, 2.5, 1])


def test_curves_are_chosen_by_metric_and_thinned_out_evenly(training: Training) -> None:
    training.tell(training.train, outputs={"loss": list(range(1001)), "other": [1, 2]})
    (curve,) = training.curves(training.train, metrics=["loss"], most_points=11).values()
    assert (curve.x, curve.total) == ([100.0 * i for i in range(11)], 1001)


def test_a_curve_of_an_earlier_moment_ends_there(training: Training) -> None:
    seqs = [training.tell(training.train, loss=1 / n, step=n) for n in range(1, 6)]
    assert len(training.curves(training.train, as_of=seqs[2])[training.train, "loss"].x) == 3
    assert training.curves(training.train, as_of=seqs[0]) == {}
    assert math.isclose(training.curves(training.train)[training.train, "loss"].y[-1] or 0, 0.2)


def test_curves_of_several_nodes_stand_by_metric_in_the_order_asked_for(training: Training, record: Record) -> None:
    other = Training(record)
    for one in (training, other):
        for n in range(2):
            one.tell(one.train, loss=n + 0.5, accuracy=n + 0.25)
    assert list(training.curves(other.run, training.run)) == [
        (other.run, "train.accuracy"), (training.run, "train.accuracy"),
        (other.run, "train.loss"), (training.run, "train.loss"),
    ]  # fmt: skip


def test_what_is_too_much_is_told_in_part(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        training.tell(training.train, loss=n + 0.5)
    monkeypatch.setattr("clew.graph.series.MOST_STATES", 3)
    with training.record.read() as reader:
        found, partial = series(reader, [training.train])
    assert (partial, len(found[0].x)) == (True, 2)
    with training.record.read() as reader:
        assert series(reader, [NodeRef(Kind.CONTEXT, 99), NodeRef(Kind.ARTIFACT, 99)]) == ([], False)
