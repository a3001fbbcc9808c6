"""``clew coverage``: where lineage has holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from clew.cli.cache_ask import home_of
from clew.cli.options import Home, Json, Namespace

if TYPE_CHECKING:
    from clew.metadata.identity import Covered


def coverage(namespace: Namespace = None, home: Home = None, json: Json = False) -> None:
    """Count executions without inputs or outputs, and artifacts nobody made, by type and protocol.

    [bold]Examples[/bold]

      clew coverage

      clew coverage --json | jq '.artifacts[] | select(.from_nowhere > 0)'
    """
    from clew.cli.output import emit_json, heading

    with home_of(home) as opened:
        found = opened.identity.coverage(namespace)
    if json:
        emit_json(asdict(found))
        return
    heading("Executions")
    _print(found.executions, "NO INPUTS", "NO OUTPUTS")
    heading("Artifacts")
    _print(found.artifacts, "NOT MADE", "NOT READ")


def _print(rows: Sequence[Covered], from_nowhere: str, to_nowhere: str) -> None:
    from clew.cli.output import emit, table

    if not rows:
        emit("none")
        return
    cells = [
        (row.type, row.source or "-", f"{row.total:,}", _share(row.from_nowhere, row.total),
         _share(row.to_nowhere, row.total))
        for row in rows
    ]  # fmt: skip
    columns = ("TYPE", "SOURCE", "TOTAL", from_nowhere, to_nowhere)
    table(columns, cells, right=("TOTAL", from_nowhere, to_nowhere), yielding=("TYPE",))


def _share(part: int, total: int) -> str:
    return f"{part:,} ({round(100 * part / total)} %)" if part else "0"
