"""Many nodes of a kind side by side: a row each, a column for everything that is told of any of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from clew.graph.compared import MISSING, Compared, Section, gather, label_of, node_sections
from clew.graph.metrics import results_of
from clew.graph.table_runs import number, run_sections
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Execution, Node
from clew.metadata.reader import Reader
from clew.metadata.states import PropertyType
from clew.metadata.value import property_type

SECTIONS: Final = (
    "attributes", "parameters", "metrics", "outputs", "states", "properties", "inputs", "code", "environment",
)  # fmt: skip
"""In the order in which they are told."""
MOST_CELLS: Final = 200_000
"""Of one answer."""
LONGEST: Final = 1000
"""Characters of a text that are told."""
_ALWAYS: Final = ("seconds", "created_ms")
"""Attributes that say nothing of what was done, and are asked for wherever runs stand side by side."""


@dataclass(frozen=True, slots=True)
class Column:
    """One thing that is told of the rows."""

    section: str
    name: str
    values: list[Any]
    """One a row; None where it is not told."""
    differs: bool
    """Whether two rows differ in it: by their bytes for inputs and outputs, by value else."""
    kind: PropertyType
    """Of every value; UNKNOWN where they are of several."""
    low: float | None
    """Of numbers, infinities and NaN apart."""
    high: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """The answer."""

    nodes: list[Node]
    """The rows."""
    columns: list[Column]
    total: int
    """Columns there are, shown or not."""
    hidden: int
    """Those not shown because all rows agree."""
    partial: bool
    """Whether rows, columns or executions were left out because they are not recorded, or too many."""


def side_by_side(reader: Reader, refs: Sequence[NodeRef], *, only_different: bool = True) -> Table:
    """``refs`` side by side, each once, in the order asked for; bookkeeping is left out unless everything is asked for.

    Cost:   a few statements, whatever the number of rows.
    Errors: Invalid for nodes of several kinds.
    """
    asked = list(dict.fromkeys(refs))
    nodes, sections, cut = _rows(reader, asked)
    columns: dict[str, dict[str, dict[int, Compared]]] = {section: {} for section in SECTIONS}
    for row, told in enumerate(sections):
        for section, entries in told.items():
            for name, compared in entries.items():
                columns[section].setdefault(name, {})[row] = compared
    every = [(section, name, cells) for section in SECTIONS for name, cells in columns[section].items()]
    shown, hidden = [], 0
    for section, name, cells in every:
        differs = _differs(cells, len(nodes))
        minor = name not in _ALWAYS and any(cell.bookkeeping for cell in cells.values())
        if only_different and (minor or not differs):
            hidden += 1
        else:
            shown.append(_column(section, name, [cells.get(row, MISSING) for row in range(len(nodes))], differs))
    room = MOST_CELLS // max(1, len(nodes))
    return Table(nodes, shown[:room], len(every), hidden, cut or len(nodes) < len(asked) or len(shown) > room)


def name_of(node: Node) -> str | None:
    """What people call a node; None where it has no name."""
    shown = node.custom_properties.get("display_name")
    if isinstance(shown, str) and shown:
        return shown
    return label_of(node) if isinstance(node, Execution) else node.name


def _rows(reader: Reader, asked: list[NodeRef]) -> tuple[list[Node], list[dict[str, Section]], bool]:
    kinds = {ref.kind for ref in asked}
    if len(kinds) > 1:
        raise Invalid("nodes of several kinds cannot stand side by side", field="of", remedy="Give nodes of one kind")
    kind, ids = (kinds.pop() if kinds else Kind.ARTIFACT), [ref.id for ref in asked]
    if kind is Kind.ARTIFACT:
        artifacts = reader.artifacts_by_id(ids)
        nodes: list[Node] = [artifacts[id] for id in ids if id in artifacts]
        return nodes, [node_sections(node) for node in nodes], False
    if kind is Kind.EXECUTION:
        found = reader.executions_by_id(ids)
        facts = gather(reader, found)
        return (
            [found[id] for id in ids if id in found],
            [_with_metrics(found[id], facts[id].sections()) for id in ids if id in found],
            False,
        )
    contexts = reader.contexts_by_id(ids)
    rows = [contexts[id] for id in ids if id in contexts]
    sections, cut = run_sections(reader, rows)
    return list(rows), sections, cut


def _with_metrics(execution: Execution, sections: dict[str, Section]) -> dict[str, Section]:
    found = results_of(execution)
    sections["metrics"] = {name: number(value) for name, value in found.items()}
    sections["outputs"] = {name: told for name, told in sections["outputs"].items() if name not in found}
    doubled = found.keys() | sections["parameters"].keys()  # the SDK keeps each by its own name too
    sections["properties"] = {name: told for name, told in sections["properties"].items() if name not in doubled}
    return sections


def _differs(cells: dict[int, Compared], rows: int) -> bool:
    identities = iter(cells.values())
    first = next(identities).identity
    return len(cells) < rows or any(cell.identity != first for cell in identities)


def _column(section: str, name: str, cells: list[Compared], differs: bool) -> Column:
    values = [_short(cell.shown) for cell in cells]
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {PropertyType.INT, PropertyType.DOUBLE}:
        kinds = {PropertyType.DOUBLE}
    kind = kinds.pop() if len(kinds) == 1 else PropertyType.UNKNOWN
    numbers = [float(v) for v in values if v is not None] if kind in (PropertyType.INT, PropertyType.DOUBLE) else []
    finite = [value for value in numbers if math.isfinite(value)]
    return Column(
        section, name, values, differs, kind, min(finite) if finite else None, max(finite) if finite else None
    )


def _kind(value: Any) -> PropertyType:
    return PropertyType.STRUCT if isinstance(value, list) else property_type("value", value)


def _short(value: Any) -> Any:
    return value[:LONGEST] + "…" if isinstance(value, str) and len(value) > LONGEST else value
