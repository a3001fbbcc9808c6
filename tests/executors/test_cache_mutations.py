"""Between two runs of a drawn pipeline one thing is changed: exactly what that asks for runs again, as was planned."""

from __future__ import annotations

import copy
import itertools
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.plan import plan
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.process import LocalProcesses

SOURCE = """
import kfp
from kfp import dsl
from kfp.dsl import *
from typing import *

def step({arguments}out: Output[Dataset]):
    {comment}
    import os
    import zlib
    texts = [{texts}]
    texts.append(os.environ.get("SEED", ""))
    with open(out.path, "w") as target:
        target.write(str(zlib.crc32("|".join(["{constant}", *texts]).encode()) % 3))
"""
"""Three outputs are possible, so that a change often ends in the same bytes."""
RAW = -1
"""The imported file, among what a step reads."""


@dataclass(frozen=True)
class Step:
    """One step: what it reads, and what else its output depends on."""

    reads: tuple[int, ...]
    constant: str
    takes_parameter: bool
    seed: str = ""
    comment: str = "# a comment"

    def source(self) -> str:
        """Its Python."""
        arguments = "".join(f"d{i}: Input[Dataset], " for i in self.reads).replace("-", "raw")
        texts = "".join(f"open(d{i}.path).read(), ".replace("-", "raw") for i in self.reads)
        if self.takes_parameter:
            arguments, texts = arguments + "text: str, ", texts + "text, "
        return SOURCE.format(arguments=arguments, texts=texts, comment=self.comment, constant=self.constant)

    def output(self, read: list[str], text: str) -> str:
        """What it writes."""
        told = [*read, *([text] if self.takes_parameter else []), self.seed]
        return str(zlib.crc32("|".join([self.constant, *told]).encode()) % 3)


@dataclass(frozen=True)
class Program:
    """A pipeline and what it is given."""

    steps: tuple[Step, ...]
    text: str
    raw: str

    def spec(self, executor: dict[str, Any]) -> dict[str, Any]:
        """Its IR."""
        components: dict[str, Any] = {"comp-importer": _importer()}
        executors: dict[str, Any] = {"exec-importer": _import()}
        tasks: dict[str, Any] = {
            "importer": {
                "cachingOptions": {"enableCache": True},
                "componentRef": {"name": "comp-importer"},
                "inputs": {"parameters": {"uri": {"componentInputParameter": "uri"}}},
                "taskInfo": {"name": "importer"},
            }
        }
        for i, step in enumerate(self.steps):
            made = copy.deepcopy(executor)
            made["container"]["command"][-1] = step.source()
            made["container"]["args"][-1] = "step"
            if step.seed:
                made["container"]["env"] = [{"name": "SEED", "value": step.seed}]
            executors[f"exec-{i}"] = made
            components[f"comp-{i}"] = _component(f"exec-{i}", step)
            tasks[f"s{i}"] = _task(i, step)
        return {
            "pipelineInfo": {"name": "drawn"},
            "schemaVersion": "2.1.0",
            "sdkVersion": "kfp-2.17.3",
            "components": components,
            "deploymentSpec": {"executors": executors},
            "root": {
                "dag": {"tasks": tasks},
                "inputDefinitions": {
                    "parameters": {n: {"parameterType": "STRING"} for n in ("uri", "text")},
                },
            },
        }

    def outputs(self) -> list[str]:
        """What each step writes."""
        made: list[str] = []
        for step in self.steps:
            made.append(step.output([self.raw if i == RAW else made[i] for i in step.reads], self.text))
        return made


@dataclass(frozen=True)
class Change:
    """The one thing that is not as it was."""

    kind: str
    at: int
    value: str = field(default="changed")

    def of(self, program: Program) -> Program:
        """The program afterwards."""
        at = self.at % len(program.steps)
        step = program.steps[at]
        steps = {
            "code": replace(step, constant=step.constant + "x"),
            "comment": replace(step, comment='"""Told better."""  # indeed'),
            "env": replace(step, seed=step.seed + "1"),
        }
        if self.kind in steps:
            return replace(program, steps=(*program.steps[:at], steps[self.kind], *program.steps[at + 1 :]))
        if self.kind == "parameter":
            return replace(program, text=program.text + "x")
        return replace(program, raw=program.raw + "x") if self.kind == "input" else program


def expected(before: Program, change: Change, after: Program) -> set[str]:
    """The tasks that must run again: those of which something they depend on, or what they made, is not as it was."""
    old, new = before.outputs(), after.outputs()
    ran = {"importer"} if before.raw != after.raw else set()
    at = change.at % len(before.steps)
    spoiled: set[int] = set()
    if change.kind == "delete":
        spoiled = {at}
    if change.kind == "edit":  # files of equal bytes are one file on disk
        spoiled = {i for i, text in enumerate(old) if text == old[at]}
    for i, (a, b) in enumerate(zip(before.steps, after.steps, strict=True)):
        same_inputs = all((before.raw == after.raw) if j == RAW else old[j] == new[j] for j in a.reads)
        same_step = (a.constant, a.seed) == (b.constant, b.seed)
        same_text = before.text == after.text or not a.takes_parameter
        if not (same_inputs and same_step and same_text) or i in spoiled:
            ran.add(f"s{i}")
    return ran


def _component(executor: str, step: Step) -> dict[str, Any]:
    dataset = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
    inputs: dict[str, Any] = {"artifacts": {_name(i): dataset for i in step.reads}}
    if step.takes_parameter:
        inputs["parameters"] = {"text": {"parameterType": "STRING"}}
    return {"executorLabel": executor, "inputDefinitions": inputs, "outputDefinitions": {"artifacts": {"out": dataset}}}


def _task(i: int, step: Step) -> dict[str, Any]:
    artifacts = {
        _name(j): {
            "taskOutputArtifact": {
                "producerTask": "importer" if j == RAW else f"s{j}",
                "outputArtifactKey": "artifact" if j == RAW else "out",
            }
        }
        for j in step.reads
    }
    inputs: dict[str, Any] = {"artifacts": artifacts}
    if step.takes_parameter:
        inputs["parameters"] = {"text": {"componentInputParameter": "text"}}
    return {
        "cachingOptions": {"enableCache": True},
        "componentRef": {"name": f"comp-{i}"},
        "dependentTasks": sorted({"importer" if j == RAW else f"s{j}" for j in step.reads}),
        "inputs": inputs,
        "taskInfo": {"name": f"s{i}"},
    }


def _name(read: int) -> str:
    return f"d{read}".replace("-", "raw")


def _importer() -> dict[str, Any]:
    dataset = {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}
    return {
        "executorLabel": "exec-importer",
        "inputDefinitions": {"parameters": {"uri": {"parameterType": "STRING"}}},
        "outputDefinitions": {"artifacts": {"artifact": dataset}},
    }


def _import() -> dict[str, Any]:
    return {
        "importer": {
            "artifactUri": {"runtimeParameter": "uri"},
            "typeSchema": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"},
        }
    }


@st.composite
def programs(draw: st.DrawFn) -> Program:
    steps: list[Step] = []
    for i in range(draw(st.integers(1, 4))):
        reads = draw(st.sets(st.integers(RAW, i - 1), max_size=2))
        constant = f"{i}{draw(st.sampled_from('abc'))}"  # no two steps are equal
        steps.append(Step(tuple(sorted(reads)), constant, draw(st.booleans())))
    return Program(tuple(steps), draw(st.sampled_from(["t", "u"])), draw(st.sampled_from(["raw", "data"])))


CHANGES = st.builds(
    Change,
    st.sampled_from(["code", "comment", "parameter", "input", "env", "delete", "edit", "nothing"]),
    st.integers(0, 3),
)
_EXAMPLE = itertools.count()


@pytest.fixture(scope="module")
def processes() -> Iterator[LocalProcesses]:
    with closing(LocalProcesses()) as executor:
        yield executor


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=programs(), change=CHANGES)
def test_exactly_what_a_change_asks_for_runs_again(
    bench: Any, processes: LocalProcesses, tmp_path: Path, program: Program, change: Change
) -> None:
    template = yaml.safe_load((bench.compiled / "documented.yaml").read_text())["deploymentSpec"]["executors"]
    executor = next(iter(template.values()))
    example = next(_EXAMPLE)
    raw = tmp_path / f"raw-{example}.txt"
    options = RunOptions(home=bench.home, executor=processes, salt=str(example))

    def run(this: Program) -> RunResult:
        raw.write_text(this.raw)
        pipeline = parse(yaml.safe_dump(this.spec(executor)))
        given = {"uri": raw.as_uri(), "text": this.text}
        planned = plan(bench.record, bench.store, pipeline, given, options=options)
        result = run_pipeline(bench.record, bench.store, pipeline, given, options=options)
        became = {task.name: task.state for task in result.tasks}
        told = {task.name: task.verdict for task in planned.tasks}
        assert {n for n, v in told.items() if v == "hit" and became[n] != "CACHED"} == set()
        assert {n for n, v in told.items() if v == "run" and became[n] != "COMPLETE"} == set()
        return result

    first = run(program)
    assert {task.state for task in first.tasks} == {"COMPLETE"}
    at = change.at % len(program.steps)
    made = next(task for task in first.tasks if task.name == f"s{at}")
    path = Path(made.outputs["out"]["uri"].removeprefix("file://"))
    if change.kind == "delete":
        path.unlink()
    if change.kind == "edit":
        path.chmod(0o644)
        path.write_text("tampered")
    after = change.of(program)
    second = run(after)
    assert {task.name for task in second.tasks if task.state == "COMPLETE"} == expected(program, change, after)
    written = [
        Path(t.outputs["out"]["uri"].removeprefix("file://")).read_text() for t in second.tasks if t.name != "importer"
    ]
    assert sorted(written) == sorted(after.outputs())
