"""Which columns came of which: told by ``columnLineage`` and ``lineage`` facets, followed from version to version.

A facet names data sets; the execution that wrote the version says which of their versions it read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from clew.collectors.openlineage.merge import Merged
from clew.metadata.errors import ClewError
from clew.metadata.location import of_dataset
from clew.metadata.node import Artifact, Event
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

MOST_EDGES = 10_000
DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what lies at a location."""

    artifact_id: int | None
    """The version; None where nobody recorded one."""
    location: str
    name: str
    """"" for the whole: what filters, joins and sorts depend on touches every column."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """How one became the other."""

    type: str = ""
    """DIRECT or INDIRECT."""
    subtype: str = ""
    description: str = ""
    masking: bool | None = None


@dataclass(frozen=True, slots=True)
class ColumnEdge:
    """``target`` was made of ``source``."""

    source: Column
    target: Column
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True, slots=True)
class Dependency:
    """What a facet says: a column ("": the whole) of a dataset, and how it was used."""

    target: str
    namespace: str
    dataset: str
    field: str
    transformations: tuple[Transformation, ...]


def dependencies(properties: dict[str, Any]) -> list[Dependency]:
    """What the facets of a version say of its columns; nothing where it has none."""
    merged = Merged(properties)
    return [
        *_old(merged.facet("dataset", "columnLineage")),
        *_new(merged.facet("dataset", "lineage")),
    ]


def columns_of(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of its schema facet."""
    fields = Merged(properties).facet("dataset", "schema").get("fields")
    return [field for field in _dicts(fields) if isinstance(field.get("name"), str)]


def walk(
    reader: Reader, artifact: Artifact, column: str | None = None, *, upstream: bool = True, depth: int = 20
) -> tuple[list[ColumnEdge], bool]:
    """Follow a column, or every column, of a version; and whether there is more than MOST_EDGES or ``depth`` show.

    ``depth`` counts versions.
    Cost: some look-ups in the record a version.
    """
    edges: dict[ColumnEdge, None] = {}
    seen: set[tuple[int, str | None]] = set()
    queue: deque[tuple[Artifact, str | None, int]] = deque([(artifact, column, 0)])
    partial = False
    while queue:
        at, name, steps = queue.popleft()
        if (int(at.id), name) in seen or (int(at.id), None) in seen:
            continue
        seen.add((int(at.id), name))
        found = list(_above(reader, at, name) if upstream else _below(reader, at, name))
        if found and steps >= min(depth, DEEPEST):
            partial = True
            continue
        for edge, next_at in found:
            if len(edges) >= MOST_EDGES:
                return list(edges), True
            edges[edge] = None
            next_name = edge.source.name if upstream else edge.target.name
            if next_at is not None:
                queue.append((next_at, next_name or None, steps + 1))
    return list(edges), partial


def _above(reader: Reader, artifact: Artifact, column: str | None) -> Iterator[tuple[ColumnEdge, Artifact | None]]:
    told = [d for d in dependencies(artifact.custom_properties) if column is None or d.target in ("", column)]
    if not told:
        return
    makers = [e.execution_id for e in reader.events_of_artifacts([artifact.id]) if e.type in OUTPUT_EVENTS]
    read = _by_location(reader, [e for e in reader.events_of_executions(makers) if e.type in INPUT_EVENTS])
    for dependency in told:
        location = _location(dependency)
        source = read.get(location)
        edge = ColumnEdge(
            Column(source.id if source else None, location, dependency.field),
            Column(artifact.id, artifact.location or "", dependency.target),
            dependency.transformations,
        )
        yield edge, source


def _below(reader: Reader, artifact: Artifact, column: str | None) -> Iterator[tuple[ColumnEdge, Artifact | None]]:
    reads = [e for e in reader.events_of_artifacts([artifact.id]) if e.type in INPUT_EVENTS]
    spelled = {location for e in reads for location in (e.location, artifact.location) if location}
    written = [e for e in reader.events_of_executions({e.execution_id for e in reads}) if e.type in OUTPUT_EVENTS]
    for made in reader.artifacts_by_id({e.artifact_id for e in written}).values():
        for dependency in dependencies(made.custom_properties):
            if _location(dependency) in spelled and (column is None or dependency.field in ("", column)):
                edge = ColumnEdge(
                    Column(artifact.id, artifact.location or "", dependency.field),
                    Column(made.id, made.location or "", dependency.target),
                    dependency.transformations,
                )
                yield edge, made


def _by_location(reader: Reader, events: list[Event]) -> dict[str, Artifact]:
    """The versions read, under the locations they were read by."""
    artifacts = reader.artifacts_by_id({event.artifact_id for event in events})
    found: dict[str, Artifact] = {}
    for event in events:
        artifact = artifacts[event.artifact_id]
        for location in (event.location, artifact.location):
            if location:
                found.setdefault(location, artifact)
    return found


def _location(dependency: Dependency) -> str:
    try:
        return of_dataset(dependency.namespace, dependency.dataset)
    except ClewError:
        return f"{dependency.namespace}:{dependency.dataset}"


def _old(facet: dict[str, Any]) -> Iterator[Dependency]:
    """Of ``columnLineage``."""
    fields = facet.get("fields")
    for target, told in fields.items() if isinstance(fields, dict) else ():
        if isinstance(told, dict):
            said = Transformation(_text(told, "transformationType"), "", _text(told, "transformationDescription"))
            default = (said,) if said != Transformation() else ()
            yield from _inputs(target, told.get("inputFields"), default)
    yield from _inputs("", facet.get("dataset"), ())


def _new(facet: dict[str, Any]) -> Iterator[Dependency]:
    """Of ``lineage``."""
    fields = facet.get("fields")
    for target, told in fields.items() if isinstance(fields, dict) else ():
        yield from _inputs(target, told.get("inputs") if isinstance(told, dict) else None, ())
    yield from (said for said in _inputs("", facet.get("inputs"), ()) if said.field)


def _inputs(target: str, given: Any, default: tuple[Transformation, ...]) -> Iterator[Dependency]:
    for item in _dicts(given):
        namespace, name, field = _text(item, "namespace"), _text(item, "name"), _text(item, "field")
        if namespace and name:
            how = tuple(
                Transformation(
                    _text(said, "type"), _text(said, "subtype"), _text(said, "description"),
                    said["masking"] if isinstance(said.get("masking"), bool) else None,
                )
                for said in _dicts(item.get("transformations"))
            )  # fmt: skip
            yield Dependency(target, namespace, name, field, how or default)


def _dicts(given: Any) -> Iterable[dict[str, Any]]:
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def _text(given: dict[str, Any], name: str) -> str:
    found = given.get(name)
    return found if isinstance(found, str) else ""
