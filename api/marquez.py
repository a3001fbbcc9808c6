"""What OpenLineage told, read by the calls that Marquez users know: ``/api/v1/namespaces``, ``jobs``, ``datasets`` ...

Names in paths are percent-encoded, slashes too; ``nodeId`` is ``job:NAMESPACE:NAME`` or ``dataset:NAMESPACE:NAME``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clew.api.marquez_words import (
    column_graph,
    dataset_words,
    graph_words,
    job_words,
    namespace_words,
    run_words,
    version_words,
)
from clew.api.service import Services
from clew.collectors.openlineage.ask import Asked
from clew.metadata.errors import Invalid, NotFound

ROOT = "/api/v1/"
DEPTH, DEEPEST = 20, 100
LIMIT, MOST = 100, 1000
_FIXED = ("lineage", "column-lineage", "namespaces", "jobs", "datasets")
_OPEN = ("namespaces/{rest:path}", "runs/{rest:path}", "jobs/runs/{rest:path}")


def marquez_routes(services: Services, pool: Executor) -> list[Route]:
    """The routes; answers are made in ``pool``."""

    async def answer(request: Request) -> Response:
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        path = raw.partition(b"?")[0].decode("latin-1")
        steps = [unquote(step) for step in path.removeprefix(ROOT).split("/")]
        query = dict(request.query_params)
        body = await asyncio.get_running_loop().run_in_executor(pool, _answer, services, steps, query)
        return Response(orjson.dumps(body), media_type="application/json")

    return [Route(ROOT + path, answer, methods=["GET"]) for path in (*_FIXED, *_OPEN)]


def _answer(services: Services, steps: list[str], query: dict[str, str]) -> Any:
    with services.read() as reader:
        return _of(Asked(reader), steps, query)


def _of(asked: Asked, steps: list[str], query: dict[str, str]) -> Any:
    match steps:
        case ["lineage"]:
            start = asked.node(_given(query, "nodeId"))
            return graph_words(asked, *asked.graph(start, _number(query, "depth", DEPTH, DEEPEST)))
        case ["column-lineage"]:
            return _columns(asked, query)
        case ["namespaces"]:
            return {"namespaces": [namespace_words(*item) for item in _page(list(asked.namespaces().items()), query)]}
        case ["namespaces", namespace]:
            known = asked.namespaces()
            if namespace not in known:
                raise NotFound(f"no namespace {namespace[:200]!r}", field="namespace", value=namespace)
            return namespace_words(namespace, known[namespace])
        case ["jobs"] | ["namespaces", _, "jobs"]:
            return _list(asked.jobs(steps[1] if len(steps) == 3 else None), query, "jobs", job_words, asked)
        case ["datasets"] | ["namespaces", _, "datasets"]:
            return _list(asked.datasets(steps[1] if len(steps) == 3 else None), query, "datasets", dataset_words, asked)
        case ["namespaces", namespace, "jobs", name]:
            return job_words(asked, asked.job(namespace, name))
        case ["namespaces", namespace, "jobs", name, "runs"]:
            job = asked.job(namespace, name)
            wanted = _number(query, "offset", 0, 1 << 31) + _number(query, "limit", LIMIT, MOST)
            runs = _page(asked.runs(job, max(1, min(wanted, 10_000))), query)
            return {"runs": [run_words(asked, run) for run in runs], "totalCount": asked.count_runs(job)}
        case ["namespaces", namespace, "datasets", name]:
            return dataset_words(asked, asked.dataset(namespace, name))
        case ["namespaces", namespace, "datasets", name, "versions"]:
            dataset = asked.dataset(namespace, name)
            every = asked.versions(dataset)
            versions = [version_words(asked, dataset, version) for version in _page(every, query)]
            return {"versions": versions, "totalCount": len(every)}
        case ["namespaces", namespace, "datasets", name, "versions", version]:
            dataset = asked.dataset(namespace, name)
            for found in asked.versions(dataset):
                if str(found.ref) == version:
                    return version_words(asked, dataset, found)
            raise NotFound(f"no version {version[:200]!r}", field="version", value=version)
        case ["runs", id] | ["jobs", "runs", id]:
            return run_words(asked, asked.run(id))
        case ["runs" | "jobs", *_, id, "facets"]:
            words = run_words(asked, asked.run(id))
            return {
                "runId": words["id"],
                "facets": words["jobFacets"] if query.get("type") == "job" else words["facets"],
            }
    raise NotFound(
        f"nothing is served at {ROOT}{'/'.join(steps)[:200]}", field="path", remedy="See docs/openlineage.md"
    )


def _columns(asked: Asked, query: dict[str, str]) -> dict[str, Any]:
    node_id = _given(query, "nodeId")
    column = None
    if node_id.startswith("datasetField:"):
        node_id, _, column = node_id.rpartition(":")
    dataset = asked.node(node_id)
    if dataset.type != "openlineage.Dataset":
        raise Invalid("only datasets have columns", field="nodeId", value=node_id, remedy="Name a dataset")
    down = query.get("withDownstream", "false").lower() == "true"
    return column_graph(asked, dataset, column, _number(query, "depth", DEPTH, DEEPEST), down)


def _list(
    every: list[Any], query: dict[str, str], name: str, words: Callable[[Asked, Any], dict[str, Any]], asked: Asked
) -> dict[str, Any]:
    return {name: [words(asked, one) for one in _page(every, query)], "totalCount": len(every)}


def _page(every: list[Any], query: dict[str, str]) -> list[Any]:
    start = _number(query, "offset", 0, 1 << 31)
    return every[start : start + _number(query, "limit", LIMIT, MOST)]


def _given(query: dict[str, str], name: str) -> str:
    if not query.get(name):
        raise Invalid(f"{name} is missing", field=name, remedy="Write ?nodeId=job:NAMESPACE:NAME or dataset:...")
    return query[name]


def _number(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > most:
        raise Invalid(f"{name} is no number up to {most}", field=name, value=text, remedy=f"Give 0 to {most}")
    return int(text)
