"""A record behind ML Metadata's service: asked directly, or by the original client in a Python of its own."""

from __future__ import annotations

import os
import platform
import re
import shutil
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

ROOT = Path(__file__).resolve().parents[3]
CLEW = Path(sys.executable).with_name("clew")
BESIDE_CLIENT = ("pytest", "pytest-timeout", "absl-py")
NEWER_LINUX = ("--python-platform", f"{platform.machine()}-manylinux_2_40")


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
        try:
            self(request)
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


@pytest.fixture(scope="session")
def client_python() -> Path:
    """A Python 3.11 that holds the original client: it needs an older protobuf than ours."""
    return _client("mlmd", "ml-metadata==1.17.1", "import ml_metadata")


@pytest.fixture(scope="session")
def newest_python() -> Path:
    """A Python 3.11 that holds the newest client."""
    return _client("mlmd-newest", "ml-metadata==1.21.0", "import ml_metadata.proto.metadata_store_service_pb2_grpc")


def _client(name: str, client: str, probe: str) -> Path:
    venv = ROOT / ".bench" / name
    try:
        _make_client(venv, client, probe)
    except (OSError, subprocess.CalledProcessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        reason = f"{client} cannot be installed into a Python 3.11: {told}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    return venv / "bin" / "python"


def _make_client(venv: Path, client: str, probe: str) -> None:
    python = venv / "bin" / "python"
    imports: list[str | Path] = [python, "-c", f"import pytest, pytest_timeout, absl; {probe}"]
    if python.exists() and not subprocess.run(imports, capture_output=True).returncode:
        return
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise OSError("uv is missing")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", "3.11", venv], check=True, capture_output=True, text=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), client, *BESIDE_CLIENT]
    if subprocess.run(install, capture_output=True).returncode:
        # Its wheel may be for a newer Linux than this one. The Python code in it, which makes wire calls, runs here.
        subprocess.run([*install, *NEWER_LINUX], check=True, capture_output=True, text=True)
