"""What facets say, as plain properties that people filter and read: a pure function of the facets that are kept.

A facet whose form is not that of the specification tells nothing here; it is kept verbatim all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clew.collectors.openlineage.merge import Merged

TEXT_MOST = 100_000
"""Characters of a SQL text, source code or stack trace that become a property; the facet holds the whole."""


def told_of_run(merged: Merged) -> dict[str, Any]:
    """Of the run itself."""
    facet = _of(merged, "run")
    error, time, engine = facet("errorMessage"), facet("nominalTime"), facet("processing_engine")
    parent = facet("parent")
    named = " ".join(text for text in (engine.get("name"), engine.get("version")) if isinstance(text, str))
    return _kept(
        {
            "error": error.get("message"),
            "error_language": error.get("programmingLanguage"),
            "stack_trace": error.get("stackTrace"),
            "nominal_start": time.get("nominalStartTime"),
            "nominal_end": time.get("nominalEndTime"),
            "engine": named,
            "external_query": facet("externalQuery").get("externalQueryId"),
            "parent_run": _in(parent, "run", "runId"),
            "parent_job": _in(parent, "job", "name"),
            "root_run": _in(parent, "root", "run", "runId"),
            **_tags(facet("tags")),
        }
    )


def told_of_job(merged: Merged) -> dict[str, Any]:
    """Of the job."""
    facet = _of(merged, "job")
    code, place, kind = facet("sourceCode"), facet("sourceCodeLocation"), facet("jobType")
    kinds = [kind.get(name) for name in ("processingType", "integration", "jobType")]
    return _kept(
        {
            "description": facet("documentation").get("description"),
            "sql": facet("sql").get("query"),
            "source_code": code.get("sourceCode") or code.get("source"),
            "source_code_language": code.get("language"),
            "source_code_url": place.get("url") or place.get("repoUrl"),
            "source_code_version": place.get("version") or place.get("tag") or place.get("branch"),
            "owners": _owners(facet("ownership")),
            "job_type": " ".join(text for text in kinds if isinstance(text, str)),
            **_tags(facet("tags")),
        }
    )


def told_of_dataset(merged: Merged, group: str = "dataset") -> dict[str, Any]:
    """Of a dataset, or of one reading or writing of it."""
    facet = _of(merged, group)
    written, read, metrics = facet("outputStatistics"), facet("inputStatistics"), facet("dataQualityMetrics")
    lifecycle, storage = facet("lifecycleStateChange"), facet("storage")
    checks = [item for item in _list(facet("dataQualityAssertions").get("assertions")) if isinstance(item, dict)]
    columns = _list(facet("schema").get("fields"))
    return _kept(
        {
            "description": facet("documentation").get("description"),
            "owners": _owners(facet("ownership")),
            "columns": ", ".join(_column(item) for item in columns if isinstance(item, dict))[:TEXT_MOST],
            "dataset_version": facet("version").get("datasetVersion"),
            "dataset_type": facet("datasetType").get("datasetType"),
            "data_source": facet("dataSource").get("name"),
            "storage": " ".join(
                v for k in ("storageLayer", "fileFormat") if isinstance(v := storage.get(k), str) and v
            ),
            "lifecycle": lifecycle.get("lifecycleStateChange"),
            "rows": _first_int(written.get("rowCount"), read.get("rowCount"), metrics.get("rowCount")),
            "files": _first_int(written.get("fileCount"), read.get("fileCount"), metrics.get("fileCount")),
            "assertions_passed": sum(item.get("success") is True for item in checks) if checks else None,
            "assertions_failed": sum(item.get("success") is False for item in checks) if checks else None,
            **_tags(facet("tags")),
        }
    )


def size_of(merged: Merged, group: str = "dataset") -> int | None:
    """Bytes written, where that was told."""
    facet = _of(merged, group)
    return _first_int(facet("outputStatistics").get("size"), facet("dataQualityMetrics").get("bytes"))


def identifiers(facet: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """(namespace, name) of a symlinks facet."""
    for item in _list(facet.get("identifiers")):
        if isinstance(item, dict):
            namespace, name = item.get("namespace"), item.get("name")
            if isinstance(namespace, str) and isinstance(name, str) and namespace and name:
                yield namespace, name


def _of(merged: Merged, group: str) -> Callable[[str], dict[str, Any]]:
    facets = merged.facets(group)

    def facet(name: str) -> dict[str, Any]:
        found = facets.get(name)
        return found if isinstance(found, dict) else {}

    return facet


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in values.items() if isinstance(value, str | int) and value != ""}
    return {name: value[:TEXT_MOST] if isinstance(value, str) else value for name, value in plain.items()}


def _in(facet: Any, *path: str) -> Any:
    for name in path:
        facet = facet.get(name) if isinstance(facet, dict) else None
    return facet


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _column(item: dict[str, Any]) -> str:
    name, kind = item.get("name"), item.get("type")
    return f"{name}: {kind}" if isinstance(kind, str) else f"{name}"


def _owners(facet: dict[str, Any]) -> str:
    found = [item.get("name") for item in _list(facet.get("owners")) if isinstance(item, dict)]
    return ", ".join(name for name in found if isinstance(name, str))


def _tags(facet: dict[str, Any]) -> dict[str, Any]:
    """``tag.KEY`` of each; those of single columns stay in the facet."""
    tags = [item for item in _list(facet.get("tags")) if isinstance(item, dict) and not item.get("field")]
    found = [(item.get("key"), item.get("value")) for item in tags[:100]]
    return {f"tag.{key}": str(value) for key, value in found if isinstance(key, str) and value is not None}


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _first_int(*values: Any) -> int | None:
    whole = [v for v in values if isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 1 << 63]
    return whole[0] if whole else None
