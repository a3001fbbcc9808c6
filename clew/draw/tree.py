"""Draw lineage as a tree people like to read.

A node is expanded once, under the nearest node that leads to it; elsewhere it stands as a reference. So a graph of
N nodes and E edges takes at most E + 1 lines, cycles included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from clew.client.protocol import Lineage
from clew.draw.words import STATE_STYLE, clean, seconds_of, seconds_text, state_name
from clew.graph.protocol import Direction
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.label import label
from clew.metadata.node import Artifact, Execution, Node
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

MAX_INDENT = 60
"""Levels after which lines are no longer moved to the right; a chain of a thousand steps stays readable."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """What branches are drawn with."""

    branch: str
    last: str
    bar: str
    blank: str
    again: str


UNICODE = Strokes("├─ ", "└─ ", "│  ", "   ", "⤴ ")
ASCII = Strokes("|- ", "`- ", "|  ", "   ", "^ ")


Paint = Callable[[str, str], str]
"""Puts a text into a style."""


def plain(text: str, style: str) -> str:
    """No colours."""
    del style
    return text


def draw(lineage: Lineage, paint: Paint = plain, strokes: Strokes = UNICODE) -> Iterator[str]:
    """The lines of the tree: one tree for each seed and way."""
    ways = [Direction.UP, Direction.DOWN] if lineage.direction is Direction.BOTH else [lineage.direction]
    for way in ways:
        if len(ways) == 2:
            yield paint("made from" if way is Direction.UP else "made into", "bold")
        yield from _trees(lineage, neighbours(lineage, way), paint, strokes)


def neighbours(lineage: Lineage, way: Direction) -> Mapping[NodeRef, list[NodeRef]]:
    """Of each node, the nodes one hop further ``way``, by id."""
    found: dict[NodeRef, list[NodeRef]] = defaultdict(list)
    for execution_id, event_type, artifact_id in sorted(lineage.edges):
        execution, artifact = NodeRef(Kind.EXECUTION, execution_id), NodeRef(Kind.ARTIFACT, artifact_id)
        if event_type in INPUT_EVENTS:
            made, source = execution, artifact
        elif event_type in OUTPUT_EVENTS:
            made, source = artifact, execution
        else:
            continue
        here, there = (made, source) if way is Direction.UP else (source, made)
        if there not in found[here]:
            found[here].append(there)
    return found


def _trees(lineage: Lineage, further: Mapping[NodeRef, list[NodeRef]], paint: Paint, strokes: Strokes) -> Iterator[str]:
    owner = _owners(lineage, further)
    for seed in (seed for seed in lineage.seeds if seed in lineage.nodes):
        yield describe(lineage.nodes[seed], seed, paint)
        yield from _branches(seed, lineage, further, owner, paint, strokes)


def _owners(lineage: Lineage, further: Mapping[NodeRef, list[NodeRef]]) -> dict[NodeRef, NodeRef]:
    """Under which node each node is expanded: breadth first, so that it stands at its true depth."""
    owner: dict[NodeRef, NodeRef] = {seed: seed for seed in lineage.seeds}
    level = list(owner)
    while level:
        below = []
        for ref in level:
            for child in further.get(ref, ()):
                if child not in owner and child in lineage.nodes:
                    owner[child] = ref
                    below.append(child)
        level = below
    return owner


def _branches(
    seed: NodeRef,
    lineage: Lineage,
    further: Mapping[NodeRef, list[NodeRef]],
    owner: Mapping[NodeRef, NodeRef],
    paint: Paint,
    strokes: Strokes,
) -> Iterator[str]:
    stack = [("", iter(_children(seed, lineage, further)))]
    while stack:
        prefix, children = stack[-1]
        entry = next(children, None)
        if entry is None:
            stack.pop()
            continue
        parent, child, is_last = entry
        line = prefix + (strokes.last if is_last else strokes.branch)
        if owner.get(child) != parent:
            yield paint(line, "bright_black") + paint(
                f"{strokes.again}{describe_short(lineage, child)}", "bright_black"
            )
            continue
        yield paint(line, "bright_black") + describe(lineage.nodes[child], child, paint)
        deeper = prefix + (strokes.blank if is_last else strokes.bar)
        stack.append((deeper if len(stack) < MAX_INDENT else prefix, iter(_children(child, lineage, further))))


def _children(
    ref: NodeRef, lineage: Lineage, further: Mapping[NodeRef, list[NodeRef]]
) -> list[tuple[NodeRef, NodeRef, bool]]:
    shown = [child for child in further.get(ref, ()) if child in lineage.nodes]
    return [(ref, child, child is shown[-1]) for child in shown]


def describe(node: Node, ref: NodeRef, paint: Paint = plain) -> str:
    """A node on one line: what it is, what it is called, how it stands."""
    state = state_name(node)
    words = [paint(node.type, "bold"), clean(label(node)), paint(str(ref), "bright_black")]
    if state and state != "LIVE":
        words.append(paint(state, STATE_STYLE.get(state, "")))
    if isinstance(node, Execution) and (seconds := seconds_of(node)) is not None:
        words.append(paint(seconds_text(seconds), "bright_black"))
    if isinstance(node, Artifact) and node.uri and label(node) != node.uri:
        words.append(paint(clean(node.uri), "bright_black"))
    return "  ".join(word for word in words if word)


def describe_short(lineage: Lineage, ref: NodeRef) -> str:
    """A node that is drawn in full elsewhere."""
    node = lineage.nodes[ref]
    return "  ".join(word for word in (node.type, clean(label(node)), str(ref)) if word)
