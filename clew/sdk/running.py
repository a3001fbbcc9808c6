"""``with clew.execution("Train", ...) as e``: report work while it is done."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from clew.metadata.change import Change, NodePut
from clew.metadata.errors import Invalid, SourceUnreachable, TimedOut, UsageError
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, NodeType
from clew.metadata.states import EventType, ExecutionState
from clew.metadata.value import Value, encode
from clew.sdk.away import Away, later
from clew.sdk.files import Found, Given, look

if TYPE_CHECKING:
    from clew.sdk.connection import Connection

CONTEXT_TYPES = {"owner": "Owner", "project": "Project", "experiment": "Experiment", "run": "Run"}
"""Contexts of an execution, outermost first: each lies in the one before it that is given."""
ERROR_MAX_CHARS = 2000
_TAKEN = ("inputs", "outputs", "error")


class Running:
    """An execution under way. Enter it to record it as RUNNING; leave it to record how it ended.

    COMPLETE on leaving, FAILED (with the error) on an exception, CANCELED on KeyboardInterrupt. What is logged in
    between is recorded together on leaving, so that a reader sees the outcome whole.
    """

    def __init__(
        self,
        connection: Connection,
        type: str,
        *,
        inputs: Mapping[str, Given],
        params: Mapping[str, Any],
        name: str | None,
        contexts: Mapping[str, str | None],
        namespace: str,
    ) -> None:
        if not type:
            raise Invalid("an execution needs a type", field="type", remedy='Write execution("Train", ...)')
        self.type = type
        self._connection = connection
        self._name = name
        self._namespace = namespace
        self._contexts = {role: name for role, name in contexts.items() if name is not None}
        self._inputs: dict[str, list[Given]] = {n: _listed(given) for n, given in inputs.items()}
        self._params: dict[str, Value] = {}
        self._metrics: dict[str, Value] = {}
        self._outputs: list[tuple[tuple[int | str, ...], Found, str, dict[str, Value]]] = []
        self._late_inputs: list[tuple[tuple[int | str, ...], Found, str]] = []
        self._ref: NodeRef | None = None
        self._context_ids: list[int] = []
        self._is_over = False
        self._away: Away | None = None
        self.log_params(params)

    @property
    def ref(self) -> NodeRef:
        """``execution:N``. Errors: UsageError before it is entered."""
        if self._away is not None:
            raise UsageError(
                "the execution has no id while the server is away", remedy="Its report waits in the spool: `clew spool`"
            )
        if self._ref is None:
            raise UsageError("the execution has not begun", remedy="Use it in a `with` statement")
        return self._ref

    @property
    def id(self) -> int:
        """Its number."""
        return self.ref.id

    def log_param(self, name: str, value: Any) -> None:
        """A parameter: what the work was told. Errors: Invalid for a value Clew has no kind for, or a taken name."""
        self._params[self._own(name, self._metrics)] = _value(name, value)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Several parameters."""
        for name, value in params.items():
            self.log_param(name, value)

    def log_metric(self, name: str, value: float | Sequence[float]) -> None:
        """A result that is a number, or a list of numbers: a curve. The last one of a name counts."""
        self._metrics[self._own(name, self._params)] = _value(name, value)

    def log_metrics(self, metrics: Mapping[str, float | Sequence[float]]) -> None:
        """Several results."""
        for name, value in metrics.items():
            self.log_metric(name, value)

    def input(self, name: str, given: Given, *, type: str = "Dataset") -> None:
        """Something the work read. A new artifact gets ``type``; one that is recorded already is that one."""
        self._not_over()
        found = look(self._connection, given, reuse=True, field=f"inputs.{name}")
        self._late_inputs.append(((name,), found, type))

    def output(self, name: str, given: Given | None = None, *, type: str = "Artifact", **properties: Any) -> None:
        """Something the work made, under ``name``: a path, a URI or an artifact.

        ``output("model.bin")`` names it by the file. ``properties`` are recorded with it.
        Errors: Invalid for a path that does not exist.
        """
        self._not_over()
        if given is None:
            name, given = os.path.basename(name.rstrip("/")) or name, name
        found = look(self._connection, given, reuse=False, field=f"outputs.{name}")
        kept = {"display_name": name} | {key: _value(key, value) for key, value in properties.items()}
        self._outputs.append(((name,), found, type, kept))

    log_artifact = output

    def __enter__(self) -> Running:
        if self._ref is not None or self._away is not None:
            raise UsageError("the execution was entered before", remedy="Make a new one for each piece of work")
        change = Change(actor=self._connection.settings.author, namespace=self._namespace)
        contexts = self._put_contexts(change)
        put = change.execution(
            change.type(NodeType(Kind.EXECUTION, self.type)),
            name=self._name,
            state=ExecutionState.RUNNING,
            started_ms=_now_ms(),
            custom_properties=self._values(),
        )
        for context in contexts:
            change.associate(context, put)
        for name, several in self._inputs.items():
            for place, given in enumerate(several):
                found = look(self._connection, given, reuse=True, field=f"inputs.{name}")
                path = (name,) if len(several) == 1 else (name, place)
                artifact = found.put(change, "Dataset", {"display_name": name})
                change.event(artifact, put, EventType.INPUT, path=path, source="sdk")
                self._attribute(change, contexts, artifact)
        try:
            receipt = self._connection.client.commit(change)
        except (SourceUnreachable, TimedOut):
            self._away = Away(self._connection, change, put, self._inputs)
            return self
        self._ref = NodeRef(Kind.EXECUTION, receipt.id(put))
        self._context_ids = [receipt.id(context) for context in contexts]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        if error is None:
            self._end(ExecutionState.COMPLETE)
        elif isinstance(error, KeyboardInterrupt):
            self._end(ExecutionState.CANCELED, "interrupted")
        else:
            self._end(ExecutionState.FAILED, f"{type(error).__name__}: {error}")

    def _end(self, state: ExecutionState, error: str = "") -> None:
        change = Change(actor=self._connection.settings.author, namespace=self._namespace)
        values = self._values() | ({"error": _clean(error)[:ERROR_MAX_CHARS]} if error else {})
        if self._away is not None:
            self._away.end(state, _now_ms(), values, self._late_inputs, self._outputs)
            return
        put = change.execution(id=self.ref.id, state=state, ended_ms=_now_ms(), custom_properties=values)
        for path, found, type in self._late_inputs:
            artifact = found.put(change, type, {"display_name": str(path[0])})
            change.event(artifact, put, EventType.INPUT, path=path, source="sdk")
            self._attribute(change, self._context_ids, artifact)
        for path, found, type, properties in self._outputs:
            artifact = found.put(change, type, properties)
            change.event(artifact, put, EventType.OUTPUT, path=path, source="sdk")
            self._attribute(change, self._context_ids, artifact)
        try:
            self._connection.client.commit(change)
        except (SourceUnreachable, TimedOut):
            later(self._connection, self._namespace, self.ref.id, state, values, self._late_inputs, self._outputs)

    def _put_contexts(self, change: Change) -> list[NodePut]:
        contexts: list[NodePut] = []
        for role, type in CONTEXT_TYPES.items():
            if (name := self._contexts.get(role)) is None:
                continue
            put = change.context(change.type(NodeType(Kind.CONTEXT, type)), name=name, reuse="name")
            if contexts:
                change.parent(put, contexts[-1])
            contexts.append(put)
        return contexts

    def _attribute(self, change: Change, contexts: list[Any], artifact: NodePut | int) -> None:
        for context in contexts:
            change.attribute(context, artifact)

    def _values(self) -> dict[str, Value]:
        """Parameters and metrics, each by its own name for filters, and together as Kubeflow Pipelines records them."""
        values = self._params | self._metrics
        if self._params:
            values["inputs"] = {name: _jsonable(value) for name, value in self._params.items()}
        if self._metrics:
            values["outputs"] = {name: _jsonable(value) for name, value in self._metrics.items()}
        return values

    def _own(self, name: str, others: Mapping[str, Value]) -> str:
        self._not_over()
        if name in _TAKEN or name in others:
            raise Invalid(
                f"{name!r} is taken", field=name, value=name, remedy="Log it under another name: one name, one meaning"
            )
        return name

    def _not_over(self) -> None:
        if self._is_over:
            raise UsageError("the execution is over", remedy="Log inside the `with` statement")


def _listed(given: Any) -> list[Given]:
    if isinstance(given, NodeRef | Artifact):  # a NodeRef is a tuple
        return [given]
    return list(given) if isinstance(given, list | tuple) else [given]


def _value(name: str, value: Any) -> Value:
    """``value`` as one of the record's kinds: numpy's scalars as Python's, a list inside a struct."""
    if hasattr(value, "item") and hasattr(value, "dtype") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if value is None:
        return "None"
    if isinstance(value, list | tuple):
        value = {"list": list(value)}
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    encode({name: value})  # here, so that what cannot be kept is refused where it is logged
    return cast(Value, value)


def _jsonable(value: Value) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict) and list(value) == ["list"]:
        return value["list"]
    return value if isinstance(value, bool | int | float | str | dict) else value.type_url


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
