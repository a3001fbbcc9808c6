"""gRPC-web: the same calls on the HTTP port."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc

PATH = "/ml_metadata.MetadataStoreService/"
BINARY, TEXT = "application/grpc-web+proto", "application/grpc-web-text"


@pytest.fixture
def post(asker: Any) -> Callable[..., httpx.Response]:
    """Sends a body to a call: post("GetArtifacts", body, kind)."""

    def send(name: str, body: bytes, kind: str = BINARY) -> httpx.Response:
        answer = asker.request("POST", PATH + name, content=body, headers={"content-type": kind})
        assert isinstance(answer, httpx.Response)
        return answer

    return send


def frame(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def frames(body: bytes) -> dict[int, bytes]:
    """Payload by flag: 0 the message, 0x80 the trailers."""
    found = {}
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        found[flag] = body[5 : 5 + length]
        body = body[5 + length :]
    return found


PUT = svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="OnTheWeb")).SerializeToString()


def test_a_call_is_answered_with_a_message_and_trailers(post: Callable[..., httpx.Response]) -> None:
    answer = post("PutArtifactType", frame(PUT))
    found = frames(answer.content)
    assert (answer.status_code, answer.headers["content-type"]) == (200, BINARY)
    assert svc.PutArtifactTypeResponse.FromString(found[0]).type_id >= 10
    assert found[0x80].startswith(b"grpc-status:0\r\n")


def test_the_text_form_is_base64_both_ways(post: Callable[..., httpx.Response]) -> None:
    answer = post("PutArtifactType", base64.b64encode(frame(PUT)), TEXT)
    assert svc.PutArtifactTypeResponse.FromString(frames(base64.b64decode(answer.content))[0]).type_id >= 10


def test_a_refusal_is_told_in_the_trailers(post: Callable[..., httpx.Response]) -> None:
    request = svc.GetArtifactTypeRequest(type_name="nowhere").SerializeToString()
    found = frames(post("GetArtifactType", frame(request)).content)
    assert set(found) == {0x80}
    assert found[0x80].startswith(b"grpc-status:5\r\n")


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\x00\x00\x00\x00\x09abc", b"\x01\x00\x00\x00\x00", frame(b"") + frame(b"")]
)
def test_what_is_no_frame_is_refused(post: Callable[..., httpx.Response], body: bytes) -> None:
    assert frames(post("GetArtifacts", body).content)[0x80].startswith(b"grpc-status:3\r\n")


def test_another_media_type_and_an_unknown_call_are_refused(post: Callable[..., httpx.Response]) -> None:
    assert post("GetArtifacts", b"{}", "application/json").status_code == 415
    assert frames(post("DropEverything", frame(b"")).content)[0x80].startswith(b"grpc-status:12\r\n")


@pytest.mark.parametrize("kind", [BINARY, TEXT])
def test_a_message_that_says_it_is_too_large_is_refused_before_it_comes(
    post: Callable[..., httpx.Response], kind: str
) -> None:
    announced = struct.pack(">BI", 0, 64 << 20 | 1) + b"abc"
    body = base64.b64encode(announced) if kind == TEXT else announced
    answer = post("PutArtifacts", body, kind)
    content = base64.b64decode(answer.content) if kind == TEXT else answer.content
    assert frames(content)[0x80].startswith(b"grpc-status:8\r\n")


def test_a_message_of_the_largest_size_is_read_as_text_too(post: Callable[..., httpx.Response]) -> None:
    unknown_field = b"\xfa\x3f" + b"\x80\x80\xc0\x1e" + b"\0" * (61 << 20)
    answer = post("GetArtifacts", base64.b64encode(frame(unknown_field)), TEXT)
    assert frames(base64.b64decode(answer.content))[0x80].startswith(b"grpc-status:0\r\n")
