"""The digest of Python code by what it means, the same for a component's source and for a function in this process."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from clew.metadata.digest import Digest, of_struct
from clew.metadata.errors import Invalid

_PREAMBLE = frozenset({"import kfp", "from kfp import dsl", "from kfp.dsl import *", "from typing import *"})
"""What the SDK writes above every component: not the author's, and not to be found above the same function elsewhere.

Source: kfp ``dsl/component_factory.py``, ``_get_command_and_args_for_lightweight_component``.
"""


_READS_DOCSTRINGS = re.compile(r"__doc__|\bgetdoc\b|\bhelp\(")
_READS_ITSELF = re.compile(
    r"\binspect\.(get(source|comments|frame|block|inner|outer)|stack|trace|currentframe|findsource)|\bfrom inspect\b"
    r"|lineno|_getframe|__file__|__code__|co_filename|\b(linecache|traceback|getsource(lines|file)?)\b"
)
"""What can tell a program its own text or the numbers of its lines: there a comment or a blank line changes results."""


@lru_cache(1024)
def component_code(source: str, function: str) -> Digest:
    """The digest of ``function`` in ``source``, a module the SDK wrote, with what else the module holds.

    A function that needs nothing else has the digest :func:`live_code` gives it where it is defined.
    """
    tree = _meaning(source)
    if tree is None:
        return of_struct("code", source)
    own = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == function]
    if len(own) != 1:
        return of_struct("code", ast.unparse(tree))
    own[0].decorator_list = []
    rest = [t for n in tree.body if n is not own[0] and (t := ast.unparse(n)) not in _PREAMBLE and t != "pass"]
    return _digest(ast.unparse(own[0]), {"module": "\n".join(rest)} if rest else {})


def live_code(function: Callable[..., Any]) -> Digest:
    """The digest of ``function``, and of what it uses of its own module: functions whole, constants by value.

    Of another module's functions, classes and modules the name counts.
    Errors: Invalid when the source cannot be found.
    """
    import inspect  # 12 ms that pipelines need not pay

    function = inspect.unwrap(function)
    uses: dict[str, Any] = {}
    seen: set[Callable[..., Any]] = {function}
    waiting = [(function, "")]
    while waiting:
        current, key = waiting.pop()
        if key:
            uses[key] = _undecorated(current)
        for name, value in _used(current):
            if inspect.isfunction(value) and value.__module__ == function.__module__:
                inner = inspect.unwrap(value)
                if inner not in seen:
                    seen.add(inner)
                    waiting.append((inner, inner.__qualname__))
            elif isinstance(value, bool | int | float | str | list | tuple | dict | type(None)):
                uses[f"{key}:{name}"] = [type(value).__name__, repr(value)]
            elif inspect.isfunction(value) or inspect.isclass(value) or inspect.ismodule(value):
                uses[f"{key}:{name}"] = f"{getattr(value, '__module__', '')}.{value.__name__}"
    return _digest(_undecorated(function), uses)


def normalised(source: str) -> str:
    """``source`` without comments, layout and docstrings; to the letter where it may read those."""
    tree = _meaning(source)
    return source if tree is None else ast.unparse(tree)


def _meaning(source: str) -> ast.Module | None:
    """What counts of ``source``: docstrings only where it may read them; None where all of it does."""
    if _READS_ITSELF.search(source):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    if not _READS_DOCSTRINGS.search(source):
        _drop_docstrings(tree)
    return tree


def _digest(function: str, uses: dict[str, Any]) -> Digest:
    return of_struct("code", [function, uses])


def _drop_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body[0:1] = [] if len(node.body) > 1 else [ast.Pass()]


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
    tree = _meaning(source)
    if tree is None:  # or a lambda in the middle of a line
        return source
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.decorator_list = []
    return ast.unparse(tree)


def _used(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The global and enclosing names ``function`` reads, with what they stand for now."""
    import inspect

    try:
        names = inspect.getclosurevars(function)
    except (TypeError, ValueError):
        return
    yield from sorted((dict(names.globals) | dict(names.nonlocals)).items())
