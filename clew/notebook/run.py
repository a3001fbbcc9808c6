"""Run a notebook with parameters, record it, and do not run it again when nothing has changed."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clew.client.embedded import EmbeddedClient
from clew.client.reader import ClientReader
from clew.client.report import Reporter
from clew.collectors.watch.around import git_of, machine, packages_in
from clew.collectors.watch.tail import Tail
from clew.collectors.watch.touched import Touched
from clew.collectors.watch.work import Code, Work, environment_of
from clew.executors.cache import COMPONENT_TYPE, DECISION, PARTS, Cache, Decision
from clew.executors.fingerprint import Content, Fingerprint
from clew.executors.hashed import Hashed
from clew.executors.notebook.book import Book, fingerprint_of, read_book
from clew.executors.notebook.job import Executed, execute
from clew.executors.policy import Always, Never
from clew.executors.sound import local_path
from clew.metadata.blobs import LocalStore
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import UsageError
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.notebook.command import watching
from clew.notebook.keeper import Keeper
from clew.notebook.outer import outer_execution

if TYPE_CHECKING:
    from clew.client.protocol import Client
    from clew.metadata.blobs import Blob
    from clew.metadata.reader import Reader
    from clew.settings import Settings

OUTPUT = "notebook"
"""Name of the output that is the executed notebook."""
SEEN = "clew.read"
"""Custom property: what was seen to be read, with its digest then, with which a later run compares."""
_ABOUT = """import sys, json
print(json.dumps([sys.version.split()[0], [p for p in sys.path if p.endswith("-packages")]]))
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run, and how."""

    notebook: Path
    out: Path
    parameters: Mapping[str, Any]
    python: Path
    kernel: str = ""
    inputs: Sequence[str] = ()
    cached: bool = True
    salt: str = ""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How it went."""

    execution: NodeRef | None
    state: str
    seconds: float
    reason: str
    """Why it ran or was reused."""
    cells: int = 0
    failed_cell: int | None = None
    error: str = ""


class NotebookRun:
    """One run of a notebook."""

    def __init__(self, client: Client, settings: Settings, wanted: Wanted) -> None:
        self._client, self._settings, self._wanted = client, settings, wanted
        self._book: Book = read_book(wanted.notebook)
        self._home = settings.home.absolute()
        self._store = (
            client.home.blobs_in_a_folder() if isinstance(client, EmbeddedClient) else LocalStore(self._home / "blobs")
        )
        self._hashed = Hashed(self._home / "hashed")
        self._cache = Cache(
            self._store, self._home / "locks" / "steps", namespace=settings.namespace, hashed=self._hashed
        )
        self._python, folders = _about(wanted.python)
        self._packages = packages_in(folders)
        self._fingerprint: Fingerprint = fingerprint_of(
            self._book,
            wanted.parameters,
            inputs={Path(text).name: [self._content(text)] for text in wanted.inputs},
            packages=self._packages,
            python=self._python.rpartition(".")[0],
            kernel=wanted.kernel,
            salt=wanted.salt,
        )

    def result(self, progress: Callable[[int, int], None]) -> Result:
        """Reuse an equal run, or run. ``progress`` hears which cell of how many begins."""
        started = time.monotonic()
        found = self._look()
        if found.hit:
            return self._reuse(found, started)
        with self._cache.claimed(self._fingerprint.digest):
            again = self._look()  # another process may have run it while we waited
            return self._reuse(again, started) if again.hit else self._run(again, started, progress)

    def _look(self) -> Decision:
        reader = cast("Reader", ClientReader(self._client))
        policy = Always() if self._wanted.cached else Never("the cache is off for this run")
        name = str(self._wanted.notebook.absolute())
        return self._cache.lookup(reader, self._fingerprint, policy, name, adapt=self._unchanged)

    def _unchanged(self, found: Decision) -> Decision | str:
        """A hit whose inputs, which were seen when it ran, are what they were."""
        assert found.origin is not None
        if OUTPUT not in found.outputs:
            return "it kept no executed notebook"
        seen = found.origin.custom_properties.get(SEEN)
        for uri, digest in seen.items() if isinstance(seen, dict) else ():
            if uri.startswith(("sklearn:", "openml:")):
                continue  # the version is in the address
            path = local_path(uri)
            if path is None or not digest:
                return f"what it read at {uri} cannot be checked"
            if not path.exists() or self._hashed.digest_of(path).digest != digest:
                return f"what it read at {path} has changed"
        return found

    def _reuse(self, found: Decision, started: float) -> Result:
        assert found.origin is not None
        kept = found.outputs[OUTPUT][0]
        assert kept.digest is not None
        self._wanted.out.parent.mkdir(parents=True, exist_ok=True)
        with self._store.open(kept.digest) as source, self._wanted.out.open("wb") as target:
            shutil.copyfileobj(source, target)
        change = Change(actor=self._settings.author, namespace=self._settings.namespace)
        now_ms = time.time_ns() // 1_000_000
        put = change.execution(
            change.type(NodeType(Kind.EXECUTION, "Notebook")),
            state=ExecutionState.CACHED,
            fingerprint=self._fingerprint.digest,
            started_ms=now_ms,
            ended_ms=now_ms,
            custom_properties={"cached_execution_id": str(found.origin.id), **self._told(found), **found.saved},
        )
        self._component(change, put)
        for name, artifacts in found.outputs.items():
            for artifact in artifacts:
                change.event(artifact.id, put, EventType.OUTPUT, path=(name,), source="notebook")
        ref = NodeRef(Kind.EXECUTION, self._client.commit(change).id(put))
        return Result(ref, "CACHED", time.monotonic() - started, found.reason)

    def _run(self, decision: Decision, started: float, progress: Callable[[int, int], None]) -> Result:
        wanted, settings = self._wanted, self._settings
        reporter = Reporter(self._client, settings)
        within = outer_execution(os.environ)
        work = Work(
            "Notebook", "notebook", wanted.notebook.name, settings.author, settings.namespace, within=within
        )  # fmt: skip
        reporter.send()
        begun = work.saying(ExecutionState.RUNNING, properties=self._told(decision) | machine())
        assert isinstance(begun.execution, NodePut)
        self._component(begun.change, begun.execution)
        (ref,) = reporter.settle([begun])
        keeper = Keeper(settings, work)
        touched = Touched(self._hashed.digest_of)
        with tempfile.TemporaryDirectory(prefix="clew-notes-") as folder:
            notes, made = Path(folder) / "notes", Path(folder) / "out.ipynb"
            notes.touch()
            tail = Tail(notes, touched)
            environ = watching(notes, settings, os.environ) | (environment_of(ref) if ref is not None else {})
            given = {
                "notebook": str(wanted.notebook.absolute()),
                "out": str(made),
                "parameters": dict(wanted.parameters),
                "kernel": wanted.kernel,
                "folder": os.getcwd(),
                "environ": environ,
                "timeout_s": wanted.timeout_s,
            }
            tail.start()
            try:
                ran = execute(wanted.python, given, progress)
            finally:
                tail.finish()
            if made.exists():
                wanted.out.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(made, wanted.out)
        self._record(reporter, work, ran, touched)
        keeper.dismiss()
        seconds = time.monotonic() - started
        return Result(ref, ran.state, seconds, decision.reason, ran.cells, ran.failed_cell, ran.error)

    def _record(self, reporter: Reporter, work: Work, ran: Executed, touched: Touched) -> None:
        """Record how it ended, with the executed notebook and everything that was written kept."""
        told: dict[str, Any] = {"cells": ran.cells} | git_of(os.getcwd())
        if ran.failed_cell is not None:
            told["failed_cell"] = ran.failed_cell
        own = {self._wanted.out.absolute().as_uri(), self._wanted.notebook.absolute().as_uri()}
        touches = [touch for touch in touched.touches() if touch.uri not in own]
        told[SEEN] = {touch.uri: touch.digest or "" for touch in touches if not touch.writes}
        for touch in touches:
            path = local_path(touch.uri)
            if touch.writes and ran.state == "COMPLETE" and path is not None and touch.digest is not None:
                self._store.put(path)
        code = Code(self._book.text, self._wanted.notebook.absolute().as_uri(), self._wanted.notebook.name)
        self._store.put(io.BytesIO(code.text.encode("utf-8", "replace")))
        last = work.saying(
            ExecutionState[ran.state],
            touches,
            code=code,
            properties=told,
            ended_ms=time.time_ns() // 1_000_000,
            error=ran.error,
            fingerprint=self._fingerprint.digest,
        )
        assert isinstance(last.execution, NodePut)
        if self._wanted.out.exists():
            self._executed(last.change, last.execution, work, self._store.put(self._wanted.out))
        reporter.settle([last])

    def _executed(self, change: Change, put: NodePut, work: Work, blob: Blob) -> None:
        artifact = change.artifact(
            change.type(NodeType(Kind.ARTIFACT, "ExecutedNotebook")),
            external_id=f"notebook:{work.key}/executed",
            reuse="external_id",
            uri=self._store.path(blob.digest).as_uri(),
            state=ArtifactState.LIVE,
            digest=blob.digest,
            size_bytes=blob.size_bytes,
            custom_properties={"display_name": self._wanted.out.name, "path": str(self._wanted.out.absolute())},
        )
        change.event(artifact, put, EventType.OUTPUT, path=(OUTPUT,), source="notebook")

    def _told(self, decision: Decision) -> dict[str, Any]:
        told: dict[str, Any] = {
            "display_name": self._wanted.notebook.name,
            "notebook": str(self._wanted.notebook.absolute()),
            "python": self._python,
            "packages": self._packages,
            DECISION: decision.as_struct(),
            PARTS: self._fingerprint.parts,
        }
        return told | ({"inputs": dict(self._wanted.parameters)} if self._wanted.parameters else {})

    def _component(self, change: Change, put: NodePut) -> None:
        type = change.type(NodeType(Kind.CONTEXT, COMPONENT_TYPE))
        name = str(self._wanted.notebook.absolute())
        change.associate(change.context(type, name=name, reuse="name"), put)

    def _content(self, text: str) -> Content:
        path = Path(text)
        if not path.exists():
            raise UsageError(f"--in {text!r} is not there", field="in", value=text, remedy="Check the path")
        return Content(self._hashed.digest_of(path).digest, "", path.name)


def _about(python: Path) -> tuple[str, list[str]]:
    """Version and package folders of a Python. Errors: UsageError."""
    import json

    try:
        done = subprocess.run([str(python), "-c", _ABOUT], capture_output=True, check=True, timeout=60)
        version, folders = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise UsageError(
            f"{python} cannot be run as a Python", field="python", value=str(python), remedy="Name another --python"
        ) from error
    return str(version), [str(folder) for folder in folders]
