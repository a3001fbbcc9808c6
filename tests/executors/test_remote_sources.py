"""Importers look at addresses elsewhere as far as they are told to: not, by ETag, or by the bytes."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import from_url

from clew.executors.remote_source import RemoteSources, file_name
from clew.metadata.blobs.tree import digest_of_path
from clew.metadata.errors import SourceUnreachable


class Page:
    """A web server with one page, which says of it what it is told to."""

    def __init__(self) -> None:
        self.body = b"one two"
        self.headers: dict[str, str] = {"ETag": '"v1"'}
        self.asked: list[str] = []
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer()

            def do_GET(self) -> None:
                self.answer()
                self.wfile.write(page.body)

            def answer(self) -> None:
                page.asked.append(self.command)
                self.send_response(404 if "absent" in self.path else 200)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()

            def log_message(self, *words: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data/words.txt"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    page = Page()
    yield page
    page.server.shutdown()
    page.server.server_close()


def _states(result: Any) -> dict[str, str]:
    return {task.name: task.state for task in result.tasks}


def _import(bench: Any, uri: str, look: str) -> Any:
    return bench.run("imports", uri=uri, note="n", options={"look": look})


def test_nothing_is_asked_unless_it_is_told_to(bench: Any, page: Page) -> None:
    bench.run("imports", uri=page.url, note="n")
    assert page.asked == []


@pytest.mark.parametrize("look", ["identity", "bytes"])
def test_a_page_is_read_by_a_step_and_reused_while_its_tag_is_the_same(bench: Any, page: Page, look: str) -> None:
    first = _import(bench, page.url, look)
    assert first.outputs == {"Output": 2}
    assert set(_states(_import(bench, page.url, look)).values()) == {"CACHED"}
    page.body, page.headers = b"one two three", {"ETag": '"v2"'}
    third = _import(bench, page.url, look)
    assert third.outputs == {"Output": 3}
    assert set(_states(third).values()) == {"COMPLETE"}


def test_the_same_bytes_under_another_tag_stop_the_wave_when_bytes_are_looked_at(bench: Any, page: Page) -> None:
    _import(bench, page.url, "bytes")
    page.headers = {"ETag": '"v2"'}
    again = _import(bench, page.url, "bytes")
    assert set(_states(again).values()) == {"CACHED"}
    artifact = next(t for t in again.tasks if t.kind == "importer").outputs["artifact"]
    assert artifact["digest"].startswith("sha256:")
    assert artifact["uri"] == page.url


def test_bytes_are_read_once_for_each_identity(bench: Any, page: Page) -> None:
    for _ in range(3):
        _import(bench, page.url, "bytes")
    assert page.asked.count("GET") == 1


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_a_page_of_which_nothing_is_known_has_no_identity(tmp_path: Path, page: Page, headers: dict[str, str]) -> None:
    page.headers = headers
    assert RemoteSources("identity", tmp_path, digest_of_path).blob(page.url) is None


def test_the_time_and_size_of_a_page_are_an_identity(tmp_path: Path, page: Page) -> None:
    sources, seen = RemoteSources("identity", tmp_path, digest_of_path), []
    for second in (0, 0, 1):
        page.headers = {"Last-Modified": formatdate(second, usegmt=True)}
        seen.append(sources.blob(page.url))
    assert seen[0] == seen[1] != seen[2]


def test_what_changed_between_look_and_fetch_is_not_read(tmp_path: Path, page: Page) -> None:
    sources = RemoteSources("identity", tmp_path, digest_of_path)
    seen = sources.blob(page.url)
    assert seen is not None
    page.headers = {"ETag": '"v2"'}
    with pytest.raises(SourceUnreachable, match="not what was seen"):
        sources.copy(page.url, seen.digest, "words.txt")
    assert not list(tmp_path.rglob("words.txt"))


def test_an_address_with_nothing_fails_the_importer_by_name(bench: Any, page: Page, s3: str) -> None:
    for uri in (page.url + "/absent", f"{s3}/{uuid.uuid4()}", "http://127.0.0.1:9/x"):
        result = _import(bench, uri, "identity")
        assert (result.state, uri in result.error) == ("FAILED", True)


@pytest.mark.parametrize("look", ["identity", "bytes"])
def test_an_object_is_reused_by_its_tag_and_changed_data_is_a_miss(bench: Any, s3: str, look: str) -> None:
    uri = f"{s3}/{uuid.uuid4()}/words.txt"
    store, key = from_url(s3), uri.removeprefix(s3 + "/")
    obstore.put(store, key, b"one two")
    assert _import(bench, uri, look).outputs == {"Output": 2}
    assert set(_states(_import(bench, uri, look)).values()) == {"CACHED"}
    obstore.put(store, key, b"one two three")
    assert _import(bench, uri, look).outputs == {"Output": 3}


def test_a_prefix_is_known_by_all_below_it(tmp_path: Path, s3: str) -> None:
    store, prefix = from_url(s3), str(uuid.uuid4())
    obstore.put(store, f"{prefix}/a", b"1")
    obstore.put(store, f"{prefix}/deep/b", b"2")
    sources = RemoteSources("identity", tmp_path, digest_of_path)
    seen = sources.blob(f"{s3}/{prefix}")
    assert seen is not None
    assert seen.size_bytes == 2
    copy = sources.copy(f"{s3}/{prefix}", seen.digest, "folder")
    assert copy is not None
    assert {str(p.relative_to(copy)): p.read_text() for p in copy.rglob("*") if p.is_file()} == {
        "a": "1",
        "deep/b": "2",
    }
    obstore.put(store, f"{prefix}/deep/b", b"3")
    assert sources.blob(f"{s3}/{prefix}") != seen


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://b/a/data.csv", "data.csv"),
        ("https://h/x%20y.txt?q=1", "x y.txt"),
        ("gs://b", "artifact"),
        ("s3://b/..", "artifact"),
    ],
)
def test_an_address_tells_a_file_name(uri: str, name: str) -> None:
    assert file_name(uri) == name


def test_an_artifact_given_by_its_address_is_looked_at_too(bench: Any, page: Page) -> None:
    options = {"look": "identity"}
    states = [_states(bench.run("takes_data", data=page.url, options=options)) for _ in range(2)]
    assert [set(one.values()) for one in states] == [{"COMPLETE"}, {"CACHED"}]
