"""Column names of every table, in order, for the hot path's plain statements (tuples in, tuples out).

``schema.py`` says the same with types and indexes; a test holds the two together. They are apart because importing
SQLAlchemy costs 200 ms, which a one-shot command line must not pay to read a few rows.
"""

from __future__ import annotations

from typing import Final

TIMES: Final = ("created_ms", "updated_ms", "created_seq", "updated_seq")
NODE: Final = ("id", "type_id", "namespace", "name", "external_id")

TYPE: Final = (
    "id", "kind", "name", "version", "description", "external_id", "base_type_id",
    "properties", "input_type", "output_type", *TIMES,
)  # fmt: skip
ARTIFACT: Final = (
    *NODE, "uri", "location", "state", "digest", "size_bytes", "properties", "custom_properties", *TIMES,
)  # fmt: skip
EXECUTION: Final = (
    *NODE, "state", "fingerprint", "started_ms", "ended_ms", "properties", "custom_properties", *TIMES,
)  # fmt: skip
CONTEXT: Final = (*NODE, "properties", "custom_properties", *TIMES)
EVENT: Final = (
    "execution_id", "type", "artifact_id", "path", "time_ms", "created_seq", "place", "source", "confidence",
    "location", "said",
)  # fmt: skip
ATTRIBUTION: Final = ("context_id", "artifact_id", "created_seq")
ASSOCIATION: Final = ("context_id", "execution_id", "created_seq")
PARENT_CONTEXT: Final = ("context_id", "parent_id", "created_seq")
CHANGE: Final = ("seq", "time_ms", "actor", "namespace", "ops", "digest")
IDEMPOTENCY: Final = ("namespace", "key", "seq", "request_digest", "receipt")
HEAD: Final = (
    "seq", "time_ms", "types_seq", "next_type", "next_artifact", "next_execution", "next_context", "dense",
)  # fmt: skip

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "type": TYPE,
    "artifact": ARTIFACT,
    "execution": EXECUTION,
    "context": CONTEXT,
    "type_history": (*TYPE, "until_seq"),
    "artifact_history": (*ARTIFACT, "until_seq"),
    "execution_history": (*EXECUTION, "until_seq"),
    "context_history": (*CONTEXT, "until_seq"),
    "event_history": (*EVENT, "until_seq"),
    "event": EVENT,
    "attribution": ATTRIBUTION,
    "association": ASSOCIATION,
    "parent_context": PARENT_CONTEXT,
    "change": CHANGE,
    "idempotency": IDEMPOTENCY,
}
"""Every table that grows, in the order in which a transaction writes them."""

NODE_TABLES: Final = {"artifact": ARTIFACT, "execution": EXECUTION, "context": CONTEXT}
EXPANDED: Final = frozenset({"properties", "custom_properties"})
"""Columns that hold JSON text and are written into the change log as JSON."""
