"""The gRPC server: health, reflection, limits, tokens, and an end that waits."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.server import GrpcServer, GrpcSettings, Tls
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.errors import Unavailable, UsageError
from clew.metadata.record import Record

SERVICE = "ml_metadata.MetadataStoreService"
Serve = Callable[..., GrpcServer]


def ask(port: int, name: str, body: bytes = b"", **options: Any) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        return bytes(channel.unary_unary(f"/{SERVICE}/{name}")(body, timeout=20, **options))


def code_of(port: int, name: str, body: bytes = b"", **options: Any) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        ask(port, name, body, **options)
    return str(refused.value.code().name)


def test_health_and_reflection_know_the_service(sqlite_record: Record, serve: Serve) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{serve(sqlite_record).port}") as channel:
        health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=SERVICE))
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        wanted = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
        (told,) = stub.ServerReflectionInfo(iter([wanted]))
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert told.file_descriptor_response.file_descriptor_proto


def test_a_call_without_the_token_is_refused(sqlite_record: Record, serve: Serve) -> None:
    port = serve(sqlite_record, GrpcSettings(token="secret")).port
    assert code_of(port, "GetArtifacts") == "UNAUTHENTICATED"
    assert code_of(port, "GetArtifacts", metadata=[("authorization", "Bearer wrong")]) == "UNAUTHENTICATED"
    assert ask(port, "GetArtifacts", metadata=[("authorization", "Bearer secret")]) == b""


def test_a_call_whose_time_was_over_when_it_came_is_refused_and_writes_nothing(
    sqlite_record: Record, serve: Serve
) -> None:
    put = svc.PutContextTypeRequest(context_type=pb.ContextType(name="late")).SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{serve(sqlite_record).port}") as channel:
        channel.unary_unary(f"/{SERVICE}/GetArtifactTypes")(
            b"", timeout=20
        )  # connected: the deadline is all that fails
        for name, body in 50 * [("GetArtifactTypes", b""), ("PutContextType", put)]:
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary(f"/{SERVICE}/{name}")(body, timeout=0)
            assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert sqlite_record.seq() == 0


def test_a_message_beyond_the_limit_is_refused(sqlite_record: Record, serve: Serve) -> None:
    port = serve(sqlite_record, GrpcSettings(receive_bytes=1000)).port
    assert code_of(port, "PutArtifacts", b"x" * 2000) == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("GetArtifacts", b"\xff\xff\xff", "INVALID_ARGUMENT"),
        ("GetArtifactType", b"\x0a\x02\xff\xfe", "INVALID_ARGUMENT"),
        ("DropEverything", b"", "UNIMPLEMENTED"),
        ("GetArtifactType", b"", "NOT_FOUND"),
    ],
)
def test_bytes_that_are_no_request_are_refused(
    sqlite_record: Record, serve: Serve, name: str, body: bytes, code: str
) -> None:
    assert code_of(serve(sqlite_record).port, name, body) == code


def test_a_port_that_is_taken_is_unavailable(sqlite_record: Record) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unavailable) as refused:
        GrpcServer(Services(sqlite_record, SqlEngine(sqlite_record)), f"127.0.0.1:{taken.getsockname()[1]}")
    assert refused.value.field == "grpc_port"


def test_no_more_calls_wait_than_may(sqlite_record: Record, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    port, entered, leave = serve(sqlite_record, GrpcSettings(threads=1, waiting=1)).port, [], threading.Event()

    def commit(change: Any) -> Any:
        entered.append(change)
        leave.wait()
        raise Unavailable("later")

    monkeypatch.setattr(sqlite_record, "commit", commit)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        held = [channel.unary_unary(f"/{SERVICE}/PutArtifacts").future(b"") for _ in range(2)]
        deadline = time.monotonic() + 10
        while not entered and time.monotonic() < deadline:
            time.sleep(0.01)
        assert code_of(port, "PutArtifacts") == "RESOURCE_EXHAUSTED"
        leave.set()
        assert {call.code().name for call in held} == {"UNAVAILABLE"}
    assert code_of(port, "PutArtifacts") == "UNAVAILABLE"


def test_streams_that_never_send_their_message_hold_nobody_up(sqlite_record: Record, serve: Serve) -> None:
    port, ended = serve(sqlite_record, GrpcSettings(threads=4)).port, threading.Event()

    def silence() -> Iterator[bytes]:
        ended.wait()
        yield from ()

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.stream_unary(f"/{SERVICE}/GetArtifacts")
        waiting = [call.future(silence()) for _ in range(60)]
        time.sleep(0.3)
        assert ask(port, "GetArtifacts") == b""
        ended.set()
        for future in waiting:
            future.cancel()


def test_writers_at_once_lose_nothing(sqlite_record: Record, serve: Serve) -> None:
    port = serve(sqlite_record).port
    wanted = svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="T"))
    type_id = svc.PutArtifactTypeResponse.FromString(ask(port, "PutArtifactType", wanted.SerializeToString())).type_id
    body = svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=type_id)]).SerializeToString()

    def write() -> None:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            for _ in range(20):
                channel.unary_unary(f"/{SERVICE}/PutArtifacts")(body, timeout=20)

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = svc.GetArtifactsResponse.FromString(ask(port, "GetArtifacts")).artifacts
    assert [artifact.id for artifact in found] == list(range(1, 161))


def test_a_server_that_stops_lets_calls_in_flight_end(sqlite_record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    server = GrpcServer(Services(sqlite_record, SqlEngine(sqlite_record)), "127.0.0.1:0")
    began, commit = threading.Event(), Record.commit

    def slowly(record: Record, change: Any) -> Any:
        began.set()
        time.sleep(0.3)
        return commit(record, change)

    monkeypatch.setattr(Record, "commit", slowly)
    answers: list[bytes] = []
    body = svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="T")).SerializeToString()
    caller = threading.Thread(target=lambda: answers.append(ask(server.port, "PutArtifactType", body)))
    caller.start()
    began.wait(10)
    server.stop()
    caller.join()
    assert svc.PutArtifactTypeResponse.FromString(answers[0]).type_id == 10


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a certificate of itself, for localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


def secure_ask(port: int, credentials: grpc.ChannelCredentials) -> bytes:
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        return bytes(channel.unary_unary(f"/{SERVICE}/GetArtifacts")(b"", timeout=10))


def test_a_server_with_a_certificate_answers_by_tls_only(
    sqlite_record: Record, serve: Serve, certified: tuple[Path, Path]
) -> None:
    key, certificate = certified
    port = serve(sqlite_record, GrpcSettings(tls=Tls.of_files(str(key), str(certificate)))).port
    assert secure_ask(port, grpc.ssl_channel_credentials(certificate.read_bytes())) == b""
    assert code_of(port, "GetArtifacts") == "UNAVAILABLE"


def test_a_client_without_a_certificate_is_turned_away_where_one_is_asked_for(
    sqlite_record: Record, serve: Serve, certified: tuple[Path, Path]
) -> None:
    key, certificate = certified
    tls = Tls.of_files(str(key), str(certificate), str(certificate))
    port, root = serve(sqlite_record, GrpcSettings(tls=tls)).port, certificate.read_bytes()
    with pytest.raises(grpc.RpcError):
        secure_ask(port, grpc.ssl_channel_credentials(root))
    assert secure_ask(port, grpc.ssl_channel_credentials(root, key.read_bytes(), root)) == b""


def test_half_of_a_pair_or_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert Tls.of_files("", "") is None
    for key, certificate in (("key.pem", ""), (str(tmp_path / "none"), str(tmp_path / "none"))):
        with pytest.raises(UsageError):
            Tls.of_files(key, certificate)
