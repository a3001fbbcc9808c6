"""Which numbers are metrics: of artifacts whose type says so, and among what executions put out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.metadata.node import Artifact, Execution, NodeType


def is_metrics(type: NodeType, types: Mapping[int, NodeType]) -> bool:
    """Whether artifacts of a type hold metrics: ``system.Metrics``, ``mlmd.Metrics``, and types based on such."""
    if type.name.rpartition(".")[2].endswith("Metrics"):
        return True
    base = types.get(type.base_type_id) if type.base_type_id is not None else None
    return base is not None and base.name.rpartition(".")[2].endswith("Metrics")


def scalars(values: Mapping[str, Any]) -> dict[str, int | float]:
    """The numbers among some values, by name; true and false are none."""
    return {
        name: value for name, value in values.items() if isinstance(value, int | float) and not isinstance(value, bool)
    }


def results_of(execution: Execution) -> dict[str, int | float]:
    """The numbers an execution put out as parameters, by name."""
    own = execution.custom_properties
    outputs = own.get("outputs")
    if not isinstance(outputs, dict):
        return {}
    exact = {name: own[name] for name in outputs if name in own}  # the SDK keeps each by itself: infinities are no JSON
    return scalars(outputs | exact)


def metrics_of(artifact: Artifact) -> dict[str, int | float]:
    """``output.metric`` -> number, of a metrics artifact; ``metric`` where nobody said what it is called."""
    shown = artifact.custom_properties.get("display_name")
    prefix = f"{shown}." if shown else ""
    numbers = scalars(artifact.properties) | scalars(artifact.custom_properties)
    return {f"{prefix}{name}": value for name, value in numbers.items()}
