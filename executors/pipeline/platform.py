"""Read the platform document of a pipeline: what it asks of Kubernetes beyond images and commands.

What changes what a step sees is honoured (keys of secrets and config maps, volumes, fields of the pod, timeouts). What
says where and how a pod runs is recorded and has no effect here. Nothing else is let through.

Source: kubeflow/pipelines ``kubernetes_platform/proto/kubernetes_executor_config.proto``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from clew.executors.pipeline.document import Place
from clew.executors.pipeline.pod import Keys, Kind, Mount, Platform, Pod, Reference
from clew.executors.pipeline.values import whole

_HINTS = frozenset({
    "nodeSelector", "tolerations", "podAffinity", "nodeAffinity", "imagePullSecret", "imagePullPolicy",
    "securityContext",
})  # fmt: skip
_FIELDS = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)"
    r"|status\.(hostIP|podIP)s?"
)
_VARIABLE = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_TIME_TO_LIVE = ("resourceTtlOnCompletion", "resourceTtlOnSuccess", "resourceTtlOnFailure")


def read_platform(documents: Iterable[Place]) -> Platform:
    """What the platform documents ask for, by executor.

    Errors: InvalidPipeline naming the executor and the setting that is malformed or cannot be honoured.
    """
    pods: dict[str, Pod] = {}
    has_workspace, timeout = False, None
    for document in documents:
        document.only("platforms")
        for name, spec in document.get("platforms").items():
            if name != "kubernetes":
                raise spec.fail(f"the platform {name!r} is not known", "Compile the pipeline for kubernetes only")
            spec.only("deploymentSpec", "pipelineConfig", "platform")
            config = spec.get("pipelineConfig")
            config.only("workspace", "activeDeadlineSeconds", *_TIME_TO_LIVE)
            has_workspace = has_workspace or config.get("workspace").value is not None
            timeout = _seconds(config.get("activeDeadlineSeconds")) or timeout
            for label, executor in spec.get("deploymentSpec").get("executors").items():
                pods[label] = _pod(label, executor)
    return Platform(pods, has_workspace, timeout)


def _pod(label: str, place: Place) -> Pod:
    keys: list[Keys] = []
    mounts: list[Mount] = []
    hints = {}
    for setting, value in place.items():
        match setting:
            case "secretAsEnv":
                keys += [_keys(p, Kind.SECRET, "secret") for p in value.elements()]
            case "configMapAsEnv":
                keys += [_keys(p, Kind.CONFIG_MAP, "configMap") for p in value.elements()]
            case "secretAsVolume":
                mounts += [_mount(p, Kind.SECRET, "secret") for p in value.elements()]
            case "configMapAsVolume":
                mounts += [_mount(p, Kind.CONFIG_MAP, "configMap") for p in value.elements()]
            case "pvcMount":
                mounts += [_claim(p) for p in value.elements()]
            case "emptyDirMounts" | "genericEphemeralVolume":
                mounts += [Mount(Kind.SCRATCH, _path(p)) for p in value.elements()]
            case "fieldPathAsEnv" | "podMetadata" | "activeDeadlineSeconds" | "enabledSharedMemory":
                pass  # below
            case _ if setting in _HINTS:
                hints[setting] = whole(value.value)
            case _:
                raise value.fail(
                    f"executor {label!r} asks Kubernetes for {setting}, which a local run cannot give",
                    "Pass the value as a parameter or the data as an artifact",
                )
    metadata = place.get("podMetadata")
    if place.has("enabledSharedMemory"):
        hints["enabledSharedMemory"] = place.get("enabledSharedMemory").value
    _refuse_twice(place, mounts)
    return Pod(
        tuple(keys),
        tuple(mounts),
        dict(_field(p) for p in place.get("fieldPathAsEnv").elements()),
        {name: p.text() for name, p in metadata.get("labels").items()},
        {name: p.text() for name, p in metadata.get("annotations").items()},
        _seconds(place.get("activeDeadlineSeconds")),
        hints,
    )


def _keys(place: Place, kind: Kind, prefix: str) -> Keys:
    variables = {}
    for pair in place.get("keyToEnv").elements():
        variable = pair.need("envVar")
        if not _VARIABLE.fullmatch(variable.text()):
            raise variable.fail("this is no name of an environment variable", "Name it with letters, digits and _")
        variables[variable.text()] = pair.need(f"{prefix}Key").text()
    return Keys(kind, _named(place, f"{prefix}Name"), variables, place.get("optional").flag())


def _mount(place: Place, kind: Kind, prefix: str) -> Mount:
    return Mount(kind, _path(place), _named(place, f"{prefix}Name"), place.get("optional").flag())


def _claim(place: Place) -> Mount:
    older = not place.has("pvcNameParameter")
    name = _reference(place if older else place.get("pvcNameParameter"))
    below = place.get("subPath")
    wanted = posixpath.normpath(below.text()) if below.value else ""
    if wanted.startswith(("/", "..")):
        raise below.fail("the part of a volume must lie inside it", "Give subPath as a relative path without ..")
    return Mount(Kind.CLAIM, _path(place), name, below="" if wanted == "." else wanted)


def _named(place: Place, key: str) -> Reference:
    """``secretNameParameter``, or what older extensions wrote: ``secretName``."""
    if place.has(f"{key}Parameter"):
        return _reference(place.get(f"{key}Parameter"))
    return Reference(text=place.need(key).text())


def _reference(place: Place) -> Reference:
    if place.has("taskOutputParameter"):
        output = place.get("taskOutputParameter")
        return Reference(task=output.need("producerTask").text(), output=output.need("outputParameterKey").text())
    if place.has("componentInputParameter"):
        return Reference(input=place.get("componentInputParameter").text())
    if place.has("constant"):
        return Reference(text=place.get("constant").text())
    return Reference(text=place.need("runtimeValue").need("constant").text())


def _path(place: Place) -> str:
    path = place.need("mountPath")
    normal = posixpath.normpath(path.text())
    if not normal.startswith("/") or normal == "/" or normal.startswith("//") or ".." in path.text().split("/"):
        raise path.fail("a volume must be mounted at an absolute path below /", "Give mountPath as /some/folder")
    return normal


def _field(place: Place) -> tuple[str, str]:
    field = place.need("fieldPath")
    if not _FIELDS.fullmatch(field.text()):
        raise field.fail(f"a pod has no field {field.value!r}", "Name one as metadata.name or status.podIP")
    return place.need("name").text(), field.text()


def _seconds(place: Place) -> float | None:
    """A count of seconds: proto's JSON writes long numbers as text."""
    value = place.value
    if value is None:
        return None
    try:
        seconds = float(value) if not isinstance(value, bool) else -1.0
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise place.fail("a number of seconds above 0 was expected", "Give kubernetes.set_timeout whole seconds")
    return seconds


def _refuse_twice(place: Place, mounts: list[Mount]) -> None:
    seen: set[str] = set()
    for mount in mounts:
        if mount.path in seen:
            raise place.fail(f"two volumes are mounted at {mount.path}", "Give each volume a path of its own")
        seen.add(mount.path)
