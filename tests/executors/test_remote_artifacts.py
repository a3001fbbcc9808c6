"""Artifacts kept in an object store: S3, spoken to over the loopback."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import from_url

from clew.executors.fetched import Fetched
from clew.metadata.blobs import digest_of_path
from clew.metadata.blobs import remote as blobs
from clew.metadata.blobs.protocol import address_of
from clew.metadata.blobs.remote import RemoteStore
from clew.metadata.errors import DigestMismatch, StoreUnavailable


@pytest.fixture
def remote(bench: Any, s3: str) -> Any:
    bench.url = f"{s3}/{uuid.uuid4()}"
    bench.store = RemoteStore(bench.url)
    return bench


def _uri(result: Any, task: str, output: str) -> str:
    return str(next(t for t in result.tasks if t.name == task).outputs[output]["uri"])


def _forget_what_is_here(bench: Any) -> None:
    """As on another machine that shares the record."""
    for name in ("runs", "fetched", "hashed"):
        shutil.rmtree(bench.home / name, ignore_errors=True)


def test_artifacts_are_recorded_at_their_address_with_the_same_digests(remote: Any, tmp_path: Path) -> None:
    result = remote.run("words", text="one two")
    (write,) = [t for t in result.tasks if t.name == "write"]
    shown = write.outputs["out"]
    hex = shown["digest"].removeprefix("sha256:")
    assert shown["uri"] == f"{remote.url}/sha256/{hex[:2]}/{hex[2:]}"
    object_ = obstore.get(from_url(remote.url), shown["uri"].removeprefix(remote.url + "/"))
    assert bytes(object_.bytes()) == b"one two"


def test_a_later_run_elsewhere_reuses_what_is_there_and_fetches_what_it_reads(remote: Any) -> None:
    remote.run("words", text="one two")
    _forget_what_is_here(remote)
    again = remote.run("words", text="one two")
    assert all(task.cached for task in again.tasks)
    assert not (remote.home / "fetched").exists()  # nothing ran, so nothing was read
    _forget_what_is_here(remote)
    result = remote.run("words", text="one two", options={"salt": "another"})
    assert result.outputs == {"Output": 2}


def test_a_step_reads_what_another_run_left_in_the_store(remote: Any) -> None:
    first = remote.run("spoiling")  # its second step fails; the first is kept
    assert first.state == "FAILED"
    _forget_what_is_here(remote)
    again = remote.run("spoiling")
    assert {t.name: t.state for t in again.tasks}["write"] == "CACHED"
    assert list((remote.home / "fetched").rglob("out")) != []


def test_directories_come_back_as_they_were(remote: Any) -> None:
    first = remote.run("folders")
    assert _uri(first, "make-folder", "out").startswith(remote.url + "/tree/")
    _forget_what_is_here(remote)
    assert all(task.cached for task in remote.run("folders").tasks)
    inner = next(e for e in obstore.list(from_url(remote.url), prefix="sha256").collect())
    obstore.delete(from_url(remote.url), inner["path"])
    assert not all(task.cached for task in remote.run("folders").tasks)


def test_an_object_that_was_deleted_is_made_anew(remote: Any) -> None:
    first = remote.run("words", text="one two")
    key = _uri(first, "write", "out").removeprefix(remote.url + "/")
    obstore.delete(from_url(remote.url), key)
    again = remote.run("words", text="one two")
    assert {t.name: t.state for t in again.tasks} == {
        "write": "COMPLETE", "shout": "CACHED", "count-words": "CACHED",
    }  # fmt: skip
    assert obstore.head(from_url(remote.url), key)["size"] == 7


def test_an_object_that_was_edited_is_found_and_made_anew(remote: Any) -> None:
    first = remote.run("words", text="one two")
    key = _uri(first, "write", "out").removeprefix(remote.url + "/")
    obstore.put(from_url(remote.url), key, b"two one")
    _forget_what_is_here(remote)
    again = remote.run("words", text="one two")
    assert {t.name: t.state for t in again.tasks}["write"] == "COMPLETE"
    assert bytes(obstore.get(from_url(remote.url), key).bytes()) == b"one two"


def test_an_object_that_was_written_again_with_the_same_bytes_is_sound(remote: Any) -> None:
    first = remote.run("words", text="one two")
    store = from_url(remote.url)
    for entry in obstore.list(store).collect():
        data = obstore.get(store, entry["path"]).bytes()
        obstore.put(store, entry["path"], bytes(data))
    assert first.state == "COMPLETE"
    assert all(task.cached for task in remote.run("words", text="one two").tasks)


def test_an_object_that_is_edited_after_it_was_looked_at_is_never_read(remote: Any, tmp_path: Path) -> None:
    blob = remote.store.put(io.BytesIO(b"one two"))
    key = address_of(remote.store, blob.digest).removeprefix(remote.url + "/")
    obstore.put(from_url(remote.url), key, b"two one")
    with pytest.raises(DigestMismatch):
        Fetched(tmp_path, remote.store, digest_of_path).path(blob.digest, "words")
    assert not list(tmp_path.rglob("words"))


def test_the_command_keeps_artifacts_at_a_url(remote: Any, tmp_path: Path) -> None:
    clew = Path(sys.executable).with_name("clew")
    command = [clew, "run", remote.compiled / "words.yaml", "-p", "text=a b c", "--home", tmp_path / "h", "--json"]
    done = subprocess.run([*command, "--artifacts", remote.url], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["outputs"] == {"Output": 3}
    assert not (tmp_path / "h" / "blobs" / "sha256").exists()
    verified = subprocess.run(
        [clew, "verify", "--home", tmp_path / "h", "--json"],
        env=os.environ | {"CLEW_ARTIFACTS": remote.url}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(verified.stdout)["blobs"] >= 1
    refused = subprocess.run([*command, "--artifacts", "ftp://x"], capture_output=True, text=True)
    assert (refused.returncode, "'ftp' is no kind of artifact store" in refused.stderr) == (2, True)


def test_a_store_that_does_not_answer_ends_the_run_with_one_error(
    bench: Any, monkeypatch: pytest.MonkeyPatch, s3: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setitem(blobs._RETRIES, "max_retries", 1)
    bench.store = RemoteStore(s3)
    with pytest.raises(StoreUnavailable):
        bench.run("words", text="x")
