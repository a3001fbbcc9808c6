"""What differs between two artifacts, two executions, or two runs (contexts): field by field, inputs by their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clew.graph.compared import (
    MISSING,
    Facts,
    Section,
    gather,
    label_of,
    lineage_of,
    node_sections,
    read_executions,
    task_paths,
)
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.reader import Reader
from clew.metadata.states import OUTPUT_EVENTS

SECTIONS = (
    "attributes", "properties", "parameters", "inputs", "code", "environment", "outputs", "lineage",
)  # fmt: skip
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was compared. ``a`` and ``b`` are JSON-able; None where a side has no such thing."""

    section: str
    name: str
    a: Any
    b: Any
    same: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two executions that do the same thing in two runs, or one that only one run has."""

    task: str
    a: NodeRef | None
    b: NodeRef | None
    entries: list[Entry] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.a is not None and self.b is not None and all(entry.same for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer."""

    a: NodeRef
    b: NodeRef
    entries: list[Entry]
    producers: Pair | None = None
    """Of two artifacts: the executions that made them, compared, where each was made by one."""
    tasks: list[Pair] = field(default_factory=list)
    """Of two contexts: their executions, matched by task name."""
    partial: bool = False
    """True when the lineage was too large to be compared whole."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        pairs = [*self.tasks, *([self.producers] if self.producers else [])]
        return all(entry.same for entry in self.entries) and all(pair.same for pair in pairs)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON: refs as text, entries grouped by section."""
        return {
            "a": str(self.a),
            "b": str(self.b),
            "kind": self.a.kind.value,
            "same": self.same,
            "sections": _grouped(self.entries),
            "producers": _pair(self.producers) if self.producers else None,
            "tasks": [_pair(pair) for pair in self.tasks],
            "partial": self.partial,
        }


def compare(reader: Reader, a: NodeRef, b: NodeRef, *, everything: bool = False) -> Comparison:
    """Compare two nodes of a kind; only what differs, unless ``everything`` is asked for.

    Inputs and outputs are matched by their event path and are the same when their digests are, else when they lie at
    the same location. Bookkeeping (ids of parents and pods, times) is left out unless everything is asked for.
    Cost:   a few statements, and a walk up of at most 2,000 nodes on each side.
    Errors: NotFound for either; Invalid for nodes of two kinds.
    """
    if a.kind is not b.kind:
        raise Invalid(
            f"{a} and {b} are of two kinds",
            field="b",
            value=str(b),
            remedy=f"Compare two {a.kind.value}s",
        )
    if a.kind is Kind.CONTEXT:
        return _contexts(reader, a, b, everything)
    partial = False
    sections = []
    for ref in (a, b):
        own = node_sections(reader.node(ref))
        own["lineage"], cut = lineage_of(reader, ref)
        partial |= cut
        sections.append(own)
    if a.kind is Kind.EXECUTION:
        both = gather(reader, read_executions(reader, [a.id, b.id]))
        sections = [own | both[ref.id].sections() for own, ref in zip(sections, (a, b), strict=True)]
        return Comparison(a, b, _entries(sections[0], sections[1], everything), partial=partial)
    producers = _producers(reader, a, b, everything)
    return Comparison(a, b, _entries(sections[0], sections[1], everything), producers, partial=partial)


def _producers(reader: Reader, a: NodeRef, b: NodeRef, everything: bool) -> Pair | None:
    made: dict[int, set[int]] = {a.id: set(), b.id: set()}
    for event in reader.events_of_artifacts([a.id, b.id]):
        if event.type in OUTPUT_EVENTS:
            made[event.artifact_id].add(event.execution_id)
    if len(made[a.id]) != 1 or len(made[b.id]) != 1:
        return None
    (one,), (other,) = made[a.id], made[b.id]
    facts = gather(reader, read_executions(reader, [one, other]))
    return _paired(label_of(facts[one].execution), facts[one], facts[other], everything)


def _contexts(reader: Reader, a: NodeRef, b: NodeRef, everything: bool) -> Comparison:
    entries = _entries(node_sections(reader.node(a)), node_sections(reader.node(b)), everything)
    sides = [read_executions(reader, None, ref.id) for ref in (a, b)]
    facts = gather(reader, {**sides[0], **sides[1]})
    paths = [task_paths(side) for side in sides]
    tasks = []
    for task in dict.fromkeys((*paths[0], *paths[1])):
        one, other = (facts[path[task]] if task in path else None for path in paths)
        pair = _paired(task, one, other, everything)
        if everything or not pair.same:
            tasks.append(pair)
    return Comparison(a, b, entries, tasks=tasks)


def _paired(task: str, a: Facts | None, b: Facts | None, everything: bool) -> Pair:
    if a is None or b is None:
        return Pair(task, a.execution.ref if a else None, b.execution.ref if b else None)
    entries = [] if a is b else _entries(a.sections(), b.sections(), everything)
    return Pair(task, a.execution.ref, b.execution.ref, entries)


def _entries(a: dict[str, Section], b: dict[str, Section], everything: bool) -> list[Entry]:
    entries = []
    for section in SECTIONS:
        one, other = a.get(section, {}), b.get(section, {})
        for name in dict.fromkeys((*one, *other)):
            left, right = one.get(name, MISSING), other.get(name, MISSING)
            same = left.identity == right.identity
            if everything or (not same and not (left.bookkeeping or right.bookkeeping)):
                entries.append(Entry(section, name, left.shown, right.shown, same))
    return entries


def _grouped(entries: list[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "section": section,
            "entries": [{"name": e.name, "a": e.a, "b": e.b, "same": e.same} for e in entries if e.section == section],
        }
        for section in SECTIONS
        if any(entry.section == section for entry in entries)
    ]


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "task": pair.task,
        "a": str(pair.a) if pair.a else None,
        "b": str(pair.b) if pair.b else None,
        "same": pair.same,
        "sections": _grouped(pair.entries),
    }
