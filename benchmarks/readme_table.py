"""Write the README's table of numbers from what was last measured (benchmarks/results/*.json).

    python benchmarks/readme_table.py

Shows the rows a newcomer asks about, reached or not, and how many of all targets each benchmark reached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parents[1] / "README.md"
RESULTS = Path(__file__).with_name("results")
BEGIN, END = "<!-- numbers: python benchmarks/readme_table.py -->\n", "<!-- /numbers -->\n"
SHOWN = {
    "write": r".*(as shipped|best|put_lineage_subgraph|pgbench)",
    "engine": r"10M edges, (up, .* ids|whole answer|write to visible|memory|open)",
    "graphql": r"lineage, 60 nodes",
    "explorer_queries": r"draw a node|activity|table",
    "table_queries": r"page of (everything|a type).*(CREATED DESC|NAME)|count of (everything|a state \(10)|search for",
    "pipeline": r".",
    "mlmd": r"read: get_artifacts_by_id, 100|list: type and|lineage: chain|write: put_execution|threads: 16, put",
    "mlflow_http": r".",
    "openlineage": r".",
    "notebook": r"added|%load_ext|clew exec, a script that parses",
    "ui": r".",
    "cli": r"import clew|clew --help|clew ls artifacts \||clew trace, ",
}
"""Per benchmark, in this order: rows whose ``what | against`` begins like this are shown."""


def measured() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of every result that is there."""
    for name in SHOWN:
        if (file := RESULTS / f"{name}.json").exists():
            yield name, json.loads(file.read_text())


def table() -> str:
    """The rows to show, and a line a benchmark."""
    lines = ["| what | Clew | against | must reach | |", "|---|---|---|---|---|"]
    notes = []
    for name, result in measured():
        for row in result["rows"]:
            if row["target"] and re.match(SHOWN[name], f"{row['what']} | {row['against']}"):
                ratio = "" if row["ratio"] is None else f" ({row['ratio']:g}x)"
                verdict = "reached" if row["ok"] else "falls short"
                lines.append(
                    f"| {row['what']} | {row['ours']} | {row['against']}{ratio} | {row['target']} | {verdict} |"
                )
        targets = [row["ok"] for row in result["rows"] if row["target"]]
        notes.append(
            f"- [{result['title']}](benchmarks/results/{name}.md): `{result['command']}`, {result['machine']['when']}, "
            f"{sum(targets)} of {len(targets)} targets reached"
        )
    return "\n".join([*lines, "", *notes]) + "\n"


def main() -> None:
    """Replace what stands between the two marks."""
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
