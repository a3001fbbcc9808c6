"""What queries read and wrote, as OpenLineage events, and their way to a server."""

from __future__ import annotations

import json
import logging
import time
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from clew.collectors.spark.plan import Place, Query

log = logging.getLogger("clew.spark")
PRODUCER = "https://clew.dev/collectors/spark"
SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
NAMESPACE = "spark"
TIMEOUT_S = 10.0


@dataclass(slots=True)
class Application:
    """One application of Spark."""

    name: str
    version: str = ""
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    parent: dict[str, Any] | None = None
    """Facet that tells what it is part of."""


def parent_of(text: str) -> dict[str, Any] | None:
    """The facet for ``NAMESPACE/NAME/RUNID``; None where the text is none."""
    parts = text.rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        return None
    return {**_facet("ParentRunFacet"), "run": {"runId": parts[2]}, "job": {"namespace": parts[0], "name": parts[1]}}


def application_event(app: Application, state: str, time_s: float | None = None) -> dict[str, Any]:
    """That the application began or ended."""
    facets: dict[str, Any] = {"processing_engine": _engine(app)}
    if app.parent:
        facets["parent"] = app.parent
    job = {**_facet("JobTypeJobFacet"), "processingType": "NONE", "integration": "SPARK", "jobType": "APPLICATION"}
    return _event(state, time_s or time.time(), app.run_id, facets, app.name, {"jobType": job})


def query_events(
    app: Application, query: Query, call: str, ended_s: float, took_s: float, error: str = ""
) -> list[dict[str, Any]]:
    """That a query began and ended: reads are of its start."""
    run_id, name = str(uuid.uuid4()), f"{app.name}.{_name(query, call)}"
    parent = {
        **_facet("ParentRunFacet"), "run": {"runId": app.run_id}, "job": {"namespace": NAMESPACE, "name": app.name},
    }  # fmt: skip
    if app.parent:
        parent["root"] = {"run": app.parent["run"], "job": app.parent["job"]}
    run = {"parent": parent, "processing_engine": _engine(app), "spark_plan": {**_facet("plan"), "plan": query.plan}}
    if error:
        run["errorMessage"] = {**_facet("ErrorMessageRunFacet"), "message": error, "programmingLanguage": "SCALA"}
    job: dict[str, Any] = {
        "jobType": {
            **_facet("JobTypeJobFacet"), "processingType": "BATCH", "integration": "SPARK", "jobType": "SQL_JOB",
        }
    }  # fmt: skip
    if query.sql:
        job["sql"] = {**_facet("SQLJobFacet"), "query": query.sql}
    inputs = [_dataset(place, "inputFacets") for place in query.inputs]
    outputs = [] if error else [_dataset(place, "outputFacets") for place in query.outputs]
    began = _event("START", ended_s - took_s, run_id, {"parent": parent}, name, job, inputs)
    return [began, _event("FAIL" if error else "COMPLETE", ended_s, run_id, run, name, job, inputs, outputs)]


class Sender:
    """Sends events to a server. What cannot be sent is told once, and never disturbs the job."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/") + "/api/v1/lineage/batch"
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._told = False

    def send(self, events: list[dict[str, Any]]) -> None:
        """Send ``events`` together."""
        request = urllib.request.Request(self._url, json.dumps(events).encode(), self._headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                told = answer.read()
            if told and not self._told:
                self._told = True
                log.warning("Clew did not take all that was told: %s", told.decode()[:1000])
        except OSError as error:
            if not self._told:
                self._told = True
                log.warning("Clew at %s does not take what this job reads and writes: %s", self._url, error)


def _event(
    state: str, time_s: float, run_id: str, run: dict[str, Any], name: str, job: dict[str, Any], inputs: Any = (),
    outputs: Any = (),
) -> dict[str, Any]:  # fmt: skip
    moment = datetime.fromtimestamp(time_s, timezone.utc)  # noqa: UP017 -- Spark's Python may be older
    return {
        "eventType": state, "eventTime": moment.isoformat(timespec="milliseconds"), "producer": PRODUCER,
        "schemaURL": SCHEMA, "run": {"runId": run_id, "facets": run},
        "job": {"namespace": NAMESPACE, "name": name, "facets": job}, "inputs": list(inputs), "outputs": list(outputs),
    }  # fmt: skip


def _dataset(place: Place, own: str) -> dict[str, Any]:
    namespace, name = split(place.uri)
    facets: dict[str, Any] = {}
    if place.columns:
        fields = [{"name": column, "type": kind} for column, kind in place.columns]
        facets["schema"] = {**_facet("SchemaDatasetFacet"), "fields": fields}
    if place.format:
        facets["storage"] = {**_facet("StorageDatasetFacet"), "storageLayer": "", "fileFormat": place.format.lower()}
    if place.mode == "Overwrite":
        facets["lifecycleStateChange"] = {**_facet("LifecycleStateChange"), "lifecycleStateChange": "OVERWRITE"}
    if place.mode or place.table:
        facets["spark"] = {**_facet("spark"), "mode": place.mode, "table": place.table}
    counted = {"rowCount": place.rows, "size": place.size_bytes, "fileCount": place.files}
    counted = {key: number for key, number in counted.items() if number is not None}
    kind = "outputStatistics" if own == "outputFacets" else "inputStatistics"
    return {
        "namespace": namespace, "name": name, "facets": facets,
        own: {kind: {**_facet(kind), **counted}} if counted else {},
    }  # fmt: skip


def split(uri: str) -> tuple[str, str]:
    """OpenLineage's namespace and name of an address."""
    scheme, colon, rest = uri.partition(":")
    if colon and scheme == "jdbc":
        return split(rest)
    if colon and rest.startswith("//"):
        host, _, path = rest[2:].partition("/")
        return (f"{scheme}://{host}", path or "/") if host else (scheme, f"/{path}")
    return (scheme, rest) if colon else ("file", uri)


def _name(query: Query, call: str) -> str:
    end = next((place.table or place.uri.rstrip("/").rpartition("/")[2] for place in query.outputs), "")
    return f"{call}.{end}" if end else call


def _engine(app: Application) -> dict[str, Any]:
    return {**_facet("ProcessingEngineRunFacet"), "name": "spark", "version": app.version}


def _facet(name: str) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"https://openlineage.io/spec/facets/{name}.json"}
