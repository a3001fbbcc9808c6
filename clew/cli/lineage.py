"""``clew trace``, ``impact`` and ``paths``: questions about lineage."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.options import AsOf, Depth, Home, Json, MaxNodes, Server, moment, opened
from clew.metadata.errors import UsageError

if TYPE_CHECKING:
    from clew.client.protocol import Lineage
    from clew.graph.protocol import Direction

Of = Annotated[
    list[str],
    typer.Argument(metavar="ID|URI...", help="artifact:N, execution:N, a URI or a digest.", show_default=False),
]


class Format(StrEnum):
    """How a lineage is written."""

    TREE = "tree"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"


REGISTERED = "mlflow.ModelVersion"
"""Type of a version of a registered model."""


def trace(
    of: Of,
    up: Annotated[bool, typer.Option("--up", help="What it was made from (the default).")] = False,
    down: Annotated[bool, typer.Option("--down", help="What was made from it.")] = False,
    both: Annotated[bool, typer.Option("--both", help="Both ways.")] = False,
    depth: Depth = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="TYPE", help="Only the branches that end at this type.")
    ] = None,
    reuse: Annotated[bool, typer.Option("--reuse", help="Draw also the executions that only reused a result.")] = False,
    max_nodes: MaxNodes = 1000,
    as_of: AsOf = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = Format.TREE,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Trace where something came from, or what was made from it.

    [bold]Examples[/bold]

      clew trace artifact:42

      clew trace s3://lake/raw.csv --down --to system.Model

      clew trace artifact:42 --both --depth 4 --format mermaid
    """
    when = moment(as_of)
    with opened(home, server) as client:
        seeds = [client.resolve(text, when) for text in of]
        found = client.trace(seeds, _direction(up, down, both), depth=depth, max_nodes=max_nodes, moment=when)
    from clew.client.prune import towards, without_reuse

    found = towards(found, to) if to else found
    if json or format is Format.JSON:
        from clew.cli.output import emit_json

        emit_json(lineage_json(found))
        return
    drawn, left_out = (found, 0) if reuse else without_reuse(found)
    _draw(drawn, format)
    if format is Format.TREE:
        _sum_up(found, left_out)


def impact(
    of: Of,
    depth: Depth = None,
    max_nodes: MaxNodes = 1000,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Tell what a change would touch.

    Everything that was made from something: totals by type, the registered models among it, and where it ends.

    [bold]Examples[/bold]

      clew impact artifact:1

      clew impact s3://lake/raw.csv --json
    """
    with opened(home, server) as client:
        found = client.impact([client.resolve(text) for text in of], depth=depth, max_nodes=max_nodes)
    if json:
        from clew.cli.output import emit_json

        emit_json(
            {
                "artifacts": found.artifacts,
                "executions": found.executions,
                "by_type": found.by_type,
                "leaves": [str(ref) for ref in found.leaves],
                "lineage": lineage_json(found.lineage),
            }
        )
        return
    from clew.cli.output import emit, fields, heading, is_terminal, is_unicode, paint
    from clew.client.prune import without_reuse
    from clew.draw.tree import ASCII, UNICODE, describe, draw
    from clew.draw.words import count_text

    emit(f"{count_text(found.artifacts, 'artifact')} and {count_text(found.executions, 'execution')} were made from it")
    fields((f"  {name}", f"{count:,}") for name, count in sorted(found.by_type.items(), key=lambda item: -item[1]))
    nodes = found.lineage.nodes
    models = [ref for ref, node in nodes.items() if node.type == REGISTERED and ref not in found.leaves]
    if models:
        heading("registered models")
        for ref in models[:20]:
            emit("  " + describe(nodes[ref], ref, paint))
        if len(models) > 20:
            emit(f"  and {len(models) - 20:,} more")
    known = [ref for ref in found.leaves if ref in nodes]
    if known:
        heading("ends at")
        for ref in known[:20]:
            emit("  " + describe(found.lineage.nodes[ref], ref, paint))
        if len(found.leaves) > 20:
            emit(f"  and {len(found.leaves) - 20:,} more")
    if is_terminal() and len(found.lineage.nodes) <= 100:
        heading("how")
        for line in draw(without_reuse(found.lineage)[0], paint, UNICODE if is_unicode() else ASCII):
            emit(line)


def paths(
    a: Annotated[str, typer.Argument(metavar="FROM", help="Where the data started.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="TO", help="Where it ended.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", "-l", metavar="N", min=1, help="Show N paths at most.")] = 10,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Show how data got from one node to another.

    The shortest ways; exit code 1 when there is none.

    [bold]Examples[/bold]

      clew paths s3://lake/raw.csv artifact:42
    """
    with opened(home, server) as client:
        found = client.paths(client.resolve(a), client.resolve(b), limit=limit)
    if json:
        from clew.cli.output import emit_json
        from clew.draw.words import node_json

        emit_json(
            {
                "paths": [[str(ref) for ref in path] for path in found.paths],
                "length": found.length,
                "partial": found.partial,
                "nodes": [node_json(node) for node in found.nodes.values()],
                "seq": found.seq,
                "took_ms": round(found.took_ms, 3),
            }
        )
    else:
        _print_paths(found.paths, found.nodes, found.partial)
    if not found.paths:
        raise typer.Exit(1)


def _print_paths(paths: list[Any], nodes: dict[Any, Any], partial: bool) -> None:
    from clew.cli.output import emit, heading, note, paint
    from clew.draw.tree import describe

    if not paths:
        note("no data went from the one to the other")
    for number, path in enumerate(paths, 1):
        if len(paths) > 1:
            heading(f"path {number}")
        for hop, ref in enumerate(path):
            emit("   " * min(hop, 20) + ("" if hop == 0 else "-> ") + describe(nodes[ref], ref, paint))
    if partial:
        note("there are more; --limit N shows them")


def _direction(up: bool, down: bool, both: bool) -> Direction:
    from clew.graph.protocol import Direction

    if up + down + both > 1:
        raise UsageError("--up, --down and --both exclude each other", field="direction", remedy="Give one")
    return Direction.BOTH if both else Direction.DOWN if down else Direction.UP


def _draw(lineage: Lineage, format: Format) -> None:
    from clew.cli.output import emit, is_unicode, paint

    if format is Format.TREE:
        from clew.draw.tree import ASCII, UNICODE, draw

        emit("\n".join(draw(lineage, paint, UNICODE if is_unicode() else ASCII)))
        return
    from clew.draw import diagram

    emit("\n".join((diagram.dot if format is Format.DOT else diagram.mermaid)(lineage)))


def _sum_up(found: Lineage, left_out: int) -> None:
    """The last line of a tree: true totals, and what is not drawn."""
    from clew.cli.output import emit, paint
    from clew.draw.words import count_text

    nodes, edges = count_text(found.total_nodes, "node"), count_text(found.total_edges, "edge")
    parts = [f"{nodes}, {edges}, depth {found.depth}"]
    if found.partial:
        parts.append(f"{len(found.nodes):,} fetched, more with --max-nodes or --depth")
    if left_out:
        parts.append(f"not drawn: {count_text(left_out, 'execution')} that reused a result (--reuse)")
    emit(paint(f"\n{'; '.join(parts)}  (change {found.seq}, {found.took_ms:.1f} ms)", "bright_black"))


def lineage_json(lineage: Lineage) -> dict[str, Any]:
    """A lineage as one JSON object."""
    from clew.draw.words import edge_json, node_json

    return {
        "seeds": [str(ref) for ref in lineage.seeds],
        "direction": lineage.direction.value,
        "nodes": [node_json(node) | {"depth": lineage.depths[ref]} for ref, node in lineage.nodes.items()],
        "edges": [edge_json(edge) for edge in lineage.edges],
        "depth": lineage.depth,
        "total_nodes": lineage.total_nodes,
        "total_edges": lineage.total_edges,
        "partial": lineage.partial,
        "seq": lineage.seq,
        "took_ms": round(lineage.took_ms, 3),
    }
