"""One graph: Spark cleans, a pipeline trains, MLflow registers, a notebook reports; the report leads back to the file.

Every part is the unmodified client of its protocol, each in a Python of its own: OpenLineage's jar in pyspark, kfp's
compiler, mlflow, papermill over IPython's kernel.
"""

from __future__ import annotations

import json
import os
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
NOTEBOOK = "papermill==2.7.0 ipykernel mlflow-skinny==3.17.2 pandas==3.1.1 scikit-learn==1.9.1 skops==0.16.0"
PROBE = "import papermill, ipykernel, mlflow, pandas, sklearn, skops"
CLEAN = """
import sys
from pyspark.sql import SparkSession
raw, clean = sys.argv[1:]
spark = SparkSession.builder.appName("clean").config("spark.ui.enabled", "false").getOrCreate()
rows = spark.read.option("header", True).schema("usage double, left int").csv(raw)
rows.dropna().coalesce(1).write.mode("overwrite").parquet(clean)
"""
REPORT = """
import mlflow
mlflow.set_tracking_uri(tracking)
model = mlflow.sklearn.load_model("models:/churn@champion")
with open(report, "w") as file:
    file.write(f"coefficient {model.coef_[0][0]}")
"""
LINEAGE = """query($id: ID!, $way: Direction!) { lineage(of: [$id], direction: $way) {
  nodes { node { id ... on Artifact { type location label } ... on Execution { type } } } } }"""
FOUND = "query($where: String!) { artifacts(where: $where) { nodes { id label type } } }"
SOURCES = "{ executions(first: 100) { nodes { events(first: 100) { source } } } }"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path / "home")
    yield server
    server.stop()


def lineage(served: Served, id: str, way: str) -> list[dict[str, Any]]:
    return [one["node"] for one in served.ask(LINEAGE, id=id, way=way)["lineage"]["nodes"]]


def clew(served: Served, *words: str | Path) -> str:
    """What the command says, which must succeed."""
    command = [sys.executable, "-m", "clew", *map(str, words), "--home", str(served.home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean(served: Served, python: Path, raw: Path, target: Path) -> None:
    """Spark reads the CSV and writes Parquet; OpenLineage's jar tells the server."""
    script = target.with_suffix(".py")
    script.write_text(CLEAN)
    jar = os.environ.get("CLEW_TEST_OPENLINEAGE_JAR", "")
    options: list[str | Path] = [
        "--listener",
        "jar",
        "--python",
        python,
        "--master",
        "local[1]",
        *(["--jar", jar] if jar else []),
    ]
    clew(served, "spark", "submit", *options, script, raw, target)


def train(served: Served, folder: Path, table: Path) -> None:
    """A pipeline reads the Parquet; its step logs to MLflow and registers the model."""
    spec = folder / "churn.yaml"
    subprocess.run([sys.executable, "-W", "ignore", PIPELINE, spec], check=True, timeout=120)
    given = [f"table={table.as_uri()}", f"tracking={served.url}", "name=churn"]
    told = clew(served, "run", spec, *(word for one in given for word in ("-p", one)), "--json")
    assert json.loads(told)["state"] == "COMPLETE"


def report(served: Served, python: Path, folder: Path, target: Path) -> None:
    """A notebook loads the champion and writes a report."""
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    given = {"tags": ["parameters"]}
    notebook = folder / "report.ipynb"
    notebook.write_text(
        json.dumps(
            {
                "cells": [
                    cell | {"metadata": given, "source": "tracking = report = None", "id": "given"},
                    cell | {"source": REPORT, "id": "report"},
                ],
                "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
    out: list[str | Path] = ["-o", folder / "report.done.ipynb"]
    clew(
        served, "notebook", "run", notebook, "--python", python, "-p", f"tracking={served.url}",
        "-p", f"report={target}", *out,
    )  # fmt: skip


def test_a_report_leads_back_through_four_protocols_to_the_raw_file(
    served: Served, tmp_path: Path, spark_python: Path, client_of: Callable[[str, str, str], Path]
) -> None:
    raw, table, words = tmp_path / "raw.csv", tmp_path / "clean.parquet", tmp_path / "report.md"
    raw.write_text("usage,left\n" + "".join(f"{n},{int(n > 4)}\n,\n" for n in range(10)))
    clean(served, spark_python, raw, table)
    train(served, tmp_path, table)
    report(served, client_of("one-graph", NOTEBOOK, PROBE), tmp_path, words)
    assert words.read_text().startswith("coefficient")

    (model,) = served.ask(FOUND, where="type = 'mlflow.ModelVersion'")["artifacts"]["nodes"]
    assert model["label"] == "churn v1 @champion"
    (made,) = served.ask(FOUND, where=f"uri LIKE '%{words.name}'")["artifacts"]["nodes"]
    up = lineage(served, made["id"], "UP")
    kinds = {one["type"] for one in up}
    assert {"mlflow.Registration", "mlflow.Run", "system.ContainerExecution", "openlineage.Run"} <= kinds
    assert model["id"] in {one["id"] for one in up}
    (found,) = (one for one in up if one.get("location") == raw.as_uri())
    down = {one["id"] for one in lineage(served, found["id"], "DOWN")}
    assert {model["id"], made["id"]} <= down
    said = {event["source"] for one in served.ask(SOURCES)["executions"]["nodes"] for event in one["events"]}
    assert {"openlineage", "mlflow", "notebook"} <= said

    told = clew(served, "trace", words, "--up")
    assert raw.name in told
    assert "churn v1 @champion" in told
    assert "churn v1 @champion" in clew(served, "impact", found["id"])
    answer = httpx.get(f"{served.url}/api/v1/lineage", params={"nodeId": f"dataset:file:{table}", "depth": 3})
    assert answer.status_code == 200
    assert any(node["id"].startswith("job:spark:") for node in answer.json()["graph"])
