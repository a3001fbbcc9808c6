"""What a step made: what it says of its outputs, checked, and their bytes published."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import METRICS, Held, Values, without_none
from clew.executors.pipeline.load_yaml import check_size
from clew.executors.pipeline.values import Mismatch, cast, from_text, writable
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore, address_of
from clew.metadata.blobs.tree import is_tree, read_manifest
from clew.metadata.digest import Digest
from clew.metadata.errors import Invalid, SourceUnreachable, StepFailed

if TYPE_CHECKING:
    from clew.executors.pipeline.step import Step


def collect(step: Step, executor_input: dict[str, Any], store: ArtifactStore) -> Values:
    """The outputs of ``step``, published. Errors: StepFailed when it did not do what it declares."""
    said = _executor_output(Path(executor_input["outputs"]["outputFile"]))
    values = said.get("parameterValues")
    artifacts = said.get("artifacts")
    parameters = _parameters(step, values if isinstance(values, dict) else {})
    return Values(parameters, _artifacts(step, artifacts if isinstance(artifacts, dict) else {}, store))


def _executor_output(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise StepFailed(f"the step wrote an output file that is not JSON: {error}", field="outputs") from error
    if not isinstance(said, dict):
        raise StepFailed("the step wrote an output file that is not a JSON object", field="outputs")
    return said


def _parameters(step: Step, said: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, spec in step.component.outputs.parameters.items():
        file = step.folder / "parameters" / name
        try:
            if name in said:
                values[name] = writable(cast(said[name], spec.type))
            elif file.is_file():
                values[name] = writable(from_text(file.read_text("utf-8"), spec.type))
            elif not spec.optional:
                raise StepFailed(
                    f"the step wrote no value for its output parameter {name!r}",
                    field=name,
                    remedy="Return the value, or write it to the path of the output",
                )
        except (Mismatch, OSError, UnicodeDecodeError) as error:
            raise StepFailed(
                f"the step's output parameter {name!r}: {error}", field=name, value=said.get(name)
            ) from error
    return values


def _artifacts(step: Step, said: dict[str, Any], store: ArtifactStore) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = {}
    for name, spec in step.component.outputs.artifacts.items():
        items = [_artifact(step, name, spec, message, store) for message in _messages(name, said.get(name))]
        found[name] = [item for item in items if item is not None]
    return found


def _messages(name: str, said: Any) -> list[dict[str, Any]]:
    """What a step says of its output ``name``; one that says nothing where it says nothing."""
    found = said.get("artifacts") if isinstance(said, dict) else said
    if found in (None, []):
        return [{}]
    if not isinstance(found, list) or not all(isinstance(message, dict) for message in found):
        raise StepFailed(f"the step said of its output {name!r} what is no list of artifacts", field=name, value=said)
    for message in found:
        for key, kind in (("uri", str), ("metadata", dict), ("custom_path", str)):
            value = message.get(key)
            if not isinstance(value, kind | None) or (isinstance(value, str) and "\0" in value):
                raise StepFailed(f"the step gave its output {name!r} a {key} that is none", field=name, value=value)
        try:
            check_size(message.get("metadata"))
        except ValueError as error:
            raise StepFailed(f"the metadata of the step's output {name!r} {error}", field=name) from error
    return found


def _artifact(
    step: Step, name: str, spec: ir.ArtifactSpec, message: dict[str, Any], store: ArtifactStore
) -> Held | None:
    metadata = without_none(message.get("metadata") or {})
    uri = message.get("uri") or str(step.folder / "out" / name)
    if message.get("custom_path"):
        uri = str(_brought_home(step, name, Path(message["custom_path"])))
    if "://" in uri and not uri.startswith("file://"):
        return Held(spec.type, name, uri, None, None, metadata)
    path = _inside(step, name, Path(uri.removeprefix("file://")))
    if not path.exists():
        if spec.type in METRICS or metadata:
            return Held(spec.type, name, path.as_uri(), None, 0, metadata)
        if spec.optional:
            return None
        raise StepFailed(
            f"the step wrote nothing for its output {name!r}",
            field=name,
            value=str(path),
            remedy=f"Write the artifact to the path of the output ({name}.path)",
        )
    try:
        blob = store.put(path)
    except (Invalid, SourceUnreachable) as error:
        raise StepFailed(f"the step's output {name!r} cannot be kept: {error.message}", field=name) from error
    _seal(path, blob.digest, store)
    if store.url:
        uri = address_of(store, blob.digest)
        tag = _tag_of(store, blob.digest)
        return Held(spec.type, name, uri, blob.digest, blob.size_bytes, metadata, file=path.name, tag=tag, copy=path)
    return Held(spec.type, name, path.as_uri(), blob.digest, blob.size_bytes, metadata)


def _tag_of(store: ArtifactStore, digest: Digest) -> str:
    from clew.metadata.blobs.remote import RemoteStore  # where there is a URL, it is loaded already

    return store.tag(digest, fresh=False) if isinstance(store, RemoteStore) else ""


def _brought_home(step: Step, name: str, path: Path) -> Path:
    """Where the copy lies of what the step wrote to a path of its own choice (``custom_path``)."""
    place = step.folder / "out" / name
    if path.resolve() != place.resolve():
        shutil.rmtree(place, ignore_errors=True)
        try:
            if not (path.is_dir() or path.is_file()):
                raise FileNotFoundError("it is no file and no folder")
            if path.is_dir():
                shutil.copytree(path, place, symlinks=True)
            else:
                shutil.copyfile(path, place)
        except (OSError, shutil.Error) as error:
            raise StepFailed(
                f"the step's output {name!r} cannot be read at its custom path {path}: {error}",
                field=name,
                value=str(path),
                remedy="Write the artifact there before the step ends",
            ) from error
    return place


def _inside(step: Step, name: str, path: Path) -> Path:
    """``path`` if it lies in the step's folder for outputs, symbolic links followed."""
    folder = (step.folder / "out").resolve()
    real = path.resolve()
    if path.is_symlink() or not real.is_relative_to(folder) or real == folder:
        raise StepFailed(
            f"the step put its output {name!r} outside its folder: {real}",
            field=name,
            value=str(path),
            remedy=f"Write it to {step.folder / 'out' / name} itself, without links",
        )
    return path


def _seal(path: Path, digest: Digest, store: ArtifactStore) -> None:
    """Make published files read-only, and one with their blob where the disk allows: the bytes are kept once."""
    if is_tree(digest):
        with store.open(digest) as stream:
            entries = read_manifest(stream.read())
        for name, entry in entries.items():
            if entry.kind != "link":
                _seal(path / name, entry.digest, store)
        return
    mode = path.stat().st_mode & 0o777
    path.chmod(mode & ~0o222)
    if isinstance(store, LocalStore) and not mode & 0o111:
        twin = path.with_name(path.name + ".clew")
        with suppress(OSError):  # another disk, or too many links: the copy stays
            os.link(store.path(digest), twin)
            twin.replace(path)
