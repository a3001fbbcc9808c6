"""Reuse of what earlier executions made: look up by fingerprint, verify the bytes, compute once, say why.

A hit is an execution with the same fingerprint that completed, is acceptable to the policy, and whose outputs are live
**and whose bytes still exist and match their digests**. Anything else is a miss with a reason, never an error.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from clew.executors.fingerprint import Fingerprint, changes
from clew.executors.hashed import Hashed
from clew.executors.protocol import CachePolicy
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.blobs.tree import digest_of_manifest, digest_of_path, is_tree, read_manifest
from clew.metadata.digest import Digest
from clew.metadata.errors import ClewError
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState, EventType, ExecutionState

COMPONENT_TYPE = "clew.Component"
"""Context type that holds the executions of one component, so that the nearest earlier one is found fast."""
DECISION = "clew.cache_decision"
PARTS = "clew.fingerprint_parts"
_CANDIDATES = 20
_NEAREST_OF = 50
_PAGES = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a step is reused, from what, and why not."""

    outcome: str
    """hit, miss or off."""
    reason: str
    origin: Execution | None = None
    """Of a hit: the execution that did the work."""
    outputs: dict[str, list[Artifact]] = field(default_factory=dict)
    """Of a hit: output name -> its artifacts, in order."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Of a hit: output parameters."""
    compared_with: int | None = None
    """Of a miss: the nearest earlier execution of the same component."""
    changed: list[dict[str, Any]] = field(default_factory=list)
    """What differs from it: part, before, after."""

    @property
    def hit(self) -> bool:
        """Whether nothing has to run."""
        return self.outcome == "hit"

    def as_struct(self) -> dict[str, Any]:
        """The decision as it is stored on the execution."""
        struct: dict[str, Any] = {"outcome": self.outcome, "reason": self.reason}
        if self.origin is not None:
            struct["origin"] = self.origin.id
        if self.compared_with is not None:
            struct |= {"compared_with": self.compared_with, "changed": self.changed}
        return struct


class Cache:
    """Look-ups and single flight over one home. Safe for several threads."""

    def __init__(
        self, store: ArtifactStore, locks: Path, *, namespace: str = "default", hashed: Hashed | None = None
    ) -> None:
        self._store = store
        self._locks = locks
        self._namespace = namespace
        self._digest_of = hashed.digest_of if hashed else digest_of_path
        self._earlier: dict[tuple[str, int | None], list[Execution]] = {}

    def lookup(
        self,
        reader: Reader,
        wanted: Fingerprint,
        policy: CachePolicy,
        component: str = "",
        *,
        before: int | None = None,
        now_ms: int | None = None,
    ) -> Decision:
        """The decision for ``wanted``: the newest earlier execution that may be reused, or why there is none.

        ``component`` names the context in which a nearest earlier execution is looked for on a miss; of those, only
        ids below ``before`` count: the others belong to the same run.
        """
        if wanted.unknown:
            return Decision("miss", wanted.unknown)
        reason = ""
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        for earlier in _candidates(reader, wanted.digest):
            found = self._examine(reader, earlier, policy, now_ms)
            if isinstance(found, Decision):
                return found
            reason = reason or (found and f"execution:{earlier.id} cannot be reused: {found}")
        return self.miss(reader, wanted, component, reason, before=before)

    def miss(
        self, reader: Reader, wanted: Fingerprint, component: str, reason: str = "", *, before: int | None = None
    ) -> Decision:
        """A miss, explained against the nearest earlier execution of ``component``."""
        nearest, changed = self._nearest(reader, wanted, component, before)
        if nearest is None:
            return Decision("miss", reason or "this component has not run before")
        if not reason:
            parts = ", ".join(change["part"] for change in changed)
            reason = f"changed since execution:{nearest.id}: {parts}" if parts else "no earlier execution completed"
        return Decision("miss", reason, compared_with=nearest.id, changed=changed)

    def claim(self, digest: Digest) -> Claim | None:
        """The right to compute ``digest``; None while another thread or process has it."""
        self._locks.mkdir(parents=True, exist_ok=True)
        path = self._locks / digest.rpartition(":")[2]
        while True:
            stream = path.open("ab")
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(stream.fileno()).st_ino == path.stat().st_ino:
                    return Claim(path, stream)
            except BlockingIOError:
                stream.close()
                return None
            except FileNotFoundError:  # the holder before us has just let go and removed it
                pass
            stream.close()

    @contextmanager
    def claimed(self, digest: Digest, poll_s: float = 0.02) -> Iterator[None]:
        """Hold the right to compute ``digest``, waiting for it: look up once more inside."""
        while (claim := self.claim(digest)) is None:
            time.sleep(poll_s)
        try:
            yield
        finally:
            claim.release()

    def _examine(self, reader: Reader, earlier: Execution, policy: CachePolicy, now_ms: int) -> Decision | str:
        if earlier.namespace != self._namespace:
            return ""
        if earlier.state not in (ExecutionState.COMPLETE, ExecutionState.CACHED):
            return f"it is {earlier.state.name if earlier.state else 'UNKNOWN'}"
        origin = self._origin(reader, earlier)
        if refusal := policy.refuses(origin, now_ms):
            return refusal
        outputs = outputs_of(reader, earlier.id)
        for name, artifacts in outputs.items():
            for artifact in artifacts:
                if fault := self._fault(artifact):
                    return f"its output {name!r} (artifact:{artifact.id}) {fault}"
        parameters = earlier.custom_properties.get("outputs", {})
        assert isinstance(parameters, dict)
        return Decision("hit", f"the same as execution:{origin.id}", origin, outputs, parameters)

    def _origin(self, reader: Reader, earlier: Execution) -> Execution:
        cached = earlier.custom_properties.get("cached_execution_id")
        if earlier.state is ExecutionState.CACHED and isinstance(cached, str) and cached.isdigit():
            return reader.executions_by_id([int(cached)]).get(int(cached), earlier)
        return earlier

    def _fault(self, artifact: Artifact) -> str:
        if artifact.state is not ArtifactState.LIVE:
            return f"is {artifact.state.name if artifact.state else 'UNKNOWN'}"
        return fault_of(artifact, self._store, self._digest_of)

    def _nearest(
        self, reader: Reader, wanted: Fingerprint, component: str, before: int | None
    ) -> tuple[Execution | None, list[dict[str, Any]]]:
        best: tuple[Execution | None, list[dict[str, Any]]] = (None, [])
        for earlier in self._earlier_of(reader, component, before) if component else ():
            parts = earlier.custom_properties.get(PARTS)
            if isinstance(parts, dict):
                changed = changes(parts, wanted.parts)
                if best[0] is None or len(changed) < len(best[1]):
                    best = (earlier, changed)
        return best

    def _earlier_of(self, reader: Reader, component: str, before: int | None) -> list[Execution]:
        """The newest executions of a component with ids below ``before``: read once for all tasks of a run."""
        known = self._earlier.get((component, before))
        if known is None:
            context = reader.find(Kind.CONTEXT, COMPONENT_TYPE, component, self._namespace)
            known = _newest(reader, context.id, before) if context else []
            if before is not None:  # else they are others the next time
                self._earlier[component, before] = known
        return known


def _candidates(reader: Reader, digest: Digest) -> Iterator[Execution]:
    """Executions with a fingerprint, newest first; the newest is nearly always the one, so it is read alone."""
    newest = reader.executions_with_fingerprint(digest, limit=1)
    yield from newest
    if newest:
        yield from reader.executions_with_fingerprint(digest, limit=_CANDIDATES)[1:]


def _newest(reader: Reader, context_id: int, before: int | None) -> list[Execution]:
    """The newest executions in a context with ids below ``before``, one page of them."""
    after = None
    for _ in range(_PAGES):
        page = reader.executions(context_id=context_id, order="id", descending=True, after=after, limit=_NEAREST_OF)
        found = [e for e in page.items if before is None or e.id < before]
        after = page.next_cursor
        if found or after is None:
            return found
    return []


class Claim:
    """The right to compute one fingerprint, held until released or until the process ends."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream

    def release(self) -> None:
        """Let others go on."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._stream.close()


def outputs_of(reader: Reader, execution_id: int) -> dict[str, list[Artifact]]:
    """Output name -> artifacts of an execution, in the order of their events' list positions."""
    events = [e for e in reader.events_of_executions([execution_id]) if e.type is EventType.OUTPUT]
    artifacts = reader.artifacts_by_id([e.artifact_id for e in events])
    named: dict[str, list[tuple[int, Artifact]]] = {}
    for event in events:
        name = str(event.path[0]) if event.path else ""
        place = event.path[1] if len(event.path) > 1 and isinstance(event.path[1], int) else 0
        named.setdefault(name, []).append((place, artifacts[event.artifact_id]))
    return {name: [a for _, a in sorted(items, key=lambda item: item[0])] for name, items in named.items()}


def local_path(uri: str | None) -> Path | None:
    """The path a ``file://`` URI or an absolute path names; None for any other address."""
    if not uri:
        return None
    if uri.startswith("/"):
        return Path(uri)
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None


def fault_of(artifact: Artifact, store: ArtifactStore, digest_of: Callable[[Path], Blob] = digest_of_path) -> str:
    """What is wrong with the bytes of ``artifact``, in words that follow its name; empty when they are sound.

    Cost: reads every byte, of the file by ``digest_of``, and once more where the file and the blob are not one.
    """
    if artifact.digest is None:
        return "" if artifact.size_bytes == 0 else "has bytes Clew does not know"
    path = local_path(artifact.uri)
    if path is None:
        return f"lies at {artifact.uri}, which cannot be checked"
    try:
        if not path.exists():
            return "is gone: its file was deleted"
        if digest_of(path).digest != artifact.digest:
            return "was edited: its bytes do not match its digest"
        if not _is_one(path, artifact.digest, store):
            store.verify(artifact.digest)
    except ClewError as error:
        return f"is damaged: {error.message}"
    return ""


def _is_one(path: Path, digest: Digest, store: ArtifactStore) -> bool:
    """Whether the file is the blob itself, of a directory every file in it, so that reading one has verified both."""
    if not isinstance(store, LocalStore):
        return False
    if not is_tree(digest):
        return _same(path, store.path(digest))
    with store.open(digest) as stream:
        manifest = stream.read()
    if digest_of_manifest(manifest) != digest:
        return False
    inside = ((name, entry) for name, entry in read_manifest(manifest).items() if entry.kind != "link")
    return all(_is_one(path / name, entry.digest, store) for name, entry in inside)


def _same(path: Path, blob: Path) -> bool:
    try:
        return path.samefile(blob)
    except OSError:
        return False
