"""Read what a component in IR says of its inputs and outputs."""

from __future__ import annotations

from typing import Any

import yaml

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.values import Mismatch, from_ir, whole

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def interface(place: Place) -> ir.Interface:
    """The inputs or outputs of a component."""
    return ir.Interface(
        parameters={name: _parameter(p) for name, p in place.get("parameters").items()},
        artifacts={
            name: ir.ArtifactSpec(
                schema(p.need("artifactType")), p.get("isArtifactList").flag(), p.get("isOptional").flag()
            )
            for name, p in place.get("artifacts").items()
        },
    )


def _parameter(place: Place) -> ir.ParameterSpec:
    kind = place.need("parameterType")
    try:
        declared = ir.ParameterType(kind.text())
    except ValueError as error:
        raise kind.fail(f"{kind.value!r} is not a parameter type") from error
    default: Any = ir.MISSING
    if place.has("defaultValue"):
        value = place.get("defaultValue").value
        try:
            default = value if value is None else from_ir(value, declared)
        except Mismatch as error:
            raise place.get("defaultValue").fail(str(error)) from error
    optional = place.get("isOptional").flag() or default is not ir.MISSING or declared is ir.ParameterType.TASK_CONFIG
    literals = tuple(whole(item.value) for item in place.get("literals").elements())
    return ir.ParameterSpec(declared, optional, default, literals)


def schema(place: Place) -> str:
    """The title of an artifact type."""
    kind, given = place.one_of("schemaTitle", "instanceSchema", "schemaUri")
    if kind != "instanceSchema":
        return given.text()
    try:
        title = yaml.load(given.text(), Loader=Loader)["title"]
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise given.fail("the instance schema has no title") from error
    return str(title)
