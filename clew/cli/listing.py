"""``clew ls``: list nodes, types and runs, a page at a time."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.options import AsOf, Home, Json, Namespace, Server, Where, moment, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clew.client.protocol import Client, Listing
    from clew.metadata.node import Node

PAGE = 500


class What(StrEnum):
    """What can be listed."""

    ARTIFACTS = "artifacts"
    EXECUTIONS = "executions"
    CONTEXTS = "contexts"
    TYPES = "types"
    RUNS = "runs"


class By(StrEnum):
    """What a listing can be ordered by."""

    ID = "id"
    CREATED = "created"
    UPDATED = "updated"
    NAME = "name"


def ls(
    what: Annotated[What, typer.Argument(help="What to list.", show_default=False)],
    where: Where = None,
    type: Annotated[str | None, typer.Option("--type", "-t", metavar="TYPE", help="Only of this type.")] = None,
    namespace: Namespace = None,
    limit: Annotated[int, typer.Option("--limit", "-l", metavar="N", min=1, help="Show N at most.")] = 50,
    all: Annotated[bool, typer.Option("--all", "-a", help="Show all.")] = False,
    order: Annotated[By, typer.Option("--order", help="What to order by.")] = By.ID,
    desc: Annotated[bool, typer.Option("--desc/--asc", help="Newest or highest first.")] = True,
    as_of: AsOf = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """List artifacts, executions, contexts, types or runs, newest first.

    [bold]Examples[/bold]

      clew ls artifacts --type system.Model

      clew ls executions --where "state = FAILED" --limit 10

      clew ls artifacts --where "custom_properties.accuracy.double_value > 0.9" --json
    """
    with opened(home, server) as client:
        if what is What.TYPES:
            _types(client, type, json)
            return
        if what is What.RUNS:
            from clew.cli.runs_list import list_runs

            list_runs(client, where, namespace, None if all else limit, moment(as_of), json)
            return
        pages = _Pages(client, what, where, type, namespace, order.value, desc, as_of)
        nodes = list(pages.take(None if all else limit))
        rest = pages.total - len(nodes)
    if json:
        from clew.cli.output import emit_json
        from clew.draw.words import node_json

        emit_json({"items": [node_json(node) for node in nodes], "total": pages.total, "more": rest})
        return
    _print(nodes, what)
    _tell_rest(rest, len(nodes), what.value, where is not None or type is not None)


class _Pages:
    """A listing, fetched as it is read."""

    def __init__(
        self,
        client: Client,
        what: What,
        where: str | None,
        type: str | None,
        namespace: str | None,
        order: str,
        descending: bool,
        as_of: str | None,
    ) -> None:
        from clew.metadata.ids import Kind

        self.total = 0
        self._client = client
        self._kind = Kind(what.value[:-1])
        self._query: dict[str, Any] = {
            "where": where,
            "type": type,
            "namespace": namespace,
            "order": order,
            "descending": descending,
            "moment": moment(as_of),
        }

    def take(self, limit: int | None) -> Iterator[Node]:
        """The first ``limit`` nodes, or all."""
        cursor: str | None = None
        taken = 0
        while limit is None or taken < limit:
            page: Listing = self._client.nodes(
                self._kind, after=cursor, limit=PAGE if limit is None else min(PAGE, limit - taken), **self._query
            )
            self.total = page.total
            yield from page.items
            taken += len(page.items)
            cursor = page.next_cursor
            if cursor is None:
                return


def _print(nodes: list[Node], what: What) -> None:
    from clew.cli.output import table
    from clew.draw.words import seconds_of, seconds_text, size_text, state_name, time_text
    from clew.metadata.label import label
    from clew.metadata.node import Artifact, Execution

    if not nodes:
        return
    show_namespace = any(node.namespace != "default" for node in nodes)
    columns = ["ID", "TYPE", "NAME"]
    rows: list[list[object]] = [[node.ref, node.type, label(node)] for node in nodes]
    if what is not What.CONTEXTS:
        columns.append("STATE")
        for row, node in zip(rows, nodes, strict=True):
            row.append(state_name(node))
    if what is What.ARTIFACTS:
        columns.append("SIZE")
        for row, node in zip(rows, nodes, strict=True):
            row.append(size_text(node.size_bytes) if isinstance(node, Artifact) else "")
    if what is What.EXECUTIONS:
        columns.append("TOOK")
        for row, node in zip(rows, nodes, strict=True):
            row.append(seconds_text(seconds_of(node)) if isinstance(node, Execution) else "")
    if show_namespace:
        columns.append("NAMESPACE")
        for row, node in zip(rows, nodes, strict=True):
            row.append(node.namespace)
    columns.append("CREATED")
    for row, node in zip(rows, nodes, strict=True):
        row.append(time_text(node.created_ms))
    if what is What.ARTIFACTS and any(isinstance(n, Artifact) and n.uri and n.uri != label(n) for n in nodes):
        columns.append("URI")
        for row, node in zip(rows, nodes, strict=True):
            row.append(node.uri or "" if isinstance(node, Artifact) else "")
    table(
        columns,
        rows,
        right=("SIZE", "TOOK"),
        yielding=("NAME", "TYPE"),
        droppable=("NAMESPACE", "SIZE", "CREATED", "URI"),
    )


def _tell_rest(rest: int, shown: int, what: str, filtered: bool) -> None:
    from clew.cli.output import note

    if rest > 0:
        note(f"{rest:,} more; --all shows them, --limit N some")
    elif not shown:
        note(f"no {what} match" if filtered else f"no {what} yet")


def _types(client: Client, name: str | None, as_json: bool) -> None:
    from clew.cli.output import emit_json, table
    from clew.draw.words import type_json
    from clew.metadata.states import PropertyType

    found = [(type, nodes) for type, nodes in client.types() if name in (None, type.name)]
    if as_json:
        emit_json({"items": [type_json(type, nodes) for type, nodes in found], "total": len(found), "more": 0})
        return
    table(
        ["ID", "KIND", "NAME", "VERSION", "NODES", "PROPERTIES"],
        [
            [
                f"type:{type.id}",
                type.kind.value,
                type.name,
                type.version,
                f"{nodes:,}",
                " ".join(f"{key}:{PropertyType(kind).name.lower()}" for key, kind in type.properties.items()),
            ]
            for type, nodes in found
        ],
        right=("NODES",),
        yielding=("NAME", "VERSION"),
        droppable=("PROPERTIES",),
    )
