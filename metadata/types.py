"""The types of a record, as one immutable look-up table, and the rules by which a type may evolve.

Source: ML Metadata PutTypes (docs/mlmd: fields may be added and omitted, never change kind; base type is set once).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson

from clew.metadata.change import TypePut, TypeRef
from clew.metadata.errors import Invalid, TypeConflict, TypeNotFound, Unsupported
from clew.metadata.ids import INT64_MAX, Kind, Seq, TypeId
from clew.metadata.node import NodeType
from clew.metadata.states import PropertyType
from clew.metadata.store.columns import TYPE
from clew.metadata.store.protocol import Row, Session
from clew.metadata.text import check_text

KIND_NUMBER = {Kind.ARTIFACT: 1, Kind.EXECUTION: 2, Kind.CONTEXT: 3}
KIND_OF_NUMBER = {number: kind for kind, number in KIND_NUMBER.items()}
SIMPLE_TYPES = (
    (Kind.ARTIFACT, ("mlmd.Dataset", "mlmd.Model", "mlmd.Metrics", "mlmd.Statistics")),
    (Kind.EXECUTION, ("mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy")),
)
"""ML Metadata's predefined types take ids 1 to 9, so that an existing store can move in with its ids."""
FIRST_USER_TYPE_ID = 10
_SELECT_TYPES = f"SELECT {','.join(TYPE)} FROM type ORDER BY id"


class TypeTable:
    """Every type by id and by (kind, name, version). Never changed in place: see :meth:`with_type`."""

    __slots__ = ("by_id", "by_key")

    def __init__(self, by_id: dict[int, NodeType]) -> None:
        self.by_id = by_id
        self.by_key = {(t.kind, t.name, t.version): t for t in by_id.values()}

    def with_type(self, node_type: NodeType) -> TypeTable:
        """A table that also holds ``node_type`` (or its new state)."""
        return TypeTable(self.by_id | {int(node_type.id): node_type})

    def resolve(self, kind: Kind, ref: TypeRef | None) -> NodeType:
        """The type a put names. Errors: Invalid when it names none, TypeNotFound."""
        found: NodeType | None
        if type(ref) is str:
            found = self.by_key.get((kind, ref, ""))
        elif isinstance(ref, tuple) and len(ref) == 2 and isinstance(ref[0], str) and isinstance(ref[1], str):
            found = self.by_key.get((kind, ref[0], ref[1]))
        elif type(ref) is int:
            found = self.by_id.get(ref)
            if found is not None and found.kind is not kind:
                found = None
        else:
            raise Invalid(
                f"a new {kind.value} needs a type", field="type", value=ref, remedy="Give a type by name or by id"
            )
        if found is None:
            raise TypeNotFound(
                f"no {kind.value} type {ref!r}", field="type", value=ref, remedy="Register the type first"
            )
        return found

    def require(self, kind: Kind, name: str, version: str = "") -> NodeType:
        """The type of that name and version. Errors: TypeNotFound."""
        return self.resolve(kind, (name, version))


class TypeCache:
    """The type table of the last ``types_seq`` seen; shared by writers and readers of one record."""

    def __init__(self) -> None:
        self._known: tuple[int, TypeTable] = (-1, TypeTable({}))

    def at(self, session: Session, types_seq: int) -> TypeTable:
        """The types as of ``types_seq``, which ``session`` sees: remembered, or read."""
        known = self._known
        if known[0] == types_seq:
            return known[1]
        table = TypeTable({row[0]: type_of_row(row) for row in session.fetch(_SELECT_TYPES)})
        self.learn(types_seq, table)
        return table

    def learn(self, types_seq: int, table: TypeTable) -> None:
        """Remember ``table`` unless a newer one is known."""
        if types_seq > self._known[0]:
            self._known = (types_seq, table)


def type_row(node_type: NodeType) -> Row:
    """The row of ``node_type``, in the order of ``columns.TYPE``."""
    return (
        int(node_type.id), KIND_NUMBER[node_type.kind], node_type.name, node_type.version, node_type.description,
        node_type.external_id, node_type.base_type_id,
        json.dumps({name: int(kind) for name, kind in node_type.properties.items()}, separators=(",", ":")),
        _json(node_type.input_type), _json(node_type.output_type),
        node_type.created_ms, node_type.updated_ms, node_type.created_seq, node_type.updated_seq,
    )  # fmt: skip


def type_of_row(row: Row) -> NodeType:
    """The inverse of :func:`type_row`."""
    return NodeType(
        kind=KIND_OF_NUMBER[row[1]],
        name=row[2],
        version=row[3],
        properties={name: PropertyType(kind) for name, kind in json.loads(row[7]).items()},
        description=row[4],
        external_id=row[5],
        base_type_id=None if row[6] is None else TypeId(row[6]),
        input_type=None if row[8] is None else json.loads(row[8]),
        output_type=None if row[9] is None else json.loads(row[9]),
        id=TypeId(row[0]),
        created_ms=row[10],
        updated_ms=row[11],
        created_seq=Seq(row[12]),
        updated_seq=Seq(row[13]),
    )


def evolve(stored: NodeType, put: TypePut, base_type_id: int | None) -> NodeType:
    """``stored`` after ``put``; the same object when nothing changes.

    Errors: TypeConflict for a property that changes kind, or is added or omitted where that is not allowed;
    Unsupported when a base type would change.
    """
    wanted = put.type
    for name, kind in wanted.properties.items():
        known = stored.properties.get(name)
        if known is None and not put.can_add_fields:
            raise _conflict(stored, name, "is new, and can_add_fields is false", "Set can_add_fields")
        if known is not None and known is not kind:
            raise _conflict(
                stored, name, f"is {known.name} and cannot become {kind.name}", "Use another name or a new type version"
            )
    if not put.can_omit_fields:
        for name in stored.properties:
            if name not in wanted.properties:
                raise _conflict(stored, name, "is missing, and can_omit_fields is false", "Set can_omit_fields")
    if base_type_id is not None and stored.base_type_id not in (None, base_type_id):
        raise Unsupported(
            f"{stored.kind.value} type {stored.name!r} has a base type, which cannot change",
            field="base_type",
            value=put.base_type,
            remedy="Register a new version of the type",
        )
    merged = stored.properties | wanted.properties
    external_id = wanted.external_id if wanted.external_id is not None else stored.external_id
    base = base_type_id if base_type_id is not None else stored.base_type_id
    if merged == stored.properties and external_id == stored.external_id and base == stored.base_type_id:
        return stored
    return replace(
        stored, properties=merged, external_id=external_id, base_type_id=None if base is None else TypeId(base)
    )


def check_type(node_type: NodeType) -> None:
    """Refuse a type that no record could hold. Errors: Invalid."""
    if not isinstance(node_type.kind, Kind) or not isinstance(node_type.properties, dict):
        raise Invalid(
            f"a type of kind {node_type.kind!r} with properties {node_type.properties!r:.80} is none",
            field="type.kind",
            value=node_type.kind,
            remedy="Give a Kind and a dict of properties",
        )
    for field, number in (
        ("id", node_type.id),
        ("created_ms", node_type.created_ms),
        ("updated_ms", node_type.updated_ms),
    ):
        if type(number) is not int or not 0 <= number < INT64_MAX:
            raise Invalid(f"a type's {field} is an int", field=f"type.{field}", value=number, remedy="Leave it out")
    if not isinstance(node_type.name, str) or not isinstance(node_type.version, str):
        raise Invalid("a type's name and version are texts", field="type.name", value=node_type.name, remedy="Give str")
    if not node_type.name:
        raise Invalid("a type needs a name", field="type.name", value="", remedy="Give a non-empty name")
    for field, structure in (("input_type", node_type.input_type), ("output_type", node_type.output_type)):
        _check_structure(structure, f"type.{field}")
    check_text(node_type.name, "type.name")
    check_text(node_type.version, "type.version")
    check_text(node_type.external_id, "type.external_id")
    check_text(node_type.description, "type.description", limit_bytes=1 << 20)
    for name, kind in node_type.properties.items():
        check_text(name, "type.properties")
        if not name or not isinstance(kind, PropertyType) or kind is PropertyType.UNKNOWN:
            raise Invalid(
                f"property {name!r} of type {node_type.name!r} has no kind",
                field="type.properties",
                value=kind,
                remedy="Use INT, DOUBLE, STRING, STRUCT, PROTO or BOOLEAN",
            )


def _check_structure(structure: object, field: str) -> None:
    try:
        json.dumps(structure, allow_nan=False)
        orjson.dumps(structure)  # and no lone surrogates, no integers beyond 64 bits
        if structure is None or isinstance(structure, dict):
            return
        problem = "it is no dict"
    except (TypeError, ValueError, RecursionError) as error:
        problem = str(error)
    raise Invalid(
        f"{field} is no JSON struct: {problem}", field=field, value=structure, remedy="Give a dict of JSON values"
    )


def _conflict(stored: NodeType, name: str, what: str, remedy: str) -> TypeConflict:
    return TypeConflict(
        f"property {name!r} of {stored.kind.value} type {stored.name!r} {what}",
        field=f"type.properties.{name}",
        value=name,
        remedy=remedy,
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, separators=(",", ":"), sort_keys=True)
