"""What a task is told of its own settings (``dsl.TaskConfig``), so that it can hand them to a job it starts.

A component names the settings to be passed on; those it does not also want applied to itself are taken off it.

Source: kubeflow/pipelines ``pipeline_spec`` TaskConfigPassthroughType; ``backend/src/v2/driver`` TaskConfig, whose
values are fragments of a pod as Kubernetes writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.placeholder import fill_constants
from clew.executors.pipeline.pod import Kind, Mount, Reference
from clew.executors.pipeline.resources import Resources

RESOURCES, ENV, VOLUMES = "RESOURCES", "ENV", "KUBERNETES_VOLUMES"
_FIELDS = frozenset({
    RESOURCES, ENV, VOLUMES, "KUBERNETES_AFFINITY", "KUBERNETES_TOLERATIONS", "KUBERNETES_NODE_SELECTOR",
})  # fmt: skip
_HINTS = {
    "KUBERNETES_AFFINITY": ("nodeAffinity", "podAffinity"),
    "KUBERNETES_TOLERATIONS": ("tolerations",),
    "KUBERNETES_NODE_SELECTOR": ("nodeSelector",),
}
_LATER = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"


def passed_on(place: Place) -> dict[str, bool]:
    """The settings a component is told, and whether each is also applied to it. Errors: InvalidPipeline."""
    found = {}
    for entry in place.elements():
        field = entry.need("field")
        if field.text() not in _FIELDS:
            raise field.fail(f"{field.value!r} is no setting that can be passed on", "Name one of dsl.TaskConfigField")
        found[field.text()] = entry.get("applyToTask").flag()
    return found


def applied(container: ir.Container, passed: Mapping[str, bool]) -> ir.Container:
    """``container`` without the settings that are only passed on."""
    only = {field for field, also in passed.items() if not also}
    pod = container.pod
    hints = {name for field in only for name in _HINTS.get(field, ())}
    pod = replace(
        pod,
        mounts=() if VOLUMES in only else pod.mounts,
        hints={name: value for name, value in pod.hints.items() if name not in hints},
    )
    return replace(
        container,
        env={} if ENV in only else container.env,
        resources=Resources() if RESOURCES in only else container.resources,
        pod=pod,
    )


def task_config(
    component: ir.Component, inputs: Mapping[str, Any], resolve: Callable[[Reference], str]
) -> dict[str, Any]:
    """The value of a component's TaskConfig input; what was not set is absent."""
    container = component.told
    if container is None:
        return {}
    hints = container.pod.hints
    told: dict[str, dict[str, Any]] = {
        RESOURCES: {"resources": _resources(container.resources, inputs)},
        ENV: {"env": [{"name": name, "value": value} for name, value in container.env.items()]},
        VOLUMES: _volumes(container.pod.mounts, resolve),
        "KUBERNETES_AFFINITY": {"affinity": _affinity(hints)},
        "KUBERNETES_TOLERATIONS": {"tolerations": hints.get("tolerations")},
        "KUBERNETES_NODE_SELECTOR": {"nodeSelector": (hints.get("nodeSelector") or {}).get("labels")},
    }
    return {name: value for field in component.passed_on for name, value in told[field].items() if value}


def _resources(asked: Resources, inputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    def texts(kind: str) -> dict[str, str]:
        written = {"cpu": getattr(asked, f"cpu_{kind}"), "memory": getattr(asked, f"memory_{kind}")}
        if asked.accelerator:
            written[asked.accelerator] = asked.accelerators
        return {name: str(fill_constants(text, inputs)).removesuffix(".0") for name, text in written.items() if text}

    return {name: found for name, kind in (("requests", "request"), ("limits", "limit")) if (found := texts(kind))}


def _volumes(mounts: tuple[Mount, ...], resolve: Callable[[Reference], str]) -> dict[str, list[dict[str, Any]]]:
    volumes: dict[str, dict[str, Any]] = {}
    places = []
    for number, mount in enumerate(mounts):
        held = "" if mount.kind is Kind.SCRATCH else resolve(mount.name)
        name = held or f"scratch-{number}"
        sources: dict[Kind, dict[str, Any]] = {
            Kind.CLAIM: {"persistentVolumeClaim": {"claimName": held}},
            Kind.SECRET: {"secret": {"secretName": held}},
            Kind.CONFIG_MAP: {"configMap": {"name": held}},
            Kind.SCRATCH: {"emptyDir": {}},
        }
        volumes[name] = {"name": name} | sources[mount.kind]
        places.append({"name": name, "mountPath": mount.path} | ({"subPath": mount.below} if mount.below else {}))
    return {"volumes": list(volumes.values()), "volumeMounts": places}


def _affinity(hints: Mapping[str, Any]) -> dict[str, Any]:
    affinity: dict[str, Any] = {}
    for term in hints.get("nodeAffinity") or ():
        part = {name: term[name] for name in ("matchExpressions", "matchFields") if name in term}
        node = affinity.setdefault("nodeAffinity", {})
        if "weight" in term:
            node.setdefault(_LATER[1], []).append({"weight": term["weight"], "preference": part})
        else:
            node.setdefault(_LATER[0], {"nodeSelectorTerms": []})["nodeSelectorTerms"].append(part)
    for term in hints.get("podAffinity") or ():
        pod = affinity.setdefault("podAntiAffinity" if term.get("anti") else "podAffinity", {})
        wanted: dict[str, Any] = {
            "topologyKey": term.get("topologyKey", ""),
            "labelSelector": {"matchLabels": term.get("matchPodLabels", {})},
        }
        if term.get("matchNamespaceLabels"):
            wanted["namespaceSelector"] = {"matchLabels": term["matchNamespaceLabels"]}
        if "weight" in term:
            pod.setdefault(_LATER[1], []).append({"weight": term["weight"], "podAffinityTerm": wanted})
        else:
            pod.setdefault(_LATER[0], []).append(wanted)
    return affinity
