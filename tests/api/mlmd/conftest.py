"""A record behind ML Metadata's service: asked directly, or served."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.server import GrpcServer, GrpcSettings
from clew.api.mlmd.service import MetadataStoreService, Refused
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record

CLEW = Path(sys.executable).with_name("clew")


class Store:
    """The service, asked with messages."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.service = MetadataStoreService(Services(record, SqlEngine(record)))

    def __call__(self, request: Any) -> Any:
        """The answer to a request; the call is the one that takes such a request."""
        name = request.DESCRIPTOR.name.removesuffix("Request")
        answer = getattr(svc, f"{name}Response")
        return answer.FromString(self.service.call(name, request.SerializeToString()))

    def status(self, request: Any) -> str:
        """The status by which a request is refused; OK when it is not."""
        return self.status_of(request.DESCRIPTOR.name.removesuffix("Request"), request.SerializeToString())

    def status_of(self, name: str, body: bytes) -> str:
        """The same of any bytes."""
        try:
            self.service.call(name, body)
        except Refused as refused:
            return refused.status
        return "OK"

    def refusal(self, request: Any) -> str:
        """The text by which a request is refused."""
        with pytest.raises(Refused) as refused:
            self(request)
        return refused.value.text

    # -- what most tests begin with

    def artifact_type(self, name: str = "Dataset", **properties: Any) -> int:
        wanted = pb.ArtifactType(name=name, properties=properties)
        return int(self(svc.PutArtifactTypeRequest(artifact_type=wanted)).type_id)

    def execution_type(self, name: str = "Train", **properties: Any) -> int:
        wanted = pb.ExecutionType(name=name, properties=properties)
        return int(self(svc.PutExecutionTypeRequest(execution_type=wanted)).type_id)

    def context_type(self, name: str = "Run", **properties: Any) -> int:
        wanted = pb.ContextType(name=name, properties=properties)
        return int(self(svc.PutContextTypeRequest(context_type=wanted)).type_id)

    def put(self, *artifacts: pb.Artifact) -> list[int]:
        return list(self(svc.PutArtifactsRequest(artifacts=artifacts)).artifact_ids)

    def artifact(self, id: int) -> pb.Artifact:
        (found,) = self(svc.GetArtifactsByIDRequest(artifact_ids=[id])).artifacts
        assert isinstance(found, pb.Artifact)
        return found


@pytest.fixture
def store(record: Record) -> Store:
    """The service over a fresh record, once on SQLite and once on PostgreSQL."""
    return Store(record)


@pytest.fixture
def sqlite_store(sqlite_record: Record) -> Store:
    """The service over a fresh record on SQLite."""
    return Store(sqlite_record)


@pytest.fixture
def serve() -> Iterator[Callable[..., GrpcServer]]:
    """Starts gRPC servers: serve(record, settings=...)."""
    servers: list[GrpcServer] = []

    def start(record: Record, settings: GrpcSettings | None = None) -> GrpcServer:
        servers.append(GrpcServer(Services(record, SqlEngine(record)), "127.0.0.1:0", settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def wipe_postgres(fresh_postgres_url: str) -> Callable[[str], None]:
    """Empties a record's database, as the one of this test was when it was fresh."""
    import psycopg

    with psycopg.connect(fresh_postgres_url) as connection:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        tables = [name for (name,) in connection.execute(names).fetchall()]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}

    def wipe(url: str) -> None:
        with psycopg.connect(url) as connection:
            for name in tables:
                connection.execute(f'DELETE FROM "{name}"')
                for row in rows[name]:
                    connection.execute(f'INSERT INTO "{name}" VALUES ({",".join(["%s"] * len(row))})', row)

    return wipe


class ClewUp:
    """`clew up` in a process of its own, on free ports."""

    def __init__(self, home: Path, **environ: str) -> None:
        command: list[str | Path] = [CLEW, "up", "--home", home, "--port", "0", "--grpc-port", "0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ})
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        told = re.search(r" at (http://\S+) .*gRPC: \S+:(\d+);", line)
        assert told, line + self.process.stderr.read()
        self.url, self.port = told[1], int(told[2])

    def stop(self) -> str:
        """What it said on its way out."""
        self.process.terminate()
        said: str = self.process.communicate(timeout=30)[1]
        return said


@pytest.fixture
def start_clew(tmp_path: Path) -> Iterator[Callable[..., ClewUp]]:
    """Starts `clew up` on a fresh home: start_clew(CLEW_TOKEN="t")."""
    started: list[ClewUp] = []

    def start(**environ: str) -> ClewUp:
        started.append(ClewUp(tmp_path / f"home-{len(started)}", **environ))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def clew_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClewUp]:
    """`clew up` on a home that the tests of one module share."""
    server = ClewUp(tmp_path_factory.mktemp("up") / "home")
    yield server
    server.stop()
