"""Tables of what was measured: printed with Rich, kept as JSON and Markdown under benchmarks/results/."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Row:
    """One number and what it must reach."""

    what: str
    ours: str
    against: str
    """The peer and its figure, or the absolute limit."""
    ratio: float | None
    target: str
    ok: bool


def at_least(what: str, ours: float, peer: str, theirs: float, factor: float, unit: str = "steps/s") -> Row:
    """Ours must be ``factor`` times theirs or more; larger is better."""
    ratio = ours / theirs if theirs else 0.0
    return Row(
        what, f"{ours:,.0f} {unit}", f"{peer}: {theirs:,.0f} {unit}", round(ratio, 2), f">= {factor} x", ratio >= factor
    )


def machine() -> dict[str, Any]:
    """What a reader needs to know of the machine; nothing that names it."""
    model = ""
    with open("/proc/cpuinfo") as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model, "cores": os.cpu_count(), "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2), "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }  # fmt: skip


def publish(
    name: str, title: str, command: str, rows: list[Row], details: dict[str, Any], *, keep: bool = True
) -> bool:
    """Print the table, write ``results/NAME.json`` and ``.md`` when ``keep``; True when every target is reached."""
    table = Table(title=title, caption=f"command: {command}")
    for heading in ("what", "ours", "against", "ratio", "target", ""):
        table.add_column(heading, overflow="fold")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(
            row.what, row.ours, row.against, ratio, row.target, "[green]pass[/]" if row.ok else "[red]FALLS SHORT[/]"
        )
    Console(width=None if os.isatty(1) else 160).print(table)
    if keep:
        RESULTS.mkdir(exist_ok=True)
        where = machine()
        told = {
            "title": title,
            "command": command,
            "machine": where,
            "rows": [asdict(r) for r in rows],
            "details": details,
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")
        (RESULTS / f"{name}.md").write_text(_markdown(title, command, rows, where))
    return all(row.ok for row in rows)


def _markdown(title: str, command: str, rows: list[Row], where: dict[str, Any]) -> str:
    lines = [f"# {title}", "", f"`{command}`, {where['when']}, {where['cores']} cores ({where['cpu']}), medians.", ""]
    lines += ["| what | ours | against | ratio | target | |", "|---|---|---|---|---|---|"]
    for r in rows:
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        lines.append(
            f"| {r.what} | {r.ours} | {r.against} | {ratio} | {r.target} | {'pass' if r.ok else 'falls short'} |"
        )
    return "\n".join(lines) + "\n"
