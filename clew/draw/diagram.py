"""Lineage as a picture's source: Graphviz dot, Mermaid. Data flows from left to right."""

from __future__ import annotations

from collections.abc import Iterator

from clew.client.protocol import Lineage
from clew.draw.words import state_name
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.label import label
from clew.metadata.node import Node
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS


def dot(lineage: Lineage) -> Iterator[str]:
    """The lines of a Graphviz digraph."""
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif", fontsize=10];'
    for ref, node in lineage.nodes.items():
        shape = "ellipse" if ref.kind is Kind.ARTIFACT else "box"
        bold = ", penwidth=2" if ref in lineage.seeds else ""
        text = "\\n".join(_quoted(line) for line in _lines(ref, node))
        yield f'  "{ref}" [shape={shape}{bold}, label="{text}"];'
    for source, target in flows(lineage):
        yield f'  "{source}" -> "{target}";'
    yield "}"


def mermaid(lineage: Lineage) -> Iterator[str]:
    """The lines of a Mermaid flowchart."""
    yield "flowchart LR"
    for ref, node in lineage.nodes.items():
        text = "<br/>".join(_escaped(line) for line in _lines(ref, node))
        shape = f'(["{text}"])' if ref.kind is Kind.ARTIFACT else f'["{text}"]'
        yield f"  {_key(ref)}{shape}"
    for source, target in flows(lineage):
        yield f"  {_key(source)} --> {_key(target)}"
    for seed in lineage.seeds:
        yield f"  style {_key(seed)} stroke-width:3px"


def flows(lineage: Lineage) -> Iterator[tuple[NodeRef, NodeRef]]:
    """The edges as (from, to) in the way the data went, each once."""
    seen = set()
    for execution_id, event_type, artifact_id in lineage.edges:
        execution, artifact = NodeRef(Kind.EXECUTION, execution_id), NodeRef(Kind.ARTIFACT, artifact_id)
        if event_type in INPUT_EVENTS:
            flow = (artifact, execution)
        elif event_type in OUTPUT_EVENTS:
            flow = (execution, artifact)
        else:
            continue
        if flow not in seen:
            seen.add(flow)
            yield flow


def _lines(ref: NodeRef, node: Node) -> list[str]:
    state = state_name(node)
    return [node.type, *([label(node)] if label(node) else []), f"{ref} {state}".strip()]


def _key(ref: NodeRef) -> str:
    return f"{ref.kind.value[0]}{ref.id}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def _escaped(text: str) -> str:
    for plain, entity in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        text = text.replace(plain, entity)
    return text
