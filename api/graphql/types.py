"""Types and properties, as GraphQL types."""

from __future__ import annotations

from collections.abc import Mapping

import strawberry

from clew.api.graphql.arguments import First
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Kind, PropertyType
from clew.api.graphql.operation import Snapshot
from clew.api.graphql.scalars import Int64, Json, PropertyValue
from clew.metadata import node as record
from clew.metadata.custom import custom_properties
from clew.metadata.value import Value, property_type


@strawberry.type(description="A property of a node, exact: see PropertyValue.")
class Property:
    """One property."""

    name: str = strawberry.field(description="Its name.")
    kind: PropertyType = strawberry.field(description="The kind of its value.")
    value: PropertyValue = strawberry.field(description="Its value, exact.")


@strawberry.type(description="A property that a type declares.")
class PropertyDeclaration:
    """Name and kind."""

    name: str = strawberry.field(description="Its name.")
    kind: PropertyType = strawberry.field(description="The kind its values must be of.")


@strawberry.type(description="A type of artifacts, executions or contexts.")
class Type:
    """A type."""

    row: strawberry.Private[record.NodeType]
    snapshot: strawberry.Private[Snapshot]
    id: strawberry.ID = strawberry.field(description="`type:N`.")
    kind: Kind = strawberry.field(description="What it is a type of.")
    name: str = strawberry.field(description="Its name, unique with kind and version.")
    version: str = strawberry.field(description="Its version; empty for the unversioned type.")
    description: str | None = strawberry.field(description="What it is for.")
    external_id: str | None = strawberry.field(description="Its id in another system.")
    created_ms: Int64 = strawberry.field(description="When it was registered: UTC epoch milliseconds.")
    updated_ms: Int64 = strawberry.field(description="When it last changed.")
    created_seq: Int64 = strawberry.field(description="The change that registered it.")
    updated_seq: Int64 = strawberry.field(description="The change that changed it last.")

    @resolved
    def properties(self) -> list[PropertyDeclaration]:
        """The properties it declares, by name."""
        return [PropertyDeclaration(name=name, kind=kind) for name, kind in sorted(self.row.properties.items())]

    @resolved
    def custom_properties(self, first: First = 100) -> list[PropertyDeclaration]:
        """Properties that nodes of this type bear of their own, as the newest 300 tell, those of the newest first."""
        most = self.snapshot.operation.page(first)
        found = custom_properties(self.snapshot.reader, self.row.kind, self.row.id, most=most)
        return [PropertyDeclaration(name=name, kind=kind) for name, kind in found.items()]

    @resolved
    def base_type(self) -> Type | None:
        """The type it is based on."""
        base = self.row.base_type_id
        return None if base is None else types_of(self.snapshot).get(base)

    @resolved
    def input_type(self) -> Json | None:
        """An execution type's inputs: ML Metadata's ArtifactStructType as JSON."""
        return None if self.row.input_type is None else Json(self.row.input_type)

    @resolved
    def output_type(self) -> Json | None:
        """An execution type's outputs: ML Metadata's ArtifactStructType as JSON."""
        return None if self.row.output_type is None else Json(self.row.output_type)

    @resolved
    def count(self) -> Int64:
        """How many nodes of this type there are."""
        kind = self.row.kind
        counts = self.snapshot.once(("counts", kind), lambda: self.snapshot.reader.count_by_type(kind))
        return Int64(counts.get(self.row.id, 0))


def properties(values: Mapping[str, Value], names: list[str] | None) -> list[Property]:
    """``values`` by name; only those in ``names`` when given."""
    chosen = sorted(values) if names is None else [name for name in dict.fromkeys(names) if name in values]
    return [
        Property(name=name, kind=property_type(name, values[name]), value=PropertyValue(values[name]))
        for name in chosen
    ]


def type_of(snapshot: Snapshot, row: record.NodeType) -> Type:
    """One type of the record."""
    return Type(
        row=row,
        snapshot=snapshot,
        id=strawberry.ID(f"type:{row.id}"),
        kind=row.kind,
        name=row.name,
        version=row.version,
        description=row.description,
        external_id=row.external_id,
        created_ms=Int64(row.created_ms),
        updated_ms=Int64(row.updated_ms),
        created_seq=Int64(row.created_seq),
        updated_seq=Int64(row.updated_seq),
    )


def types_of(snapshot: Snapshot) -> dict[int, Type]:
    """Every type, by id: there are few, so they load once."""
    return snapshot.once("types", lambda: {row.id: type_of(snapshot, row) for row in snapshot.reader.types()})
