"""Clients that mean harm, against `clew up`: it refuses them early, goes on serving, and does not grow.

HTTP/2 is spoken by hand here: no client would send what these do.
"""

from __future__ import annotations

import base64
import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import httpx
import psutil
import pytest

pytestmark = pytest.mark.e2e
SERVICE = "ml_metadata.MetadataStoreService"
MEGABYTE = 1 << 20
DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
END_HEADERS, ACK = 4, 1
FRAMES = 16_384
"""Bytes of a DATA frame: the most a peer must take."""
HUGE = 5_000_000_000
DECLARED = min(HUGE, 2**32 - 1)
"""gRPC tells the length of a message in 32 bits."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame (RFC 9113, 4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def header(name: bytes, value: bytes) -> bytes:
    """A header spelled out (RFC 7541, 6.2.2)."""
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def opening(call: str) -> bytes:
    """The header block that opens a call."""
    told = {
        b":method": b"POST", b":scheme": b"http", b":path": f"/{SERVICE}/{call}".encode(), b":authority": b"localhost",
        b"content-type": b"application/grpc", b"te": b"trailers",
    }  # fmt: skip
    return b"".join(header(name, value) for name, value in told.items())


class Connection:
    """An HTTP/2 connection to the gRPC port."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
        self.unread = b""

    def open(self, call: str, stream: int = 1) -> None:
        self.socket.sendall(frame(HEADERS, END_HEADERS, stream, opening(call)))

    def send(self, data: bytes, stream: int = 1) -> None:
        self.socket.sendall(frame(DATA, 0, stream, data))

    def receive(self) -> tuple[int, bytes]:
        """Kind and payload of the next frame; -1 when the server has closed."""
        while len(self.unread) < 9 or len(self.unread) < 9 + int.from_bytes(self.unread[:3], "big"):
            got = self.socket.recv(65_536)
            if not got:
                return -1, b""
            self.unread += got
        end = 9 + int.from_bytes(self.unread[:3], "big")
        kind, payload, self.unread = self.unread[3], self.unread[9:end], self.unread[end:]
        return kind, payload

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Lets this process hold some thousands of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine lets a process have {hard} open files, {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory(server: Any) -> int:
    """Bytes the server's process has in memory."""
    return int(psutil.Process(server.process.pid).memory_info().rss)


def ask(server: Any) -> None:
    """An ordinary call on each port is answered, soon."""
    began = time.monotonic()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        channel.unary_unary(f"/{SERVICE}/GetArtifacts")(b"", timeout=20)
        channel.unary_unary(f"/{SERVICE}/PutArtifacts")(b"", timeout=20)
    assert httpx.get(f"{server.url}/healthz", timeout=20).status_code == 200
    assert time.monotonic() - began < 5


def settled(server: Any) -> int:
    """Bytes in memory once the server has loaded all it needs, which it does as it is first asked."""
    found = [0]
    while len(found) < 4 or max(found[-3:]) - min(found[-3:]) > MEGABYTE:
        ask(server)
        time.sleep(0.2)
        found.append(memory(server))
        assert len(found) < 100
    return found[-1]


@pytest.fixture
def unharmed(clew_up: Any) -> Iterator[Callable[[int], None]]:
    """Checks, while the harm lasts, that the server answers and has grown by less than so many bytes."""
    before = settled(clew_up)

    def check(most: int) -> None:
        ask(clew_up)
        grown = memory(clew_up) - before
        assert grown < most, f"grown by {grown / MEGABYTE:.0f} MB"

    yield check
    check(128 * MEGABYTE)


def test_a_message_of_gigabytes_is_refused_before_it_comes(clew_up: Any, unharmed: Callable[[int], None]) -> None:
    connection = Connection(clew_up.port)
    connection.open("PutArtifacts")
    connection.send(struct.pack(">BI", 0, DECLARED) + b"\0" * 1000)
    payload = b""
    while b"grpc-status" not in payload:
        kind, payload = connection.receive()
        assert kind != -1
    assert b"grpc-status\x018" in payload  # RESOURCE_EXHAUSTED
    connection.close()
    unharmed(16 * MEGABYTE)


def test_a_client_that_streams_on_though_it_was_refused_fills_no_memory(
    clew_up: Any, unharmed: Callable[[int], None]
) -> None:
    connection, sent, window = Connection(clew_up.port), 0, 65_535
    connection.open("PutArtifacts")
    connection.send(struct.pack(">BI", 0, DECLARED))
    connection.socket.settimeout(1)
    try:
        while sent < 512 * MEGABYTE:
            while window >= FRAMES:
                connection.send(b"\0" * FRAMES)
                sent, window = sent + FRAMES, window - FRAMES
            kind, payload = connection.receive()
            assert kind != -1
            if kind == WINDOW_UPDATE:
                window += int.from_bytes(payload, "big")
    except OSError:  # it is not listened to any more, or has been hung up on
        pass
    unharmed(32 * MEGABYTE)
    connection.close()


@pytest.mark.parametrize("kind", ["application/grpc-web+proto", "application/grpc-web-text"])
def test_a_message_of_gigabytes_from_a_page_is_refused_before_it_comes(
    clew_up: Any, unharmed: Callable[[int], None], kind: str
) -> None:
    host = clew_up.url.removeprefix("http://")
    body = {"application/grpc-web-text": b"AP////8A"}.get(kind, struct.pack(">BI", 0, DECLARED))
    with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=10) as page:
        head = f"POST /{SERVICE}/PutArtifacts HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\n"
        page.sendall(f"{head}content-length: {HUGE}\r\n\r\n".encode() + body + b"A" * FRAMES)
        answer = b""
        while got := page.recv(65_536):
            answer += got
    told = answer.partition(b"\r\n\r\n")[2]
    assert b"grpc-status:8\r\n" in (base64.b64decode(told) if "text" in kind else told)
    unharmed(16 * MEGABYTE)


def test_streams_that_trickle_hold_nobody_up_however_many(clew_up: Any, unharmed: Callable[[int], None]) -> None:
    connections = [Connection(clew_up.port) for _ in range(25)]
    streams = range(1, 201, 2)
    for connection in connections:
        for stream in streams:  # 2,500 in all: more calls than may wait
            connection.open("PutArtifacts", stream)
            connection.send(struct.pack(">BI", 0, 1000), stream)
    for _ in range(5):
        for connection in connections:
            for stream in streams:
                connection.send(b"\x0a", stream)
        unharmed(128 * MEGABYTE)
    for connection in connections:
        connection.close()


def test_requests_that_trickle_hold_nobody_up(clew_up: Any, unharmed: Callable[[int], None]) -> None:
    host = clew_up.url.removeprefix("http://")
    request = (
        f"POST /{SERVICE}/PutArtifacts HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/grpc-web\r\n".encode()
    )
    port = int(host.rpartition(":")[2])
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for at in range(0, 60, 20):
        for connection in slow:
            connection.sendall(request[at : at + 20])
        unharmed(32 * MEGABYTE)
    for connection in slow:
        connection.close()


def test_a_thousand_idle_connections_on_each_port_hold_nobody_up(
    clew_up: Any, many_files: None, unharmed: Callable[[int], None]
) -> None:
    port = int(clew_up.url.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", each)) for each in (port, clew_up.port) for _ in range(1000)]
    unharmed(64 * MEGABYTE)
    spoken = [Connection(clew_up.port) for _ in range(1000)]
    unharmed(128 * MEGABYTE)
    for connection in spoken:
        connection.close()
    for silent in idle:
        silent.close()


def test_a_server_may_hold_thousands_of_connections_whatever_the_shell_allows(
    start_clew: Callable[..., Any], many_files: None
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        server = start_clew()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(1000)]
    ask(server)
    for connection in idle:
        connection.close()
