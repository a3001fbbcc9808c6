"""What the platform document of a pipeline asks of Kubernetes, and what of it a local run can honour.

Hints on where a pod should run are of no effect here; what changes what a step sees is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from clew.executors.pipeline.document import Place

_HINTS = frozenset({
    "nodeSelector", "tolerations", "podMetadata", "podAffinity", "nodeAffinity", "imagePullSecret", "imagePullPolicy",
    "securityContext", "enabledSharedMemory",
})  # fmt: skip


def step_timeouts(platforms: Iterable[Place]) -> dict[str, float]:
    """Seconds a step of each executor may take, where the platform says so.

    Errors: InvalidPipeline naming the executor and the setting that cannot be honoured.
    """
    timeouts: dict[str, float] = {}
    for document in platforms:
        for platform, spec in document.get("platforms").items():
            _refuse_workspace(spec)
            for label, executor in spec.get("deploymentSpec").get("executors").items():
                for setting, place in executor.items():
                    if setting == "activeDeadlineSeconds":
                        timeouts[label] = place.number()
                    elif setting not in _HINTS:
                        raise place.fail(
                            f"executor {label!r} asks {platform} for {setting}, which a local run cannot give",
                            "Pass the value as a parameter or the data as an artifact",
                        )
    return timeouts


def _refuse_workspace(spec: Place) -> None:
    workspace = spec.get("pipelineConfig").get("workspace")
    if workspace.value is not None:
        raise workspace.fail(
            "the pipeline asks for a shared workspace, which cannot be run here yet",
            "Pass data between tasks as artifacts",
        )
