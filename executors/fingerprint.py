"""What the result of a step depends on, part by part, and the one digest over all of it.

A fingerprint is the digest of named parts: code, command, parameters, the *content* of inputs, outputs declared,
environment, packages. Two executions with equal fingerprints would compute the same, so one may use what the other
made. Names, ids and addresses of artifacts are never part of it; neither is when, where or under whom a step runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from clew.executors.code import live_code
from clew.metadata.digest import Digest, of_struct

TAG = "step/2"
"""Bumped when the meaning of a part changes: old fingerprints then match nothing."""
LONG_VALUE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What a step can read of one input artifact."""

    digest: str | None
    """Of its bytes; None when Clew does not know the bytes."""
    type: str
    """Empty where the step's own code says it: then only what differs from that counts."""
    name: str
    """Its file name, which a step may look at."""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The digest, and the parts it was made of."""

    digest: Digest
    parts: dict[str, Any]
    """Part -> value, or part -> {name -> value}; long values stand as their digest."""
    unknown: str = ""
    """Why nothing can be promised about equal inputs: the digest must then not be used for reuse."""


def fingerprint(parts: Mapping[str, Any], inputs: Mapping[str, list[Content]] | None = None) -> Fingerprint:
    """The fingerprint of ``parts`` and the contents of ``inputs``.

    Errors: Invalid when a part holds what JSON cannot say.
    """
    inputs = inputs or {}
    contents = {name: [[i.digest, i.type, i.name, i.metadata] for i in items] for name, items in inputs.items()}
    unknown = [name for name, items in inputs.items() if any(item.digest is None for item in items)]
    shown = dict(parts) | _under("inputs", {name: _shown_content(items) for name, items in inputs.items()})
    return Fingerprint(
        of_struct(TAG, dict(parts) | _under("inputs", contents)),
        {part: _shown(value) for part, value in stated(shown).items()},
        f"the bytes of input {unknown[0]!r} are not known" if unknown else "",
    )


def function_fingerprint(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    inputs: Mapping[str, list[Content]] | None = None,
    packages: Mapping[str, str] | None = None,
    salt: str = "",
    ignored: Collection[str] = (),
) -> Fingerprint:
    """The fingerprint of calling ``function``: its code by meaning, with what it uses of its own module.

    It is that of the same function as a component of a pipeline. An argument that is None and may be left out counts as
    left out, as pipelines do it.
    Errors: Invalid when the source cannot be found, or an argument is not JSON-able.
    """
    optional = _defaults_to_none(function)
    inputs = inputs or {}
    parts = {
        "code": live_code(function),
        "function": function.__name__,
        "parameters": {n: v for n, v in arguments.items() if n not in ignored and (v is not None or n not in optional)},
        "ignored": sorted({*arguments, *inputs}.intersection(ignored)),
        "packages": dict(packages or {}),
        "python": python_version(),
        "salt": salt,
    }
    return fingerprint(stated(parts), {n: items for n, items in inputs.items() if n not in ignored})


def stated(parts: Mapping[str, Any]) -> dict[str, Any]:
    """``parts`` without those that say nothing: a step without packages is as one that knows no packages."""
    return {part: value for part, value in parts.items() if value not in ({}, [], "", None)}


def _defaults_to_none(function: Callable[..., Any]) -> set[str]:
    import inspect

    return {name for name, p in inspect.signature(function).parameters.items() if p.default is None}


def python_version() -> str:
    """``3.11``: results may differ between minor versions, hardly between patches."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[dict[str, Any]]:
    """What differs between the parts of two fingerprints, each as part, before, after; absent is None."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            found += changes(old, new, f"{path}{name}.")
        elif old != new or type(old) is not type(new):
            found.append({"part": path + name, "before": old, "after": new})
    return found


def _shown_content(items: list[Content]) -> Any:
    shown = [{"digest": i.digest, "type": i.type, "file": i.name} | _under("metadata", i.metadata) for i in items]
    return shown[0] if len(shown) == 1 else {str(i): item for i, item in enumerate(shown)}


def _under(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {name: value} if value else {}


def _shown(value: Any) -> Any:
    """``value`` short enough to be kept with each execution: what is long stands as its digest."""
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items()}
    if value is None or isinstance(value, bool | int | float) or len(repr(value)) <= LONG_VALUE_CHARS:
        return value
    return of_struct("value", value)
