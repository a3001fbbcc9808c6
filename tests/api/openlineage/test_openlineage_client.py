"""The real Python client of OpenLineage, nothing patched, against a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import sys
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Dataset, DatasetEvent, InputDataset, OutputDataset
from openlineage.client.event_v2 import Job, JobEvent, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset as cl, parent_run, schema_dataset, sql_job
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

url, key, packed = sys.argv[1:4]
config = HttpConfig(url=url, auth=ApiKeyTokenProvider({"apiKey": key}),
                    compression=HttpCompression.GZIP if packed == "gzip" else None)
client = OpenLineageClient(transport=HttpTransport(config))
run, dag = str(generate_new_uuid()), str(generate_new_uuid())
job = Job("airflow", f"dag.task.{packed}", facets={"sql": sql_job.SQLJobFacet(query="select 1")})
parent = parent_run.ParentRunFacet(run=parent_run.Run(runId=dag), job=parent_run.Job("airflow", "dag"))
schema = schema_dataset.SchemaDatasetFacet(fields=[schema_dataset.SchemaDatasetFacetFields(name="a", type="int")])
lineage = cl.ColumnLineageDatasetFacet(fields={"a": cl.Fields(inputFields=[cl.InputField("s3://lake", "raw", "b")])})
out = OutputDataset("s3://lake", f"clean.{packed}", facets={"schema": schema, "columnLineage": lineage})
def event(state, second, **given):
    return RunEvent(eventType=state, eventTime=f"2026-01-01T00:00:0{second}Z", run=Run(run, facets={"parent": parent}),
                    job=job, producer="https://example.org", **given)
client.emit(event(RunState.START, 1, inputs=[InputDataset("s3://lake", "raw")]))
client.emit(event(RunState.COMPLETE, 2, inputs=[InputDataset("s3://lake", "raw")], outputs=[out]))
midnight = "2026-01-01T00:00:00Z"
client.emit(JobEvent(eventTime=midnight, job=Job("dbt", "model"), outputs=[OutputDataset("s3://lake", "dbt")]))
client.emit(DatasetEvent(eventTime=midnight, dataset=Dataset("s3://lake", "found", facets={"schema": schema})))
client.close()
print(run)
"""


@pytest.mark.parametrize("packed", ["gzip", "plain"])
def test_the_python_client_reports_with_a_key(
    openlineage_python: Path, asker_with: Any, server: Callable[[Any], str], packed: str
) -> None:
    asker = asker_with(token="secret")
    command = [str(openlineage_python), "-W", "error", "-c", SCRIPT, server(asker.app), "secret", packed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip()
    query = """query($w: String) { executions(where: $w) { nodes {
      label state contexts { name } inputs { artifact { location } source }
      outputs { artifact { location columnLineage { columns edges { source { name } } } } }
    } } }"""
    answer = asker.post(query, {"w": f"external_id = '{run}'"}, headers={"authorization": "Bearer secret"}).json()
    (found,) = answer["data"]["executions"]["nodes"]
    assert (found["label"], found["state"]) == (f"dag.task.{packed}", "COMPLETE")
    assert f"airflow/dag.task.{packed}" in {context["name"] for context in found["contexts"]}
    assert found["inputs"] == [{"artifact": {"location": "s3://lake/raw"}, "source": "openlineage"}]
    (output,) = found["outputs"]
    assert output["artifact"] == {
        "location": f"s3://lake/clean.{packed}",
        "columnLineage": {"columns": ["a"], "edges": [{"source": {"name": "b"}}]},
    }
