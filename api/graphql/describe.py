"""Decorators by which a method's docstring is also its description in the schema: said once, read by both."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(resolver: F) -> F:
    """A field that this method resolves."""
    return cast(F, strawberry.field(resolver, description=_description(resolver)))


def recorded(resolver: F) -> F:
    """A mutation that this method performs."""
    return cast(F, strawberry.mutation(resolver, description=_description(resolver)))


def streamed(resolver: F) -> F:
    """A subscription that this generator feeds."""
    return cast(F, strawberry.subscription(resolver, description=_description(resolver)))


def _description(resolver: Callable[..., Any]) -> str:
    text = inspect.getdoc(resolver)
    assert text, resolver
    return " ".join(text.split())
