"""Stores in MySQL and MariaDB, and behind servers of ML Metadata."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.server import GrpcServer
from clew.api.mlmd.source import WireSource, open_wire
from clew.api.service import Services
from clew.collectors.mlmd.compare import prove
from clew.collectors.mlmd.mapping import Into
from clew.collectors.mlmd.move import Moved, move
from clew.collectors.mlmd.mysql import open_mysql
from clew.collectors.mlmd.proof import Proof
from clew.collectors.mlmd.source import Source
from clew.graph.sql import SqlEngine
from clew.metadata.errors import Invalid, SourceUnreachable
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState

PROXY = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "mlmd_proxy.py"


def silent(subject: str, done: int, total: int | None) -> None:
    """Tells nobody."""


def bring_in(source: Source, record: Record) -> tuple[Moved, Proof]:
    """Move a store into ``record``, and compare."""
    try:
        into = Into(record, source.name)
        moved = move(source, into, silent)
        return moved, prove(source, into, moved, silent)
    finally:
        source.close()


# -- MySQL


@pytest.mark.parametrize("charset", ["latin1", "utf8mb4"])
def test_a_store_in_mariadb_comes_in_as_the_library_reads_it(
    library: Any, fill: Any, mariadb: Any, sqlite_record: Record, ask_clew: Any, answers_of: Any, charset: str
) -> None:
    mariadb.execute(f"CREATE DATABASE m_{charset} CHARACTER SET {charset}")
    library.open(**mariadb.config(f"m_{charset}"))
    fill(library)
    moved, proof = bring_in(open_mysql(mariadb.url(f"m_{charset}")), sqlite_record)
    assert (moved.keeps_ids, proof.ok, proof.differences) == (True, True, [])
    assert answers_of(ask_clew(sqlite_record)) == answers_of(library)
    again, proof = bring_in(open_mysql(mariadb.url(f"m_{charset}")), sqlite_record)
    assert (sum(again.added.values()), proof.ok) == (0, True)


@pytest.mark.parametrize("version", [6, 7, 8, 9])
def test_older_schemas_in_mariadb_are_read_as_they_are(
    library: Any, fill: Any, mariadb: Any, sqlite_record: Record, ask_clew: Any, answers_of: Any, version: int
) -> None:
    mariadb.execute(f"CREATE DATABASE v{version}")
    library.open(**mariadb.config(f"v{version}"))
    fill(library, protos=False, external_ids=version >= 9)
    expected = answers_of(library)
    library.close()
    library.downgrade(version, **mariadb.config(f"v{version}"))
    assert bring_in(open_mysql(mariadb.url(f"v{version}")), sqlite_record)[1].ok
    assert answers_of(ask_clew(sqlite_record)) == expected


def test_text_that_others_wrote_into_mariadb_is_read_as_it_stands(
    library: Any, mariadb: Any, sqlite_record: Record
) -> None:
    mariadb.execute("CREATE DATABASE native CHARACTER SET utf8mb4")
    library.open(**mariadb.config("native"))
    kind = library(svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="T"))).type_id
    library(svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=kind)]))
    mariadb.execute("SET NAMES utf8mb4; UPDATE Artifact SET uri = 'größe-日本'", database="native")
    assert bring_in(open_mysql(mariadb.url("native")), sqlite_record)[1].ok
    with sqlite_record.read() as reader:
        assert reader.artifact(1).uri == "größe-日本"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("secret", "wrong"), "Access denied"),
        (("/absent", "/nowhere"), "Unknown database"),
        (("127.0.0.1:", "127.0.0.1:1"), "Can't connect|out of range|port"),
    ],
)
def test_a_database_that_cannot_be_read_says_why_and_never_the_password(
    mariadb: Any, change: tuple[str, str], text: str
) -> None:
    with pytest.raises((SourceUnreachable, Invalid), match=text) as refused:
        open_mysql(mariadb.url("absent").replace(*change))
    assert "secret" not in str(refused.value) + refused.value.value


def test_a_database_that_is_no_store_is_refused(mariadb: Any) -> None:
    mariadb.execute("CREATE DATABASE other")
    with pytest.raises(Invalid, match="is not a store of ML Metadata"):
        open_mysql(mariadb.url("other"))


@pytest.mark.parametrize("url", ["mysql://", "mysql://host", "mysql://host:port/db"])
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="no address of a MySQL database"):
        open_mysql(url)


# -- servers


@pytest.fixture
def proxy(client_python: Path, full_store: Path, library: Any) -> Iterator[str]:
    """A server over the original library."""
    library.close()
    process = subprocess.Popen([str(client_python), str(PROXY), str(full_store)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"grpc://127.0.0.1:{int(process.stdout.readline())}"
    process.terminate()
    process.communicate(timeout=30)


def test_a_store_behind_the_library_comes_in_through_the_wire(
    proxy: str, full_store: Path, library: Any, sqlite_record: Record, ask_clew: Any, answers_of: Any
) -> None:
    moved, proof = bring_in(open_wire(proxy), sqlite_record)
    assert (moved.keeps_ids, proof.ok, proof.differences) == (True, True, [])
    library.open(full_store)
    assert answers_of(ask_clew(sqlite_record)) == answers_of(library)


def test_one_clew_moves_into_another_page_by_page(
    fill: Callable[..., None],
    record: Record,
    tmp_path: Path,
    ask_clew: Any,
    answers_of: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("clew.api.mlmd.source.PAGE", 2)
    monkeypatch.setattr("clew.api.mlmd.source.BATCH", 3)
    monkeypatch.setattr("clew.api.mlmd.source.EVENTS_OF", 2)
    there, here = ask_clew(record), Record.open(tmp_path / "here")
    fill(there)
    put = svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=11, state=pb.Artifact.ABANDONED)])
    for name, number in {"inf": float("inf"), "nan": float("nan"), "zero": -0.0, "third": 1 / 3}.items():
        put.artifacts[0].custom_properties[name].double_value = number
    there(put)
    server = GrpcServer(Services(record, SqlEngine(record)), "127.0.0.1:0")
    try:
        moved, proof = bring_in(WireSource(f"127.0.0.1:{server.port}"), here)
        again, _ = bring_in(WireSource(f"127.0.0.1:{server.port}"), here)
    finally:
        server.stop()
    assert (moved.keeps_ids, proof.ok, proof.differences) == (True, True, [])
    assert sum(again.added.values()) == 0
    expected, found = answers_of(there), answers_of(ask_clew(here))
    assert {key: list(map(str, said)) for key, said in found.items()} == {
        key: list(map(str, said)) for key, said in expected.items()
    }
    with here.read() as reader:
        assert reader.artifact(7).state is ArtifactState.ABANDONED
    here.close()


def test_nobody_at_the_port_is_told_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("clew.api.mlmd.source.CONNECT_TIMEOUT_S", 0.3)
            with pytest.raises(SourceUnreachable, match="nothing answers at"):
                open_wire(f"grpc://127.0.0.1:{probe.getsockname()[1]}")


def test_a_server_of_something_else_is_told_so() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(Invalid, match="does not know GetContextTypes"):
            open_wire(f"grpc://127.0.0.1:{port}")
    finally:
        server.stop(None)


@pytest.mark.parametrize("url", ["grpc://", "grpc://host", "grpc://host:port", "grpc://:8080"])
def test_a_url_that_names_no_server_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="no server is named"):
        open_wire(url)
