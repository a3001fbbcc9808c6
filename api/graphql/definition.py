"""Pipelines as they are written: what one takes, and which tasks it has before anything has begun."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.operation import Info
from clew.api.graphql.scalars import Json
from clew.executors.pipeline import ir
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.outline import Outlined, outline
from clew.metadata.errors import LimitExceeded

MOST_TASKS = 10_000
"""Graphs that use a component twice, nested, grow without end."""


@strawberry.type(description="Something a pipeline takes: a parameter, or an artifact, given by its address.")
class PipelineInput:
    """An input."""

    name: str = strawberry.field(description="Its name.")
    type: str = strawberry.field(
        description="Of a parameter NUMBER_INTEGER, NUMBER_DOUBLE, STRING, BOOLEAN, LIST or STRUCT; of an artifact its "
        "type: `system.Dataset`."
    )
    artifact: bool = strawberry.field(description="Whether it is an artifact.")
    optional: bool = strawberry.field(description="Whether it may be left out.")
    default: Json | None = strawberry.field(description="What it is when it is left out; null where nothing.")
    literals: Json = strawberry.field(description="The values it may have; an empty list: any of its type.")


@strawberry.type(description="A task waits for another beside it.")
class TaskLink:
    """A link."""

    task: str = strawberry.field(description="Path of the other.")
    carries: list[str] = strawberry.field(description="The inputs that it fills; none where only its end matters.")


@strawberry.type(description="A task as it is written, before any loop is unrolled.")
class DefinedTask:
    """A task."""

    path: str = strawberry.field(description="As in a run, without the numbers of iterations: `for-loop-1/train`.")
    parent: str = strawberry.field(description="Path of the graph it lies in; empty for the pipeline itself.")
    name: str = strawberry.field(description="What its author calls it.")
    kind: str = strawberry.field(description="container, importer, resolver or dag.")
    component: str = strawberry.field(description="The component it uses.")
    image: str = strawberry.field(description="Of a container: the image it names.")
    loop: bool = strawberry.field(description="Whether it is run once for each of several items.")
    condition: str = strawberry.field(description="It runs only where this holds; empty: always.")
    whatever: bool = strawberry.field(description="Whether it runs also when tasks before it did not succeed.")
    after: list[TaskLink] = strawberry.field(description="What it waits for.")


@strawberry.type(description="A pipeline as it is written.")
class PipelineDefinition:
    """A pipeline."""

    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What it is for.")
    sdk_version: str = strawberry.field(description="The SDK that compiled it.")
    inputs: list[PipelineInput] = strawberry.field(description="What it takes.")
    tasks: list[DefinedTask] = strawberry.field(description="Its tasks, each graph before what lies in it.")


@strawberry.type
class PipelineQuery:
    """Questions about pipelines that need not have run."""

    @resolved
    def pipeline(
        self,
        info: Info,
        spec: Annotated[
            str, strawberry.argument(description="The IR of the pipeline: the YAML that the kfp SDK compiles.")
        ],
    ) -> PipelineDefinition:
        """Read a pipeline; nothing is recorded. Errors: INVALID_PIPELINE naming the place; LIMIT_EXCEEDED."""
        return definition_of(spec)


def definition_of(spec: str) -> PipelineDefinition:
    """What ``spec`` says. Errors: InvalidPipeline, LimitExceeded."""
    pipeline = parse(spec)
    tasks: list[DefinedTask] = []
    for told in outline(pipeline):
        if len(tasks) == MOST_TASKS:
            raise LimitExceeded(
                f"the pipeline unfolds into more than {MOST_TASKS} tasks",
                field="spec",
                value=MOST_TASKS,
                remedy="Use loops instead of copies",
            )
        tasks.append(_task(told))
    given = pipeline.root.inputs
    return PipelineDefinition(
        name=pipeline.name,
        description=pipeline.description,
        sdk_version=pipeline.sdk_version,
        inputs=[
            *(_parameter(name, spec_) for name, spec_ in given.parameters.items()),
            *(_artifact(name, spec_) for name, spec_ in given.artifacts.items()),
        ],
        tasks=tasks,
    )


def _parameter(name: str, spec: ir.ParameterSpec) -> PipelineInput:
    return PipelineInput(
        name=name,
        type=spec.type.value,
        artifact=False,
        optional=spec.optional,
        default=None if spec.default is ir.MISSING else Json(spec.default),
        literals=Json(list(spec.literals)),
    )


def _artifact(name: str, spec: ir.ArtifactSpec) -> PipelineInput:
    return PipelineInput(
        name=name, type=spec.type, artifact=True, optional=spec.optional, default=None, literals=Json([])
    )


def _task(told: Outlined) -> DefinedTask:
    task = told.task
    return DefinedTask(
        path=told.path,
        parent=told.parent,
        name=task.label,
        kind=told.kind,
        component=task.component.name,
        image=told.image,
        loop=task.loop is not None,
        condition=task.condition,
        whatever=task.whatever,
        after=[TaskLink(task=link.task, carries=list(link.carries)) for link in told.after],
    )
