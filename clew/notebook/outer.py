"""The execution that this process is part of, as the environment tells it."""

from __future__ import annotations

from collections.abc import Mapping

from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef


def outer_execution(environ: Mapping[str, str]) -> tuple[int, ...]:
    """The id that CLEW_EXECUTION names, if it does."""
    try:
        ref = NodeRef.parse(environ.get("CLEW_EXECUTION", ""))
    except Invalid:
        return ()
    return (ref.id,) if ref.kind is Kind.EXECUTION else ()
