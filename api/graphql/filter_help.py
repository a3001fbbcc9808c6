"""Help for whoever types a filter: what is wrong and where, and what could stand at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Kind
from clew.api.graphql.operation import Info, Snapshot
from clew.metadata.custom import custom_properties
from clew.metadata.errors import InvalidFilter
from clew.metadata.filter import complete
from clew.metadata.filter.clause import filter_clause
from clew.metadata.states import PropertyType

NAMED_TYPES = 5
"""Types that a filter names whose properties are offered; of more, those of all types."""


@strawberry.type(description="What is wrong with a filter.")
class FilterError:
    """An error in a filter."""

    message: str = strawberry.field(description="What is wrong.")
    position: int = strawberry.field(description="Where: characters (Unicode code points) from the start, from 0.")
    line: int = strawberry.field(description="The line, from 1.")
    column: int = strawberry.field(description="The character in the line, from 1.")
    remedy: str = strawberry.field(description="What to write instead.")


@strawberry.type(description="A text that could replace a part of a filter.")
class FilterSuggestion:
    """A suggestion."""

    text: str = strawberry.field(description="What to write from `from` to `to`.")
    label: str = strawberry.field(description="How to show it.")
    detail: str = strawberry.field(description="What it is: a type, a meaning.")
    kind: str = strawberry.field(description="field, property, neighbour, operator, keyword, function or value.")
    begin: int = strawberry.field(name="from", description="First character to replace, from 0.")
    end: int = strawberry.field(name="to", description="The character behind the last one to replace.")


@strawberry.type(description="What a filter lacks.")
class FilterHelp:
    """Help with a filter."""

    ok: bool = strawberry.field(description="Whether it is a filter that can be asked.")
    error: FilterError | None = strawberry.field(description="What is wrong, where it is none.")
    suggestions: list[FilterSuggestion] = strawberry.field(
        description="What could stand at the cursor, the likeliest first; at most 100. Empty where the text before it "
        "is already wrong, and without a cursor."
    )


@strawberry.type
class FilterHelpQuery:
    """Help with filters."""

    @resolved
    def filter_help(
        self,
        info: Info,
        text: Annotated[str, strawberry.argument(description="The filter, as far as it was typed.")],
        kind: Annotated[Kind, strawberry.argument(description="What it is to select.")],
        cursor: Annotated[
            int | None,
            strawberry.argument(description="Where the cursor stands: characters (Unicode code points) before it."),
        ] = None,
    ) -> FilterHelp:
        """Check a filter: what is wrong and where. Complete it: the fields, operators and values that could stand at
        `cursor`, with names of types, states, namespaces and properties that the record knows.
        """
        snapshot = info.context.snapshot()
        error = _error_of(snapshot, text, kind)
        found = [] if cursor is None else complete.complete(text, kind, cursor, _vocabulary(snapshot, kind))
        suggestions = [
            FilterSuggestion(
                text=one.text, label=one.label, detail=one.detail, kind=one.kind, begin=one.begin, end=one.end
            )
            for one in found
        ]
        return FilterHelp(ok=error is None, error=error, suggestions=suggestions)


def _error_of(snapshot: Snapshot, text: str, kind: Kind) -> FilterError | None:
    reader = snapshot.reader
    try:
        filter_clause(text, kind, reader.dialect, types={row.id: row for row in reader.types()})
    except InvalidFilter as error:
        position = min(max(error.position, 0), len(text))
        before = text[:position]
        return FilterError(
            message=error.message,
            position=position,
            line=before.count("\n") + 1,
            column=position - (before.rfind("\n") + 1) + 1,
            remedy=error.remedy,
        )
    return None


def _vocabulary(snapshot: Snapshot, kind: Kind) -> complete.Vocabulary:
    reader = snapshot.reader

    def declared(types: Sequence[str]) -> Mapping[str, PropertyType]:
        rows = [row for row in reader.types(kind) if not types or row.name in types]
        return {name: of for row in rows for name, of in sorted(row.properties.items())}

    def custom(types: Sequence[str]) -> Mapping[str, PropertyType]:
        named: Sequence[str | None] = types if 0 < len(types) <= NAMED_TYPES else [None]
        found = [custom_properties(reader, kind, type) for type in dict.fromkeys(named)]
        return {name: of for one in found for name, of in one.items()}

    return complete.Vocabulary(
        types=lambda of: {row.name for row in reader.types(of)},
        declared=declared,
        custom=custom,
        namespaces=lambda: snapshot.operation.services.namespaces.of(reader),
    )
