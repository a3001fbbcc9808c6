"""Before a run exists: whether this machine can give its steps what they ask of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.cluster import CREATE_CLAIM
from clew.executors.pipeline.demand import demand_of
from clew.executors.pipeline.given import Given, missing, missing_key
from clew.executors.pipeline.mounted import why_not
from clew.executors.pipeline.pod import Kind, Reference
from clew.metadata.errors import InvalidPipeline, StepFailed


def containers_of(component: ir.Component, path: str = "") -> Iterator[tuple[str, ir.Task, ir.Container]]:
    """Path, task and container of every container task, in graphs of graphs too."""
    if isinstance(component.body, ir.Dag):
        for name, task in component.body.tasks.items():
            place = f"{path}/{name}" if path else name
            if isinstance(task.component.body, ir.Container):
                yield place, task, task.component.body
            yield from containers_of(task.component, place)


def check_pods(
    pipeline: ir.Pipeline, parameters: Mapping[str, Any], given: Given, is_process: Callable[[ir.Container], bool]
) -> None:
    """Refuse what is known to be missing; names that steps compute are looked up when they have.

    ``is_process`` tells a task that runs as a process of this machine from one in a container.

    Errors: InvalidPipeline naming the task, the secret, config map, key or claim, and the option that gives it.
    """
    found = list(containers_of(pipeline.root))
    made = any(container.image == CREATE_CLAIM for _, _, container in found)
    for place, _, container in found:
        for keys in container.pod.keys:
            held = given.secrets if keys.kind is Kind.SECRET else given.config_maps
            name = _known(keys.name, parameters, "/" in place)
            if name is None or keys.optional:
                continue
            if name not in held:
                raise _refused(place, missing(keys.kind, name))
            if lost := next((key for key in keys.variables.values() if key not in held[name]), None):
                raise _refused(place, missing_key(keys.kind, name, lost))
        for mount in container.pod.mounts:
            name = _known(mount.name, parameters, "/" in place)
            if name is None or mount.optional or mount.kind is Kind.SCRATCH:
                continue
            if name not in _names(given, mount.kind) and not (mount.kind is Kind.CLAIM and made):
                raise _refused(place, missing(mount.kind, name))
        if container.pod.mounts and is_process(container) and (why := why_not()):
            raise InvalidPipeline(
                f"task {place!r} wants a volume at {container.pod.mounts[0].path}, and no process can have mounts of "
                f"its own here: {why}",
                field=place,
                value=container.pod.mounts[0].path,
                remedy="Allow user namespaces on this machine, run as root, or run the task in its image "
                "(--containers docker or podman)",
            )


def check_resources(pipeline: ir.Pipeline, parameters: Mapping[str, Any]) -> None:
    """Refuse a task that asks for what is no amount; what steps compute is looked at when they have.

    Errors: InvalidPipeline naming the task and what it asks for.
    """
    for place, task, container in containers_of(pipeline.root):
        try:
            demand_of(container.resources, _inputs_known(task, parameters, "/" in place))
        except StepFailed as error:
            if "{{" not in error.value:  # else over an input that is not known yet
                raise _refused(place, error) from error


def _inputs_known(task: ir.Task, parameters: Mapping[str, Any], nested: bool) -> dict[str, Any]:
    """The inputs of a task whose values are known before anything has run; the rest stand for themselves."""
    known: dict[str, Any] = {}
    for name, wanted in task.parameters.items():
        source = wanted.source
        known[name] = f"{{{{{name}}}}}"
        if isinstance(source, ir.Constant) and "{{" not in str(source.value):
            known[name] = source.value
        elif isinstance(source, ir.ComponentInput) and not nested and source.name in parameters:
            known[name] = parameters[source.name]
    return known


def _names(given: Given, kind: Kind) -> Container[str]:
    if kind is Kind.CLAIM:
        return given.volumes
    return given.secrets if kind is Kind.SECRET else given.config_maps


def _known(name: Reference, parameters: Mapping[str, Any], nested: bool) -> str | None:
    """The name, where it is known before anything has run."""
    if name.text:
        return name.text
    value = parameters.get(name.input) if name.input and not nested else None
    return value if isinstance(value, str) else None


def _refused(place: str, error: StepFailed) -> InvalidPipeline:
    return InvalidPipeline(f"task {place!r}: {error.message}", field=place, value=error.value, remedy=error.remedy)
