"""The one FastAPI app: GraphQL at ``/graphql``, pages, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from clew.api.errors import BAD_REQUEST
from clew.api.front import Front
from clew.api.graphql.execute import GraphQLService
from clew.api.graphql.http import GraphQLHttp
from clew.api.graphql.operation import Stream
from clew.api.graphql.websocket import Socket
from clew.api.guard import Guard
from clew.api.health import Health
from clew.api.marquez import marquez_routes
from clew.api.metrics import Metrics
from clew.api.mlflow.errors import NO_ENDPOINT, Refused, mlflow_refusal
from clew.api.mlflow.model_lineage import catch_up
from clew.api.mlflow.routes import mlflow_routes
from clew.api.mlmd.service import MetadataStoreService
from clew.api.mlmd.web import web_routes
from clew.api.openlineage import openlineage_routes
from clew.api.pages import page_routes
from clew.api.pulse import Pulse
from clew.api.service import Services
from clew.api.settings import ApiSettings


def create_app(services: Services, settings: ApiSettings | None = None) -> FastAPI:
    """The app over ``services``. It owns its threads, not the services: close those after it has shut down."""
    settings = settings or ApiSettings()
    pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="clew-api")
    stream = Stream(Pulse(services.record.seq, pool, settings.poll_s), pool)
    guard, metrics = Guard(settings), Metrics()
    tracking = services.tracking
    service = GraphQLService(services, settings)
    graphql, health = GraphQLHttp(service, stream, metrics), Health(services, stream, metrics)

    async def listen(socket: WebSocket) -> None:
        await Socket(socket, service, guard, metrics, stream, socket.scope["clew.request_id"]).serve()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if tracking.exists():
            await asyncio.to_thread(catch_up, services, tracking)
        yield
        await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)
        tracking.close()

    app = FastAPI(
        title="Clew",
        version=services.version or "0",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=[*_cross_origin(settings), Middleware(Front, guard=guard, metrics=metrics)],
    )
    app.router.routes += [
        Route("/graphql", graphql.post, methods=["POST"]),
        WebSocketRoute("/graphql", listen),
        Route("/healthz", health.healthz, methods=["GET"]),
        Route("/readyz", health.readyz, methods=["GET"]),
        Route("/metrics", health.metrics_text, methods=["GET"]),
        *mlflow_routes(services, tracking, pool),
        *web_routes(MetadataStoreService(services), pool),
        *openlineage_routes(services, pool),
        *marquez_routes(services, pool),
        *page_routes(settings),
    ]
    app.add_exception_handler(HTTPException, _http_error)
    return app


def _cross_origin(settings: ApiSettings) -> list[Middleware]:
    """For browsers on allowed origins, which ask before they send JSON or a token."""
    if not settings.allowed_origins:
        return []
    methods, headers = (
        ("GET", "POST"),
        (
            "content-type",
            "authorization",
            "x-request-id",
            "x-grpc-web",
            "x-user-agent",
            "grpc-timeout",
        ),
    )
    return [
        Middleware(CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=methods, allow_headers=headers)
    ]


async def _http_error(request: Request, error: Exception) -> Response:
    """Wrong paths and methods, spelled as our other errors are."""
    assert isinstance(error, HTTPException)
    told = Refused(f"{request.method} {request.url.path}: {error.detail}", NO_ENDPOINT)
    if (answer := mlflow_refusal(request.url.path, told, "")) is not None:
        return answer
    code = "NOT_FOUND" if error.status_code == 404 else BAD_REQUEST
    body = {"error": {"code": code, "message": f"{request.method} {request.url.path}: {error.detail}"}}
    return Response(orjson.dumps(body), error.status_code, error.headers, "application/json")
