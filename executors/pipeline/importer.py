"""Importers: what lies at an address becomes an artifact of the record, known by its bytes where they can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Held, from_record, without_none
from clew.executors.pipeline.placeholder import fill_constants
from clew.executors.remote_source import RemoteSources, file_name
from clew.executors.sound import local_path
from clew.metadata.blobs.protocol import Blob
from clew.metadata.errors import Invalid, SourceUnreachable, StepFailed
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState

_ADDRESS = "Give an existing file or folder as file:///absolute/path"
_NO_ADDRESS = "is neither an absolute path nor an address with a scheme"
_WHOLE = re.compile(r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}")


def bring(
    importer: ir.Importer,
    output: str,
    parameters: Mapping[str, Any],
    digest_of: Callable[[Path], Blob],
    sources: RemoteSources,
) -> Held:
    """The artifact at the importer's address. Local bytes are looked at each time: they may have changed.

    Errors: StepFailed when there is nothing at a local address.
    """
    uri = importer.uri.value if isinstance(importer.uri, ir.Constant) else parameters.get(importer.uri.name)
    uri = fill_constants(uri, parameters)
    if not isinstance(uri, str) or not uri:
        raise StepFailed("the importer got no URI", field="uri", value=uri, remedy="Give the pipeline parameter a URI")
    metadata = without_none(_typed(importer.metadata, parameters))
    path = local_path(uri)
    if path is None and "://" not in uri:
        raise StepFailed(f"the importer got {uri!r}, which {_NO_ADDRESS}", field="uri", value=uri, remedy=_ADDRESS)
    if path is None:
        return elsewhere(importer.type, output, uri, metadata, sources)
    try:
        blob = digest_of(path)
    except Invalid as error:
        raise StepFailed(
            f"the importer cannot read {uri}: {error.message}",
            field="uri",
            value=uri,
            remedy=_ADDRESS,
        ) from error
    return Held(importer.type, output, uri, blob.digest, blob.size_bytes, metadata)


def elsewhere(type: str, name: str, uri: str, metadata: dict[str, Any], sources: RemoteSources) -> Held:
    """The artifact at an address that is not of this machine, known as far as ``sources`` look.

    Errors: StepFailed when it is looked at and cannot be.
    """
    try:
        blob = sources.blob(uri)
    except (Invalid, SourceUnreachable) as error:
        raise StepFailed(error.message, field="uri", value=uri, remedy=error.remedy) from error
    if blob is None:
        return Held(type, name, uri, None, None, metadata)
    return Held(type, name, uri, blob.digest, blob.size_bytes, metadata, file=file_name(uri))


def check_imports(component: ir.Component, parameters: Mapping[str, Any], path: str = "") -> None:
    """Whether there is something at each local address that is known before anything runs.

    Errors: Invalid naming the task, the address and what is wrong.
    """
    if not isinstance(component.body, ir.Dag):
        return
    for name, task in component.body.tasks.items():
        if task.loop is not None or task.condition:
            continue  # what is given there, and whether anything is, is not known yet
        place = f"{path}/{name}" if path else name
        given = _known_before(task, parameters)
        body = task.component.body
        if isinstance(body, ir.Importer):
            uri = body.uri.value if isinstance(body.uri, ir.Constant) else given.get(body.uri.name)
            if not isinstance(uri, str) or "{{" in uri:
                continue
            found = local_path(uri)
            if found is None and "://" not in uri:
                raise Invalid(
                    f"task {place!r} imports {uri!r}, which {_NO_ADDRESS}", field=place, value=uri, remedy=_ADDRESS
                )
            if found is not None and not found.exists():
                raise Invalid(
                    f"task {place!r} imports {uri}, and there is no such file",
                    field=place,
                    value=uri,
                    remedy=_ADDRESS,
                )
        check_imports(task.component, given, place)


def _known_before(task: ir.Task, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a task that do not wait for another task."""
    specs = task.component.inputs.parameters.items()
    given = {
        name: spec.default for name, spec in specs if spec.default is not ir.MISSING and name not in task.parameters
    }
    for name, parameter in task.parameters.items():
        source = parameter.source
        if parameter.select:
            continue
        if isinstance(source, ir.Constant):
            given[name] = source.value
        elif isinstance(source, ir.ComponentInput) and source.name in parameters:
            given[name] = parameters[source.name]
    return given


def known(reader: Reader, held: Held, namespace: str) -> Held | None:
    """The artifact the record holds already for the same address, type, bytes and metadata."""
    for artifact in reader.artifacts_at(held.uri):
        if (
            artifact.namespace == namespace
            and artifact.type == held.type
            and artifact.digest == held.digest
            and artifact.state is ArtifactState.LIVE
            and from_record(artifact).metadata == held.metadata
        ):
            return held.recorded(artifact.id)
    return None


def _typed(value: Any, parameters: Mapping[str, Any]) -> Any:
    """As ``fill_constants``, but a text that is one placeholder becomes the parameter's own value."""
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value)):
        return parameters.get(match[1])
    if isinstance(value, dict):
        return {str(_typed(k, parameters)): _typed(v, parameters) for k, v in value.items()}
    if isinstance(value, list):
        return [_typed(item, parameters) for item in value]
    return fill_constants(value, parameters)
