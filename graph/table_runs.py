"""What is told of runs (contexts) that stand side by side: their parameters, and the metrics of their executions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from clew.graph.compared import Compared, Section, node_sections, plain, task_paths
from clew.graph.metrics import metrics_artifacts, metrics_of, results_of
from clew.metadata.ids import Kind
from clew.metadata.members import members
from clew.metadata.node import Artifact, Context, Execution
from clew.metadata.reader import Reader

MOST_EXECUTIONS: Final = 20_000
"""Read for one answer, shared among its runs."""
TASK_PARAMETERS: Final = 200
"""More different ones are too many to stand side by side, and are left out."""
_DAG: Final = "system.DAGExecution"


def run_sections(reader: Reader, runs: Sequence[Context]) -> tuple[list[dict[str, Section]], bool]:
    """The sections of each run, and whether one has too many executions to be told whole.

    Parameters are the run's own, and as ``task.name`` those its tasks were given; metrics are the numbers that its
    tasks put out, as parameters (``task.name``) and in metrics artifacts (``task.output.name``).
    """
    share = max(1, MOST_EXECUTIONS // max(1, len(runs)))
    of, cut = members(reader, Kind.EXECUTION, [run.id for run in runs], share)
    executions = reader.executions_by_id({id for ids in of.values() for id in ids})
    artifacts = metrics_artifacts(reader, executions)
    told = [_run(run, {id: executions[id] for id in of[run.id]}, artifacts) for run in runs]
    _settle_parameters(told)
    return told, cut


def tasks_of(executions: Mapping[int, Execution]) -> dict[str, Execution]:
    """The executions of one run by task; not its graphs: what goes in and out of those goes in and out of tasks."""
    paths = task_paths(executions)
    return {task: executions[id] for task, id in paths.items() if executions[id].type != _DAG}


def number(value: float) -> Compared:
    """A metric: 1 and 1.0 are the same."""
    return Compared(value, repr(float(value)))


def _run(
    run: Context, executions: Mapping[int, Execution], artifacts: Mapping[int, Sequence[Artifact]]
) -> dict[str, Section]:
    sections = node_sections(run)
    own = run.custom_properties
    metrics: Section = {}
    states: Section = {}
    given: Section = {}
    for task, execution in tasks_of(executions).items():
        told = execution.custom_properties
        state = execution.state.name if execution.state is not None else ""
        states[task] = plain("SKIPPED" if told.get("clew.skipped") else state)
        inputs = told.get("inputs")
        if isinstance(inputs, dict):
            given |= {f"{task}.{name}": plain(value) for name, value in inputs.items()}
        metrics |= {f"{task}.{name}": number(value) for name, value in results_of(execution).items()}
        for artifact in artifacts.get(execution.id, ()):
            metrics |= {f"{task}.{name}": number(value) for name, value in metrics_of(artifact).items()}
    outputs = own.get("outputs")
    sections["attributes"] |= _attributes(run, executions)
    sections["task parameters"] = given
    sections["metrics"] = metrics
    sections["states"] = states
    sections["outputs"] = {n: plain(v) for n, v in outputs.items()} if isinstance(outputs, dict) else {}
    sections["properties"].pop("outputs", None)
    return sections


def _attributes(run: Context, executions: Mapping[int, Execution]) -> Section:
    own = run.custom_properties
    began, ended = own.get("clew.started_ms"), own.get("clew.ended_ms")
    if not isinstance(began, int) or not isinstance(ended, int):
        begun = [e.started_ms for e in executions.values() if e.started_ms is not None]
        over = [e.ended_ms for e in executions.values()]
        began = min(begun, default=None)
        ended = max((ms for ms in over if ms is not None), default=None) if None not in over else None
    seconds = None if began is None or ended is None else (ended - began) / 1000
    found: dict[str, Any] = {"state": own.get("clew.state"), "seconds": seconds}
    return {name: plain(value) for name, value in found.items() if value is not None}


def _settle_parameters(told: list[dict[str, Section]]) -> None:
    """Put the parameters of tasks beside the runs' own, but not those that hand one of these on, nor too many."""
    given = [one.pop("task parameters") for one in told]
    own = {_values(told, "parameters", name) for name in {name for one in told for name in one["parameters"]}}
    names = list(dict.fromkeys(name for one in given for name in one))
    by_name = [{"parameters": one} for one in given]
    kept = [name for name in names if _values(by_name, "parameters", name) not in own]
    if len(kept) > TASK_PARAMETERS:
        return
    for one, theirs in zip(told, given, strict=True):
        one["parameters"] = one["parameters"] | {name: theirs[name] for name in kept if name in theirs}


def _values(told: Sequence[Mapping[str, Section]], section: str, name: str) -> tuple[str, ...]:
    return tuple(repr(one[section][name].shown) if name in one[section] else "" for one in told)
