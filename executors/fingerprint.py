"""What the result of a step depends on, part by part, and the one digest over all of it.

A fingerprint is the digest of named parts: code, command, parameters, the *content* of inputs, outputs declared,
environment, packages. Two executions with equal fingerprints would compute the same, so one may use what the other
made. Names, ids and addresses of artifacts are never part of it; neither is when, where or under whom a step runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from clew.metadata.digest import Digest, of_struct
from clew.metadata.errors import Invalid

TAG = "step/1"
"""Bumped when the meaning of a part changes: old fingerprints then match nothing."""
LONG_VALUE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What a step can read of one input artifact."""

    digest: str | None
    """Of its bytes; None when Clew does not know the bytes."""
    type: str
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
        {part: _shown(value) for part, value in shown.items() if value not in ({}, [], "", None)},
        f"the bytes of input {unknown[0]!r} are not known" if unknown else "",
    )


def function_fingerprint(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    *,
    inputs: Mapping[str, list[Content]] | None = None,
    packages: Mapping[str, str] | None = None,
    salt: str = "",
) -> Fingerprint:
    """The fingerprint of calling ``function``: its normalised source, and the module-level names it uses.

    A function it calls is followed when it stands in the same module; another module's counts by name.
    Errors: Invalid when the source cannot be found, or an argument is not JSON-able.
    """
    parts = {
        "code": of_struct("code", sorted(_sources(function).items())),
        "function": function.__name__,
        "parameters": dict(arguments),
        "packages": dict(packages or {}),
        "python": python_version(),
        "salt": salt,
    }
    return fingerprint(parts, inputs)


def python_version() -> str:
    """``3.11``: results may differ between minor versions, hardly between patches."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@lru_cache(1024)
def code_digest(source: str) -> Digest:
    """The digest of Python ``source`` by meaning: comments, blanks and docstrings do not count.

    Text that is not Python counts to the letter.
    """
    return of_struct("code", normalised(source))


def normalised(source: str) -> str:
    """``source`` without comments, layout and docstrings; a docstring stays where the code reads ``__doc__``."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    if "__doc__" not in source:
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                _drop_docstring(node)
    return ast.unparse(tree)


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


def _drop_docstring(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body[0:1] = [] if len(node.body) > 1 else [ast.Pass()]


def _sources(function: Callable[..., Any]) -> dict[str, Any]:
    """Name -> normalised source or value, of ``function`` and of what it uses in its own module."""
    import inspect  # 12 ms that pipelines need not pay

    found: dict[str, Any] = {}
    waiting = [function]
    while waiting:
        current = inspect.unwrap(waiting.pop())
        key = f"{current.__module__}.{current.__qualname__}"
        if key in found:
            continue
        found[key] = _undecorated(current)
        for name, value in _used(current):
            if inspect.isfunction(value) and value.__module__ == function.__module__:
                waiting.append(value)
            elif isinstance(value, bool | int | float | str | list | tuple | dict | type(None)):
                found[f"{key}:{name}"] = [type(value).__name__, repr(value)]
            elif inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value):
                found[f"{key}:{name}"] = f"{getattr(value, '__module__', '')}.{value.__name__}"
    return found


def _undecorated(function: Callable[..., Any]) -> str:
    import inspect
    import textwrap

    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise Invalid(
            f"the source of {function!r} cannot be found, so a change of it would go unseen",
            field="function",
            value=repr(function),
            remedy="Define the step in a file, not in an interactive prompt",
        ) from error
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a lambda in the middle of a line
        return source
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.decorator_list = []
    return normalised(ast.unparse(tree))


def _used(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The global and enclosing names ``function`` reads, with what they stand for now."""
    import inspect

    try:
        names = inspect.getclosurevars(function)
    except (TypeError, ValueError):
        return
    yield from sorted((dict(names.globals) | dict(names.nonlocals)).items())
