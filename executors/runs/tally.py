"""How the steps of many runs stand, counted together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clew.executors import marks
from clew.executors.cached.entries import saved_of
from clew.executors.runs.task import KINDS
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.states import ExecutionState
from clew.metadata.store.protocol import among, listed


@dataclass(slots=True)
class RunTally:
    """The steps of a run that have begun: containers, importers and resolvers; graphs and loops are not counted."""

    counts: dict[str, int] = field(default_factory=dict)
    """State, as a task tells it -> how many."""
    saved_ms: int = 0
    """What reuse spared."""

    @property
    def steps(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def tallies(reader: Reader, contexts: Sequence[int]) -> dict[int, RunTally]:
    """The tally of each run, by its context.

    Cost: one statement that reads the executions of these runs.
    """
    found = {id: RunTally() for id in contexts}
    types = [t.id for t in reader.types(Kind.EXECUTION) if KINDS.get(t.name, "dag") != "dag"]
    if not types or not found:
        return found
    text = "execution.custom_properties" if reader.dialect == "sqlite" else "execution.custom_properties::text"
    canceled, cached = int(ExecutionState.CANCELED), int(ExecutionState.CACHED)
    rows = reader.query(
        "SELECT association.context_id, execution.state, "
        f"CASE WHEN execution.state = {canceled} AND {text} LIKE ? THEN 1 ELSE 0 END, COUNT(*), "
        f"SUM(CASE WHEN execution.state = {cached} THEN {saved_of(reader, marks.SAVED_MS)} ELSE 0 END) "
        "FROM association JOIN execution ON execution.id = association.execution_id "
        f"WHERE association.context_id {among(reader)} AND execution.type_id {among(reader)} GROUP BY 1, 2, 3",
        ('%"clew.skipped"%', listed(reader, contexts), listed(reader, types)),
    )
    for context, state, skipped, many, saved in rows:
        name = "SKIPPED" if skipped else "UNKNOWN" if state is None else ExecutionState(state).name
        found[context].counts[name] = int(many)
        found[context].saved_ms += int(saved or 0)
    return found
