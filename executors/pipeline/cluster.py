"""What Kubernetes would give the steps of one run, given by this machine: keys, volumes, fields of the pod.

A secret or config map is what ``--secret`` and ``--config-map`` named. A claim is a folder that ``--volume`` named, or
one of the run's own that its ``CreatePVC`` made.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.given import Given, missing, missing_key
from clew.executors.pipeline.pod import Keys, Kind, Mount, Pod, Reference
from clew.executors.pipeline.unfold import Frame, Node
from clew.executors.pipeline.volumes import Volumes
from clew.metadata.blobs.failure import write_failed
from clew.metadata.digest import keyed, of_struct
from clew.metadata.errors import StepFailed

_KEY_FILE = "secret.key"
CREATE_CLAIM, DELETE_CLAIM = "argostub/createpvc", "argostub/deletepvc"
STAND_INS = (CREATE_CLAIM, DELETE_CLAIM)
"""Images that name no program: the driver of Kubeflow Pipelines does their work."""
WORKSPACE, WORKSPACE_PATH = "/kfp-workspace", "{{$.workspace_path}}"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Placed:
    """A volume as a step sees it: a folder of this machine, or files that exist only for the step."""

    path: str
    folder: Path | None
    files: Mapping[str, bytes] | None = field(default=None, repr=False)
    read_only: bool = False
    is_scratch: bool = False
    """Whether the folder is made for the step and removed after it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What one step gets."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: tuple[Placed, ...] = ()
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of the fingerprint: digests of the secrets and config maps by where the step sees them, names of the rest."""
    untracked: str = ""
    """Why equal fingerprints promise nothing: it sees a volume whose content is not an input."""
    workspace: Path | None = None
    """The workspace of the run, if it uses it."""


class Cluster:
    """The stand-in for one run. Safe for several threads."""

    def __init__(
        self, given: Given, home: Path, run_folder: Path, run: str, namespace: str, *, has_workspace: bool = False
    ) -> None:
        self._given = given
        self._home = home
        self.volumes = Volumes(given.volumes, run_folder, run, has_workspace=has_workspace)
        self._run = run
        self._namespace = namespace
        self._guard = threading.Lock()

    def bind(self, container: ir.Container, node: Node, parameters: Mapping[str, Any]) -> Bound:
        """What the step of ``node`` gets.

        Errors: StepFailed naming the secret, config map, key or claim that is not there.
        """
        bound = self._bind(container.pod, node)
        workspace = self.volumes.workspace
        if workspace is None:
            return bound
        text = json.dumps([container.command, container.args, container.env, parameters], default=str)
        if WORKSPACE_PATH not in text and WORKSPACE not in text:
            return bound
        workspace.mkdir(parents=True, exist_ok=True)
        named = (Placed(WORKSPACE, workspace),) if WORKSPACE in text else ()
        untracked = "what lies in the workspace is no input of it"
        return replace(bound, mounts=bound.mounts + named, untracked=untracked, workspace=workspace)

    def _bind(self, pod: Pod, node: Node) -> Bound:
        environ = {variable: self._field(name, pod, node) for variable, name in pod.fields.items()}
        parts: dict[str, dict[str, str]] = {}
        if pod.fields:
            parts["pod_fields"] = dict(pod.fields)
        for keys in pod.keys:
            for variable, value in self._values(keys, node.frame).items():
                environ[variable] = _text(keys, variable, value)
                parts.setdefault(_part(keys.kind), {})[variable] = self._digest(keys.kind, {"": value})
        mounts = []
        for i, mount in enumerate(pod.mounts):
            placed = self._place(mount, node, i)
            mounts.append(placed)
            if placed.files is not None:
                parts.setdefault(_part(mount.kind), {})[mount.path] = self._digest(mount.kind, placed.files)
            else:
                parts.setdefault("volumes", {})[mount.path] = str(mount.kind)
        claim = next((m for m in pod.mounts if m.kind is Kind.CLAIM), None)
        untracked = f"what lies in the volume at {claim.path} is no input of it" if claim else ""
        return Bound(environ, tuple(mounts), parts, untracked)

    def _values(self, keys: Keys, frame: Frame) -> dict[str, bytes]:
        """Variable -> value; what is optional and not there is left out."""
        name = resolve(keys.name, frame)
        held = self._held(keys.kind).get(name)
        if held is None:
            if keys.optional:
                return {}
            raise missing(keys.kind, name)
        values = {}
        for variable, key in keys.variables.items():
            if key in held:
                values[variable] = held[key]
            elif not keys.optional:
                raise missing_key(keys.kind, name, key)
        return values

    def _place(self, mount: Mount, node: Node, number: int) -> Placed:
        if mount.kind is Kind.SCRATCH:
            return Placed(mount.path, node.folder / "scratch" / str(number), is_scratch=True)
        name = resolve(mount.name, node.frame)
        if mount.kind is Kind.CLAIM:
            return Placed(mount.path, self.volumes.folder(name, mount.below))
        held = self._held(mount.kind).get(name)
        if held is None and not mount.optional:
            raise missing(mount.kind, name)
        return Placed(mount.path, None, held or {}, read_only=True)

    def _held(self, kind: Kind) -> Mapping[str, Mapping[str, bytes]]:
        return self._given.secrets if kind is Kind.SECRET else self._given.config_maps

    def _digest(self, kind: Kind, files: Mapping[str, bytes]) -> str:
        """Of a secret, keyed: the record must not let anyone try values until one fits."""
        shown = {name: base64.b64encode(value).decode() for name, value in files.items()}
        if kind is Kind.SECRET:
            return keyed(self._key(), "secret", shown)
        return of_struct("config map", shown)

    def _key(self) -> bytes:
        path = self._home / _KEY_FILE
        with self._guard:
            try:
                if not path.exists():
                    draft = path.with_name(f"{_KEY_FILE}.{uuid.uuid4().hex}")
                    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                        stream.write(os.urandom(32))
                    with suppress(FileExistsError):
                        os.link(draft, path)
                    draft.unlink()
                return path.read_bytes()
            except OSError as error:
                raise write_failed(error, str(path)) from error

    def _field(self, name: str, pod: Pod, node: Node) -> str:
        own = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", name)
        if own:
            return (pod.labels if own[1] == "labels" else pod.annotations).get(own[2], "")
        return {
            "metadata.name": re.sub(r"[^a-z0-9-]+", "-", f"{self._run}-{node.path}".lower())[:253].strip("-"),
            "metadata.uid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._run}/{node.path}")),
            "metadata.namespace": self._namespace,
            "spec.nodeName": socket.gethostname(),
            "spec.serviceAccountName": "default",
        }.get(name, LOOPBACK)


def resolve(name: Reference, frame: Frame) -> str:
    """The text a reference stands for in ``frame``.

    Errors: StepFailed when it stands for nothing, or for no text.
    """
    if name.text:
        return name.text
    inputs = frame.inputs.parameters
    if name.input:
        value = inputs.get(name.input, inputs.get(f"pipelinechannel--{name.input}"))
    elif name.task in frame.nodes:
        value = frame.nodes[name.task].outputs.parameters.get(name.output)
    else:  # of a task outside the loop or condition this one stands in
        value = inputs.get(f"pipelinechannel--{name.task}-{name.output}")
    if not isinstance(value, str) or not value:
        raise StepFailed(f"{name} gives no name", field=str(name), value=value, remedy="Give it as text")
    return value


def _text(keys: Keys, variable: str, value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        key = keys.variables[variable]
        raise StepFailed(
            f"the value of {key!r} in the {keys.kind} {keys.name} is no text, as the variable {variable} must be",
            field=str(keys.name), value=key, remedy="Mount it as a volume",
        )  # fmt: skip
    return text


def _part(kind: Kind) -> str:
    return "secrets" if kind is Kind.SECRET else "config_maps"
