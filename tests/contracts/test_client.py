"""Both clients, the embedded one and the one of a server, give the same answers and the same errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.client.connect import connect
from clew.client.protocol import Client, Moment
from clew.graph.protocol import Direction
from clew.metadata.change import Change
from clew.metadata.errors import (
    AlreadyRecorded,
    ArtifactNotFound,
    ChangeNotFound,
    ClewError,
    Invalid,
    InvalidFilter,
    KeyReused,
    NotFound,
    PermissionDenied,
    SourceUnreachable,
    TypeNotFound,
    UnmatchedPropertyType,
    VersionConflict,
)
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Proto
from clew.settings import load

pytestmark = pytest.mark.e2e
CLEW = Path(sys.executable).with_name("clew")
NAN = float("nan")
ODD: dict[str, Any] = {
    "big": 2**63 - 1,
    "small": -(2**63),
    "inf": float("inf"),
    "minus": -0.0,
    "one": 1.0,
    "nul": "a\0b",
    "text": "日本 🧶",
    "struct": {"list": [1, 2.5, None, {"deep": 2**60}], "inf": float("inf")},
    "proto": Proto("type.googleapis.com/x", b"\x00\xff"),
    "yes": True,
}


def fill(home: Path) -> None:
    with Record.open(home) as record:
        change = Change(actor="ann")
        model = change.type(
            NodeType(Kind.ARTIFACT, "Model", properties={"depth": PropertyType.INT}, description="what is trained")
        )
        data, step = change.type(NodeType(Kind.ARTIFACT, "Data")), change.type(NodeType(Kind.EXECUTION, "Step"))
        run_type = change.type(NodeType(Kind.CONTEXT, "Run"))
        outer, run = change.context(run_type, name="outer"), change.context(run_type, name="inner")
        change.parent(run, outer)
        raw = change.artifact(data, name="raw", uri="s3a://lake/raw/", state=ArtifactState.LIVE, custom_properties=ODD)
        made = change.artifact(
            model, name="m", uri="/models/m", digest="sha256:" + "a" * 64, size_bytes=2**40, properties={"depth": 3}
        )
        execution = change.execution(
            step, name="fit", state=ExecutionState.COMPLETE, fingerprint="sha256:" + "b" * 64, started_ms=1, ended_ms=2
        )
        change.event(raw, execution, EventType.INPUT, path=("data", 0))
        change.event(made, execution, EventType.OUTPUT, path=("model",))
        change.associate(run, execution)
        change.attribute(run, made)
        record.commit(change)
        for name in ("x", "y", "z"):
            later = Change(actor="bob", namespace="team")
            later.artifact("Data", name=name)
            record.commit(later)
        update = Change()
        update.artifact(id=2, state=ArtifactState.DELETED, properties={"depth": 4})
        record.commit(update)


class Server:
    """A real `clew up`."""

    def __init__(self, home: Path, **environ: str) -> None:
        import os

        self.process = subprocess.Popen(
            [CLEW, "up", "--home", home, "--port", "0", "--grpc-port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CLEW_ENGINE": "sql", **environ},
        )
        assert self.process.stderr is not None
        self.url = self.process.stderr.readline().split(" at ")[1].split()[0]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clients") / "home"
    fill(home)
    return home


@pytest.fixture(scope="module")
def server(filled: Path) -> Iterator[Server]:
    server = Server(filled)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def embedded(filled: Path) -> Iterator[Client]:
    client = connect(load({}, home=filled))
    yield client
    client.close()


@pytest.fixture(scope="module")
def remote(server: Server) -> Iterator[Client]:
    client = connect(load({}, url=server.url))
    yield client
    client.close()


@pytest.fixture(params=["embedded", "remote"])
def client(request: pytest.FixtureRequest) -> Client:
    found: Client = request.getfixturevalue(request.param)
    return found


def comparable(answer: Any) -> Any:
    """An answer without what may differ: how long it took."""
    if hasattr(answer, "took_ms"):
        return replace(answer, took_ms=0.0)
    if hasattr(answer, "lineage"):
        return replace(answer, lineage=comparable(answer.lineage))
    return answer


RAW, MODEL, FIT = NodeRef(Kind.ARTIFACT, 1), NodeRef(Kind.ARTIFACT, 2), NodeRef(Kind.EXECUTION, 1)
INNER = NodeRef(Kind.CONTEXT, 2)
QUESTIONS: dict[str, Callable[[Client], Any]] = {
    "resolve an id": lambda c: c.resolve("execution:1"),
    "resolve a uri": lambda c: c.resolve("s3://lake/raw"),
    "resolve a path": lambda c: c.resolve("/models/m"),
    "resolve a digest": lambda c: c.resolve("sha256:" + "a" * 64),
    "nodes by ref": lambda c: c.nodes_by_ref([FIT, NodeRef(Kind.ARTIFACT, 99), RAW, INNER]),
    "artifacts at": lambda c: c.artifacts_at("s3n://lake/raw"),
    "artifacts with digest": lambda c: c.artifacts_with_digest("sha256:" + "a" * 64),
    "executions with fingerprint": lambda c: c.executions_with_fingerprint("sha256:" + "b" * 64),
    "find": lambda c: [c.find(Kind.CONTEXT, type, name) for type, name in [("Run", "inner"), ("Run", "x"), ("T", "x")]],
    "artifact": lambda c: c.detail(RAW),
    "artifact as of": lambda c: c.detail(MODEL, Moment(seq=1)),
    "execution": lambda c: c.detail(FIT),
    "context": lambda c: c.detail(INNER),
    "history": lambda c: c.history(MODEL),
    "first page": lambda c: c.nodes(Kind.ARTIFACT, limit=2),
    "filtered": lambda c: c.nodes(Kind.ARTIFACT, where="properties.depth.int_value > 3", type="Model"),
    "namespace, by name": lambda c: c.nodes(Kind.ARTIFACT, namespace="team", order="name", descending=True, limit=2),
    "in a context": lambda c: c.nodes(Kind.EXECUTION, context=2),
    "contexts": lambda c: c.nodes(Kind.CONTEXT),
    "listing as of": lambda c: c.nodes(Kind.ARTIFACT, moment=Moment(seq=2)),
    "types": lambda c: c.types(),
    "types of a kind": lambda c: c.types(Kind.CONTEXT),
    "trace": lambda c: c.trace([MODEL]),
    "trace both, short": lambda c: c.trace([FIT], Direction.BOTH, depth=1),
    "trace, few": lambda c: c.trace([MODEL], max_nodes=2),
    "trace as of": lambda c: c.trace([MODEL], moment=Moment(seq=1)),
    "impact": lambda c: c.impact([RAW]),
    "paths": lambda c: c.paths(RAW, MODEL),
    "no path": lambda c: c.paths(MODEL, RAW),
    "compare": lambda c: c.compare(RAW, MODEL),
    "compare everything": lambda c: c.compare(RAW, MODEL, everything=True),
    "changes": lambda c: [(change.seq, change.actor, change.digest) for change in c.changes(1, 3)],
    "seq": lambda c: c.seq(),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_clients_answer_the_same(embedded: Client, remote: Client, question: str) -> None:
    ask = QUESTIONS[question]
    assert comparable(ask(remote)) == comparable(ask(embedded))


def test_pages_of_both_clients_are_the_same(embedded: Client, remote: Client) -> None:
    def pages(client: Client) -> list[list[int]]:
        found: list[list[int]] = []
        cursor = None
        while True:
            page = client.nodes(Kind.ARTIFACT, limit=2, after=cursor)
            found.append([int(node.id) for node in page.items])
            assert page.total == 5
            if (cursor := page.next_cursor) is None:
                return found

    assert pages(remote) == pages(embedded) == [[1, 2], [3, 4], [5]]


def test_every_kind_of_value_comes_back_exact(client: Client) -> None:
    found = client.detail(RAW).node.custom_properties
    assert found == ODD
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in ODD.items()}
    assert str(found["minus"]) == "-0.0"


ERRORS: dict[str, tuple[type[ClewError], Callable[[Client], Any]]] = {
    "no such artifact": (ArtifactNotFound, lambda c: c.detail(NodeRef(Kind.ARTIFACT, 99))),
    "no such address": (ArtifactNotFound, lambda c: c.resolve("s3://nowhere/x")),
    "bad id": (Invalid, lambda c: c.resolve("artifact:x")),
    "bad filter": (InvalidFilter, lambda c: c.nodes(Kind.ARTIFACT, where="name = = 'x'")),
    "no such type": (TypeNotFound, lambda c: c.nodes(Kind.ARTIFACT, type="Nothing")),
    "no such change": (ChangeNotFound, lambda c: c.detail(RAW, Moment(seq=999))),
    "trace of nothing": (NotFound, lambda c: c.trace([NodeRef(Kind.ARTIFACT, 99)])),
    "trace of a context": (Invalid, lambda c: c.trace([INNER])),
    "no decision": (NotFound, lambda c: c.why(FIT)),
    "two kinds": (Invalid, lambda c: c.compare(RAW, FIT)),
}  # fmt: skip


@pytest.mark.parametrize("mistake", ERRORS)
def test_both_clients_refuse_alike(embedded: Client, remote: Client, mistake: str) -> None:
    expected, ask = ERRORS[mistake]
    caught = []
    for client in (embedded, remote):
        with pytest.raises(expected) as info:
            ask(client)
        caught.append((type(info.value), info.value.code, info.value.message, info.value.remedy))
    assert caught[0] == caught[1]


@pytest.fixture
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """A client of a fresh home, embedded or through a server."""
    if request.param == "embedded":
        client = connect(load({}, home=tmp_path / "home"), create=True)
        yield client
        client.close()
        return
    server = Server(tmp_path / "home")
    client = connect(load({}, url=server.url))
    yield client
    client.close()
    server.stop()


@pytest.mark.parametrize("writer", ["embedded", "remote"], indirect=True)
def test_a_change_is_recorded_whole_with_ids_where_they_were_asked_for(writer: Client) -> None:
    change = Change(actor="ann", namespace="team", key="k1")
    # Executions before artifacts before contexts: each client must put the ids where the change has them.
    step = change.execution(change.type(NodeType(Kind.EXECUTION, "Step")), name="fit", custom_properties=ODD)
    data = change.type(NodeType(Kind.ARTIFACT, "Data", properties={"rows": PropertyType.INT}))
    raw = change.artifact(data, uri="s3://lake/raw", state=ArtifactState.PENDING, properties={"rows": 5})
    run = change.context(change.type(NodeType(Kind.CONTEXT, "Run")), name="r")
    outer = change.context("Run", name="outer")
    change.event(raw, step, EventType.DECLARED_INPUT, path=("data", 3), time_ms=7)
    change.associate(run, step)
    change.attribute(run, raw)
    change.parent(run, outer)
    receipt = writer.commit(change)
    assert receipt.node_ids == (1, 1, 1, 2)
    assert (receipt.seq, receipt.changed, receipt.replayed) == (1, True, False)
    assert receipt.id(raw) == 1
    assert writer.commit(change).replayed
    detail = writer.detail(NodeRef(Kind.EXECUTION, 1))
    assert detail.node.custom_properties == ODD
    (touch,) = detail.touches
    assert (touch.event.type, touch.event.path, touch.event.time_ms) == (EventType.DECLARED_INPUT, ("data", 3), 7)
    assert [context.name for context in detail.contexts] == ["r"]
    assert len(writer.trace([NodeRef(Kind.ARTIFACT, 1)], Direction.DOWN).nodes) == 2

    update = Change()
    update.artifact(id=1, state=ArtifactState.LIVE)
    writer.commit(update)
    assert writer.detail(NodeRef(Kind.ARTIFACT, 1)).node.properties == {"rows": 5}

    refused: list[tuple[type[ClewError], Change]] = []
    again = Change(key="k1", namespace="team")
    again.context("Run", name="another")
    refused.append((KeyReused, again))
    taken = Change(namespace="team")
    taken.context("Run", name="r")
    refused.append((AlreadyRecorded, taken))
    wrong = Change()
    wrong.artifact("Data", properties={"rows": "five"})
    refused.append((UnmatchedPropertyType, wrong))
    unknown = Change()
    unknown.artifact("Nothing")
    refused.append((TypeNotFound, unknown))
    stale = Change()
    stale.artifact(id=1, uri="s3://elsewhere").expect_updated_seq = 1
    refused.append((VersionConflict, stale))
    for error, bad in refused:
        with pytest.raises(error):
            writer.commit(bad)
    assert writer.seq() == 2


def test_a_server_that_is_not_there_is_told_in_one_error() -> None:
    with closing(connect(load({}, url="http://127.0.0.1:9"))) as client:
        with pytest.raises(SourceUnreachable, match="cannot be reached"):
            client.seq()


def test_a_server_with_a_token_refuses_those_without(filled: Path) -> None:
    server = Server(filled, CLEW_TOKEN="secret")
    try:
        with closing(connect(load({}, url=server.url))) as stranger, pytest.raises(PermissionDenied):
            stranger.seq()
        with closing(connect(load({}, url=server.url, token="secret"))) as friend:
            assert friend.seq() == 5
    finally:
        server.stop()
