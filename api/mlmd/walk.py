"""Walks as ML Metadata walks: a hop goes from artifacts to executions or back, over events that point the asked way.

Both ways at once reaches siblings too, unlike the engine's ``Direction.BOTH``. Ending nodes are reached and not left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from clew.api.mlmd.events import event_rows
from clew.api.mlmd.world import World
from clew.graph.protocol import Direction, Trace
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS
from clew.metadata.store.protocol import Row

_INPUT, _OUTPUT = tuple(sorted(map(int, INPUT_EVENTS))), tuple(sorted(map(int, OUTPUT_EVENTS)))
_FOLLOWED: dict[Direction, dict[Kind, tuple[int, ...]]] = {
    Direction.UP: {Kind.ARTIFACT: _OUTPUT, Kind.EXECUTION: _INPUT},
    Direction.DOWN: {Kind.ARTIFACT: _INPUT, Kind.EXECUTION: _OUTPUT},
    Direction.BOTH: {Kind.ARTIFACT: (), Kind.EXECUTION: ()},
}
"""Event types followed from a node of each kind; () is all of them."""
_OTHER = {Kind.ARTIFACT: Kind.EXECUTION, Kind.EXECUTION: Kind.ARTIFACT}


@dataclass(slots=True)
class Walk:
    """What was reached, in the order in which it was: ids by kind, and rows of events by key."""

    nodes: dict[Kind, dict[int, None]] = field(default_factory=lambda: {Kind.ARTIFACT: {}, Kind.EXECUTION: {}})
    events: dict[tuple[int, int, int], Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ends:
    """Filters that end a walk, and whether what they select is shown."""

    filters: dict[Kind, str]
    shown: dict[Kind, bool]


NOWHERE = Ends({}, {})


def walk_of(reader: Reader, trace: Trace, direction: Direction, hops: int) -> Walk:
    """The walk one way, without ends, that the graph engine has made; ``reader`` is not older than the trace.

    :func:`walk_by_level` is its meaning. Cost: one statement, for the rows of the events.
    """
    walk, depths = Walk(), {Kind.ARTIFACT: {}, Kind.EXECUTION: {}}  # type: tuple[Walk, dict[Kind, dict[int, int]]]
    for is_execution, id, depth in zip(trace.kinds, trace.ids, trace.depths, strict=True):
        depths[Kind.EXECUTION if is_execution else Kind.ARTIFACT][int(id)] = int(depth)
    for reached in Kind.ARTIFACT, Kind.EXECUTION:
        walk.nodes[reached] = dict.fromkeys(depths[reached])
    inputs_leave = Kind.ARTIFACT if direction is Direction.DOWN else Kind.EXECUTION
    followed = set()
    for edge in trace.edges:
        execution, type_, artifact = map(int, edge)
        leaves = inputs_leave if type_ in _INPUT else _OTHER[inputs_leave]
        # The engine also tells of events between two nodes at the last depth, which nobody followed.
        if depths[leaves][artifact if leaves is Kind.ARTIFACT else execution] < hops:
            followed.add((execution, type_, artifact))
    if followed:
        rows = event_rows(reader, Kind.EXECUTION, {key[0] for key in followed})
        walk.events = {row[:3]: row for row in rows if row[:3] in followed}
    return walk


def walk_by_level(
    reader: Reader, world: World, start: list[int], kind: Kind, hops: int, direction: Direction, ends: Ends = NOWHERE
) -> Walk:
    """A walk any way, with ends. Cost: a statement a hop, and one for the filter of each kind of end."""
    walk, here = Walk(), kind
    dropped: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
    frontier = _meet(reader, world, walk, kind, start, ends, dropped)
    for _ in range(hops):
        if not frontier:
            break
        there = _OTHER[here]
        far = 2 if there is Kind.ARTIFACT else 0
        rows = event_rows(reader, here, frontier, _FOLLOWED[direction][here])
        frontier = _meet(reader, world, walk, there, (row[far] for row in rows), ends, dropped)
        kept_out = dropped[there]
        for row in rows:
            if row[far] not in kept_out:
                walk.events.setdefault(row[:3], row)
        here = there
    return walk


def _meet(
    reader: Reader,
    world: World,
    walk: Walk,
    kind: Kind,
    ids: Iterable[int],
    ends: Ends,
    dropped: dict[Kind, set[int]],
) -> list[int]:
    """Note the nodes met for the first time; return those to go on from."""
    known, kept_out = walk.nodes[kind], dropped[kind]
    new = [id for id in dict.fromkeys(ids) if id not in known and id not in kept_out]
    others = world.outside(reader, kind, new)
    if others:
        kept_out |= others
        new = [id for id in new if id not in others]
    where = ends.filters.get(kind)
    ending = reader.among(kind, new, where=where) if where and new else set()
    on = [id for id in new if id not in ending]
    if ends.shown.get(kind):
        known.update(dict.fromkeys(new))
    else:
        known.update(dict.fromkeys(on))
        kept_out |= ending
    return on
