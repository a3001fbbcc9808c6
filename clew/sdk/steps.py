"""``@clew.step``: a plain function whose calls are recorded, and reused when nothing they depend on has changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ParamSpec, TypeVar, overload

from clew.metadata.errors import Invalid

if TYPE_CHECKING:
    from clew.sdk.connection import Connection

P = ParamSpec("P")
R = TypeVar("R")


@overload
def step(function: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def step(
    *,
    type: str | None = None,
    cache: bool = True,
    max_age_s: float | None = None,
    packages: Mapping[str, str] | None = None,
    salt: str = "",
    ignore: Iterable[str] = (),
    connection: Connection | None = None,
    owner: str | None = None,
    project: str | None = None,
    experiment: str | None = None,
    run: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def step(
    function: Callable[P, R] | None = None,
    /,
    *,
    type: str | None = None,
    cache: bool = True,
    max_age_s: float | None = None,
    packages: Mapping[str, str] | None = None,
    salt: str = "",
    ignore: Iterable[str] = (),
    connection: Connection | None = None,
    owner: str | None = None,
    project: str | None = None,
    experiment: str | None = None,
    run: str | None = None,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Record the calls of a function, and reuse the result of an equal one.

    Two calls are equal when the function's code (comments and docstrings aside), the functions and constants of its
    module it uses, its arguments by content, ``packages`` (name -> version), the Python version and ``salt`` are.
    Arguments and results are what JSON can say, bytes, numpy arrays, pandas frames, and files named by a
    ``pathlib.Path``, which count by content. A tuple, or a dict that holds more than JSON, returns several outputs.
    What a step returns is what was stored, on the first call too: tuples inside JSON come back as lists.

    ``cache=False`` records and never reuses; ``max_age_s`` reuses only what is younger; arguments named in ``ignore``
    do not count; ``type`` names the execution's type (the function's name otherwise).
    Errors: Invalid for an argument or result of another kind; what the function raises.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise Invalid(
                f"{function.__qualname__} is a coroutine or a generator",
                field="function",
                remedy="Make the step a plain function that returns its result",
            )
        signature = inspect.signature(function)
        ignored = frozenset([ignore] if isinstance(ignore, str) else ignore)
        if unknown := ignored - signature.parameters.keys():
            raise Invalid(
                f"{function.__qualname__} has no argument {min(unknown)!r} to ignore",
                field="ignore",
                value=min(unknown),
                remedy="Its arguments: " + (", ".join(signature.parameters) or "none"),
            )

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            from clew.sdk.call import Call
            from clew.sdk.connection import default

            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            made = Call(
                connection or default(),
                function,
                bound.arguments,
                type=type or function.__name__,
                cache=cache,
                max_age_s=max_age_s,
                packages=dict(packages or {}),
                salt=salt,
                ignore=ignored,
                contexts={"owner": owner, "project": project, "experiment": experiment, "run": run},
            )
            return made.result(lambda: function(*args, **kwargs))  # type: ignore[no-any-return]

        return call

    return decorate if function is None else decorate(function)
