"""Artifacts given to a run by whoever starts it: for a pipeline, or a bare component, that takes some as inputs.

-p data=artifact:12         one the record holds
-p data=/folder/data.csv    a file or folder of this machine, or any URI: recorded when it is new
-p data='{"uri": "s3://...", "metadata": {"rows": 3}}'
-p data='["artifact:1", "artifact:2"]'    for an input that is a list
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Held, from_record, without_none
from clew.executors.pipeline.importer import elsewhere, known
from clew.executors.remote_source import RemoteSources
from clew.executors.sound import local_path
from clew.metadata.blobs.protocol import Blob
from clew.metadata.errors import ClewError, Invalid, StepFailed
from clew.metadata.node import Artifact
from clew.metadata.reader import Reader

_ANY = "system.Artifact"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What reads artifacts a run is given."""

    reader: Reader
    digest_of: Callable[[Path], Blob]
    namespace: str
    sources: RemoteSources

    def artifacts(self, inputs: ir.Interface, given: Mapping[str, Any]) -> dict[str, list[Held]]:
        """The artifacts among ``given``; those the record does not hold yet have no id.

        Errors: Invalid naming the input that is of another type or cannot be read.
        """
        return {n: self._items(n, spec, given[n]) for n, spec in inputs.artifacts.items() if n in given}

    def _items(self, name: str, spec: ir.ArtifactSpec, value: Any) -> list[Held]:
        value = _read(value)
        if isinstance(value, list) != spec.is_list:
            wanted = "a list of artifacts" if spec.is_list else "one artifact"
            raise _bad(name, value, f"{wanted} was expected")
        return [self._item(name, spec, item) for item in (value if isinstance(value, list) else [value])]

    def _item(self, name: str, spec: ir.ArtifactSpec, value: Any) -> Held:
        if isinstance(value, str) and value.startswith("artifact:"):
            return self._recorded(name, spec, value)
        told = value if isinstance(value, dict) else {"uri": value}
        uri, metadata = told.get("uri"), told.get("metadata", {})
        if not isinstance(uri, str) or not uri or not isinstance(metadata, dict) or told.keys() - {"uri", "metadata"}:
            raise _bad(name, value, "artifact:N, a path, a URI, or an object with uri and metadata was expected")
        held = self._at(name, spec, _absolute(uri), without_none(metadata))
        return known(self.reader, held, self.namespace) or held

    def _at(self, name: str, spec: ir.ArtifactSpec, uri: str, metadata: dict[str, Any]) -> Held:
        path = local_path(uri)
        if path is None:
            try:
                return elsewhere(spec.type, name, uri, metadata, self.sources)
            except StepFailed as error:
                raise _bad(name, uri, error.message) from error
        try:
            blob = self.digest_of(path)
        except Invalid as error:
            raise _bad(name, uri, f"it cannot be read: {error.message}") from error
        return Held(spec.type, name, uri, blob.digest, blob.size_bytes, metadata)

    def _recorded(self, name: str, spec: ir.ArtifactSpec, value: str) -> Held:
        number = value.removeprefix("artifact:")
        if not number.isdigit():
            raise _bad(name, value, "artifact:N was expected")
        try:
            artifact: Artifact = self.reader.artifact(int(number))
        except ClewError as error:
            raise _bad(name, value, error.message) from error
        if artifact.namespace != self.namespace:
            raise _bad(name, value, f"there is no artifact {number}")
        if spec.type not in (_ANY, artifact.type):
            raise _bad(name, value, f"a {spec.type} was expected, and it is a {artifact.type}")
        return from_record(artifact)


def _read(value: Any) -> Any:
    """JSON written as text; anything else is as it is."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _bad(name: str, value: Any, why: str) -> Invalid:
    return Invalid(
        f"input artifact {name!r}: {why}, not {str(value)[:80]!r}",
        field=name,
        value=value,
        remedy=f"Give -p {name}=artifact:N, a path or a URI",
    )


def for_later(inputs: ir.Interface, given: Mapping[str, Any]) -> dict[str, Any]:
    """The artifacts among ``given`` as arguments of a run that starts elsewhere: paths no longer hang on a folder."""
    return {name: _absolute(_read(given[name])) for name in inputs.artifacts if name in given}


def _absolute(value: Any) -> Any:
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    if isinstance(value, dict) and isinstance(value.get("uri"), str):
        return value | {"uri": _absolute(value["uri"])}
    if isinstance(value, str) and value and "://" not in value and not value.startswith("artifact:"):
        return Path(os.path.abspath(value)).as_uri()
    return value


def references(artifacts: Mapping[str, list[Held]], inputs: ir.Interface) -> dict[str, Any]:
    """The recorded ``artifacts`` as arguments of a run that is to be given the same."""
    named = {name: [f"artifact:{item.id}" for item in items] for name, items in artifacts.items()}
    return {name: items if inputs.artifacts[name].is_list else items[0] for name, items in named.items()}
