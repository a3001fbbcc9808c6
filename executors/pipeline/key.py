"""The fingerprint of a container task: what its result depends on, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from clew.executors.code import component_code
from clew.executors.fingerprint import Content, Fingerprint, fingerprint, stated
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import Lightweight, name
from clew.executors.pipeline.environment import PYTHON_VERSION, Environment
from clew.executors.pipeline.held import Values
from clew.executors.rules import without_rules

SINGLE_OUTPUT = "Output"
"""What the SDK calls the one value a function returns."""
_PIN = re.compile(r"\bkfp(==|>=|~=|<=|!=|>|<)[^'\" ,;]*(,(==|>=|~=|<=|!=|>|<)[^'\" ,;]*)*")
_PLAIN_IMAGES = frozenset({"python:3.11", f"python:{PYTHON_VERSION}"})
"""The SDK's default image and that of the Python which runs steps here: both say no more than the ``python`` part."""


def key_of(
    task: ir.Task,
    container: ir.Container,
    lightweight: Lightweight | None,
    environment: Environment | None,
    inputs: Values,
    *,
    image: str,
    salt: str = "",
    ignored: Collection[str] = (),
    more: Mapping[str, Any] | None = None,
) -> Fingerprint:
    """The fingerprint of ``task``.

    ``image`` is what stands for its image: a digest where there is one. ``ignored`` inputs do not count; ``more``
    are the parts of what a cluster gives, as the versions of secrets.
    """
    component = task.component
    if task.caching.key:  # KFP: the user's key stands for everything but the component
        return fingerprint({"component": component.name, "key": task.caching.key})
    given = {*inputs.parameters, *inputs.artifacts}
    parts: dict[str, Any] = {
        "image": "" if lightweight is not None and image in _PLAIN_IMAGES else image,
        "environment": without_rules(container.env),
        "parameters": {n: value for n, value in inputs.parameters.items() if n not in ignored},
        "outputs": _outputs(component, lightweight),
        "ignored": sorted(given.intersection(ignored)),
        "salt": salt,
        **(more or {}),
    }
    if lightweight is not None:
        parts |= {
            "code": component_code(lightweight.source, lightweight.function),
            "function": lightweight.function,
            "command": without_pins(lightweight.more_args),
            "python": environment.version if environment else PYTHON_VERSION,
            "packages": _versions(lightweight, environment),
        }
    else:
        parts["command"] = without_pins([*container.command, *container.args])
    contents = {
        n: [_content(item.content(), component.inputs.artifacts.get(n), lightweight) for item in items]
        for n, items in inputs.artifacts.items()
        if n not in ignored
    }
    return fingerprint(stated(parts), contents)


def without_pins(words: list[str]) -> list[str]:
    """A command without the versions of the SDK it asks for: they do not change what it computes."""
    return [_PIN.sub("kfp", word) for word in words]


def _outputs(component: ir.Component, lightweight: Lightweight | None) -> dict[str, str]:
    """The outputs declared; none for a function that returns one value, whose code says so."""
    artifacts = {n: s.type for n, s in component.outputs.artifacts.items()}
    parameters = {n: s.type.value for n, s in component.outputs.parameters.items()}
    if lightweight is not None and not artifacts and set(parameters) <= {SINGLE_OUTPUT}:
        return {}
    return artifacts | parameters


def _content(content: Content, spec: ir.ArtifactSpec | None, lightweight: Lightweight | None) -> Content:
    """``content`` without a type that the function's own code declares."""
    if lightweight is None or spec is None or content.type != spec.type:
        return content
    return Content(content.digest, "", content.name, content.metadata)


def _versions(lightweight: Lightweight, environment: Environment | None) -> dict[str, str]:
    """Package -> the version installed for it: an unpinned package counts by what it resolved to.

    By its name alone where that says all; with extras, or without a version known, as it was asked for.
    """
    installed = environment.installed if environment else {}
    versions = {}
    for requirement in lightweight.packages.packages:
        version = installed.get(name(requirement), "")
        plain = version and "[" not in requirement and "@" not in requirement
        versions[name(requirement) if plain else requirement] = version
    return versions
