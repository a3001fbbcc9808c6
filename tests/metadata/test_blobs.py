"""The local artifact store against damage, full disks, other processes and SIGKILL."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.metadata.blobs import LocalStore, checkout, verify_all
from clew.metadata.errors import BlobNotFound, Corrupt, DigestMismatch, StoreReadOnly, StoreUnavailable

PUT_FOREVER = """
import io, random, sys
from clew.metadata.blobs import LocalStore
store, n = LocalStore(sys.argv[1]), 0
print("ready", flush=True)
while True:
    n += 1
    store.put(io.BytesIO(random.Random(n % 7).randbytes(200_000)))
"""
PUT_UNTIL_FULL = """
import io, sys
from clew.metadata.blobs import LocalStore, verify_all
from clew.metadata.errors import StoreFull
store = LocalStore(sys.argv[1])
kept = store.put(io.BytesIO(b"small"))
try:
    store.put(io.BytesIO(b"x" * 3_000_000))
except StoreFull as error:
    print(error.code, list((store.root / "tmp").iterdir()), list(store.digests()) == [kept.digest])
store.put(io.BytesIO(b"again"))
print(verify_all(store).damage)
"""


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "blobs")


def edit(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def cut(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 3)


@pytest.mark.parametrize(("harm", "error"), [(edit, DigestMismatch), (cut, DigestMismatch), (os.unlink, BlobNotFound)])
def test_damage_to_a_file_is_found_and_put_repairs_it(
    store: LocalStore, tmp_path: Path, harm: Callable[[Path], None], error: type[Exception]
) -> None:
    blob = store.put(io.BytesIO(b"the bytes"))
    harm(store.path(blob.digest))
    with pytest.raises(error):
        store.verify(blob.digest)
    with pytest.raises(error):
        checkout(store, blob.digest, tmp_path / "out")
    assert isinstance(verify_all(store, [blob.digest]).damage[blob.digest], error)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["blobs"]
    store.put(io.BytesIO(b"the bytes"))
    assert store.verify(blob.digest) == blob


@pytest.mark.parametrize(("harm", "error"), [(edit, DigestMismatch), (cut, DigestMismatch), (os.unlink, BlobNotFound)])
def test_damage_inside_a_directory_is_found_and_its_path_named(
    store: LocalStore, tmp_path: Path, harm: Callable[[Path], None], error: type[Exception]
) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/file").write_bytes(b"the bytes")
    blob = store.put(tmp_path / "in")
    harm(store.path(store.put(io.BytesIO(b"the bytes")).digest))
    with pytest.raises(error, match="deep/file"):
        store.verify(blob.digest)
    assert blob.digest in verify_all(store).damage


def test_a_damaged_manifest_is_found(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    digest = store.put(tmp_path / "in").digest
    edit(store.path(digest))
    with pytest.raises(DigestMismatch):
        store.verify(digest)
    with pytest.raises(Corrupt):
        store.stat(digest)


def test_blobs_are_read_only_and_nothing_temporary_stays(store: LocalStore) -> None:
    path = store.path(store.put(io.BytesIO(b"x")).digest)
    assert path.stat().st_mode & 0o777 == 0o444
    assert list((store.root / "tmp").iterdir()) == []


def test_foreign_files_in_the_folder_are_passed_over(store: LocalStore) -> None:
    blob = store.put(io.BytesIO(b"x"))
    (store.root / "sha256/README").write_text("hello")
    (store.path(blob.digest).parent / "notes.txt").write_text("hello")
    assert list(store.digests()) == [blob.digest]


def test_a_store_whose_root_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("not a folder")
    with pytest.raises(StoreUnavailable):
        LocalStore(tmp_path / "blobs").put(io.BytesIO(b"x"))


def test_a_store_that_cannot_be_written_is_read_only(store: LocalStore) -> None:
    blob = store.put(io.BytesIO(b"x"))
    code = "import io, sys; from clew.metadata.blobs import LocalStore; LocalStore(sys.argv[1]).put(io.BytesIO(b'y'))"
    if os.geteuid():
        (store.root / "tmp").chmod(0o500)
        with pytest.raises(StoreReadOnly):
            store.put(io.BytesIO(b"y"))
        (store.root / "tmp").chmod(0o700)
    else:  # root may write anywhere but on a file system mounted read-only
        mount = f"mount --bind {store.root} {store.root} && mount -o remount,ro,bind {store.root} && exec"
        done = in_a_mount_namespace(mount, code, store.root)
        assert "StoreReadOnly" in done.stderr
    assert list(store.digests()) == [blob.digest]


def test_a_full_disk_is_said_to_be_full_and_the_store_goes_on(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    mount = f"mount -t tmpfs -o size=1m none {tmp_path / 'small'} && exec"
    done = in_a_mount_namespace(mount, PUT_UNTIL_FULL, tmp_path / "small/blobs")
    assert done.stdout.splitlines() == ["STORE_FULL [] True", "{}"], done.stderr


def in_a_mount_namespace(mount: str, code: str, root: Path) -> subprocess.CompletedProcess[str]:
    unshare = shutil.which("unshare")
    flags = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    if unshare is None or subprocess.run([unshare, *flags, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs unshare --mount: no mount namespaces here")
    script = f'{mount} "$0" -c "$1" "$2"'
    return subprocess.run(
        [unshare, *flags, "sh", "-c", script, sys.executable, code, str(root)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_writer_killed_at_any_moment_leaves_no_partial_blob(store: LocalStore) -> None:
    rng = random.Random(3)
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", PUT_FOREVER, str(store.root)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(rng.random() * 0.05)
            writer.send_signal(signal.SIGKILL)
        assert not verify_all(store).damage
    assert list(store.digests())


def test_what_a_killed_writer_left_is_swept_but_not_what_a_living_one_writes(store: LocalStore) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            (mine,) = (store.root / "tmp").iterdir()
            os.utime(mine, (0, 0))
            (store.root / "tmp/1-dead").touch()
            os.utime(store.root / "tmp/1-dead", (0, 0))
            (store.root / "tmp/2-young").touch()
            LocalStore(store.root).put(io.BytesIO(b"other"))
            assert sorted((store.root / "tmp").iterdir()) == sorted([mine, store.root / "tmp/2-young"])
            (store.root / "tmp/2-young").unlink()
            self.read = lambda size=-1: b""  # type: ignore[method-assign]
            return b"slow"

    blob = store.put(Slow())
    assert store.verify(blob.digest) == blob


def test_several_processes_may_put_the_same_bytes_at_once(store: LocalStore) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", PUT_FOREVER, str(store.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    time.sleep(0.5)
    for writer in writers:
        assert writer.poll() is None
        writer.kill()
        writer.communicate()
    audit = verify_all(store)
    assert audit.checked == 7
    assert not audit.damage
