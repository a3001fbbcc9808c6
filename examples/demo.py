"""The tour behind ``make demo``: run the breast cancer pipeline three times and ask where its best model came from.

Everything lies in ``.demo/``: ``home/`` is a Clew home, made anew each time except for its Python environments.
The runs, the lineage tree and the query are the ``clew`` command and the GraphQL face, as a user would call them.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from clew.executors.explain import explain
from clew.metadata.record import Record

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "breast_cancer"
DEMO = ROOT / ".demo"
HOME = DEMO / "home"
CLEW = [sys.executable, "-m", "clew"]
QUERY = """query WhereFrom($model: ID!) {
  node(id: $model) {
    ... on Artifact {
      type digest sizeBytes
      customProperties(names: ["kind", "setting", "cv_accuracy"]) { name value }
    }
  }
  lineage(of: [$model], direction: UP, filter: {types: ["system.Dataset"]}) {
    totalNodes depth tookMs
    nodes { depth node { id ... on Artifact { uri digest } } }
  }
}"""
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)


def main() -> int:
    """Give the tour; 0 when every run completed and was reused as promised."""
    started = time.monotonic()
    prepare()
    unchanged, changed = EXAMPLE / "pipeline.yaml", DEMO / "neighbours-9.yaml"
    compiling = compile_changed(changed)
    runs = [
        run("1. Cold: everything runs", unchanged),
        run("2. Unchanged: everything is reused", unchanged),
    ]
    if compiling.wait() != 0:
        raise SystemExit(f"{EXAMPLE / 'pipeline.py'} does not compile")
    runs.append(run("3. One hyper-parameter changed (neighbours 5 -> 9): only what depends on it runs", changed))
    console.print(
        "[dim]In the third run, train #3 has a new setting and select has a new input, so both ran. But select chose\n"
        "the same model, byte for byte, so evaluate and report were reused: that is early cutoff.[/]\n"
    )
    best = task(runs[-1], "select")["outputs"]["best"]["artifact"]
    console.rule("[bold]Where the best model came from")
    console.print(f"[dim]$ clew trace {best} --home .demo/home[/]")
    subprocess.run([*CLEW, "trace", best, "--home", str(HOME)], check=True)
    console.rule("[bold]The same question in GraphQL")
    ask(best)
    saved = sum(saved_seconds(r) for r in runs)
    console.rule("[bold]How to go on")
    console.print(
        f"Reuse saved [bold green]{saved:.1f} s[/] of work; the tour took {time.monotonic() - started:.1f} s."
    )
    console.print(
        "  make up                                     serve this home: GraphQL at http://127.0.0.1:8420/graphql\n"
        "  .venv/bin/clew ls runs --home .demo/home    every run\n"
        f"  .venv/bin/clew why {task(runs[-1], 'train', '#3')['execution']} --home .demo/home"
        "    why a step ran\n"
        f"  open {report_page(runs[-1])}"
    )
    return 0 if promised(runs) else 1


def prepare() -> None:
    """An empty home that keeps its environments."""
    DEMO.mkdir(exist_ok=True)
    for path in HOME.glob("*"):
        if path.name != "envs":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def compile_changed(target: Path) -> subprocess.Popen[bytes]:
    """The pipeline with one hyper-parameter changed, being compiled by the kfp SDK from its source."""
    script = [sys.executable, "-W", "ignore", str(EXAMPLE / "pipeline.py"), str(target), "--neighbours", "9"]
    return subprocess.Popen(script)


def run(title: str, pipeline: Path) -> dict[str, Any]:
    """``clew run``, its progress as it goes, its tasks as a table."""
    console.rule(f"[bold]{title}")
    raw = (EXAMPLE / "breast_cancer.csv").as_uri()
    command = [*CLEW, "run", str(pipeline), "-p", f"raw={raw}", "--home", str(HOME), "--json"]
    started = time.monotonic()
    words: list[str] = []
    with (
        console.status("starting") as status,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            words.append(ANSI.sub("", line).strip())
            status.update(words[-1])
        result: dict[str, Any] = json.loads(process.stdout.read() or "{}")
    if process.returncode != 0:
        console.print("\n".join(words))
        raise SystemExit(process.returncode)
    show(result, time.monotonic() - started)
    return result


def show(result: dict[str, Any], wall_s: float) -> None:
    """The tasks of a run as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("task", "what happened", "seconds", "saved", "why"):
        table.add_column(name, justify="right" if name in ("seconds", "saved") else "left", overflow="ellipsis")
    with Record.open(HOME, create=False) as record, record.read() as reader:
        for step in steps(result):
            why = explain(reader, int(step["execution"].partition(":")[2]))
            step["saved_ms"] = why.saved_ms if step["cached"] else 0
            happened = "[cyan]reused[/]" if step["cached"] else "[green]ran[/]"
            saved = f"{step['saved_ms'] / 1000:.2f}" if step["cached"] else ""
            table.add_row(step["name"], happened, f"{step['seconds']:.2f}", saved, why.reason)
    console.print(table)
    reused = sum(step["cached"] for step in steps(result))
    console.print(
        f"[bold]{result['state']}[/] in [bold]{wall_s:.2f} s[/]: {len(steps(result))} steps, {reused} reused, "
        f"accuracy on unseen rows {result['outputs']['Output']:.3f}\n"
    )


def ask(model: str) -> None:
    """One GraphQL query through the app that ``clew up`` serves, and its answer."""
    console.print(Syntax(QUERY, "graphql", background_color="default"))
    console.print(f'[dim]variables[/] {{"model": "{model}"}}\n')
    answer = asyncio.run(post(QUERY, {"model": model}))
    console.print_json(data=answer)


async def post(query: str, variables: dict[str, str]) -> Any:
    """The answer of ``/graphql``, over ASGI: no port is opened."""
    import httpx

    from clew.api.app import create_app
    from clew.settings import load
    from clew.wiring import Home

    home = Home(load({}, home=str(HOME), engine="sql"))
    try:
        transport = httpx.ASGITransport(create_app(home.services()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            reply = await client.post("/graphql", json={"query": query, "variables": variables})
        return reply.json()
    finally:
        home.close()


def steps(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks that do work."""
    return [t for t in result["tasks"] if t["kind"] != "dag"]


def task(result: dict[str, Any], name: str, iteration: str = "") -> dict[str, Any]:
    """A task by its last name."""
    return next(t for t in steps(result) if t["name"].endswith(name) and iteration in t["name"])


def saved_seconds(result: dict[str, Any]) -> float:
    """What reuse spared a run."""
    return sum(float(step["saved_ms"]) for step in steps(result)) / 1000


def report_page(result: dict[str, Any]) -> str:
    """Where the report lies."""
    return str(task(result, "report")["outputs"]["page"]["uri"])


def promised(runs: list[dict[str, Any]]) -> bool:
    """Whether the runs went as the tour says."""
    cold, unchanged, changed = ({t["name"].rpartition("for-loop-2")[2]: t["cached"] for t in steps(r)} for r in runs)
    ran = {name for name, cached in changed.items() if not cached}
    return not any(cold.values()) and all(unchanged.values()) and ran == {"#3/train", "select"}


if __name__ == "__main__":
    raise SystemExit(main())
