"""Places as the record has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from clew.metadata.identity.place import Found, Place
from clew.metadata.identity.saying import Ref, Said, Saids, saids_of_row
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState, EventType
from clew.metadata.store.protocol import among, listed

Executions = dict[tuple[str, str], Ref]
"""(namespace, external id) -> the execution."""
IMPORTER, KFP = "system.ImporterExecution", "kfp"
"""Its output is what lies at a location, which it read and did not write."""
_SETTLED = """SELECT e.execution_id, e.type, e.artifact_id, e.path, e.time_ms, e.source, e.confidence, e.location,
e.said, a.external_id, a.location, a.state FROM event e JOIN artifact a ON a.id = e.artifact_id
WHERE e.location {among} AND a.namespace = ? ORDER BY e.created_seq, e.place"""
_OTHERS = """SELECT a.id, a.external_id, a.location, e.execution_id, e.time_ms, x.type_id
FROM artifact a JOIN event e ON e.artifact_id = a.id AND e.type = {output} AND e.location IS NULL
JOIN execution x ON x.id = e.execution_id
WHERE a.location {among} AND a.namespace = ?"""


def load_places(
    reader: Reader, namespace: str, classes: Collection[frozenset[str]], executions: Executions
) -> dict[str, Place]:
    """Member -> its place, of each class of locations that are one."""

    def outer(name: int | str) -> Ref:
        return name if isinstance(name, int) else executions[namespace, name]

    places: dict[str, Place] = {}
    for members in classes:
        place = Place(members, outer)
        for member in members:
            places[member] = place
    if not places:
        return places
    wanted = (listed(reader, places), namespace)
    rows = reader.query(_SETTLED.format(among=among(reader)), wanted)
    saids = [saids_of_row(*row[3:9]) for row in rows]
    names = {name for said in saids for one in said for name in one.within if isinstance(name, str)}
    load_executions(reader, namespace, [name for name in names if (namespace, name) not in executions], executions)
    for row, said in zip(rows, saids, strict=True):
        _take(places[row[7]], row, said)
    others = _OTHERS.format(among=among(reader), output=int(EventType.OUTPUT))
    importers = {t.id for t in reader.types(Kind.EXECUTION) if t.name == IMPORTER}
    for artifact, external_id, location, execution, time_ms, type in reader.query(others, wanted):
        if type in importers:
            places[location].read(execution, Said(time_ms, location, "", (), KFP, None))
        else:
            _take_other(places[location], artifact, external_id or f"artifact:{artifact}", location, execution, time_ms)
    for place in places.values():
        place.settled()
        for execution in place.reads.keys() - place.inputs.keys():
            place.stale_for(execution)
        place.bind()
    return places


def load_found(reader: Reader, namespace: str, names: Iterable[str]) -> dict[str, Found]:
    """External id -> place as it was found, of those that are recorded."""
    found = reader.find_external(Kind.ARTIFACT, names, namespace)
    return {str(node.external_id): Found(node.id, node.state is not ArtifactState.ABANDONED) for node in found}  # type: ignore[union-attr]


def load_executions(reader: Reader, namespace: str, names: Collection[str], into: Executions) -> None:
    """Look up executions by their external ids."""
    if names:
        sql = f"SELECT id, external_id FROM execution WHERE external_id {among(reader)} AND namespace = ?"
        for id, name in reader.query(sql, (listed(reader, names), namespace)):
            into[namespace, name] = id


def _take(place: Place, row: Any, saids: Saids) -> None:
    execution, type, artifact = row[:3]
    name, location, state = row[9:]
    if type == EventType.OUTPUT:
        version = place.versions.get(name)
        if version is None:
            version = place.add_version(artifact, name, location, saids[0].partition, saids[0].time_ms)
        for one in saids:
            place.write(version, execution, one)
        return
    if name is not None and name.endswith("#"):
        found = place.found.setdefault(name, Found(artifact, state != ArtifactState.ABANDONED))
        found.users += 1
    place.loaded_input(execution, artifact, saids)


def _take_other(place: Place, artifact: int, name: str, location: str, execution: int, time_ms: int) -> None:
    version = place.versions.get(name)
    if version is None:
        version = place.add_version(artifact, name, location, "", time_ms)
    version.wrote.setdefault(execution, {})
