"""What differs between two nodes, as GraphQL types."""

from __future__ import annotations

import strawberry

from clew.api.graphql.enums import Kind
from clew.api.graphql.operation import Snapshot
from clew.api.graphql.scalars import Json
from clew.graph.compare import Comparison, Entry, Pair, compare
from clew.metadata.ids import NodeRef


@strawberry.type(description="One thing that was compared.")
class ComparedEntry:
    """An entry."""

    section: str = strawberry.field(
        description="attributes, properties, parameters, inputs, code, environment, outputs or lineage."
    )
    name: str = strawberry.field(description="What was compared, within its section.")
    a: Json | None = strawberry.field(description="What it is in `a`; null where there is none.")
    b: Json | None = strawberry.field(description="What it is in `b`; null where there is none.")
    same: bool = strawberry.field(description="Whether both are the same: inputs and outputs by their bytes.")


@strawberry.type(description="Two executions that do the same thing, or one that only one side has.")
class ComparedPair:
    """A pair."""

    task: str = strawberry.field(description="What they do: the task's name, from the outermost graph in.")
    a: strawberry.ID | None = strawberry.field(description="The execution on side `a`.")
    b: strawberry.ID | None = strawberry.field(description="The execution on side `b`.")
    same: bool = strawberry.field(description="Whether nothing differs.")
    entries: list[ComparedEntry] = strawberry.field(description="What was compared; only differences unless `all`.")


@strawberry.type(description="What differs between two artifacts, executions or contexts (runs).")
class ComparisonAnswer:
    """A comparison."""

    a: strawberry.ID = strawberry.field(description="One node.")
    b: strawberry.ID = strawberry.field(description="The other.")
    kind: Kind = strawberry.field(description="What both are.")
    same: bool = strawberry.field(description="Whether nothing differs.")
    partial: bool = strawberry.field(description="Whether the lineage was too large to be compared whole.")
    entries: list[ComparedEntry] = strawberry.field(description="What was compared; only differences unless `all`.")
    producers: ComparedPair | None = strawberry.field(
        description="Of two artifacts: the executions that made them, where each was made by one."
    )
    tasks: list[ComparedPair] = strawberry.field(description="Of two runs: their executions, matched by task.")


def comparison(snapshot: Snapshot, a: NodeRef, b: NodeRef, everything: bool) -> ComparisonAnswer:
    """Compare two nodes of a kind. Errors: NotFound for either; Invalid for two kinds."""
    found: Comparison = compare(snapshot.reader, a, b, everything=everything)
    snapshot.operation.spend(len(found.entries) + sum(len(pair.entries) for pair in found.tasks))
    return ComparisonAnswer(
        a=strawberry.ID(str(found.a)),
        b=strawberry.ID(str(found.b)),
        kind=found.a.kind,
        same=found.same,
        partial=found.partial,
        entries=[_entry(entry) for entry in found.entries],
        producers=None if found.producers is None else _pair(found.producers),
        tasks=[_pair(pair) for pair in found.tasks],
    )


def _pair(pair: Pair) -> ComparedPair:
    return ComparedPair(
        task=pair.task,
        a=None if pair.a is None else strawberry.ID(str(pair.a)),
        b=None if pair.b is None else strawberry.ID(str(pair.b)),
        same=pair.same,
        entries=[_entry(entry) for entry in pair.entries],
    )


def _entry(entry: Entry) -> ComparedEntry:
    return ComparedEntry(section=entry.section, name=entry.name, a=_json(entry.a), b=_json(entry.b), same=entry.same)


def _json(value: object) -> Json | None:
    return None if value is None else Json(value)
