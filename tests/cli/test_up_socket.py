"""The socket `clew up` listens on."""

from __future__ import annotations

import socket

from clew.cli.up import _listen


def test_connections_send_small_packets_at_once() -> None:
    with _listen("127.0.0.1", 0, "--port") as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
