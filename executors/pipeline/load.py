"""Read KFP v2 IR YAML into a checked Pipeline. What could not be run is refused here, before anything starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from clew.executors.pipeline import ir
from clew.executors.pipeline.demand import read_resources
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.load_check import check_task, check_words, dag_artifact, dag_parameter, in_order
from clew.executors.pipeline.load_interface import interface, named, outputs_of, schema
from clew.executors.pipeline.load_task import (
    artifact_input,
    each_on_its_own,
    loop_of,
    parameter_input,
    retry_of,
    sources_of,
    trigger_of,
)  # fmt: skip
from clew.executors.pipeline.load_yaml import read_yaml
from clew.executors.pipeline.platform import read_platform
from clew.executors.pipeline.pod import Pod
from clew.executors.pipeline.resolver import query
from clew.executors.pipeline.task_config import applied, passed_on
from clew.executors.pipeline.values import whole
from clew.metadata.errors import Invalid, InvalidPipeline

_SPEC = (
    "pipelineInfo", "deploymentSpec", "schemaVersion", "sdkVersion", "components", "root", "defaultPipelineRoot",
)  # fmt: skip
_TASK = (
    "taskInfo", "inputs", "dependentTasks", "cachingOptions", "componentRef", "triggerPolicy", "parameterIterator",
    "artifactIterator", "iteratorPolicy", "retryPolicy",
)  # fmt: skip
_CUSTOM_JOB = "Use a Python component, a container component or dsl.importer: custom jobs run on Google Cloud alone"


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
    try:
        return parse(text)
    except InvalidPipeline as error:
        raise InvalidPipeline(
            f"{path}: {error.message}", field=error.field, value=error.value, remedy=error.remedy
        ) from error


def parse(text: str) -> ir.Pipeline:
    """The pipeline in IR YAML: one document, or a second one with the platform spec.

    Errors: InvalidPipeline naming the place in the document.
    """
    try:
        documents = read_yaml(text)
    except ValueError as error:
        raise InvalidPipeline(
            f"the pipeline {error}", field="pipeline", remedy="Compile the pipeline again with the kfp SDK"
        ) from error
    specs = [d for d in documents if isinstance(d, dict) and ("root" in d or "pipelineInfo" in d)]
    if len(specs) != 1:
        found = f"there are {len(specs)} documents" if specs else "there is no document"
        raise InvalidPipeline(
            f"this is not KFP v2 IR: {found} with 'pipelineInfo' and 'root'",
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
            raise schema.fail(
                f"schema version {schema.value!r} is not known: only 2.x is",
                "Compile the pipeline with the kfp SDK 2.x",
            )
        self.spec.only(*_SPEC)
        info = self.spec.need("pipelineInfo")
        root = self._component("root", self.spec.need("root"))
        if not isinstance(root.body, ir.Dag):
            raise self.spec.need("root").fail("the root has no dag")
        sdk = self.spec.get("sdkVersion")
        description = info.get("description")
        return ir.Pipeline(
            name=_pipeline_name(info),
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
        place.only("inputDefinitions", "outputDefinitions", "dag", "executorLabel", "taskConfigPassthroughs")
        kind, body = place.one_of("dag", "executorLabel")
        passed = passed_on(place.get("taskConfigPassthroughs"))
        inputs, outputs = interface(place.get("inputDefinitions")), outputs_of(place.get("outputDefinitions"))
        implementation = self._dag(body, place) if kind == "dag" else self._executor(body)
        if isinstance(implementation, ir.Container):
            check_words(implementation, inputs, outputs, self.executors.get(body.text()).get("container"))
        told = implementation if isinstance(implementation, ir.Container) and passed else None
        return ir.Component(
            name=name,
            inputs=inputs,
            outputs=outputs,
            body=applied(told, passed) if told else implementation,
            passed_on=frozenset(passed),
            told=told,
        )

    def _executor(self, label: Place) -> ir.Container | ir.Importer | ir.Resolver:
        place = self.executors.need(label.text())
        kinds = ("container", "importer", "resolver", "customJob")
        kind, body = place.one_of(*kinds)
        if kind == "importer":
            return _importer(body, has_workspace=self.platform.has_workspace)
        if kind == "resolver":
            body.only("outputArtifactQueries")
            return ir.Resolver({n: query(q) for n, q in body.need("outputArtifactQueries").items()})
        if kind != "container":
            raise body.fail(f"the {kind} executor of {label.value!r} cannot be run here", _CUSTOM_JOB)
        body.only("image", "command", "args", "env", "resources")
        pod = self.platform.pods.get(label.text(), Pod())
        return ir.Container(
            image=body.need("image").text(),
            command=tuple(e.text() for e in body.get("command").elements()),
            args=tuple(e.text() for e in body.get("args").elements()),
            env=dict(_variable(e) for e in body.get("env").elements()),
            timeout_s=pod.timeout_s,
            pod=pod,
            resources=read_resources(body.get("resources")),
        )

    # -- graphs ---------------------------------------------------------------------------------------

    def _dag(self, place: Place, component: Place) -> ir.Dag:
        place.only("tasks", "outputs")
        inputs = interface(component.get("inputDefinitions"))
        tasks = {name: self._task(name, task) for name, task in named(place.get("tasks"))}
        for name, task in tasks.items():
            check_task(task, tasks, inputs, place.get("tasks").get(name))
        tasks = in_order(tasks, place.get("tasks"))
        outputs = place.get("outputs")
        return ir.Dag(
            tasks=tasks,
            parameters={n: dag_parameter(p, tasks) for n, p in outputs.get("parameters").items()},
            artifacts={n: dag_artifact(p, tasks) for n, p in outputs.get("artifacts").items()},
        )

    def _task(self, name: str, place: Place) -> ir.Task:
        place.only(*_TASK)
        component = self._named(place.need("componentRef").need("name").text(), place.get("componentRef"))
        inputs = place.get("inputs")
        caching = place.get("cachingOptions")
        key = caching.get("cacheKey")
        cached = ir.Caching(caching.get("enableCache").flag(), key.text() if key.value else "")
        retry = retry_of(place.get("retryPolicy"))
        loop = loop_of(name, place)
        parameters = {
            n: parameter_input(name, p, component, n)
            for n, p in inputs.get("parameters").items()
            if loop is None or not n.startswith(loop.item_input + ir.LOOP_ITEM_FIELD)
        }
        artifacts = {n: artifact_input(name, p) for n, p in inputs.get("artifacts").items()}
        after = [p.text() for p in place.get("dependentTasks").elements()]
        after += sources_of(parameters, artifacts)
        condition, whatever = trigger_of(place.get("triggerPolicy"))
        if loop is not None and not isinstance(component.body, ir.Dag):
            component, retry = each_on_its_own(component, cached, retry), ir.Retry()
        if loop is not None and retry.attempts:
            raise place.get("retryPolicy").fail(
                f"the loop {name!r} cannot be tried again as a whole", "Set the retries on the tasks in it"
            )
        return ir.Task(
            name=name,
            label=str(place.get("taskInfo").get("name").value or name),
            component=component,
            parameters=parameters,
            artifacts=artifacts,
            after=tuple(dict.fromkeys(after)),
            caching=cached,
            loop=loop,
            retry=retry,
            condition=condition,
            whatever=whatever,
        )


def _pipeline_name(info: Place) -> str:
    name = info.need("name")
    if not name.text().strip():
        raise name.fail("the pipeline has no name")
    return name.text()


def _variable(place: Place) -> tuple[str, str]:
    """Name and value of an environment variable."""
    name, value = place.need("name"), place.get("value")
    if not name.text() or "=" in name.text() or "\0" in name.text():
        raise name.fail(f"{name.value!r} is no name of an environment variable")
    text = value.text() if value.value is not None else ""
    if "\0" in text:
        raise value.fail("an environment variable cannot hold a zero character")
    return name.text(), text


def _importer(place: Place, *, has_workspace: bool) -> ir.Importer:
    to_workspace = place.get("downloadToWorkspace").flag()
    if to_workspace and not has_workspace:
        raise place.fail(
            "the importer downloads to a workspace, and the pipeline has none",
            "Give the pipeline dsl.PipelineConfig(workspace=...)",
        )
    place.only("artifactUri", "typeSchema", "metadata", "reimport", "downloadToWorkspace")
    kind, uri = place.need("artifactUri").one_of("constant", "runtimeParameter")
    if isinstance(uri.value, dict):  # older SDKs: {stringValue: ...}
        uri = uri.need("stringValue")
    return ir.Importer(
        uri=ir.Constant(uri.text()) if kind == "constant" else ir.ComponentInput(uri.text()),
        type=schema(place.need("typeSchema")),
        metadata=whole(place.get("metadata").mapping()),
        reimport=place.get("reimport").flag(),
        to_workspace=to_workspace,
    )
