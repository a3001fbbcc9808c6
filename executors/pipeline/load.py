"""Read KFP v2 IR YAML into a checked Pipeline. What could not be run is refused here, before anything starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.load_task import artifact_input, loop_of, parameter_input, retry_of, task_output
from clew.executors.pipeline.platform import read_platform
from clew.executors.pipeline.pod import Pod
from clew.executors.pipeline.values import Mismatch, from_ir, whole
from clew.metadata.errors import Invalid, InvalidPipeline

_SPEC = (
    "pipelineInfo", "deploymentSpec", "schemaVersion", "sdkVersion", "components", "root", "defaultPipelineRoot",
)  # fmt: skip
_TASK = (
    "taskInfo", "inputs", "dependentTasks", "cachingOptions", "componentRef", "triggerPolicy", "parameterIterator",
    "artifactIterator", "iteratorPolicy", "retryPolicy",
)  # fmt: skip
_LOST_ITEM = "The kfp compiler loses the outer loop's item in an inner loop: make the inner loop a pipeline of its own"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: Path) -> ir.Pipeline:
    """The pipeline in the IR file at ``path``.

    Errors: Invalid when there is no such file; InvalidPipeline when it is malformed or asks for what cannot be run.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Invalid(
            f"cannot read the pipeline {path}: {reason}",
            field="pipeline",
            value=str(path),
            remedy="Give the YAML that the kfp SDK compiled",
        ) from error
    return parse(text)


def parse(text: str) -> ir.Pipeline:
    """The pipeline in IR YAML: one document, or a second one with the platform spec.

    Errors: InvalidPipeline naming the place in the document.
    """
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidPipeline(
            f"the pipeline is not YAML{where}: {getattr(error, 'problem', None) or error}",
            field="pipeline",
            remedy="Compile the pipeline again with the kfp SDK",
        ) from error
    specs = [d for d in documents if isinstance(d, dict) and ("root" in d or "pipelineInfo" in d)]
    if len(specs) != 1:
        raise InvalidPipeline(
            "this is not KFP v2 IR: there is no document with 'pipelineInfo' and 'root'",
            field="pipeline",
            remedy="Compile the pipeline with the kfp SDK 2.x (kfp dsl compile)",
        )
    platforms = [Place(d) for d in documents if isinstance(d, dict) and "platforms" in d]
    return replace(_Loading(Place(specs[0]), platforms).pipeline(), source=text)


class _Loading:
    """One pass over one document; components are read once each, from the root down."""

    def __init__(self, spec: Place, platforms: Iterable[Place]) -> None:
        self.components = spec.get("components")
        self.executors = spec.get("deploymentSpec").get("executors")
        self.spec = spec
        self.platform = read_platform(platforms)
        self.loaded: dict[str, ir.Component] = {}
        self.open: list[str] = []

    def pipeline(self) -> ir.Pipeline:
        schema = self.spec.get("schemaVersion")
        if schema.value is not None and not str(schema.value).startswith("2."):
            raise schema.fail("only schema version 2 is known", "Compile the pipeline with the kfp SDK 2.x")
        self.spec.only(*_SPEC)
        info = self.spec.need("pipelineInfo")
        root = self._component("root", self.spec.need("root"))
        if not isinstance(root.body, ir.Dag):
            raise self.spec.need("root").fail("the root has no dag")
        if root.inputs.artifacts and not all(a.optional for a in root.inputs.artifacts.values()):
            name = next(n for n, a in root.inputs.artifacts.items() if not a.optional)
            raise self.spec.need("root").fail(
                f"the pipeline takes an artifact ({name!r}) as its input",
                "Give its URI as a parameter and bring it in with dsl.importer",
            )
        sdk = self.spec.get("sdkVersion")
        description = info.get("description")
        return ir.Pipeline(
            name=info.need("name").text(),
            description=description.text() if description.value else "",
            sdk_version=sdk.text() if sdk.value else "",
            root=root,
            platform=self.platform,
        )

    # -- components -----------------------------------------------------------------------------------

    def _named(self, name: str, used_at: Place) -> ir.Component:
        if name in self.loaded:
            return self.loaded[name]
        if name in self.open:
            raise used_at.fail(f"component {name!r} contains itself", "A pipeline must not use itself as a task")
        if not self.components.has(name):
            raise used_at.fail(f"there is no component {name!r}")
        self.open.append(name)
        component = self.loaded[name] = self._component(name, self.components.get(name))
        self.open.pop()
        return component

    def _component(self, name: str, place: Place) -> ir.Component:
        place.only("inputDefinitions", "outputDefinitions", "dag", "executorLabel")
        kind, body = place.one_of("dag", "executorLabel")
        return ir.Component(
            name=name,
            inputs=_interface(place.get("inputDefinitions")),
            outputs=_interface(place.get("outputDefinitions")),
            body=self._dag(body, place) if kind == "dag" else self._executor(body),
        )

    def _executor(self, label: Place) -> ir.Container | ir.Importer:
        place = self.executors.need(label.text())
        kinds = ("container", "importer", "resolver", "customJob")
        kind, body = place.one_of(*kinds)
        if kind == "importer":
            return _importer(body)
        if kind != "container":
            raise body.fail(
                f"the {kind} executor of {label.value!r} cannot be run here",
                "Use a Python component, a container component or dsl.importer",
            )
        body.only("image", "command", "args", "env", "resources")
        pod = self.platform.pods.get(label.text(), Pod())
        return ir.Container(
            image=body.need("image").text(),
            command=tuple(e.text() for e in body.get("command").elements()),
            args=tuple(e.text() for e in body.get("args").elements()),
            env={e.need("name").text(): str(e.get("value").value or "") for e in body.get("env").elements()},
            timeout_s=pod.timeout_s,
            pod=pod,
        )

    # -- graphs ---------------------------------------------------------------------------------------

    def _dag(self, place: Place, component: Place) -> ir.Dag:
        place.only("tasks", "outputs")
        inputs = _interface(component.get("inputDefinitions"))
        tasks = {name: self._task(name, task) for name, task in place.get("tasks").items()}
        for name, task in tasks.items():
            _check_sources(task, tasks, inputs, place.get("tasks").get(name))
        tasks = _in_order(tasks, place.get("tasks"))
        outputs = place.get("outputs")
        return ir.Dag(
            tasks=tasks,
            parameters={n: _dag_parameter(p, tasks) for n, p in outputs.get("parameters").items()},
            artifacts={n: _dag_artifact(p, tasks) for n, p in outputs.get("artifacts").items()},
        )

    def _task(self, name: str, place: Place) -> ir.Task:
        place.only(*_TASK)
        _refuse_unrunnable(name, place)
        component = self._named(place.need("componentRef").need("name").text(), place.get("componentRef"))
        inputs = place.get("inputs")
        caching = place.get("cachingOptions")
        key = caching.get("cacheKey")
        loop = loop_of(name, place)
        parameters = {
            n: parameter_input(name, p, component, n)
            for n, p in inputs.get("parameters").items()
            if loop is None or not n.startswith(loop.item_input + ir.LOOP_ITEM_FIELD)
        }
        artifacts = {n: artifact_input(name, p) for n, p in inputs.get("artifacts").items()}
        after = [p.text() for p in place.get("dependentTasks").elements()]
        sources = [i.source for i in parameters.values()] + list(artifacts.values())
        after += [s.task for s in sources if isinstance(s, ir.TaskOutput)]
        return ir.Task(
            name=name,
            label=str(place.get("taskInfo").get("name").value or name),
            component=component,
            parameters=parameters,
            artifacts=artifacts,
            after=tuple(dict.fromkeys(after)),
            caching=ir.Caching(caching.get("enableCache").flag(), key.text() if key.value else ""),
            loop=loop,
            retry=retry_of(place.get("retryPolicy")),
        )


def _refuse_unrunnable(name: str, place: Place) -> None:
    trigger = place.get("triggerPolicy")
    if trigger.has("condition"):
        raise trigger.fail(
            f"task {name!r} runs on a condition (dsl.If, dsl.Elif, dsl.Else), which cannot be run here yet",
            "Decide inside a component, or give the pipeline a parameter and compile without the condition",
        )
    if trigger.get("strategy").value not in (None, "TRIGGER_STRATEGY_UNSPECIFIED", "ALL_UPSTREAM_TASKS_SUCCEEDED"):
        raise trigger.fail(
            f"task {name!r} runs even after failures (dsl.ExitHandler, ignore_upstream_failure), "
            "which cannot be run here yet",
            "Take the exit handler out, and let the caller act on the state of the run",
        )
    if place.has("artifactIterator"):
        raise place.get("artifactIterator").fail(
            f"task {name!r} loops over artifacts, which cannot be run here yet",
            "Loop over a parameter list and pass the artifacts as one list",
        )


def _interface(place: Place) -> ir.Interface:
    return ir.Interface(
        parameters={name: _parameter_spec(p) for name, p in place.get("parameters").items()},
        artifacts={
            name: ir.ArtifactSpec(
                _schema(p.need("artifactType")), p.get("isArtifactList").flag(), p.get("isOptional").flag()
            )
            for name, p in place.get("artifacts").items()
        },
    )


def _parameter_spec(place: Place) -> ir.ParameterSpec:
    kind = place.need("parameterType")
    if kind.value in ("TASK_FINAL_STATUS", "TASK_CONFIG"):
        raise kind.fail(
            f"a parameter of type {kind.value} cannot be given here yet",
            "Take the PipelineTaskFinalStatus or TaskConfig argument out of the component",
        )
    try:
        declared = ir.ParameterType(kind.text())
    except ValueError as error:
        raise kind.fail(f"{kind.value!r} is not a parameter type") from error
    default: Any = ir.MISSING
    if place.has("defaultValue"):
        value = place.get("defaultValue").value
        try:
            default = value if value is None else from_ir(value, declared)
        except Mismatch as error:
            raise place.get("defaultValue").fail(str(error)) from error
    return ir.ParameterSpec(declared, place.get("isOptional").flag() or default is not ir.MISSING, default)


def _schema(place: Place) -> str:
    kind, schema = place.one_of("schemaTitle", "instanceSchema", "schemaUri")
    if kind != "instanceSchema":
        return schema.text()
    try:
        title = yaml.load(schema.text(), Loader=_Loader)["title"]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise schema.fail("the instance schema has no title") from error
    return str(title)


def _importer(place: Place) -> ir.Importer:
    if place.get("downloadToWorkspace").flag():
        raise place.fail(
            "the importer downloads to a workspace, which cannot be run here yet",
            "Use dsl.importer without download_to_workspace",
        )
    place.only("artifactUri", "typeSchema", "metadata", "reimport", "downloadToWorkspace")
    kind, uri = place.need("artifactUri").one_of("constant", "runtimeParameter")
    if isinstance(uri.value, dict):  # older SDKs: {stringValue: ...}
        uri = uri.need("stringValue")
    return ir.Importer(
        uri=ir.Constant(uri.text()) if kind == "constant" else ir.ComponentInput(uri.text()),
        type=_schema(place.need("typeSchema")),
        metadata=whole(place.get("metadata").mapping()),
        reimport=place.get("reimport").flag(),
    )


# -- outputs and checks -----------------------------------------------------------------------------------


def _dag_parameter(place: Place, tasks: dict[str, ir.Task]) -> ir.TaskOutput:
    if place.has("valueFromOneof"):
        raise place.fail(
            "an output takes the value of one of several branches (dsl.OneOf), which cannot be run here yet",
            "Return the output of one task",
        )
    output = task_output(place.need("valueFromParameter"), "outputParameterKey", "producerSubtask")
    _check_output(output, tasks, place, "parameter")
    return output


def _dag_artifact(place: Place, tasks: dict[str, ir.Task]) -> ir.TaskOutput:
    selectors = list(place.need("artifactSelectors").elements())
    if len(selectors) != 1:
        raise place.fail(
            "an output takes the artifact of one of several branches (dsl.OneOf), which cannot be run here yet",
            "Return the artifact of one task",
        )
    output = task_output(selectors[0], "outputArtifactKey", "producerSubtask")
    _check_output(output, tasks, place, "artifact")
    return output


def _check_sources(task: ir.Task, tasks: dict[str, ir.Task], inputs: ir.Interface, place: Place) -> None:
    for name, parameter in task.parameters.items():
        where = place.get("inputs").get("parameters").get(name)
        if isinstance(parameter.source, ir.TaskOutput):
            _check_output(parameter.source, tasks, where, "parameter")
        elif isinstance(parameter.source, ir.ComponentInput) and parameter.source.name not in inputs.parameters:
            raise where.fail(
                f"there is no input parameter {parameter.source.name!r} around task {task.name!r}",
                _LOST_ITEM if "loop-item" in name else "Compile the pipeline again with the kfp SDK",
            )
    for name, artifact in task.artifacts.items():
        where = place.get("inputs").get("artifacts").get(name)
        if isinstance(artifact, ir.TaskOutput):
            _check_output(artifact, tasks, where, "artifact")
        elif artifact.name not in inputs.artifacts:
            raise where.fail(f"there is no input artifact {artifact.name!r} around task {task.name!r}")
    if task.loop and isinstance(task.loop.items, ir.ComponentInput) and task.loop.items.name not in task.parameters:
        raise place.get("parameterIterator").fail(f"the loop's list {task.loop.items.name!r} is not an input of it")
    for name, spec in task.component.inputs.parameters.items():
        from_item = task.loop is not None and name.startswith(task.loop.item_input)
        loop_list = task.loop is not None and isinstance(task.loop.items, ir.ComponentInput)
        if not (spec.optional or name in task.parameters or from_item or loop_list):
            raise place.fail(f"task {task.name!r} gives its component no {name!r}")
    for other in task.after:
        if other not in tasks:
            raise place.get("dependentTasks").fail(f"task {task.name!r} waits for {other!r}, which is not there")
    if task.loop and not isinstance(task.component.body, ir.Dag):
        raise place.get("parameterIterator").fail(
            f"task {task.name!r} loops over a component that is no graph", "Write the loop with dsl.ParallelFor"
        )


def _check_output(output: ir.TaskOutput, tasks: dict[str, ir.Task], place: Place, kind: str) -> None:
    if output.task not in tasks:
        raise place.fail(f"there is no task {output.task!r} beside this one")
    outputs = tasks[output.task].component.outputs
    if output.key not in (outputs.parameters if kind == "parameter" else outputs.artifacts):
        raise place.fail(f"task {output.task!r} has no output {kind} {output.key!r}")


def _in_order(tasks: dict[str, ir.Task], place: Place) -> dict[str, ir.Task]:
    """``tasks`` so that each comes after those it waits for."""
    waiting = {name: set(task.after) for name, task in tasks.items()}
    ordered: dict[str, ir.Task] = {}
    while ready := [name for name, after in waiting.items() if not after]:
        ordered |= {name: tasks[name] for name in ready}
        for name in ready:
            del waiting[name]
        for after in waiting.values():
            after.difference_update(ready)
    if waiting:
        raise place.fail(f"tasks wait for each other in a circle: {', '.join(sorted(waiting))}")
    return ordered
