"""One canonical location for the many spellings of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata.errors import Invalid
from clew.metadata.location import URI_MAX_CHARS, canonical

URI = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["s3", "S3A", "s3n", "gs", "gcs", "file", "FILE", "hdfs", "https", "abfs", "urn", "a.b+c-d"]),
        st.sampled_from([":", ":/", "://", ":///"]),
        st.sampled_from(["", "Bucket", "user@Host:443", "localhost", "h:8020", "//"]),
        st.sampled_from(["", "/", "//", "/a//b/", "/a/b", "?q=/", "/C:/x/"]),
    ),
)


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3a://Lake/Raw/", "s3://Lake/Raw"),
        ("S3N://Lake/Raw", "s3://Lake/Raw"),
        ("s3://Lake//Raw", "s3://Lake//Raw"),
        ("gcs://b/x", "gs://b/x"),
        ("/data/raw.csv", "file:///data/raw.csv"),
        ("/data//raw/", "file:///data/raw"),
        ("file:/data/raw.csv", "file:///data/raw.csv"),
        ("file://localhost/data/raw.csv", "file:///data/raw.csv"),
        ("HTTPS://Example.org:443/A/", "https://example.org/A"),
        ("http://Example.org:443/A", "http://example.org:443/A"),
        ("hdfs://NameNode:8020/x", "hdfs://namenode/x"),
        ("/", "file:///"),
        ("urn:uuid:Ab", "urn:uuid:Ab"),
        ("relative/path/", "relative/path"),
        ("", ""),
    ],
)
def test_spellings_of_one_address_meet(uri: str, location: str) -> None:
    assert canonical(uri) == location


@given(URI)
def test_a_canonical_location_is_its_own_canonical_location(uri: str) -> None:
    once = canonical(uri)
    assert canonical(once) == once


@pytest.mark.parametrize("uri", ["a\0b", "s3://\ud800", "x" * (URI_MAX_CHARS + 1), 5, b"s3://x"])
def test_what_is_no_uri_is_refused(uri: object) -> None:
    with pytest.raises(Invalid) as caught:
        canonical(uri)  # type: ignore[arg-type]
    assert caught.value.field == "uri"
