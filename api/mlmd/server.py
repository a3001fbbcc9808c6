"""The gRPC server: ML Metadata's service, health and reflection on one port."""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from clew.api.mlmd.service import SERVICE, MetadataStoreService, Refused
from clew.api.service import Services
from clew.metadata.errors import Unavailable, UsageError

T = TypeVar("T")
TICK_S = 0.002
"""gRPC's clocks count milliseconds: a call that was given no time at all arrives with up to so much left."""
_STATUS = {code.name: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of the server (PEM), and of the authority its clients must show one of, if any."""

    key: bytes
    certificate: bytes
    client_authority: bytes | None = None

    @classmethod
    def of_files(cls, key: str, certificate: str, client_authority: str = "") -> Tls | None:
        """From the files the settings name; None when they name none. Errors: UsageError."""
        if not (key or certificate or client_authority):
            return None
        if not (key and certificate):
            raise UsageError(
                "TLS needs a key and a certificate",
                field="grpc_tls_certificate" if key else "grpc_tls_key",
                remedy="Set grpc_tls_key and grpc_tls_certificate, both",
            )
        authority = _file("grpc_tls_client_authority", client_authority) if client_authority else None
        return cls(_file("grpc_tls_key", key), _file("grpc_tls_certificate", certificate), authority)


def _file(field: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}",
            field=field,
            value=path,
            remedy="See the settings grpc_tls_* in docs/configuration.md",
        ) from error


@dataclass(frozen=True, slots=True)
class GrpcSettings:
    """How the port is served."""

    token: str | None = None
    """Bearer token every call must carry in ``authorization``."""
    tls: Tls | None = None
    threads: int = 32
    """Calls that run at once; concurrent writers share commits."""
    waiting: int = 2000
    """Calls that may wait beyond those; more are told RESOURCE_EXHAUSTED."""
    receive_bytes: int = 64 << 20
    send_bytes: int = -1
    grace_s: float = 10.0


class GrpcServer:
    """A server that is listening once made. Errors, when made: Unavailable for a port it cannot have.

    Streams are waited for in an event loop of its own: one that never sends its message holds no thread. Brief reads
    are answered there too; other calls run in threads, where concurrent writers share commits.
    """

    def __init__(self, services: Services, address: str, settings: GrpcSettings | None = None) -> None:
        self._settings = settings or GrpcSettings()
        self._pool = ThreadPoolExecutor(self._settings.threads, thread_name_prefix="clew-grpc")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clew-grpc", daemon=True)
        self._thread.start()
        try:
            self.port = self._run(self._start(MetadataStoreService(services), address))
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """Take no new calls, let those in flight end, and close."""
        self._run(self._stop())
        self._end()

    async def _start(self, service: MetadataStoreService, address: str) -> int:
        settings = self._settings
        self._server = grpc.aio.server(options=_options(settings))
        self._health = health.aio.HealthServicer()
        self._server.add_generic_rpc_handlers((_Handler(service, self._pool, settings),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        port = self._listen(address)
        await self._server.start()
        for name in ("", SERVICE):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def _stop(self) -> None:
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.grace_s)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _listen(self, address: str) -> int:
        tls = self._settings.tls
        try:
            if tls is None:
                return int(self._server.add_insecure_port(address))
            credentials = grpc.ssl_server_credentials(
                [(tls.key, tls.certificate)], tls.client_authority, tls.client_authority is not None
            )
            return int(self._server.add_secure_port(address, credentials))
        except RuntimeError as error:
            raise Unavailable(
                f"cannot listen on {address}: another process listens there, you may not, or the certificates are none",
                field="grpc_port",
                value=address.rpartition(":")[2],
                remedy="Choose another with --grpc-port P; --grpc-port 0 takes a free one",
            ) from error


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc,unused-ignore]
    """Hands the bytes of a call to the service."""

    def __init__(self, service: MetadataStoreService, pool: ThreadPoolExecutor, settings: GrpcSettings) -> None:
        self._pool, self._token = pool, settings.token
        self._running, self._limit = 0, settings.threads + settings.waiting
        self._methods = {
            f"/{SERVICE}/{name}": grpc.unary_unary_rpc_method_handler(self._behaviour(service, name))
            for name in service.names
        }

    def service(self, details: Any) -> Any:
        """The handler of a call; None when it is not ours."""
        return self._methods.get(details.method)

    def _behaviour(
        self, service: MetadataStoreService, name: str
    ) -> Callable[[bytes, Any], Coroutine[Any, Any, bytes]]:
        async def answer(request: bytes, context: Any) -> bytes:
            left = context.time_remaining()
            if left is not None and left < TICK_S:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the call's time was over when it came")
            if self._token is not None and not self._is_allowed(context):
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "send the server's token as authorization: Bearer")
            try:
                answered = service.brief(name, request)
                if answered is not None:
                    return answered
                return await self._in_thread(service, name, request)
            except Refused as refused:
                await context.abort(_STATUS[refused.status], refused.text)
                raise

        return answer

    async def _in_thread(self, service: MetadataStoreService, name: str, request: bytes) -> bytes:
        # Calls are counted here, where their message is there: the library's own limit counts streams that send none.
        if self._running >= self._limit:
            raise Refused("RESOURCE_EXHAUSTED", "too many calls at once; try again")
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, service.call, name, request)
        finally:
            self._running -= 1

    def _is_allowed(self, context: Any) -> bool:
        given = dict(context.invocation_metadata()).get("authorization", "")
        scheme, _, token = str(given).partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), (self._token or "").encode())


def _options(settings: GrpcSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # a second server on one port must fail
        ("grpc.max_receive_message_length", settings.receive_bytes),
        ("grpc.max_send_message_length", settings.send_bytes),
        ("grpc.max_concurrent_streams", 1024),  # of one connection
        # Calls that came and were not looked at yet: of more than 1,000 the library would cancel some, anybody's.
        ("grpc.server.max_pending_requests", 100_000),
        ("grpc.server.max_pending_requests_hard_limit", 200_000),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
