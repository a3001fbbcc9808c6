"""One side of a comparison: a node's fields by section, each with what it is compared by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from clew.graph.rows import Rows, code_of, step
from clew.metadata.ids import NodeRef
from clew.metadata.node import Artifact, Context, Event, Execution, Node
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS
from clew.metadata.value import Proto, Value

PARTS: Final = "clew.fingerprint_parts"
"""Execution property: the named parts its fingerprint was made of."""
LINEAGE_NODES: Final = 2000
PAGE: Final = 1000

_CODE: Final = frozenset({"code", "command", "function", "args"})
_ELSEWHERE: Final = frozenset({"inputs", "outputs", "parameters"})
"""Parts and properties that have a section of their own."""
_BOOKKEEPING: Final = frozenset({
    "parent_dag_id", "pod_name", "pod_uid", "namespace", "cached_execution_id", "cache_fingerprint",
    "clew.cache_decision", "clew.state", "clew.started_ms", "clew.ended_ms", "clew.path", "store_session_info",
    "resource_name", "pipeline_root",
})  # fmt: skip
"""What Kubeflow Pipelines and we note about the doing, which differs between any two runs."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A value as it is shown, and what decides whether two are the same."""

    shown: Any
    identity: Any
    bookkeeping: bool = False


MISSING: Final = Compared(None, None)
Section = dict[str, Compared]


@dataclass(slots=True)
class Facts:
    """An execution with the artifacts it read and wrote."""

    execution: Execution
    inputs: dict[str, list[Artifact]] = field(default_factory=lambda: defaultdict(list))
    outputs: dict[str, list[Artifact]] = field(default_factory=lambda: defaultdict(list))

    def sections(self) -> dict[str, Section]:
        """Every section of an execution but its lineage."""
        sections = node_sections(self.execution)
        sections["inputs"] = {name: _contents(items) for name, items in sorted(self.inputs.items())}
        outputs = self.execution.custom_properties.get("outputs")
        sections["outputs"] = {name: _contents(items) for name, items in sorted(self.outputs.items())}
        if isinstance(outputs, dict):
            sections["outputs"] |= {name: plain(value) for name, value in outputs.items()}
        return sections


def node_sections(node: Node) -> dict[str, Section]:
    """Attributes and properties of any node; parameters, code and environment of an execution or run."""
    sections = {"attributes": _attributes(node), "properties": _properties(node)}
    parameters = node.custom_properties.get("inputs" if isinstance(node, Execution) else "clew.parameters")
    parts = node.custom_properties.get(PARTS)
    found = {name: plain(value) for name, value in parameters.items()} if isinstance(parameters, dict) else {}
    if isinstance(parts, dict):
        said = parts.get("parameters")
        found |= (
            {name: plain(value) for name, value in said.items() if name not in found} if isinstance(said, dict) else {}
        )
        sections["code"] = _parts(parts, lambda part: part in _CODE)
        sections["environment"] = _parts(parts, lambda part: part not in _CODE | _ELSEWHERE)
    sections["parameters"] = found
    return sections


def read_executions(reader: Reader, ids: Iterable[int] | None, context_id: int | None = None) -> dict[int, Execution]:
    """Executions by id, or all of a context. Errors: ExecutionNotFound."""
    if ids is not None:
        return {id: reader.execution(id) for id in ids}
    found: dict[int, Execution] = {}
    after = None
    while True:
        page = reader.executions(context_id=context_id, after=after, limit=PAGE)
        found |= {execution.id: execution for execution in page.items}
        after = page.next_cursor
        if after is None:
            return found


def gather(reader: Reader, executions: Mapping[int, Execution]) -> dict[int, Facts]:
    """Executions with their inputs and outputs: two statements, however many."""
    facts = {id: Facts(execution) for id, execution in executions.items()}
    events = reader.events_of_executions(executions) if executions else []
    artifacts = reader.artifacts_by_id({event.artifact_id for event in events})
    for event in sorted(events, key=_position):
        side = facts[event.execution_id]
        name = _key(event)
        artifact = artifacts[event.artifact_id]
        if event.type in INPUT_EVENTS:
            side.inputs[name or artifact.name or artifact.type].append(artifact)
        elif event.type in OUTPUT_EVENTS:
            side.outputs[name or artifact.name or artifact.type].append(artifact)
    return facts


def task_paths(executions: Mapping[int, Execution]) -> dict[str, int]:
    """The executions of one run by what they do there: task names from the outermost graph in, loop index as #i."""
    found: dict[str, int] = {}
    for id in sorted(executions):
        path, copy = _path(executions, id), 1
        name = path
        while name in found:
            copy += 1
            name = f"{path} ({copy})"
        found[name] = id
    return found


def lineage_of(reader: Reader, ref: NodeRef) -> tuple[Section, bool]:
    """What a node was made from; and whether that was too much to list.

    An artifact goes by the task and output that made it, a source by its location, so that two runs can be laid side
    by side although everything they wrote lies elsewhere; it is compared by its bytes, a task by its fingerprint.
    """
    rows, start = Rows(reader), code_of(ref)
    reached, frontier = {start}, [start]
    while frontier and len(reached) < LINEAGE_NODES:
        frontier = [code for code in dict.fromkeys(step(rows.edges(frontier, True), True)) if code not in reached]
        reached.update(frontier)
    executions = reader.executions_by_id(code >> 1 for code in reached if code & 1)
    made = {
        event.artifact_id: f"{label_of(executions[event.execution_id])} -> {_key(event) or 'output'}"
        for event in (reader.events_of_executions(executions) if executions else [])
        if event.type in OUTPUT_EVENTS
    }
    section: dict[str, list[tuple[str, str]]] = defaultdict(list)
    reached.discard(start)
    for artifact in reader.artifacts_by_id(code >> 1 for code in reached if not code & 1).values():
        name = made.get(artifact.id) or artifact.location or artifact.name or f"{artifact.type} without a name"
        section[name].append((str(artifact.digest or ""), str(artifact.ref)))
    for execution in executions.values():
        if execution.ref != ref:
            section[label_of(execution)].append((str(execution.fingerprint or ""), str(execution.ref)))
    return {name: _origins(section[name]) for name in sorted(section)}, bool(frontier)


def label_of(execution: Execution) -> str:
    """What people call an execution."""
    for name in ("clew.path", "task_name", "display_name"):
        value = execution.custom_properties.get(name)
        if isinstance(value, str) and value:
            return value
    return execution.name or execution.type


def plain(value: Value | None) -> Compared:
    """A property as JSON; 1, 1.0 and true are three values."""
    if isinstance(value, Proto):
        return Compared({"type_url": value.type_url, "bytes": value.value.hex()}, value)
    if isinstance(value, dict):
        return Compared(value, ("dict", value))
    return Compared(value, (type(value).__name__, repr(value)))


def _attributes(node: Node) -> Section:
    section = {
        "type": plain(node.type),
        "namespace": plain(node.namespace),
        "name": Compared(node.name, node.name, bookkeeping=not isinstance(node, Artifact)),
    }
    if not isinstance(node, Context):
        section["state"] = plain(node.state.name if node.state is not None else None)
    if isinstance(node, Artifact):
        section["location"] = plain(node.location)
        section["digest"] = plain(node.digest)
        section["size_bytes"] = plain(node.size_bytes)
    if isinstance(node, Execution):
        section["fingerprint"] = plain(node.fingerprint)
        seconds = (node.ended_ms - node.started_ms) / 1000 if node.started_ms and node.ended_ms else None
        section["seconds"] = Compared(seconds, seconds, bookkeeping=True)
    section["created_ms"] = Compared(node.created_ms, node.created_ms, bookkeeping=True)
    return section


def _properties(node: Node) -> Section:
    own = {"inputs", "outputs", PARTS} if isinstance(node, Execution) else {"clew.parameters"}
    section = {name: plain(value) for name, value in node.properties.items()}
    for name, value in node.custom_properties.items():
        if name not in own:
            compared = plain(value)
            section[name if name not in section else f"custom {name}"] = Compared(
                compared.shown, compared.identity, bookkeeping=name in _BOOKKEEPING
            )
    return section


def _parts(parts: Mapping[str, Any], chosen: Callable[[str], bool]) -> Section:
    section: Section = {}
    for part, value in parts.items():
        if not chosen(part):
            continue
        if isinstance(value, dict):
            section |= {f"{part}.{name}": plain(one) for name, one in value.items()}
        else:
            section[part] = Compared(value, value)
    return section


def _contents(artifacts: list[Artifact]) -> Compared:
    shown = [
        {"id": str(a.ref), "type": a.type, "name": a.name, "location": a.location, "digest": a.digest}
        for a in artifacts
    ]
    return Compared(shown[0] if len(shown) == 1 else shown, tuple(_bytes_of(a) for a in artifacts))


def _bytes_of(artifact: Artifact) -> str:
    return artifact.digest or artifact.location or str(artifact.ref)


def _origins(found: list[tuple[str, str]]) -> Compared:
    found.sort()
    shown: Any = [{"id": ref, "digest": digest or None} for digest, ref in found]
    return Compared(shown[0] if len(shown) == 1 else shown, tuple(digest for digest, _ in found))


def _key(event: Event) -> str:
    return "/".join(key for key in event.path if isinstance(key, str))


def _position(event: Event) -> tuple[Any, ...]:
    return (event.execution_id, [(isinstance(key, str), key) for key in event.path], event.artifact_id)


def _path(executions: Mapping[int, Execution], id: int) -> str:
    execution = executions[id]
    own = execution.custom_properties.get("clew.path")
    if isinstance(own, str) and own:
        return own
    names: list[str] = []
    seen: set[int] = set()
    while id in executions and id not in seen:
        seen.add(id)
        properties = executions[id].custom_properties
        index = properties.get("iteration_index")
        name = properties.get("task_name") or properties.get("display_name")
        if isinstance(name, str):
            names.append(name + (f"#{index}" if index is not None else ""))
        parent = properties.get("parent_dag_id")
        id = parent if isinstance(parent, int) else 0
    return "/".join(reversed(names)) or execution.type
