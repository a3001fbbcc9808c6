"""Which numbers are metrics: of artifacts whose type says so, and among what executions put out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.metadata.chosen import chosen_of_types
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution, NodeType
from clew.metadata.reader import Reader
from clew.metadata.states import OUTPUT_EVENTS


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
    prefix = output_name(artifact)
    numbers = scalars(artifact.properties) | scalars(artifact.custom_properties)
    return {f"{prefix}{name}": value for name, value in numbers.items()}


def output_name(artifact: Artifact) -> str:
    """What the metrics of an artifact are called after: ``output.``, or nothing."""
    shown = artifact.custom_properties.get("display_name")
    return f"{shown}." if shown else ""


def metrics_artifacts(reader: Reader, executions: Mapping[int, Execution]) -> dict[int, list[Artifact]]:
    """Execution id -> the metrics artifacts it put out; a reused one put out what the original made."""
    types = reader.types_by_id([type.id for type in reader.types()])
    wanted = [id for id, type in types.items() if type.kind is Kind.ARTIFACT and is_metrics(type, types)]
    if not executions or not wanted:
        return {}
    pairs = [
        (event.execution_id, event.artifact_id)
        for event in reader.events_of_executions(executions)
        if event.type in OUTPUT_EVENTS
    ]
    chosen = chosen_of_types(reader, Kind.ARTIFACT, list({artifact for _, artifact in pairs}), wanted)
    artifacts = reader.artifacts_by_id(chosen)
    found: dict[int, list[Artifact]] = {}
    for execution, artifact in dict.fromkeys(pairs):
        if artifact in artifacts:
            found.setdefault(execution, []).append(artifacts[artifact])
    return found
