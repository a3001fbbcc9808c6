"""Curves: metrics of which the record holds several values, from one state of a node to the next, or in a list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clew.graph.metrics import metrics_artifacts, output_name, scalars
from clew.graph.table_runs import MOST_EXECUTIONS, tasks_of
from clew.metadata.histories import Told, property_states
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.members import members
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader

MOST_STATES: Final = 50_000
"""Read for one answer."""
STEPS: Final = ("step", "epoch", "iteration")
"""Properties that say how far the work was when the values beside them were told."""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve."""

    node: NodeRef
    """The node asked for."""
    metric: str
    by_step: bool
    """Whether ``x`` counts steps; else it is UTC epoch milliseconds."""
    x: list[float]
    y: list[float | None]
    """None where it was no finite number."""
    total: int
    """Points there are; more than are told where they were thinned out."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A node that tells of metrics, and for whom."""

    of: NodeRef
    prefix: str
    ref: NodeRef


def series(
    reader: Reader, refs: Sequence[NodeRef], metrics: Sequence[str] | None = None, most_points: int = 1000
) -> tuple[list[Series], bool]:
    """The curves of artifacts, executions and runs (contexts), and whether there was too much to be read whole.

    Metrics are called as a table calls them: ``loss`` of an execution or artifact, ``metrics.loss`` of an execution's
    metrics artifact, ``train.loss`` and ``train.metrics.loss`` of a run. A metric that was told once is no curve.
    Cost: a few statements, whatever the number of nodes.
    """
    sources, cut = _sources(reader, list(dict.fromkeys(refs)))
    points: dict[tuple[NodeRef, str], list[_Point]] = {}
    lists: dict[tuple[NodeRef, str], list[float]] = {}
    for kind in (Kind.ARTIFACT, Kind.EXECUTION):
        mine = [source for source in sources if source.ref.kind is kind]
        states, more = property_states(reader, kind, list({source.ref.id for source in mine}), MOST_STATES)
        cut |= more
        for source in mine:
            told = states.get(source.ref.id, [])
            for name, found in _points(told).items():
                points.setdefault((source.of, source.prefix + name), []).extend(found)
            for name, values in _lists(told[-1].properties if told else {}).items():
                lists[source.of, source.prefix + name] = values
    found_all = points | {key: [_Point(i, 0, v) for i, v in enumerate(values)] for key, values in lists.items()}
    place = {ref: number for number, ref in reversed(list(enumerate(refs)))}
    wanted = sorted(
        (key for key, found in found_all.items() if len(found) > 1 and (metrics is None or key[1] in metrics)),
        key=lambda key: (key[1], place[key[0]]),
    )
    return [_curve(*key, found_all[key], most_points) for key in wanted], cut


@dataclass(frozen=True, slots=True)
class _Point:
    step: float | None
    time_ms: int
    value: float


def _sources(reader: Reader, refs: list[NodeRef]) -> tuple[list[_Source], bool]:
    runs = [ref.id for ref in refs if ref.kind is Kind.CONTEXT]
    of_run, cut = members(reader, Kind.EXECUTION, runs, max(1, MOST_EXECUTIONS // max(1, len(runs))))
    asked = [ref.id for ref in refs if ref.kind is Kind.EXECUTION]
    executions = reader.executions_by_id({id for ids in (asked, *of_run.values()) for id in ids})
    artifacts = metrics_artifacts(reader, executions)
    found = [_Source(ref, "", ref) for ref in refs if ref.kind is Kind.ARTIFACT]
    for ref in refs:
        if ref.kind is Kind.EXECUTION and ref.id in executions:
            found += _of_execution(ref, "", executions[ref.id], artifacts)
        elif ref.kind is Kind.CONTEXT:
            mine = {id: executions[id] for id in of_run[ref.id]}
            for task, execution in tasks_of(mine).items():
                found += _of_execution(ref, f"{task}.", execution, artifacts)
    return found, cut


def _of_execution(
    of: NodeRef, prefix: str, execution: Execution, artifacts: Mapping[int, Sequence[Artifact]]
) -> Iterable[_Source]:
    yield _Source(of, prefix, execution.ref)
    for artifact in artifacts.get(execution.id, ()):
        yield _Source(of, prefix + output_name(artifact), artifact.ref)


def _points(states: Sequence[Told]) -> dict[str, list[_Point]]:
    """Every number by name, where it changed or a step went by."""
    found: dict[str, list[_Point]] = {}
    for told in states:
        numbers = _numbers(told.properties)
        step = next((float(numbers[name]) for name in STEPS if name in numbers), None)
        for name, value in numbers.items():
            if name in STEPS:
                continue
            points = found.setdefault(name, [])
            last = points[-1] if points else None
            if last is None or repr(last.value) != repr(float(value)) or last.step != step:
                points.append(_Point(step, told.time_ms, float(value)))
    return found


def _numbers(properties: Mapping[str, Any]) -> dict[str, int | float]:
    outputs = properties.get("outputs")
    inputs = properties.get("inputs")
    given = inputs.keys() if isinstance(inputs, dict) else ()
    own = {name: value for name, value in scalars(properties).items() if not name.startswith("clew.")}
    numbers = (scalars(outputs) if isinstance(outputs, dict) else {}) | own
    return {name: value for name, value in numbers.items() if name not in given or name in STEPS}


def _lists(properties: Mapping[str, Any]) -> dict[str, list[float]]:
    """Lists of numbers: outputs of a pipeline's step, and what the SDK keeps as a struct of one list."""
    outputs = properties.get("outputs")
    told = {name: value["list"] for name, value in properties.items() if _is_kept_list(value)}
    told |= outputs if isinstance(outputs, dict) else {}
    inputs = properties.get("inputs")
    given = inputs.keys() if isinstance(inputs, dict) else ()
    return {
        name: [float(item) for item in value]
        for name, value in told.items()
        if isinstance(value, list)
        and name not in given
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    }


def _is_kept_list(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["list"]


def _curve(node: NodeRef, metric: str, points: list[_Point], most: int) -> Series:
    steps = {point.step for point in points if point.step is not None}
    by_step = len(steps) == len(points)
    keyed = [((point.step or 0.0) if by_step else float(point.time_ms), point.value) for point in points]
    keyed.sort(key=lambda pair: pair[0])
    if len(keyed) > most:
        last = len(keyed) - 1
        keyed = [keyed[round(i * last / (most - 1))] for i in range(most)]
    values = [value if math.isfinite(value) else None for _, value in keyed]
    return Series(node, metric, by_step, [x for x, _ in keyed], values, len(points))
