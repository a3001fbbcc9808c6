"""MLflow's routes: one table of endpoints under each of its prefixes; what is not in it is told in MLflow's form."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from clew.api.mlflow import (
    datasets,
    experiments,
    history,
    log,
    logged_models,
    model_versions,
    registry,
    runs,
    search,
    server,
)
from clew.api.mlflow.call import Call, Endpoint
from clew.api.mlflow.errors import NO_ENDPOINT, PREFIXES, Refused, refusal
from clew.api.mlflow.proxy import proxy_routes
from clew.api.mlflow.store.database import TrackingStore
from clew.api.mlflow.wire import decode, parse
from clew.api.service import Services

ENDPOINTS: tuple[Endpoint, ...] = (
    *experiments.ENDPOINTS,
    *runs.ENDPOINTS,
    *log.ENDPOINTS,
    *history.ENDPOINTS,
    *datasets.ENDPOINTS,
    *search.ENDPOINTS,
    *server.ENDPOINTS,
    *logged_models.ENDPOINTS,
    *registry.ENDPOINTS,
    *model_versions.ENDPOINTS,
)
"""Everything that is answered; a module a line."""

MOST_BYTES = 64 << 20
"""The longest body of a call; artifacts have routes of their own."""
VERSION = "3.17.2"
"""The MLflow whose protocol this is."""


def mlflow_routes(services: Services, store: TrackingStore, pool: Executor) -> list[BaseRoute]:
    """The routes; endpoints run in ``pool``."""
    face = _Face(services, store, pool)
    return [
        *(face.route(prefix, endpoint) for prefix in ("/api", "/ajax-api") for endpoint in ENDPOINTS),
        *proxy_routes(services, store, pool),
        Route("/version", _version, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
        *(Route(f"{prefix}{{rest:path}}", _nothing, methods=_METHODS) for prefix in PREFIXES),
    ]


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class _Face:
    def __init__(self, services: Services, store: TrackingStore, pool: Executor) -> None:
        self.services, self.store, self.pool = services, store, pool

    def route(self, prefix: str, endpoint: Endpoint) -> BaseRoute:
        async def answer(request: Request) -> Response:
            try:
                body = await _body(request)
            except Refused as refused:
                return refusal(refused)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.pool, self.answer, endpoint, request, body)

        version = endpoint.versions[0]
        if len(endpoint.versions) > 1:
            version = "{version}"
        return Route(f"{prefix}/{version}/mlflow/{endpoint.path}", answer, methods=list(endpoint.methods))

    def answer(self, endpoint: Endpoint, request: Request, body: bytes) -> Response:
        """Run one endpoint. Whatever it raises is told in MLflow's form."""
        try:
            raw = decode(request.method, request.url.query, body)
            from_query = request.method == "GET" and bool(request.url.query)
            given = parse(endpoint.fields, raw, from_query)
            namespace = request.headers.get("x-mlflow-workspace", "").strip() or "default"
            path = {name: str(value) for name, value in request.path_params.items()}
            call = Call(self.services, self.store, namespace, given, path, raw)
            return Response(orjson.dumps(endpoint.function(call)), media_type="application/json")
        except Exception as error:
            if not isinstance(error, Refused):
                _note(error, request)
            return refusal(error, request.scope.get("clew.request_id", ""))


def _note(error: Exception, request: Request) -> None:
    from clew.metadata.errors import ClewError

    if not isinstance(error, ClewError):
        import logging

        logging.getLogger("clew.api").error(
            "request %s failed: %s %s",
            request.scope.get("clew.request_id"),
            request.method,
            request.url.path,
            exc_info=error,
        )


async def _body(request: Request) -> bytes:
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        raise _too_long()
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MOST_BYTES:
                raise _too_long()
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Refused("The client went away", "BAD_REQUEST") from error
    return b"".join(chunks)


def _too_long() -> Refused:
    return Refused(f"The request is longer than {MOST_BYTES} bytes.", "INVALID_PARAMETER_VALUE")


async def _version(request: Request) -> Response:
    return PlainTextResponse(VERSION)


async def _health(request: Request) -> Response:
    return PlainTextResponse("OK")


async def _nothing(request: Request) -> Response:
    return refusal(Refused(f"{request.method} {request.url.path} is no endpoint of this server", NO_ENDPOINT))


def known(paths: Sequence[Endpoint] = ENDPOINTS) -> dict[tuple[str, str], Endpoint]:
    """Every endpoint by method and path."""
    return {(method, one.path): one for one in paths for method in one.methods}
