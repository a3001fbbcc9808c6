"""What is written on executions, artifacts and contexts so that the cache treats them otherwise: who, when and why."""

from __future__ import annotations

from typing import Any, Final

from clew.metadata.node import Node

INVALIDATED: Final = "clew.cache_invalidated"
"""On an execution: never to be reused again."""
DROPPED: Final = "clew.cache_dropped"
"""On an execution: its bytes were collected."""
PINNED: Final = "clew.pinned"
"""On an artifact, an execution or a context: what it was made from is kept."""
NONDETERMINISTIC: Final = "clew.nondeterministic"
"""On a component's context: the audit saw other bytes for the same fingerprint."""
SCOPE: Final = "clew.cache_scope"
"""On an execution: how far it is shared, where that is not its namespace."""
REFRESHED: Final = "clew.cache_refreshed"
"""On an execution that was asked for anew: what ran before it does not count any more."""
FAILURE: Final = "clew.failure"
"""On a failed execution: how, where it would fail so again (``exit_code``)."""
SAVED_MS: Final = "clew.saved_ms"
"""On a reused execution: what the original took."""
SAVED_BYTES: Final = "clew.saved_bytes"
"""On a reused execution: the bytes that were not made again."""
FORMAT: Final = "clew.format"
"""On an artifact that holds a value of the SDK: how it is written."""
SHAPE: Final = "clew.result"
"""On an execution of a function: how its outputs are put together again."""
PIN_WORDS: Final = ("pinned", "deployed")
"""Custom properties of a context that pin what is in it, where they are true."""


def note(by: str, at_ms: int, why: str) -> dict[str, Any]:
    """What a mark says."""
    return {"by": by, "at_ms": at_ms, "why": why}


def barred(execution: Node) -> str:
    """Why an execution is never reused whatever else holds, in words that follow its name; empty when it may be."""
    mark = execution.custom_properties.get(INVALIDATED)
    if isinstance(mark, dict):
        by = f" by {mark['by']}" if mark.get("by") else ""
        return f"it was invalidated{by}: {mark.get('why') or 'no reason was given'}"
    if DROPPED in execution.custom_properties:
        return "its bytes were collected to make room"
    return ""


def is_pinned(node: Node) -> bool:
    """Whether ``node`` itself keeps what it was made from."""
    properties = node.custom_properties
    return isinstance(properties.get(PINNED), dict) or any(properties.get(word) is True for word in PIN_WORDS)
