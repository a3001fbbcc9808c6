"""Say why an execution was reused or had to run, from what was stored when that was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clew.executors.cache import COMPONENT_TYPE, DECISION, PARTS, took_ms
from clew.executors.marks import NONDETERMINISTIC, SAVED_BYTES
from clew.metadata.errors import NotFound
from clew.metadata.node import Execution
from clew.metadata.reader import Reader


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the fingerprint that is not as it was."""

    part: str
    """``code``, ``parameters.depth``, ``inputs.data`` ..."""
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """The cache decision on one execution."""

    execution: Execution
    outcome: str
    """hit, miss or off."""
    reason: str
    origin: Execution | None
    """Of a hit: the execution that did the work."""
    compared_with: Execution | None
    """Of a miss: the nearest earlier execution of the same component."""
    changed: list[Difference]
    parts: dict[str, Any]
    """Everything the fingerprint was made of."""
    nondeterministic: str = ""
    """What the audit found of its component; empty: nothing."""

    @property
    def saved_ms(self) -> int:
        """What a hit spared: the time the original took."""
        return took_ms(self.origin) if self.origin is not None and self.outcome == "hit" else 0

    @property
    def saved_bytes(self) -> int:
        """What a hit did not have to make again."""
        kept = self.execution.custom_properties.get(SAVED_BYTES)
        return kept if isinstance(kept, int) else 0

    def as_dict(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "execution": str(self.execution.ref),
            "task": self.execution.custom_properties.get("clew.path", self.execution.name),
            "state": self.execution.state.name if self.execution.state is not None else None,
            "fingerprint": self.execution.fingerprint,
            "outcome": self.outcome,
            "reason": self.reason,
            "origin": str(self.origin.ref) if self.origin else None,
            "compared_with": str(self.compared_with.ref) if self.compared_with else None,
            "changed": [{"part": d.part, "before": d.before, "after": d.after} for d in self.changed],
            "parts": self.parts,
            "saved_ms": self.saved_ms,
            "saved_bytes": self.saved_bytes,
            "nondeterministic": self.nondeterministic or None,
        }


def explain(reader: Reader, execution_id: int) -> Explanation:
    """The cache decision on an execution.

    Errors: ExecutionNotFound; NotFound when no decision was stored with it, as for graphs and foreign executions.
    """
    execution = reader.execution(execution_id)
    decision = execution.custom_properties.get(DECISION)
    if not isinstance(decision, dict):
        raise NotFound(
            f"{execution.ref} carries no cache decision: it is a {execution.type}, or was not run by Clew",
            field="execution",
            value=str(execution.ref),
            remedy="Ask about a container or importer execution of a run (clew ls executions)",
        )
    others = reader.executions_by_id(i for key in ("origin", "compared_with") if (i := decision.get(key)))
    parts = execution.custom_properties.get(PARTS)
    return Explanation(
        execution=execution,
        outcome=str(decision.get("outcome", "")),
        reason=str(decision.get("reason", "")),
        origin=others.get(decision.get("origin", 0)),
        compared_with=others.get(decision.get("compared_with", 0)),
        changed=[Difference(d["part"], d["before"], d["after"]) for d in decision.get("changed", [])],
        parts=parts if isinstance(parts, dict) else {},
        nondeterministic=_nondeterministic(reader, execution_id),
    )


def _nondeterministic(reader: Reader, execution_id: int) -> str:
    for context in reader.contexts_of_executions([execution_id])[execution_id]:
        mark = context.custom_properties.get(NONDETERMINISTIC)
        if context.type == COMPONENT_TYPE and isinstance(mark, dict):
            return str(mark.get("why", ""))
    return ""
