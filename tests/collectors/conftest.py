"""Stores of ML Metadata, made by the original library; the library and Clew asked the same questions."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import MetadataStoreService
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record

Ask = Callable[[Any], Any]
NOUNS = ("Artifact", "Execution", "Context")


def response_to(request: Any) -> Any:
    """The message that answers ``request``."""
    return getattr(svc, request.DESCRIPTOR.name.removesuffix("Request") + "Response")


class Library:
    """The original library, asked with messages."""

    def __init__(self, python: Path) -> None:
        bridge = Path(__file__).parents[1] / "library_bridge.py"
        self._process = subprocess.Popen([python, bridge], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def open(self, path: Path | None = None, **mysql: Any) -> None:
        self._send("open", json.dumps({"mysql": mysql} if mysql else {"sqlite": str(path)}).encode())

    def downgrade(self, version: int, path: Path | None = None, **mysql: Any) -> None:
        """Migrate a store to an older schema; nobody may have it open."""
        where = {"mysql": mysql} if mysql else {"sqlite": str(path)}
        code, _ = self._send("downgrade", json.dumps(where | {"version": version}).encode())
        assert code == 0

    def close(self) -> None:
        self._send("close", b"")

    def __call__(self, request: Any) -> Any:
        name = request.DESCRIPTOR.name.removesuffix("Request")
        code, answer = self._send(name, request.SerializeToString())
        assert code == 0, (name, answer)
        return response_to(request).FromString(answer)

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _send(self, name: str, body: bytes) -> tuple[int, bytes]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{name} {len(body)}\n".encode() + body)
        self._process.stdin.flush()
        code, length = map(int, self._process.stdout.readline().split())
        return code, self._process.stdout.read(length)


@pytest.fixture(scope="session")
def library(client_python: Path) -> Iterator[Library]:
    """The original library, 1.17.1."""
    library = Library(client_python)
    yield library
    library.stop()


def clew_over(record: Record) -> Ask:
    """Clew's service over a record, asked with messages."""
    service = MetadataStoreService(Services(record, SqlEngine(record)))

    def ask(request: Any) -> Any:
        name = request.DESCRIPTOR.name.removesuffix("Request")
        return response_to(request).FromString(service.call(name, request.SerializeToString()))

    return ask


@pytest.fixture
def ask_clew() -> Callable[[Record], Ask]:
    """ask_clew(record)(request)."""
    return clew_over


def answers(ask: Ask) -> dict[str, list[Any]]:
    """Everything a store can be asked for, in an order that says nothing."""
    said: dict[str, list[Any]] = {}
    for noun in NOUNS:
        of = noun.lower()
        listed = getattr(ask(getattr(svc, f"Get{noun}TypesRequest")()), f"{of}_types")
        # By id: on MySQL the library leaves external ids out of look-ups by name, and out of listings everywhere.
        request = getattr(svc, f"Get{noun}TypesByIDRequest")(type_ids=[t.id for t in listed])
        said[f"{of} types"] = _sorted(getattr(ask(request), f"{of}_types"))
        said[f"{of}s"] = _sorted(getattr(ask(getattr(svc, f"Get{noun}sRequest")()), f"{of}s"))
    executions, artifacts, contexts = ([node.id for node in said[f"{noun.lower()}s"]] for noun in
                                       ("Execution", "Artifact", "Context"))  # fmt: skip
    said["events"] = list(ask(svc.GetEventsByExecutionIDsRequest(execution_ids=executions)).events)
    said["events"].sort(key=lambda event: event.execution_id)
    said["events of artifacts"] = _sorted(ask(svc.GetEventsByArtifactIDsRequest(artifact_ids=artifacts)).events)
    for context in contexts:
        for noun in ("Artifact", "Execution"):
            request = getattr(svc, f"Get{noun}sByContextRequest")(context_id=context)
            said[f"{noun} in {context}"] = _sorted(getattr(ask(request), f"{noun.lower()}s"))
        request = svc.GetParentContextsByContextRequest(context_id=context)
        said[f"parents of {context}"] = _sorted(ask(request).contexts)
    return said


@pytest.fixture
def answers_of() -> Callable[[Ask], dict[str, list[Any]]]:
    """answers_of(ask)."""
    return answers


def _sorted(messages: Any) -> list[Any]:
    return sorted(messages, key=lambda m: (m.id if hasattr(m, "id") else 0, m.SerializeToString(deterministic=True)))


class Fill:
    """Writes a store that has everything, through the library or whatever else speaks its messages."""

    def __init__(self, ask: Ask, *, protos: bool = True, external_ids: bool = True, versions: bool = True) -> None:
        self.ask = ask
        self.protos, self.external_ids, self.versions = protos, external_ids, versions

    def types(self) -> tuple[int, int, int]:
        """An artifact, an execution and a context type."""
        kinds = {"i": pb.INT, "d": pb.DOUBLE, "s": pb.STRING, "t": pb.STRUCT}
        if self.protos:
            kinds |= {"p": pb.PROTO, "b": pb.BOOLEAN}
        data = pb.ArtifactType(name="Data", description="rows", properties=kinds, base_type=pb.ArtifactType.DATASET)
        work = pb.ExecutionType(name="Work", properties=kinds)
        work.input_type.dict.properties["some_thing"].any.SetInParent()
        work.input_type.dict.none_type_not_required = True
        work.output_type.simple.name = "Data"
        run = pb.ContextType(name="Run", properties={"s": pb.STRING})
        if self.external_ids:
            data.external_id, work.external_id, run.external_id = "type-1", "type-2", "type-3"
        self.ask(svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="Data", version="2")))
        return (
            self.ask(svc.PutArtifactTypeRequest(artifact_type=data)).type_id,
            self.ask(svc.PutExecutionTypeRequest(execution_type=work)).type_id,
            self.ask(svc.PutContextTypeRequest(context_type=run)).type_id,
        )

    def values(self, into: Any, prefix: str = "") -> None:
        """A value of every kind."""
        into[f"{prefix}i"].int_value = -(2**31)
        into[f"{prefix}d"].double_value = 0.25
        into[f"{prefix}s"].string_value = 'it\'s "ü" 😀'
        into[f"{prefix}t"].struct_value.update({"a": [1, None, "x", {"b": True, "ü": []}], "c": {}})
        if self.protos:
            into[f"{prefix}p"].proto_value.type_url = "type.googleapis.com/x.Y"
            into[f"{prefix}p"].proto_value.value = b"\x00\xff'"
            into[f"{prefix}b"].bool_value = False

    def everything(self) -> None:
        """Nodes with and without everything they may have, and all that lies between them."""
        data, work, run = self.types()
        artifacts = [
            pb.Artifact(type_id=data, name="full", uri="s3://lake/ü", state=pb.Artifact.LIVE),
            pb.Artifact(type_id=data),
            pb.Artifact(type_id=1, name="of a predefined type"),
            *(pb.Artifact(type_id=data, state=state) for state in pb.Artifact.State.values() if state in (1, 3, 4)),
        ]
        self.values(artifacts[0].properties)
        self.values(artifacts[0].custom_properties, "custom ")
        artifacts[1].custom_properties["empty"].string_value = ""
        artifacts[1].custom_properties["none"].struct_value.SetInParent()
        artifacts[1].custom_properties["looks like null"].string_value = "__MLMD"
        states = pb.Execution.State.values()
        executions = [pb.Execution(type_id=work, name=f"run {s}", last_known_state=s) for s in states]
        self.values(executions[0].properties)
        contexts = [pb.Context(type_id=run, name=f"context {i}") for i in range(3)]
        contexts[0].properties["s"].string_value = "s"
        self.values(contexts[0].custom_properties)
        if self.external_ids:
            artifacts[0].external_id, executions[0].external_id, contexts[0].external_id = "a", "e", "c"
        a = self.ask(svc.PutArtifactsRequest(artifacts=artifacts)).artifact_ids
        e = self.ask(svc.PutExecutionsRequest(executions=executions)).execution_ids
        c = self.ask(svc.PutContextsRequest(contexts=contexts)).context_ids
        types = pb.Event.Type.values()[1:]
        events = [pb.Event(artifact_id=a[0], execution_id=e[0], type=type) for type in types]
        events += [pb.Event(artifact_id=a[1], execution_id=e[0], type=pb.Event.OUTPUT, milliseconds_since_epoch=7)]
        events += [pb.Event(artifact_id=a[1], execution_id=x, type=pb.Event.INPUT) for x in e[1:]]
        for step in ({"key": "k"}, {"index": 0}, {"key": ""}, {"index": 2**31 - 1}):
            events[0].path.steps.add(**step)
        events[-1].path.steps.add(key="out")
        self.ask(svc.PutEventsRequest(events=events))
        self.ask(
            svc.PutAttributionsAndAssociationsRequest(
                attributions=[pb.Attribution(artifact_id=i, context_id=c[0]) for i in a],
                associations=[pb.Association(execution_id=i, context_id=c[i % 2]) for i in e],
            )
        )
        links = [pb.ParentContext(child_id=c[0], parent_id=c[2]), pb.ParentContext(child_id=c[1], parent_id=c[2])]
        self.ask(svc.PutParentContextsRequest(parent_contexts=links))


@pytest.fixture
def fill() -> Callable[..., None]:
    """Fills a store: fill(ask, protos=False ...)."""
    return lambda ask, **options: Fill(ask, **options).everything()


@pytest.fixture
def full_store(library: Library, fill: Callable[..., None], tmp_path: Path) -> Path:
    """A SQLite store with everything in it, made by the library."""
    path = tmp_path / "metadata.db"
    library.open(path)
    fill(library)
    return path


class Mariadb:
    """A server of our own on a free port of the loopback."""

    def __init__(self, folder: Path) -> None:
        install, server = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        if install is None or not Path(server).exists():
            raise FileNotFoundError("mariadbd is not installed (Debian: mariadb-server-core, mariadb-client-core)")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data, self._socket = folder / "data", folder / "s"
        data.mkdir()
        user = ["--user=root"] if os.getuid() == 0 else []
        made = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user]
        subprocess.run([*made, "--skip-test-db"], check=True, capture_output=True)
        command = [server, "--no-defaults", f"--datadir={data}", f"--socket={self._socket}", f"--port={self.port}"]
        command += ["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", *user]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + 60
        while self.execute("SELECT 1", check=False):
            assert self._process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "MariaDB does not start"
            time.sleep(0.1)
        self.execute("CREATE USER u@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO u@'127.0.0.1'")

    def execute(self, sql: str, *, database: str = "", check: bool = True) -> int:
        """Run statements as root."""
        command = ["mariadb", "--no-defaults", f"--socket={self._socket}", "--user=root", "-e", sql]
        return subprocess.run(
            [*command, *([database] if database else [])], capture_output=True, check=check
        ).returncode

    def url(self, database: str) -> str:
        return f"mysql://u:secret@127.0.0.1:{self.port}/{database}"

    def config(self, database: str) -> dict[str, Any]:
        """What the library is told to reach the same."""
        return {
            "host": "127.0.0.1", "port": self.port, "database": database, "user": "u", "password": "secret",
        }  # fmt: skip

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._log.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mariadb]:
    """A MariaDB server for the whole session."""
    folder = Path(tempfile.mkdtemp(prefix="clew-mariadb-"))  # short: a socket's path may have 107 characters
    try:
        server = Mariadb(folder)
    except FileNotFoundError as error:
        shutil.rmtree(folder)
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI must test MariaDB: {error}")
        pytest.skip(f"MariaDB not tested: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder)
