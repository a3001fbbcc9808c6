"""The contract of every artifact store: subclass it, give one fixture ``store``."""

from __future__ import annotations

import io
import os
import random
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from clew.metadata import digest as digests
from clew.metadata.blobs import ArtifactStore, Blob, LocalStore, checkout, digest_of_path, is_tree, remote, verify_all
from clew.metadata.blobs.opened import open_store
from clew.metadata.blobs.protocol import address_of
from clew.metadata.blobs.remote import RemoteStore
from clew.metadata.blobs.tree import Entry, write_manifest
from clew.metadata.digest import Digest
from clew.metadata.errors import (
    BlobNotFound,
    Corrupt,
    DigestMismatch,
    Invalid,
    LimitExceeded,
    SourceUnreachable,
    StoreUnavailable,
    Unavailable,
)  # fmt: skip

ABSENT = digests.of_bytes(b"never stored")
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)
Tree = dict[str, "bytes | Tree"]
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.dictionaries(NAMES, st.binary(max_size=50), max_size=5),
    lambda inner: st.dictionaries(NAMES, st.binary(max_size=50) | inner, max_size=4),
    max_leaves=8,
)
_EACH_STORE = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
ANY = settings(max_examples=40, deadline=None, suppress_health_check=_EACH_STORE)


def write_tree(path: Path, tree: Tree) -> None:
    path.mkdir()
    for name, content in random.sample(list(tree.items()), len(tree)):
        if isinstance(content, bytes):
            (path / name).write_bytes(content)
        else:
            write_tree(path / name, content)


def read_tree(path: Path) -> Tree:
    return {p.name: read_tree(p) if p.is_dir() else p.read_bytes() for p in path.iterdir()}


class ArtifactStoreContract:
    """What holds for any store. Stores are fresh for each test."""

    @given(data=st.binary(max_size=5000))
    @ANY
    def test_any_bytes_come_back_as_they_went_in(self, store: ArtifactStore, data: bytes) -> None:
        blob = store.put(io.BytesIO(data))
        with store.open(blob.digest) as stream:
            assert stream.read() == data
        assert blob == Blob(digests.of_bytes(data), len(data)) == store.stat(blob.digest) == store.verify(blob.digest)

    @given(tree=TREES)
    @ANY
    def test_any_directory_comes_back_as_it_went_in(self, store: ArtifactStore, tree: Tree) -> None:
        with TemporaryDirectory() as folder:
            write_tree(Path(folder, "in"), tree)
            blob = store.put(Path(folder, "in"))
            assert is_tree(blob.digest)
            assert blob == digest_of_path(Path(folder, "in")) == store.verify(blob.digest) == store.stat(blob.digest)
            assert checkout(store, blob.digest, Path(folder, "out")) == blob
            assert read_tree(Path(folder, "out")) == tree

    def test_the_digest_of_a_directory_ignores_times_and_order_but_no_name_byte_or_executable_bit(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        one, two = tmp_path / "one", tmp_path / "two"
        write_tree(one, {"a": b"1", "b": {"c": b"2"}})
        write_tree(two, {"b": {"c": b"2"}, "a": b"1"})
        os.utime(two / "a", (1, 1))
        first = store.put(one)
        assert store.put(two) == first
        (two / "a").chmod(0o700)
        second = store.put(two)
        (two / "a").rename(two / "A")
        third = store.put(two)
        (two / "empty").mkdir()
        assert len({first, second, third, store.put(two)}) == 4

    def test_executable_bits_and_inner_links_are_restored(self, store: ArtifactStore, tmp_path: Path) -> None:
        write_tree(tmp_path / "in", {"bin": {"run": b"#!"}, "data": b"d"})
        (tmp_path / "in/bin/run").chmod(0o755)
        (tmp_path / "in/bin/link").symlink_to("../data")
        checkout(store, store.put(tmp_path / "in").digest, tmp_path / "out")
        assert os.access(tmp_path / "out/bin/run", os.X_OK)
        assert not (tmp_path / "out/data").stat().st_mode & stat.S_IXUSR
        assert os.readlink(tmp_path / "out/bin/link") == "../data"
        assert (tmp_path / "out/bin/link").read_bytes() == b"d"

    @pytest.mark.parametrize("target", ["/etc/passwd", "../x", "a/../../x", "a/.."])
    def test_a_link_that_may_leave_the_directory_is_refused(
        self, store: ArtifactStore, tmp_path: Path, target: str
    ) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in/link").symlink_to(target)
        with pytest.raises(Invalid, match="link"):
            store.put(tmp_path / "in")
        assert list(store.digests()) == []

    def test_a_file_that_spells_a_manifest_is_still_a_file(self, store: ArtifactStore, tmp_path: Path) -> None:
        write_tree(tmp_path / "in", {"a": b"1"})
        tree = store.put(tmp_path / "in").digest
        with store.open(tree) as stream:
            file = store.put(stream).digest
        assert file != tree
        assert file.split(":")[1] == tree.split(":")[1]
        checkout(store, file, tmp_path / "out")
        assert (tmp_path / "out").is_file()

    def test_what_was_checked_out_can_be_edited_without_harm(self, store: ArtifactStore, tmp_path: Path) -> None:
        blob = store.put(io.BytesIO(b"precious"))
        checkout(store, blob.digest, tmp_path / "out")
        (tmp_path / "out").write_bytes(b"scribbled")
        assert store.verify(blob.digest) == blob

    def test_a_checkout_over_something_is_refused_and_changes_nothing(
        self, store: ArtifactStore, tmp_path: Path
    ) -> None:
        blob = store.put(io.BytesIO(b"new"))
        (tmp_path / "out").write_bytes(b"old")
        with pytest.raises(Invalid, match="exists already"):
            checkout(store, blob.digest, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == b"old"

    def test_a_file_is_put_by_path_as_by_stream(self, store: ArtifactStore, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(random.Random(1).randbytes(3 << 20))
        (tmp_path / "link").symlink_to("big")
        with (tmp_path / "big").open("rb") as stream:
            assert store.put(stream) == store.put(tmp_path / "big") == store.put(str(tmp_path / "link"))

    def test_the_same_bytes_are_kept_once(self, store: ArtifactStore, tmp_path: Path) -> None:
        write_tree(tmp_path / "in", {"a": b"same", "b": b"same", "c": {"d": b"same"}})
        store.put(io.BytesIO(b"same"))
        store.put(tmp_path / "in")
        assert sorted(map(is_tree, store.digests())) == [False, True, True]

    def test_many_callers_may_put_the_same_bytes_at_once(self, store: ArtifactStore) -> None:
        data = random.Random(2).randbytes(300_000)
        with ThreadPoolExecutor(8) as pool:
            blobs = set(pool.map(lambda _: store.put(io.BytesIO(data)), range(32)))
        assert len(blobs) == 1
        assert not verify_all(store).damage

    @pytest.mark.parametrize("ask", ["open", "stat", "verify"])
    @pytest.mark.parametrize(
        "digest", [ABSENT, Digest("tree:" + "0" * 64), Digest("md5:" + "0" * 32)], ids=["sha256", "tree", "md5"]
    )
    def test_an_absent_digest_is_not_found(self, store: ArtifactStore, ask: str, digest: Digest) -> None:
        with pytest.raises(BlobNotFound):
            getattr(store, ask)(digest)

    @pytest.mark.parametrize("digest", ["", "sha256:", "sha256:../../etc/passwd", "sha256:" + "A" * 64, "x" * 71])
    def test_what_is_no_digest_is_invalid(self, store: ArtifactStore, digest: str) -> None:
        with pytest.raises(Invalid):
            store.open(Digest(digest))

    def test_a_missing_or_odd_source_is_invalid(self, store: ArtifactStore, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "absent", tmp_path / "pipe", tmp_path):
            with pytest.raises(Invalid):
                store.put(path)
        assert list(store.digests()) == []

    def test_a_name_that_is_not_unicode_is_refused(self, store: ArtifactStore, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"")
        with pytest.raises(Invalid, match="not Unicode"):
            store.put(tmp_path)

    def test_a_directory_too_deep_is_refused(self, store: ArtifactStore, tmp_path: Path) -> None:
        (tmp_path / "/".join("d" * 200)).mkdir(parents=True)
        with pytest.raises(LimitExceeded):
            store.put(tmp_path)

    def test_a_stream_that_breaks_leaves_nothing(self, store: ArtifactStore) -> None:
        class Broken(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell():
                    raise OSError("line cut")
                return super().read(10)

        with pytest.raises(SourceUnreachable):
            store.put(Broken(b"x" * 100))
        assert list(store.digests()) == []

    def test_everything_is_verified_and_progress_told(self, store: ArtifactStore, tmp_path: Path) -> None:
        write_tree(tmp_path / "in", {"a": b"12", "b": {"c": b"345"}})
        store.put(tmp_path / "in")
        seen: list[int] = []
        audit = verify_all(store, progress=lambda done, digest: seen.append(done))
        assert (audit.checked, audit.damage, seen) == (4, {}, [0, 1, 2, 3])

    def test_a_digest_the_record_knows_but_the_store_lost_is_damage(self, store: ArtifactStore) -> None:
        blob = store.put(io.BytesIO(b"here"))
        audit = verify_all(store, [blob.digest, ABSENT])
        assert isinstance(audit.damage.pop(ABSENT), BlobNotFound)
        assert audit.damage == {}


class TestLocalStore(ArtifactStoreContract):
    @pytest.fixture
    def store(self, tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
        return LocalStore(tmp_path_factory.mktemp("home") / "blobs")

    @pytest.mark.parametrize("name", ["../escape", "..", ".", "", "a/b", "nul\0"])
    def test_a_forged_manifest_cannot_write_outside(self, store: LocalStore, tmp_path: Path, name: str) -> None:
        file = store.put(io.BytesIO(b"evil"))
        manifest = write_manifest({name: Entry("file", *file)})
        digest = Digest("tree:" + digests.of_bytes(manifest)[7:])
        store.path(digest).parent.mkdir(parents=True)
        store.path(digest).write_bytes(manifest)
        with pytest.raises(Corrupt):
            checkout(store, digest, tmp_path / "in/out")
        assert [p for p in tmp_path.rglob("*") if p.name != "in"] == []

    def test_a_forged_link_cannot_leave(self, store: LocalStore, tmp_path: Path) -> None:
        manifest = write_manifest({"l": Entry("link", target="../../x")})
        digest = Digest("tree:" + digests.of_bytes(manifest)[7:])
        store.path(digest).parent.mkdir(parents=True)
        store.path(digest).write_bytes(manifest)
        with pytest.raises(Invalid):
            checkout(store, digest, tmp_path / "out")
        assert list(tmp_path.iterdir()) == []


class TestRemoteStoreInMemory(ArtifactStoreContract):
    @pytest.fixture
    def store(self) -> RemoteStore:
        return RemoteStore("memory:///", MemoryStore())


class TestRemoteStoreOnS3(ArtifactStoreContract):
    @pytest.fixture
    def store(self, s3: str) -> RemoteStore:
        return RemoteStore(f"{s3}/{uuid.uuid4()}")

    def test_a_large_file_is_sent_in_parts_and_comes_back(self, store: RemoteStore, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(random.Random(3).randbytes(20 << 20))
        blob = store.put(tmp_path / "big")
        assert store.verify(blob.digest) == blob == digest_of_path(tmp_path / "big")
        with store.open(blob.digest) as stream:
            assert stream.read(1000) == (tmp_path / "big").read_bytes()[:1000]

    @pytest.mark.parametrize("size", [1 << 10, 20 << 20])
    def test_bytes_that_change_while_they_are_sent_are_not_published(
        self, store: RemoteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        path = tmp_path / "moving"
        path.write_bytes(b"a" * size)
        looked = remote._digest_of

        def changed_after(stream: Any, name: str) -> Any:
            found = looked(stream, name)
            path.write_bytes(b"b" * size)
            return found

        monkeypatch.setattr(remote, "_digest_of", changed_after)
        with pytest.raises((SourceUnreachable, Unavailable), match="changed while it was read"):
            store.put(path)
        assert list(store.digests()) == []

    def test_what_is_there_is_not_sent_again(self, store: RemoteStore, monkeypatch: pytest.MonkeyPatch) -> None:
        blob = store.put(io.BytesIO(b"once"))
        monkeypatch.setattr(obstore, "put", lambda *args, **kwargs: pytest.fail("it was sent again"))
        assert store.put(io.BytesIO(b"once")) == blob

    def test_putting_the_good_bytes_again_repairs_a_damaged_object(self, store: RemoteStore) -> None:
        blob = store.put(io.BytesIO(b"good"))
        obstore.put(store._store, address_of(store, blob.digest).removeprefix(store.url + "/"), b"evil")
        for one in (store, RemoteStore(store.url)):
            one.put(io.BytesIO(b"good"))
            assert one.verify(blob.digest) == blob

    def test_an_object_that_was_changed_is_found_and_restored_to_nobody(
        self, store: RemoteStore, tmp_path: Path
    ) -> None:
        blob = store.put(io.BytesIO(b"good"))
        obstore.put(store._store, address_of(store, blob.digest).removeprefix(store.url + "/"), b"evil")
        with pytest.raises(DigestMismatch):
            store.verify(blob.digest)
        with pytest.raises(DigestMismatch):
            checkout(store, blob.digest, tmp_path / "out")
        assert list(tmp_path.iterdir()) == []

    def test_a_bucket_that_is_not_there_is_told(self, s3: str) -> None:
        with pytest.raises(StoreUnavailable, match="no-such-bucket"):
            RemoteStore("s3://no-such-bucket/x").put(io.BytesIO(b"x"))

    def test_a_server_that_does_not_answer_is_told(self, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setitem(remote._RETRIES, "max_retries", 1)
        with pytest.raises(StoreUnavailable, match="Check that it answers"):
            RemoteStore(s3).put(io.BytesIO(b"x"))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("ftp://x/y", "'ftp' is no kind"),
        ("https://x/y", "'https' is no kind"),
        ("s3://key:hidden@bucket", "must not hold credentials"),
        ("s3://bucket?x=1", "must not hold credentials or options"),
        ("s3://", "cannot be an artifact store"),
    ],
)
def test_what_is_no_store_is_refused_without_showing_a_secret(tmp_path: Path, where: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        open_store(where, tmp_path)
    assert "hidden" not in str(refused.value.as_dict())


@pytest.mark.parametrize("where", ["", "{0}/kept", "file://{0}/kept%20it"])
def test_a_folder_is_a_store(tmp_path: Path, where: str) -> None:
    store = open_store(where.format(tmp_path), tmp_path / "own")
    assert isinstance(store, LocalStore)
    assert store.root == tmp_path / {"": "own", "{": "kept", "f": "kept it"}[where[:1]]
