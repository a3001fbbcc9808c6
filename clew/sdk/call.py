"""One call of a step: fingerprint it, look for an equal one, else run it and keep what it returns."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clew.client.reader import ClientReader
from clew.executors.cache import COMPONENT_TYPE, DECISION, PARTS, Cache, Decision
from clew.executors.fingerprint import Content, Fingerprint, function_fingerprint
from clew.executors.marks import FORMAT, SHAPE
from clew.executors.occupied import in_use
from clew.executors.policy import Always, MaxAge, Never
from clew.metadata.blobs import Blob, checkout
from clew.metadata.change import Change, NodePut
from clew.metadata.digest import Digest, of_bytes
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.value import Value
from clew.sdk import values
from clew.sdk.files import STORED, local_path
from clew.sdk.running import CONTEXT_TYPES, ERROR_MAX_CHARS

if TYPE_CHECKING:
    from clew.metadata.reader import Reader
    from clew.sdk.connection import Connection

SINGLE_OUTPUT = "Output"
"""What the kfp SDK calls the one value a function returns."""
SINGLE, TUPLE, DICT = "single", "tuple", "dict"


@dataclass(frozen=True, slots=True)
class Bytes:
    """A value's bytes, kept in the store."""

    digest: Digest
    size_bytes: int
    uri: str
    format: str
    value: Any


class Call:
    """A call of a step with its arguments."""

    def __init__(
        self,
        connection: Connection,
        function: Callable[..., Any],
        arguments: Mapping[str, Any],
        *,
        type: str,
        cache: bool,
        max_age_s: float | None,
        packages: dict[str, str],
        salt: str,
        ignore: frozenset[str],
        contexts: Mapping[str, str | None],
    ) -> None:
        self._connection = connection
        self._type = type
        self._name = function.__name__
        self._component = f"{function.__module__}.{function.__qualname__}"
        self._contexts = contexts
        self._home = home = connection.settings.home.absolute()
        self._files = home / "runs" / "steps"
        namespace = connection.settings.namespace
        self._cache = Cache(connection.store, home / "locks" / "steps", namespace=namespace, claims=connection.claims)
        self._policy = Never("the step has cache=False") if not cache else _policy(max_age_s)
        self._bulk = {name: self._given(value, name) for name, value in arguments.items() if values.is_bulk(value)}
        self._parameters = {
            name: values.to_json(value, name) for name, value in arguments.items() if name not in self._bulk
        }
        self.fingerprint = self._fingerprint(function, packages, salt, ignore)

    def result(self, run: Callable[[], Any]) -> Any:
        """The result of an equal call, or of ``run``."""
        started_ms = _now_ms()
        found = self._look()
        if found.hit:
            return self._reuse(found, started_ms)
        with in_use(self._home), self._cache.claimed(self.fingerprint.digest):
            again = self._look()  # another thread or process may have computed it while we waited
            if again.hit:
                return self._reuse(again, started_ms)
            return self._run(run, again)

    def _fingerprint(
        self, function: Callable[..., Any], packages: dict[str, str], salt: str, ignore: frozenset[str]
    ) -> Fingerprint:
        inputs = {
            name: [
                Content(kept.digest, "", Path(kept.uri).name)
                if kept.format == values.FILE
                else Content(kept.digest, kept.format, "")
            ]
            for name, kept in self._bulk.items()
        }
        return function_fingerprint(
            function, self._parameters, inputs=inputs, packages=packages, salt=salt, ignored=ignore
        )

    def _look(self) -> Decision:
        reader = cast("Reader", ClientReader(self._connection.client))
        return self._cache.lookup(reader, self.fingerprint, self._policy, self._component, adapt=_usable)

    def _reuse(self, found: Decision, started_ms: int) -> Any:
        """The result of the execution that was found, recorded as CACHED."""
        assert found.origin is not None
        assert found.found is not None
        shape = found.found.custom_properties.get(SHAPE)
        change = self._change()
        put = self._put(change, ExecutionState.CACHED, started_ms, found)
        put.ended_ms = _now_ms()
        kept: dict[str, Value] = {"cached_execution_id": str(found.origin.id), **found.saved}
        if isinstance(shape, dict):
            kept[SHAPE] = shape
            result = _reshape(shape, {name: self._load(artifacts[0]) for name, artifacts in found.outputs.items()})
        else:  # a task of a pipeline: what it returned is a parameter
            kept["outputs"] = found.parameters
            result = found.parameters.get(SINGLE_OUTPUT)
        put.custom_properties = {**(put.custom_properties or {}), **kept}
        for name, artifacts in found.outputs.items():
            change.event(artifacts[0].id, put, EventType.OUTPUT, path=(name,), source="sdk")
        self._connection.client.commit(change)
        return result

    def _run(self, run: Callable[[], Any], decision: Decision) -> Any:
        change = self._change()
        put = self._put(change, ExecutionState.RUNNING, _now_ms(), decision)
        execution_id = self._connection.client.commit(change).id(put)
        try:
            shape, outputs = self._kept(run())
        except BaseException as error:
            self._end(execution_id, error)
            raise
        change = self._change()
        done = change.execution(
            id=execution_id, state=ExecutionState.COMPLETE, ended_ms=_now_ms(), custom_properties={SHAPE: shape}
        )
        for name, kept in outputs.items():
            change.event(self._artifact(change, name, kept), done, EventType.OUTPUT, path=(name,), source="sdk")
        self._connection.client.commit(change)
        return _reshape(shape, {name: kept.value for name, kept in outputs.items()})

    def _end(self, execution_id: int, error: BaseException) -> None:
        is_canceled = isinstance(error, KeyboardInterrupt)
        text = "interrupted" if is_canceled else f"{type(error).__name__}: {error}"
        change = self._change()
        change.execution(
            id=execution_id,
            state=ExecutionState.CANCELED if is_canceled else ExecutionState.FAILED,
            ended_ms=_now_ms(),
            custom_properties={"error": text.encode("utf-8", "replace").decode()[:ERROR_MAX_CHARS]},
        )
        self._connection.client.commit(change)

    def _kept(self, result: Any) -> tuple[dict[str, Value], dict[str, Bytes]]:
        """The result as named outputs, each kept; and how they are put together again."""
        if isinstance(result, tuple):
            named = {str(place): item for place, item in enumerate(result)}
            shape: dict[str, Value] = {"shape": TUPLE, "names": list(named)}  # type: ignore[dict-item]
        elif isinstance(result, dict) and any(values.is_bulk(item) for item in result.values()):
            named = {str(key): item for key, item in result.items()}
            shape = {"shape": DICT, "names": list(named)}  # type: ignore[dict-item]
        else:
            named, shape = {"result": result}, {"shape": SINGLE, "names": ["result"]}  # type: ignore[dict-item]
        return shape, {name: self._keep(item, f"result {name!r}", name) for name, item in named.items()}

    def _given(self, value: Any, name: str) -> Bytes:
        """An argument that is kept as an artifact; a file stays where it is, its bytes are kept too."""
        if not isinstance(value, Path):
            return self._keep(value, name, name)
        blob = self._put_file(value, name, name)
        return Bytes(blob.digest, blob.size_bytes, value.absolute().as_uri(), values.FILE, value)

    def _put_file(self, path: Path, what: str, name: str) -> Blob:
        if not path.exists():
            raise Invalid(f"{what} is a path to nothing: {path}", field=name, value=str(path), remedy="Check the path")
        return self._connection.store.put(path)

    def _keep(self, value: Any, what: str, name: str) -> Bytes:
        """Put a value's bytes into the store. A file is also laid out under its name, where nobody edits it."""
        store = self._connection.store
        if isinstance(value, Path):
            blob = self._put_file(value, what, name)
            place = self._files / blob.digest.replace(":", "-") / value.name
            if not place.exists():
                checkout(store, blob.digest, place)
            return Bytes(blob.digest, blob.size_bytes, place.as_uri(), values.FILE, place)
        encoded = values.encode(value, what)
        blob = store.put(io.BytesIO(encoded.data))
        return Bytes(blob.digest, blob.size_bytes, store.path(blob.digest).as_uri(), encoded.format, encoded.value)

    def _load(self, artifact: Artifact) -> Any:
        """The value of an output whose bytes the cache has just verified."""
        format = artifact.custom_properties.get(FORMAT)
        if format == values.FILE:
            return local_path(artifact.uri or "")
        assert artifact.digest is not None
        with self._connection.store.open(artifact.digest) as stream:
            return values.decode(str(format), stream.read())

    def _change(self) -> Change:
        settings = self._connection.settings
        return Change(actor=settings.author, namespace=settings.namespace)

    def _put(self, change: Change, state: ExecutionState, started_ms: int, decision: Decision) -> NodePut:
        properties: dict[str, Value] = {
            "display_name": self._name,
            DECISION: decision.as_struct(),
            PARTS: self.fingerprint.parts,
        }
        if self._parameters:
            properties["inputs"] = self._parameters
        put = change.execution(
            change.type(NodeType(Kind.EXECUTION, self._type)),
            state=state,
            fingerprint=self.fingerprint.digest,
            started_ms=started_ms,
            custom_properties=properties,
        )
        component = change.context(
            change.type(NodeType(Kind.CONTEXT, COMPONENT_TYPE)), name=self._component, reuse="name"
        )
        change.associate(component, put)
        outer: NodePut | None = None
        for role, type in CONTEXT_TYPES.items():
            if (name := self._contexts.get(role)) is not None:
                context = change.context(change.type(NodeType(Kind.CONTEXT, type)), name=name, reuse="name")
                change.associate(context, put)
                if outer is not None:
                    change.parent(context, outer)
                outer = context
        for name, kept in self._bulk.items():
            artifact = self._artifact(change, name, kept, known=True)
            change.event(artifact, put, EventType.INPUT, path=(name,), source="sdk")
        for name, value in self._parameters.items():
            # A list or dict that an earlier step returned is that step's artifact: by its content, as files are.
            if isinstance(value, list | dict) and value and (ref := self._made(value, name)) is not None:
                change.event(ref.id, put, EventType.INPUT, path=(name,), source="sdk")
        return put

    def _made(self, value: Any, name: str) -> NodeRef | None:
        return self._known(of_bytes(values.encode(value, name).data), values.JSON)

    def _known(self, digest: Digest, format: str) -> NodeRef | None:
        """The newest artifact that a step made with these bytes."""
        for artifact in self._connection.client.artifacts_with_digest(digest):
            if artifact.custom_properties.get(FORMAT) == format and artifact.state is ArtifactState.LIVE:
                return artifact.ref
        return None

    def _artifact(self, change: Change, name: str, kept: Bytes, *, known: bool = False) -> NodePut | int:
        if known and (ref := self._known(kept.digest, kept.format)) is not None:
            return ref.id
        properties: dict[str, Value] = {"display_name": name, FORMAT: kept.format}
        if not self._connection.is_remote:
            properties[STORED] = True
        return change.artifact(
            change.type(NodeType(Kind.ARTIFACT, "Artifact")),
            uri=kept.uri,
            state=ArtifactState.LIVE,
            digest=kept.digest,
            size_bytes=kept.size_bytes,
            custom_properties=properties,
        )


def _usable(found: Decision) -> Decision | str:
    """Whether a call can return what was found: what a call made, or the value a task of a pipeline returned."""
    assert found.found is not None
    if SHAPE in found.found.custom_properties:
        return found
    if found.outputs or set(found.parameters) - {SINGLE_OUTPUT}:
        return "it is a pipeline's, with outputs that a function cannot return"
    return found


def _policy(max_age_s: float | None) -> Always | MaxAge:
    return Always() if max_age_s is None else MaxAge(max_age_s)


def _reshape(shape: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    if shape["shape"] == TUPLE:
        return tuple(named[name] for name in shape["names"])
    if shape["shape"] == DICT:
        return {name: named[name] for name in shape["names"]}
    return named["result"]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
