"""Previews of artifacts through GraphQL: what is within the home's reach is shown, what is not says why."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.service import Services
from clew.api.settings import Limits
from clew.executors.pipeline.options import RunOptions
from clew.executors.runs.service import RunService
from clew.graph.sql import SqlEngine
from clew.metadata.blobs import LocalStore
from clew.metadata.change import Change
from clew.metadata.digest import of_bytes
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record

PREVIEW = """query($id: ID!, $max: Int! = 262144, $path: String! = "") { node(id: $id) { ... on Artifact {
  preview(maxBytes: $max, path: $path) { kind mediaType text base64 columns rows totalBytes truncated reason
    entries { name kind sizeBytes } } } } }"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    home = tmp_path_factory.mktemp("previews") / "home"
    with Record.open(home) as record:
        runs = RunService(record, LocalStore(home / "blobs"), RunOptions(home=home, actor="ann"))
        yield Services(record, SqlEngine(record), "1.2.3", runs)


@pytest.fixture
def recorded(services: Services) -> Callable[..., str]:
    """Records one artifact; gives its id."""

    def put(type: str = "system.Artifact", **facts: Any) -> str:
        change = Change()
        change.artifact(change.type(NodeType(Kind.ARTIFACT, type)), **facts)
        return f"artifact:{services.record.commit(change).node_ids[-1]}"

    return put


@pytest.fixture
def kept(services: Services, recorded: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Keeps bytes in the home's store and records an artifact of them."""

    def keep(data: bytes, name: str = "data", **facts: Any) -> str:
        assert services.runs is not None
        (tmp_path / name).write_bytes(data)
        blob = services.runs.store.put(tmp_path / name)
        return recorded(digest=blob.digest, size_bytes=blob.size_bytes, uri=f"s3://lake/{name}", **facts)

    return keep


@pytest.fixture
def see(asker: Any) -> Callable[..., dict[str, Any]]:
    def ask(id: str, **variables: Any) -> dict[str, Any]:
        seen: dict[str, Any] = asker.ask(PREVIEW, id=id, **variables)["node"]["preview"]
        return seen

    return ask


def test_a_table_is_shown_as_rows(kept: Any, see: Any) -> None:
    seen = see(kept(b"name,rows\na,1\nb,\n", "t.csv"))
    assert (seen["kind"], seen["columns"], seen["rows"]) == ("TABLE", ["name", "rows"], [["a", 1], ["b", None]])
    assert (seen["totalBytes"], seen["truncated"], seen["reason"]) == (17, False, None)


def test_html_is_text_and_an_image_its_bytes(kept: Any, see: Any) -> None:
    page = "<html><script>alert(1)</script>"
    html = see(kept(page.encode(), "x", type="system.HTML"))
    assert (html["kind"], html["text"], html["base64"]) == ("HTML", page, None)
    data = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
    image = see(kept(data))
    assert (image["kind"], base64.b64decode(image["base64"])) == ("IMAGE", data)
    small = see(kept(data), max=10)
    assert (small["kind"], small["base64"], small["truncated"], small["totalBytes"]) == ("IMAGE", None, True, 58)


def test_a_directory_is_a_list_and_what_lies_in_it_is_reached_by_its_path(
    services: Services, recorded: Any, see: Any, asker: Any, tmp_path: Path
) -> None:
    assert services.runs is not None
    (tmp_path / "made/inner").mkdir(parents=True)
    (tmp_path / "made/inner/t.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "made/readme.md").write_bytes(b"# Read")
    id = recorded(digest=services.runs.store.put(tmp_path / "made").digest)
    seen = see(id)
    assert (seen["kind"], seen["totalBytes"]) == ("FOLDER", 14)
    assert seen["entries"] == [
        {"name": "inner", "kind": "folder", "sizeBytes": 8},
        {"name": "readme.md", "kind": "file", "sizeBytes": 6},
    ]
    assert see(id, path="inner")["entries"] == [{"name": "t.csv", "kind": "file", "sizeBytes": 8}]
    assert see(id, path="inner/t.csv")["rows"] == [[1, 2]]
    assert see(id, path="readme.md")["kind"] == "MARKDOWN"
    assert asker.refused(PREVIEW, id=id, path="../../etc/passwd")["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "/etc/passwd", "file:///proc/self/environ", "http://127.0.0.1:1/x"]
)
def test_a_recorded_address_is_never_read(recorded: Any, see: Any, uri: str) -> None:
    file = Path(uri.removeprefix("file://"))
    digest = of_bytes(file.read_bytes()) if file.is_file() else of_bytes(b"x")
    for facts in ({"digest": digest}, {}):
        seen = see(recorded(uri=uri, **facts))
        assert (seen["kind"], seen["text"], seen["base64"]) == ("NONE", None, None)
        assert seen["reason"]


def test_why_nothing_can_be_shown_is_said(recorded: Any, see: Any) -> None:
    assert "no bytes" in see(recorded("system.Metrics"))["reason"]
    assert "no bytes" in see(recorded(uri="/x", size_bytes=0))["reason"]
    assert "without a digest" in see(recorded(uri="/x"))["reason"]
    assert "not in the artifact store" in see(recorded(uri="/x", digest="etag:" + "0" * 32))["reason"]
    assert "not in the artifact store" in see(recorded(uri="/x", digest="tree:" + "0" * 64))["reason"]


def test_a_file_of_a_run_that_the_store_lost_is_still_shown(services: Services, recorded: Any, see: Any) -> None:
    assert services.runs is not None
    made = services.runs.home / "runs/r1/out"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"# Made")
    id = recorded("system.Markdown", uri=made.as_uri(), digest=of_bytes(b"# Made"))
    assert see(id)["text"] == "# Made"
    made.write_bytes(b"# Mode")
    assert see(id)["kind"] == "NONE"


def test_what_is_asked_for_is_bounded(kept: Any, asker: Any, asker_with: Any, services: Services) -> None:
    id = kept(b"x" * 100_000)
    for max in (0, -1, (8 << 20) + 1):
        assert asker.refused(PREVIEW, id=id, max=max)["code"] == "LIMIT_EXCEEDED"
    many = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Artifact { preview { text } } } }"
    assert len(asker.ask(many, ids=[id] * 3)["nodes"]) == 3
    ids = [kept(b"%d" % n * 100_000) for n in range(3)]
    small = asker_with(services, limits=Limits(cost=15_000))
    assert small.refused(many, ids=ids)["code"] == "LIMIT_EXCEEDED"


def test_where_there_is_no_home_nothing_is_within_reach(kept: Any, asker_with: Any, services: Services) -> None:
    alone = asker_with(Services(services.record, services.engine))
    assert alone.ask(PREVIEW, id=kept(b"text"))["node"]["preview"]["kind"] == "NONE"
