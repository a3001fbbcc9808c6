"""What a document may ask for, measured before it runs: tokens, nesting, aliases, depth, and cost at worst.

Cost counts the fields an answer may hold: a list multiplies what is selected in it by its ``first``, ``maxNodes`` or
``limit``, or by a usual length where it has no such argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Lexer,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    VariableNode,
    Visitor,
    get_named_type,
    is_list_type,
    is_non_null_type,
    visit,
)

from clew.api.settings import Limits
from clew.metadata.errors import LimitExceeded

SIZES = ("first", "maxNodes", "limit")
"""Arguments that bound a list."""
USUAL_LENGTH = 10
"""Of a list that no argument bounds: contexts of a node, its properties."""
SCHEMA_LENGTH = 20
"""The same inside an introspection."""
NESTING = 200
"""Brackets of any kind inside each other: the parser recurses."""
_OPEN = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSE = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


def check_text(text: str, limits: Limits) -> None:
    """Measure a document before it is parsed.

    Errors: LimitExceeded for too many tokens or too deep nesting; GraphQLSyntaxError.
    """
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    while (kind := lexer.advance().kind) is not TokenKind.EOF:
        tokens += 1
        nesting += (kind in _OPEN) - (kind in _CLOSE)
        if tokens > limits.tokens:
            raise exceeded("tokens", f"more than {limits.tokens}", limits.tokens)
        if nesting > NESTING:
            raise exceeded("nesting", nesting, NESTING)


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Measure a valid document: aliases and depth. Errors: LimitExceeded."""
    counter = _Aliases()
    visit(document, counter)
    if counter.count > limits.aliases:
        raise exceeded("aliases", counter.count, limits.aliases)
    fragments = _fragments(document)
    depths: dict[str, int] = {}
    for operation in _operations(document):
        depth = _depth(operation.selection_set, fragments, depths)
        if depth > limits.depth:
            raise exceeded("depth", depth, limits.depth)


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    limits: Limits,
) -> None:
    """Measure a valid operation with its variables. Errors: LimitExceeded."""
    root = schema.get_root_type(operation.operation)
    cost = _Cost(schema, _fragments(document), _defaults(operation) | dict(variables))
    if root is not None and (total := cost.of(operation.selection_set, root)) > limits.cost:
        raise exceeded("cost", total, limits.cost)


def exceeded(limit: str, value: object, allowed: object) -> LimitExceeded:
    """The error that names the limit, what was asked for, and what is allowed."""
    return LimitExceeded(
        f"the operation's {limit} is {value}, the limit is {allowed}",
        field=limit,
        value=value,
        remedy="Ask for less at once: smaller pages, fewer fields, or several operations",
    )


class _Aliases(Visitor):
    count = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.count += node.alias is not None


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def _depth(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, int]) -> int:
    deepest = 0
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            below = selection.selection_set
            depth = 1 + (_depth(below, fragments, known) if below is not None else 0)
        elif isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name not in known:
                known[name] = _depth(fragments[name].selection_set, fragments, known)
            depth = known[name]
        else:
            assert isinstance(selection, InlineFragmentNode)
            depth = _depth(selection.selection_set, fragments, known)
        deepest = max(deepest, depth)
    return deepest


class _Cost:
    """Fields at worst; each fragment is measured once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.schema, self.fragments, self.variables = schema, fragments, variables
        self.known: dict[tuple[str, bool], int] = {}

    def of(self, selections: SelectionSetNode, parent: GraphQLNamedType, *, bounded: bool = False) -> int:
        """The cost of ``selections`` on ``parent``; ``bounded`` when an argument above bounds the lists in it."""
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += self._field(selection, parent, bounded)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value, bounded
                if name not in self.known:
                    fragment = self.fragments[selection.name.value]
                    on = self.schema.type_map[fragment.type_condition.name.value]
                    self.known[name] = self.of(fragment.selection_set, on, bounded=bounded)
                total += self.known[name]
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = self.schema.type_map[condition.name.value] if condition is not None else parent
                total += self.of(selection.selection_set, on, bounded=bounded)
        return total

    def _field(self, node: FieldNode, parent: GraphQLNamedType, bounded: bool) -> int:
        field = self._definition(parent, node.name.value)
        if node.selection_set is None or field is None:
            return 1
        size = self._size(node, field)
        is_list = is_list_type(field.type.of_type if is_non_null_type(field.type) else field.type)
        times = size if size is not None else 1
        if is_list and size is None and not bounded:
            times = SCHEMA_LENGTH if parent.name.startswith("__") else USUAL_LENGTH
        below = self.of(node.selection_set, get_named_type(field.type), bounded=size is not None and not is_list)
        return 1 + times * below

    def _definition(self, parent: GraphQLNamedType, name: str) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType):
            return self.schema.get_field(parent, name)
        fields = getattr(parent, "fields", None)
        return fields.get(name) if fields else None

    def _size(self, node: FieldNode, field: GraphQLField) -> int | None:
        for name in SIZES:
            if name not in field.args:
                continue
            for argument in node.arguments or ():
                if argument.name.value == name:
                    return self._value(argument.value, field.args[name].default_value)
            return _bound(field.args[name].default_value)
        return None

    def _value(self, value: object, default: object) -> int | None:
        if isinstance(value, IntValueNode):
            return _number(value.value)
        if isinstance(value, VariableNode):
            return _bound(self.variables.get(value.name.value, default))
        return None if isinstance(value, NullValueNode) else 0


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: definition.default_value.value
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _bound(value: object) -> int | None:
    """The bound that an argument sets; None where it may be left out, and was."""
    return None if value is None else _number(value)


def _number(value: object) -> int:
    """A bound as a number; what is no good number costs nothing, for it will be refused where it is read."""
    try:
        return max(0, int(str(value)))
    except (TypeError, ValueError):
        return 0
