"""Importers: what lies at an address becomes an artifact of the record, known by its bytes where they can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clew.executors.cache import local_path
from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Held, from_record, without_none
from clew.executors.pipeline.placeholder import fill_constants
from clew.metadata.blobs.protocol import Blob
from clew.metadata.errors import Invalid, StepFailed
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState

_WHOLE = re.compile(r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}")


def bring(importer: ir.Importer, output: str, parameters: Mapping[str, Any], digest_of: Callable[[Path], Blob]) -> Held:
    """The artifact at the importer's address. Local bytes are looked at each time: they may have changed.

    Errors: StepFailed when there is nothing at a local address.
    """
    uri = importer.uri.value if isinstance(importer.uri, ir.Constant) else parameters.get(importer.uri.name)
    uri = fill_constants(uri, parameters)
    if not isinstance(uri, str) or not uri:
        raise StepFailed("the importer got no URI", field="uri", value=uri, remedy="Give the pipeline parameter a URI")
    metadata = without_none(_typed(importer.metadata, parameters))
    path = local_path(uri)
    if path is None:
        return Held(importer.type, output, uri, None, None, metadata)
    try:
        blob = digest_of(path)
    except Invalid as error:
        raise StepFailed(
            f"the importer cannot read {uri}: {error.message}",
            field="uri",
            value=uri,
            remedy="Give an existing file or folder as file:///absolute/path",
        ) from error
    return Held(importer.type, output, uri, blob.digest, blob.size_bytes, metadata)


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
