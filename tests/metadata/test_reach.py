"""Which bytes a stranger's words can reach: those of the store by digest, and a home's own files, unchanged."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from clew.metadata.blobs import LocalStore
from clew.metadata.blobs.reach import Piece, Reach
from clew.metadata.digest import Digest, of_bytes
from clew.metadata.errors import BlobNotFound, Invalid, NotFound, StoreUnavailable

SECRET = b"root:x:0:0\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home/runs/1").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(SECRET)
    return tmp_path / "home"


@pytest.fixture
def reach(home: Path) -> Reach:
    return Reach(LocalStore(home / "blobs"), [home / "runs"])


def test_bytes_come_from_the_store_by_their_digest_wherever_they_were_recorded(home: Path, reach: Reach) -> None:
    (home / "made").write_bytes(b"0123456789")
    digest = reach.store.put(home / "made").digest
    for uri in (None, "s3://elsewhere/x", "file:///etc/passwd"):
        assert reach.head(digest, 4, uri) == Piece(b"0123", 10)
    assert reach.head(digest, 100) == Piece(b"0123456789", 10)


@pytest.mark.parametrize(
    "uri",
    [
        "{tmp}/secret", "file://{tmp}/secret", "file://localhost{tmp}/secret", "{tmp}/home/runs/../../secret",
        "file://{tmp}/home/runs/%2e%2e/%2e%2e/secret", "{tmp}/home/runs/1/link", "{tmp}/home/runs/linked/secret",
        "{tmp}/home/runs/1/hard/../link", "file://evil{tmp}/home/runs/1/same", "{tmp}/home/runs", "{tmp}/home/runs/1",
        "{tmp}/home/runs/1/pipe", "home/runs/1/same", "/", "", "\0", "file:", "s3://{tmp}/home/runs/1/same",
        "{tmp}/home/record.db", "file://[evil",
    ],
)  # fmt: skip
def test_no_recorded_address_leads_out_of_the_homes_own_folders(home: Path, reach: Reach, uri: str) -> None:
    (home / "runs/1/link").symlink_to(home.parent / "secret")
    (home / "runs/linked").symlink_to(home.parent)
    (home / "runs/1/same").write_bytes(SECRET)
    (home / "record.db").write_bytes(SECRET)
    os.mkfifo(home / "runs/1/pipe")
    with pytest.raises(BlobNotFound):
        reach.head(of_bytes(SECRET), 100, uri.format(tmp=home.parent))


def test_a_file_of_a_run_is_read_where_it_is_what_its_digest_says(home: Path, reach: Reach) -> None:
    made = home / "runs/1/out put"
    made.write_bytes(b"result")
    for uri in (str(made), made.as_uri()):
        assert reach.head(of_bytes(b"result"), 3, uri) == Piece(b"res", 6)
    made.write_bytes(b"edited")
    with pytest.raises(BlobNotFound):
        reach.head(of_bytes(b"result"), 3, str(made))


def test_directories_are_walked_by_their_manifests_and_links_are_not_followed(home: Path, reach: Reach) -> None:
    (home / "made/inner").mkdir(parents=True)
    (home / "made/inner/a.csv").write_bytes(b"a,b")
    (home / "made/link").symlink_to("inner/a.csv")
    digest = reach.store.put(home / "made").digest
    assert sorted(reach.entries(digest)) == ["inner", "link"]
    inner, name = reach.inside(digest, "inner/a.csv")
    assert (reach.head(inner, 10).head, name) == (b"a,b", "a.csv")
    for path in ("link", "../made", "inner/../link", "none", "inner/a.csv/b", "/inner", "inner//a.csv", ""):
        with pytest.raises(NotFound):
            reach.inside(digest, path)
    with pytest.raises(BlobNotFound):
        reach.head(digest, 10)


@pytest.mark.parametrize("digest", ["etag:abcdef", "md5:" + "0" * 32, "sha256:../../../etc/passwd", ""])
def test_what_is_no_digest_of_the_store_reaches_nothing(reach: Reach, digest: str) -> None:
    with pytest.raises((BlobNotFound, Invalid)):
        reach.head(Digest(digest), 10, "/etc/passwd")


def test_a_store_elsewhere_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        url = "s3://slow"

        def open(self, digest: Digest) -> BinaryIO:
            time.sleep(1)
            return cast(BinaryIO, None)

    monkeypatch.setattr("clew.metadata.blobs.reach.REMOTE_S", 0.05)
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="did not answer"):
        Reach(cast(Any, Slow())).head(of_bytes(b""), 10)
    assert time.monotonic() - began < 0.9
