"""The artifact proxy: files in, out, listed and deleted, in pieces, and never out of the folder."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clew.metadata.digest import of_bytes, of_chunks
from clew.metadata.states import ArtifactState, EventType
from tests.api.mlflow.conftest import Tracker

FILES = "/api/2.0/mlflow-artifacts/artifacts"


def put(tracker: Tracker, path: str, content: bytes = b"hello") -> int:
    return tracker.asker.request("PUT", f"{FILES}/{path}", content=content).status_code


def snapshot(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_file_comes_back_as_it_went(tracker: Tracker) -> None:
    run = tracker.run()
    assert put(tracker, f"0/{run}/artifacts/d/ö b.txt", b"\x00\xff") == 200
    answer = tracker.asker.request("GET", f"{FILES}/0/{run}/artifacts/d/ö b.txt")
    assert answer.content == b"\x00\xff"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"].startswith("attachment")


def test_folders_are_listed_one_level_at_a_time(tracker: Tracker) -> None:
    run = tracker.run()
    for name in ("a.txt", "d/b.txt", "d/e/c.txt"):
        put(tracker, f"0/{run}/artifacts/{name}")
    top = tracker.get("artifacts/list", run_id=run)
    assert top["files"] == [{"path": "a.txt", "is_dir": False, "file_size": 5}, {"path": "d", "is_dir": True}]
    inner = tracker.get("artifacts/list", run_id=run, path="d")["files"]
    assert [one["path"] for one in inner] == ["d/b.txt", "d/e"]
    told = tracker.asker.request("GET", FILES, params={"path": f"0/{run}/artifacts/d"}).json()["files"]
    assert [one["path"] for one in told] == ["b.txt", "e"]


def test_a_file_that_a_run_logs_is_an_artifact_it_wrote(tracker: Tracker) -> None:
    run = tracker.run()
    put(tracker, f"0/{run}/artifacts/plot.png", b"one")
    put(tracker, f"0/{run}/artifacts/plot.png", b"two")
    with tracker.record.read() as reader:
        (found,) = reader.artifacts_at(f"mlflow-artifacts:/0/{run}/artifacts/plot.png")
        (event,) = reader.events_of_artifacts([found.id])
        assert reader.execution(event.execution_id).external_id == f"mlflow:{run}"
    assert found.digest == of_bytes(b"two")
    assert (event.type, event.path, event.source) == (EventType.OUTPUT, ("plot.png",), "mlflow")


def test_the_files_of_a_model_are_one_artifact_with_a_digest(tracker: Tracker) -> None:
    run = tracker.run()
    model = tracker.post("logged-models", experiment_id="0", source_run_id=run)["model"]["info"]
    for name in ("MLmodel", "data/model.bin"):
        put(tracker, model["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/" + name)
    model_id = model["model_id"]
    tracker.call("PATCH", f"logged-models/{model_id}", model_id=model_id, status="LOGGED_MODEL_READY")
    with tracker.record.read() as reader:
        (found,) = reader.artifacts_at(f"models:/{model_id}")
        assert reader.artifacts(type="mlflow.LoggedModel").items == [found]
    assert found.digest is not None
    assert found.digest.startswith("tree:")
    assert found.size_bytes == 10
    assert tracker.blobs.verify(found.digest).size_bytes == 10
    listed = tracker.get(f"logged-models/{model_id}/artifacts/directories")
    assert [one["path"] for one in listed["files"]] == ["MLmodel", "data"]


def test_a_deleted_file_is_gone_and_the_record_says_so(tracker: Tracker) -> None:
    run = tracker.run()
    for name in ("d/a.txt", "d/b.txt"):
        put(tracker, f"0/{run}/artifacts/{name}")
    assert tracker.asker.request("DELETE", f"{FILES}/0/{run}/artifacts/d").status_code == 200
    assert tracker.asker.request("GET", f"{FILES}/0/{run}/artifacts/d/a.txt").status_code == 404
    with tracker.record.read() as reader:
        (found,) = reader.artifacts_at(f"mlflow-artifacts:/0/{run}/artifacts/d/a.txt")
    assert found.state is ArtifactState.DELETED
    assert tracker.asker.request("DELETE", f"{FILES}/0/{run}/artifacts/nothing").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "a/../x", "a/..%2f..%2fx", "a/%2e%2e/x", "a/%252e%252e/x", "a/%25252e%25252e%25252fx", "..%2fx", "..", "%2e%2e",
        "/etc/x", "%2fetc%2fx", "a/..%5cx", "a%5c..%5cx", "a%00b", "a%2500b", "a/x%23y", "a/x%3fy", "a%2523b",
        "file:%2f%2f%2fetc%2fx", "file:/etc/x", "http:%2f%2fhost%2fx", "C:%5cx", "C:/x", "./x", "a/./x", "a//b",
        "a/" + "n" * 256, "/".join("d" * 2500),
    ],
)  # fmt: skip
def test_a_path_that_leads_out_is_refused_and_nothing_is_written(tracker: Tracker, home: Path, path: str) -> None:
    put(tracker, "seed.txt")
    before = snapshot(home.parent)
    for method in ("PUT", "GET", "DELETE"):
        answer = tracker.raw(method, f"{FILES}/{path}", b"evil")
        assert answer.status_code == 400, (method, path)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    for url in (f"/api/2.0/mlflow-artifacts/mpu/create/{path}", f"/api/2.0/mlflow-artifacts/presigned/{path}"):
        assert tracker.raw("POST" if "mpu" in url else "GET", url, b'{"path": "x", "num_parts": 1}').status_code == 400
    assert {
        path for path in snapshot(home.parent) - before if not path.name.startswith(("record.db", "tracking.db"))
    } == set()
    assert tracker.asker.request("GET", FILES).json()["files"] == [
        {"path": "seed.txt", "is_dir": False, "file_size": 5}
    ]


@pytest.mark.parametrize("path", ["../x", "/etc", "..%2f..", "%252e%252e", "a\\b", "a\x00b", "file:///etc", "a#b"])
def test_a_listing_never_looks_out_of_its_folder(tracker: Tracker, path: str) -> None:
    run = tracker.run()
    assert tracker.refused("GET", "artifacts/list", run_id=run, path=path)[2] == "Invalid path"
    for url, query in ((FILES, {"path": path}), ("/get-artifact", {"run_id": run, "path": path})):
        answer = tracker.asker.request("GET", url, params=query)
        assert (answer.status_code, answer.json()["message"]) == (400, "Invalid path")


def test_a_link_in_the_home_is_not_followed_because_no_name_of_a_client_is_a_file(tracker: Tracker, home: Path) -> None:
    secret = home.parent / "secret.txt"
    secret.write_text("secret")
    (home / "0").symlink_to(home.parent)
    assert tracker.asker.request("GET", f"{FILES}/0/secret.txt").status_code == 404
    assert put(tracker, "0/secret.txt", b"changed") == 200
    assert secret.read_text() == "secret"


def test_files_of_a_run_that_lie_elsewhere_are_not_read_by_the_server(tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("secret")
    made = tracker.post("experiments/create", name="e", artifact_location=tmp_path.as_uri())
    run = tracker.run(made["experiment_id"])
    answer = tracker.asker.request("GET", "/get-artifact", params={"run_id": run, "path": "x"})
    assert answer.json()["error_code"] == "NOT_IMPLEMENTED"


def test_a_file_and_a_folder_cannot_have_one_path(tracker: Tracker) -> None:
    put(tracker, "d/a")
    assert put(tracker, "d") == 400
    assert put(tracker, "d/a/b") == 400


def test_a_large_file_passes_in_pieces(tracker: Tracker) -> None:
    piece = bytes(range(256)) * 4096
    count = 100

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield piece

    tracemalloc.start()
    answer = tracker.asker.request("PUT", f"{FILES}/large.bin", content=pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 200
    assert peak < 32 << 20
    head = tracker.asker.request("HEAD", f"{FILES}/large.bin")
    assert head.headers["content-length"] == str(count * len(piece))
    assert head.headers["etag"] == f'"{of_chunks([piece] * count)}"'


def test_a_sender_that_goes_away_leaves_nothing(tracker: Tracker, home: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x" * (1 << 20)
        raise OSError("gone")

    before = snapshot(home / "blobs")
    assert tracker.asker.request("PUT", f"{FILES}/part.bin", content=pieces()).status_code == 500
    assert tracker.asker.request("GET", f"{FILES}/part.bin").status_code == 404
    assert snapshot(home / "blobs") == before


def test_a_range_of_a_file_is_served(tracker: Tracker) -> None:
    put(tracker, "f", b"0123456789")
    for asked, status, content in (("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=20-", 416, b"")):
        answer = tracker.asker.request("GET", f"{FILES}/f", headers={"range": asked})
        assert (answer.status_code, answer.content) == (status, content)


def test_parts_of_an_upload_become_one_file(tracker: Tracker, home: Path) -> None:
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    begun = tracker.asker.request("POST", f"{mpu}/create/d", json={"path": "tmp/x.bin", "num_parts": 2}).json()
    parts = []
    for one, content in zip(begun["credentials"], (b"hello ", b"world"), strict=True):
        answer = tracker.asker.request("PUT", one["url"], content=content, headers=one["headers"])
        parts.append({"part_number": one["part_number"], "etag": answer.headers["etag"], "url": one["url"]})
    body = {"path": "x.bin", "upload_id": begun["upload_id"], "parts": parts}
    wrong = body | {"parts": [parts[0], {"part_number": 2, "etag": "another"}]}
    assert tracker.asker.request("POST", f"{mpu}/complete/d", json=wrong).status_code == 400
    assert tracker.asker.request("POST", f"{mpu}/complete/other", json=body).status_code == 404
    assert tracker.asker.request("POST", f"{mpu}/complete/d", json=body).status_code == 200
    assert tracker.asker.request("GET", f"{FILES}/d/x.bin").content == b"hello world"
    assert list((home / "uploads").iterdir()) == []


def test_an_upload_that_is_given_up_leaves_no_parts(tracker: Tracker, home: Path) -> None:
    mpu = "/api/2.0/mlflow-artifacts/mpu"
    begun = tracker.asker.request("POST", f"{mpu}/create/d", json={"path": "x", "num_parts": 1}).json()
    tracker.asker.request("PUT", begun["credentials"][0]["url"], content=b"x")
    body = {"path": "x", "upload_id": begun["upload_id"]}
    assert tracker.asker.request("POST", f"{mpu}/abort/d", json=body).status_code == 200
    assert list((home / "uploads").iterdir()) == []
    assert tracker.asker.request("POST", f"{mpu}/abort/d", json=body | {"upload_id": "../x"}).status_code == 404


def test_a_presigned_url_leads_back_here_with_the_callers_token(tracker: Tracker) -> None:
    put(tracker, "f", b"0123")
    asked = tracker.asker.request("GET", "/api/2.0/mlflow-artifacts/presigned/f", headers={"authorization": "Bearer t"})
    told = asked.json()
    assert told["file_size"] == 4
    assert told["headers"] == {"Authorization": "Bearer t"}
    assert tracker.asker.request("GET", told["url"]).content == b"0123"


def test_a_path_no_route_knows_is_told_in_mlflows_form(tracker: Tracker) -> None:
    answer = tracker.raw("PUT", f"{FILES}/a%0ab", b"")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
