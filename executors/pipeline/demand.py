"""Read what a container spec asks of the machine, and what that comes to for one task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.executors.pipeline.document import Place
from clew.executors.pipeline.placeholder import fill_constants
from clew.executors.pipeline.resources import Demand, Resources, quantity
from clew.metadata.errors import StepFailed

_OLDER = {"cpuRequest": 1.0, "cpuLimit": 1.0, "memoryRequest": 1e9, "memoryLimit": 1e9}
"""Numbers of older SDKs, and their unit."""


def read_resources(place: Place) -> Resources:
    """What a container spec asks for.

    Errors: InvalidPipeline for what is no quantity.
    """
    if place.value is None:
        return Resources()
    place.only(*_OLDER, *(f"resource{key[0].upper()}{key[1:]}" for key in _OLDER), "accelerator")
    accelerator = place.get("accelerator")
    accelerator.only("type", "count", "resourceType", "resourceCount")
    kind = accelerator.get("resourceType").value or accelerator.get("type").value or ""
    count = accelerator.get("resourceCount").value or accelerator.get("count").value or ""
    return Resources(
        _written(place, "cpuRequest"),
        _written(place, "cpuLimit"),
        _written(place, "memoryRequest"),
        _written(place, "memoryLimit"),
        str(kind),
        str(count) if count else ("1" if kind else ""),
    )


def demand_of(resources: Resources, inputs: Mapping[str, Any]) -> Demand:
    """What ``resources`` come to with the task's inputs; a limit is a request where none is made.

    Errors: StepFailed naming the resource whose value is no quantity.
    """

    def amount(name: str) -> float | None:
        text = fill_constants(getattr(resources, name), inputs)
        if not text:
            return None
        value = quantity(text)
        if value is None:
            raise StepFailed(
                f"{text[:80]!r} is no {name.replace('_', ' ')}", field=name, value=text,
                remedy="Write it as Kubernetes does: 500m, 2, 512Mi, 4G",
            )  # fmt: skip
        return value

    cpu_limit, memory_limit = amount("cpu_limit"), amount("memory_limit")
    cpus, memory = amount("cpu_request"), amount("memory_request")
    return Demand(
        cpus=(cpu_limit or 0.0) if cpus is None else cpus,
        memory_bytes=int((memory_limit or 0.0) if memory is None else memory),
        accelerators=int(amount("accelerators") or 0),
        accelerator=str(fill_constants(resources.accelerator, inputs)),
        cpu_limit=cpu_limit or None,
        memory_limit_bytes=int(memory_limit) if memory_limit else None,
    )


def _written(place: Place, key: str) -> str:
    newer = place.get(f"resource{key[0].upper()}{key[1:]}")
    if newer.value is not None:
        text = newer.text()
        if "{{" not in text and quantity(text) is None:
            raise newer.fail("a quantity was expected", "Write it as Kubernetes does: 500m, 2, 512Mi, 4G")
        return text
    older = place.get(key)
    return "" if older.value is None else repr(older.number() * _OLDER[key])
