"""One graph: what a job wrote that speaks OpenLineage, a pipeline trained on and MLflow registered hangs together.

Every part is the unmodified client of its protocol, each in a Python of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ui.screen import Served

pytestmark = pytest.mark.e2e
PIPELINE = Path(__file__).with_name("one_graph_pipeline.py")
CLEAN = """
import json, sys
from datetime import datetime, timezone
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.http import HttpConfig, HttpTransport

url, raw, clean = sys.argv[1:]
rows = open(raw).read().splitlines()
client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=url)))
def tell(state, inputs, outputs):
    client.emit(RunEvent(
        eventType=state, eventTime=datetime.now(timezone.utc).isoformat(), producer="https://example.org/clean",
        run=Run(runId="0193aaaa-0000-7000-8000-000000000001"), job=Job(namespace="nightly", name="clean"),
        inputs=inputs, outputs=outputs,
    ))
tell(RunState.START, [InputDataset(namespace="file", name=raw)], [])
open(clean, "w").write("\\n".join(rows[:1] + [row for row in rows[1:] if row]) + "\\n")
tell(RunState.COMPLETE, [InputDataset(namespace="file", name=raw)], [OutputDataset(namespace="file", name=clean)])
"""
LINEAGE = """query($id: ID!, $way: Direction!) { lineage(of: [$id], direction: $way) {
  nodes { node { id ... on Artifact { type location label } ... on Execution { type } } } } }"""
MODEL = """{ artifacts(where: "type = 'mlflow.ModelVersion'") { nodes { id label } } }"""
SOURCES = """{ executions(first: 50) { nodes { type events(first: 50) { type source } } } }"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path / "home")
    yield server
    server.stop()


def lineage(served: Served, id: str, way: str) -> list[dict[str, Any]]:
    return [one["node"] for one in served.ask(LINEAGE, id=id, way=way)["lineage"]["nodes"]]


def test_a_registered_model_leads_back_through_three_protocols_to_the_raw_file(
    served: Served, tmp_path: Path, client_of: Callable[[str, str, str], Path]
) -> None:
    python = client_of("openlineage", "openlineage-python==1.54.0", "import openlineage.client.event_v2")
    raw, clean, spec = tmp_path / "raw.csv", tmp_path / "clean.csv", tmp_path / "churn.yaml"
    raw.write_text("usage,left\n" + "".join(f"{n},{int(n > 4)}\n\n" for n in range(10)))
    subprocess.run([python, "-c", CLEAN, served.url, raw, clean], check=True, timeout=120)
    subprocess.run([sys.executable, "-W", "ignore", PIPELINE, spec], check=True, timeout=120)
    given = [f"table={clean.as_uri()}", f"tracking={served.url}", "name=churn"]
    command = [sys.executable, "-m", "clew", "run", str(spec), "--home", str(served.home), "--json"]
    done = subprocess.run([*command, *(word for one in given for word in ("-p", one))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "COMPLETE"

    (model,) = served.ask(MODEL)["artifacts"]["nodes"]
    assert model["label"] == "churn v1 @champion"
    up = lineage(served, model["id"], "UP")
    kinds = {one["type"] for one in up}
    assert {"mlflow.Registration", "mlflow.Run", "system.ContainerExecution", "openlineage.Run"} <= kinds
    (found,) = (one for one in up if one.get("location") == raw.as_uri())
    down = lineage(served, found["id"], "DOWN")
    assert model["id"] in {one["id"] for one in down}
    said = {event["source"] for one in served.ask(SOURCES)["executions"]["nodes"] for event in one["events"]}
    assert {"openlineage", "mlflow"} <= said

    words = subprocess.run(
        [sys.executable, "-m", "clew", "trace", "models:/churn/1", "--up", "--home", str(served.home)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert raw.name in words
    answer = httpx.get(f"{served.url}/api/v1/lineage", params={"nodeId": f"dataset:file:{clean}", "depth": 3})
    assert answer.status_code == 200
    assert "job:nightly:clean" in {node["id"] for node in answer.json()["graph"]}
