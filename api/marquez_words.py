"""Jobs, runs, datasets and graphs as Marquez spells them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clew.collectors.openlineage.ask import Asked
from clew.collectors.openlineage.columns import Column, ColumnEdge, columns_of, walk
from clew.collectors.openlineage.merge import Merged
from clew.collectors.openlineage.sayings import JOB_TYPE
from clew.metadata.node import Artifact, Context, Execution
from clew.metadata.states import ExecutionState

_STATES = {
    ExecutionState.RUNNING: "RUNNING", ExecutionState.COMPLETE: "COMPLETED", ExecutionState.FAILED: "FAILED",
    ExecutionState.CANCELED: "ABORTED", ExecutionState.CACHED: "COMPLETED",
}  # fmt: skip


def namespace_words(name: str, created_ms: int) -> dict[str, Any]:
    """Of a namespace."""
    return {"name": name, "createdAt": _time(created_ms), "updatedAt": _time(created_ms), "ownerName": "anonymous"}


def job_words(asked: Asked, job: Context) -> dict[str, Any]:
    """Of a job, by its newest runs."""
    runs = asked.runs(job)
    latest = runs[0] if runs else None
    read, written = asked.touched(runs)
    names = asked.named_at({artifact.location or "" for artifact in (*read, *written)})
    told = latest.custom_properties if latest else {}
    kind = Merged(told).facet("job", "jobType").get("processingType")
    return {
        "id": _id(job),
        "type": "STREAM" if kind == "STREAMING" else "BATCH",
        **_named(job),
        "createdAt": _time(job.created_ms),
        "updatedAt": _time(latest.updated_ms if latest else job.updated_ms),
        "inputs": _ids(read, names),
        "outputs": _ids(written, names),
        "description": told.get("description"),
        "location": told.get("source_code_url"),
        "facets": Merged(told).facets("job"),
        "latestRun": None if latest is None else run_words(asked, latest, job),
        "tags": _tags(told),
    }


def run_words(asked: Asked, run: Execution, job: Context | None = None) -> dict[str, Any]:
    """Of a run."""
    job = job or asked.job_of(run)
    merged = Merged(run.custom_properties)
    read, written = asked.touched([run])
    names = asked.named_at({artifact.location or "" for artifact in (*read, *written)})
    ended = run.ended_ms if run.ended_ms is not None and run.started_ms is not None else None
    return {
        "id": run.external_id,
        "createdAt": _time(run.created_ms),
        "updatedAt": _time(run.updated_ms),
        "nominalStartTime": run.custom_properties.get("nominal_start"),
        "nominalEndTime": run.custom_properties.get("nominal_end"),
        "state": _STATES.get(run.state or ExecutionState.UNKNOWN, "NEW"),
        "startedAt": _time(run.started_ms),
        "endedAt": _time(run.ended_ms),
        "durationMs": None if ended is None else ended - (run.started_ms or 0),
        "args": {},
        "job": None if job is None else _id(job),
        "inputDatasetVersions": _versions(read, names),
        "outputDatasetVersions": _versions(written, names),
        "facets": merged.facets("run"),
        "jobFacets": merged.facets("job"),
        "node": str(run.ref),
    }


def dataset_words(asked: Asked, dataset: Context) -> dict[str, Any]:
    """Of a dataset, by its newest version."""
    versions = asked.versions(dataset)
    newest = next((v for v in versions if v.custom_properties), versions[0] if versions else None)
    told = newest.custom_properties if newest else {}
    facets = Merged(told).facets("dataset")
    return {
        "id": _id(dataset),
        "type": "DB_TABLE",
        **_named(dataset),
        "physicalName": str(dataset.custom_properties.get("dataset")),
        "sourceName": told.get("data_source", ""),
        "createdAt": _time(dataset.created_ms),
        "updatedAt": _time(newest.updated_ms if newest else dataset.updated_ms),
        "lastModifiedAt": _time(newest.created_ms) if newest else None,
        "description": told.get("description"),
        "fields": _fields(told),
        "tags": _tags(told),
        "currentVersion": str(newest.ref) if newest else None,
        "lastLifecycleState": told.get("lifecycle"),
        "deleted": told.get("lifecycle") == "DROP",
        "columnLineage": facets.get("columnLineage"),
        "facets": facets,
        "location": dataset.custom_properties.get("location"),
    }


def version_words(asked: Asked, dataset: Context, version: Artifact) -> dict[str, Any]:
    """Of one version of a dataset."""
    run_id = (version.external_id or "").rpartition("#")[2]
    return {
        "id": {**_id(dataset), "version": str(version.ref)},
        "type": "DB_TABLE",
        **_named(dataset),
        "version": str(version.ref),
        "createdAt": _time(version.created_ms),
        "fields": _fields(version.custom_properties),
        "tags": _tags(version.custom_properties),
        "createdByRun": {"id": run_id} if run_id else None,
        "lifecycleState": version.custom_properties.get("lifecycle"),
        "facets": Merged(version.custom_properties).facets("dataset"),
    }


def graph_words(asked: Asked, nodes: dict[int, Context], edges: set[tuple[int, int]]) -> dict[str, Any]:
    """Of jobs and datasets and what flows between them."""
    ids = {number: node_id(context) for number, context in nodes.items()}
    told = []
    for number, context in sorted(nodes.items()):
        words = (job_words if context.type == JOB_TYPE else dataset_words)(asked, context)
        told.append(
            {
                "id": ids[number],
                "type": "JOB" if context.type == JOB_TYPE else "DATASET",
                "data": words,
                "inEdges": [_edge(ids, edge) for edge in sorted(edges) if edge[1] == number],
                "outEdges": [_edge(ids, edge) for edge in sorted(edges) if edge[0] == number],
            }
        )
    return {"graph": told}


def column_graph(asked: Asked, dataset: Context, column: str | None, depth: int, down: bool) -> dict[str, Any]:
    """Of columns, around those of a dataset's newest version."""
    versions = asked.versions(dataset)
    newest = next((v for v in versions if v.custom_properties), None)
    edges: list[ColumnEdge] = []
    if newest is not None:
        edges += walk(asked.reader, newest, column, upstream=True, depth=depth)[0]
        if down:
            edges += walk(asked.reader, newest, column, upstream=False, depth=depth)[0]
    names = asked.named_at({end.location for edge in edges for end in (edge.source, edge.target)})

    def id_of(end: Column) -> str:
        at = names.get(end.location)
        where = node_id(at).removeprefix("dataset:") if at else end.location
        return f"datasetField:{where}:{end.name}" if end.name else f"dataset:{where}"

    ends = {id_of(end): end for edge in edges for end in (edge.source, edge.target)}
    pairs = sorted({(id_of(edge.source), id_of(edge.target)) for edge in edges})
    nodes = []
    for id, end in sorted(ends.items()):
        at = names.get(end.location)
        into = [edge for edge in edges if id_of(edge.target) == id]
        data = {
            "namespace": at.custom_properties["namespace"] if at else end.location,
            "dataset": at.custom_properties["dataset"] if at else "",
            "datasetVersion": f"artifact:{end.artifact_id}" if end.artifact_id else None,
            "field": end.name,
            "inputFields": [_input(edge, names) for edge in into],
        }
        nodes.append(
            {
                "id": id,
                "type": "DATASET_FIELD" if end.name else "DATASET",
                "data": data,
                "inEdges": [{"origin": a, "destination": b} for a, b in pairs if b == id],
                "outEdges": [{"origin": a, "destination": b} for a, b in pairs if a == id],
            }
        )
    return {"graph": nodes}


def node_id(context: Context) -> str:
    """``job:NAMESPACE:NAME`` or ``dataset:NAMESPACE:NAME``."""
    words = _id(context)
    return f"{'job' if context.type == JOB_TYPE else 'dataset'}:{words['namespace']}:{words['name']}"


def _input(edge: ColumnEdge, names: dict[str, Context]) -> dict[str, Any]:
    at = names.get(edge.source.location)
    how = edge.transformations[0] if edge.transformations else None
    return {
        "namespace": at.custom_properties["namespace"] if at else edge.source.location,
        "dataset": at.custom_properties["dataset"] if at else "",
        "field": edge.source.name,
        "transformationType": how.subtype or how.type if how else None,
        "transformationDescription": how.description if how else None,
    }


def _edge(ids: dict[int, str], edge: tuple[int, int]) -> dict[str, str]:
    return {"origin": ids[edge[0]], "destination": ids[edge[1]]}


def _id(context: Context) -> dict[str, str]:
    told = context.custom_properties
    name = told.get("job") if context.type == JOB_TYPE else told.get("dataset")
    return {"namespace": str(told.get("namespace")), "name": str(name)}


def _named(context: Context) -> dict[str, str]:
    words = _id(context)
    return {"name": words["name"], "simpleName": words["name"], "namespace": words["namespace"]}


def _ids(artifacts: list[Artifact], names: dict[str, Context]) -> list[dict[str, str]]:
    return [_id(names[a.location]) for a in artifacts if a.location in names]


def _versions(artifacts: list[Artifact], names: dict[str, Context]) -> list[dict[str, Any]]:
    return [
        {
            "datasetVersionId": {
                **(_id(names[a.location]) if a.location in names else {"namespace": "", "name": a.location}),
                "version": str(a.ref),
            },
            "facets": Merged(a.custom_properties).facets("dataset"),
        }
        for a in artifacts
    ]


def _fields(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": field["name"], "type": field.get("type"), "tags": [], "description": field.get("description")}
        for field in columns_of(told)
    ]


def _tags(told: dict[str, Any]) -> list[str]:
    return [name.removeprefix("tag.") for name in told if name.startswith("tag.")]


def _time(ms: int | None) -> str | None:
    if ms is None:
        return None
    try:
        moment = datetime.fromtimestamp(ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
