"""``clew up``: serve a home."""

from __future__ import annotations

import errno
import gc
import resource
import signal
import socket
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home
from clew.metadata.errors import Unavailable

if TYPE_CHECKING:
    from clew.api.settings import ApiSettings
    from clew.wiring import Home as OpenedHome

Port = Annotated[int | None, typer.Option("--port", "-p", metavar="P", help="HTTP port (8420); 0 takes a free one.")]


def up(
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Address to listen on; other than loopback needs CLEW_TOKEN."),
    ] = None,
    port: Port = None,
    grpc_port: Annotated[
        int | None,
        typer.Option("--grpc-port", metavar="G", help="gRPC port of ML Metadata (8421); 0 takes a free one."),
    ] = None,
    embed_from: Annotated[
        str | None,
        typer.Option(
            "--embed-from",
            metavar="ORIGIN",
            help="Site that may show the explorer in a frame, as https://kubeflow.example; several: with spaces.",
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Serve a home over HTTP and gRPC.

    The explorer at /, GraphQL at /graphql, with GraphiQL; /healthz, /readyz, /metrics. ML Metadata's service on the
    gRPC port.

    Ready when /readyz answers 200. Ctrl-C or SIGTERM stops it after the requests in flight.

    [bold]Examples[/bold]

      clew up

      clew up --home .demo --port 9000

      CLEW_TOKEN=secret clew up --host 0.0.0.0
    """
    from clew.api.settings import ApiSettings, check_bind
    from clew.settings import load
    from clew.wiring import Home as OpenedHome

    _allow_connections()
    settings = load(home=home, host=host, port=port, grpc_port=grpc_port, embed_from=embed_from, url="")
    faces = ApiSettings(token=settings.token or None, embed_from=tuple(settings.embed_from.split()))
    check_bind(settings.host, faces)
    listening = _listen(settings.host, settings.port, "--port")
    opened = OpenedHome(settings, create=True)
    try:
        # gRPC binds its port itself, and says badly why it cannot.
        _listen(settings.host, settings.grpc_port, "--grpc-port").close()
        _serve(opened, faces, listening)
    finally:
        listening.close()
        opened.close()


def _allow_connections() -> None:
    """Let the process hold as many connections as the system allows: shells often allow 1,024 open files only."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # a system may have a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _listen(host: str, port: int, option: str) -> socket.socket:
    """Take the port before anything else is opened.

    Errors: Unavailable when it is in use, or may not be taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        reason = {
            errno.EADDRINUSE: "another process listens there",
            errno.EACCES: "you may not listen there",
            errno.EADDRNOTAVAIL: "this machine has no such address",
        }.get(error.errno or 0, error.strerror or str(error))
        raise Unavailable(
            f"cannot listen on {host}:{port}: {reason}",
            field=option.removeprefix("--").replace("-", "_"),
            value=str(port),
            remedy=f"Choose another with {option} P; {option} 0 takes a free one",
        ) from error
    # Inherited by every connection: an answer's second packet must not wait 40 ms for the first to be acknowledged.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _serve(opened: OpenedHome, faces: ApiSettings, listening: socket.socket) -> None:
    import uvicorn

    from clew import __version__
    from clew.api.app import create_app
    from clew.api.mlmd.server import GrpcServer, GrpcSettings, Tls
    from clew.cli.output import note
    from clew.executors.runs.keeper import Keeper

    services = opened.services()
    app = create_app(services, faces)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=10, server_header=False
    )
    server = uvicorn.Server(config)
    # uvicorn stops gracefully on these, then raises them again for whoever was in charge before: a stop asked for
    # is a success.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop_quietly)
    settings = opened.settings
    tls = Tls.of_files(settings.grpc_tls_key, settings.grpc_tls_certificate, settings.grpc_tls_client_authority)
    host = settings.host
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listening.getsockname()[1]}"
    keeper = Keeper(opened.run_service())
    grpc = GrpcServer(services, f"{shown}:{settings.grpc_port}", GrpcSettings(token=faces.token, tls=tls))
    _collect_garbage_rarely()
    try:
        also = f"GraphiQL: {url}/graphql; ML Metadata by gRPC: {shown}:{grpc.port}; Ctrl-C stops"
        note(f"Clew {__version__} serves {opened.path} at {url}  ({also})")
        keeper.start()
        server.run(sockets=[listening])
    finally:
        keeper.stop()
        grpc.stop()
    if not server.started:
        raise Unavailable("the server did not start", remedy="See the lines above")


def _collect_garbage_rarely() -> None:
    """Leave what was loaded to start out of every later search for garbage, and search less often.

    A batch of 500 events makes more objects than Python's own threshold allows; a whole search then takes as long.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _stop_quietly(number: int, frame: FrameType | None) -> None:
    del number, frame
