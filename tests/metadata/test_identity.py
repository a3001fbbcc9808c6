"""Digests and node ids: one spelling each."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata import digest
from clew.metadata.errors import Invalid
from clew.metadata.ids import INT64_MAX, Kind, NodeRef

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.binary(max_size=200), st.integers(1, 50))
def test_bytes_chunks_and_streams_have_one_digest(data: bytes, size: int) -> None:
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    assert digest.of_bytes(data) == digest.of_chunks(chunks)
    assert digest.of_stream(io.BytesIO(data)) == (digest.of_bytes(data), len(data))
    assert digest.of_bytes(data) == "sha256:" + digest.raw(data).hex()


def test_the_digest_of_nothing_is_sha256s() -> None:
    assert digest.of_bytes(b"") == EMPTY


def test_the_order_of_keys_does_not_change_the_digest_of_a_struct() -> None:
    assert digest.of_struct("t", {"a": 1, "b": [2.0, "é"]}) == digest.of_struct("t", {"b": [2.0, "é"], "a": 1})


@pytest.mark.parametrize("other", [{"a": 1.0}, {"a": True}, {"a": "1"}, {"a": [1]}, {"b": 1}, {}])
def test_structs_that_differ_have_different_digests(other: object) -> None:
    assert digest.of_struct("t", {"a": 1}) != digest.of_struct("t", other)
    assert digest.of_struct("t", {"a": 1}) != digest.of_struct("u", {"a": 1})


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, {"a": b"x"}, "\ud800"])
def test_what_json_cannot_say_has_no_struct_digest(value: object) -> None:
    with pytest.raises(Invalid):
        digest.of_struct("t", value)


@pytest.mark.parametrize("text", [EMPTY, "md5:" + "0" * 32, "sha512:" + "AB" * 64])
def test_a_well_spelled_digest_is_taken(text: str) -> None:
    assert digest.parse(text) == text


@pytest.mark.parametrize(
    "text", ["", "sha256:", EMPTY.upper(), EMPTY + "0", EMPTY[:-1], "sha256:" + "g" * 64, EMPTY + "\n", "abc", 5, None]
)
def test_a_misspelled_digest_is_refused_naming_its_field(text: object) -> None:
    with pytest.raises(Invalid) as caught:
        digest.parse(text, "fingerprint")  # type: ignore[arg-type]
    assert caught.value.field == "fingerprint"


@given(st.sampled_from(Kind), st.integers(1, INT64_MAX))
def test_a_node_id_is_read_as_it_is_written(kind: Kind, number: int) -> None:
    assert NodeRef.parse(str(NodeRef(kind, number))) == NodeRef(kind, number)


@pytest.mark.parametrize(
    "text",
    ["", "artifact", "artifact:", "artifact:0", "artifact:-1", "artifact:1.0", "artifact:²", "artifact:١", "model:1",
     "artifact:1 ", "Artifact:1", f"artifact:{2**63}", ":1", "artifact:1:2"],
)  # fmt: skip
def test_what_is_no_node_id_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        NodeRef.parse(text)
    assert caught.value.value == text
