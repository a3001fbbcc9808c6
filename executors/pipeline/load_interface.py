"""Read what a component in IR says of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.load_yaml import read_yaml
from clew.executors.pipeline.values import Mismatch, from_ir, whole

_LONGEST_NAME_BYTES = 255  # of what is to be a file or a folder


def named(place: Place) -> Iterator[tuple[str, Place]]:
    """The entries of a mapping whose names become those of files and folders. Errors: InvalidPipeline."""
    for name, inner in place.items():
        if name in ("", ".", "..") or "/" in name or "\0" in name or len(name.encode()) > _LONGEST_NAME_BYTES:
            raise inner.fail(f"{name[:80]!r} is no name: it must be that of a file, without a folder")
        yield name, inner


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


def outputs_of(place: Place) -> ir.Interface:
    """The outputs of a component: each is a file in the folder of its step. Errors: InvalidPipeline."""
    for kind in ("parameters", "artifacts"):
        for _ in named(place.get(kind)):
            pass
    return interface(place)


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
        (document,) = read_yaml(given.text())
        title = document["title"]
    except (ValueError, TypeError, KeyError) as error:
        raise given.fail("the instance schema has no title") from error
    return str(title)
