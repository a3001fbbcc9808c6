"""What every engine checks before it walks, and says the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from clew.graph.protocol import Direction, NodeFilter
from clew.metadata.errors import ArtifactNotFound, ExecutionNotFound, Invalid, NotFound, TimedOut
from clew.metadata.ids import Kind, NodeRef

MIN_SEQ_TIMEOUT_S = 5.0
_POLL_S = 0.002


def walk_of(seeds: Sequence[NodeRef], direction: Direction, depth: int | None) -> list[NodeRef]:
    """The seeds of a walk, each once. Errors: Invalid for none, for a context, for a bad depth or direction."""
    if not seeds:
        raise Invalid(
            "a walk needs a node to start from", field="seeds", remedy="Give at least one artifact or execution"
        )
    for seed in seeds:
        node_of(seed, "seeds")
    if depth is not None:
        at_least("depth", depth, 0)
    if not isinstance(direction, Direction):
        raise Invalid(
            f"{direction!r} is not a direction", field="direction", value=direction, remedy="Use up, down or both"
        )
    return list(dict.fromkeys(seeds))


def node_of(ref: NodeRef, field: str) -> NodeRef:
    """``ref`` when lineage runs through such a node. Errors: Invalid for a context."""
    if ref.kind is Kind.CONTEXT:
        raise Invalid(
            f"{ref} is a context; lineage runs through artifacts and executions",
            field=field,
            value=str(ref),
            remedy="Trace an artifact or an execution of that context",
        )
    return ref


def at_least(field: str, value: int, least: int) -> int:
    """``value`` when it is a whole number of at least ``least``. Errors: Invalid naming ``field``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise Invalid(
            f"{field} is {value!r}", field=field, value=value, remedy=f"Give a whole number of at least {least}"
        )
    return value


def not_found(ref: NodeRef) -> NotFound:
    """The error for a seed that is not recorded."""
    error = ExecutionNotFound if ref.kind is Kind.EXECUTION else ArtifactNotFound
    return error(f"no {ref.kind.value} {ref.id}", field="id", value=str(ref), remedy="Check the id with `clew ls`")


def admits_all(where: NodeFilter) -> bool:
    """Whether a filter hides nothing."""
    return where == NodeFilter()


def wait_for(min_seq: int, seq: Callable[[], int]) -> int:
    """Wait until ``seq()`` is at least ``min_seq``, and return it. Errors: TimedOut after five seconds."""
    deadline = time.monotonic() + MIN_SEQ_TIMEOUT_S
    while (reached := seq()) < min_seq:
        if time.monotonic() > deadline:
            raise TimedOut(
                f"the record is at {reached}; it did not reach {min_seq} within {MIN_SEQ_TIMEOUT_S:g} s",
                field="min_seq",
                value=min_seq,
                remedy="Give the seq of a receipt of this record, or retry",
            )
        time.sleep(_POLL_S)
    return reached
