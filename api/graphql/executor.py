"""graphql-core's executor with two additions: it watches the clock, and it reads plain leaves without ceremony.

Most of an answer are plain leaves: scalars and enums without arguments that are only read off the object. For those
the general way (path, resolve info, argument values, completion by kind of type) costs ten times the reading. They are
read and serialised directly; whatever is not plain sailing (a null where none may be, a value that does not serialise)
goes the general way and gets the general errors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from graphql import GraphQLObjectType, GraphQLSchema, Undefined, is_enum_type, is_leaf_type, is_non_null_type
from graphql.execution.executor import Executor
from graphql.pyutils import Path


class Leaf(NamedTuple):
    """How a plain leaf is read."""

    attribute: str
    serialize: Callable[[Any], Any]
    nullable: bool


@cache
def plain_leaves(schema: GraphQLSchema) -> dict[str, dict[str, Leaf]]:
    """The plain leaves of every object type: type name -> field name -> how to read it."""
    return {
        name: {field: leaf for field, leaf in _leaves(type) if leaf is not None}
        for name, type in schema.type_map.items()
        if isinstance(type, GraphQLObjectType) and not name.startswith("__")
    }


def _leaves(parent: GraphQLObjectType) -> list[tuple[str, Leaf | None]]:
    found: list[tuple[str, Leaf | None]] = []
    for name, field in parent.fields.items():
        nullable = not is_non_null_type(field.type)
        type = field.type if nullable else field.type.of_type
        strawberry = field.extensions.get("strawberry-definition")
        is_plain = strawberry is not None and strawberry.is_basic_field and not field.args and is_leaf_type(type)
        leaf = Leaf(strawberry.python_name, _serializer(type), nullable) if is_plain else None
        found.append((name, leaf))
    return found


def _serializer(type: Any) -> Callable[[Any], Any]:
    """An enumeration has few members: each is spelled once."""
    serialize: Callable[[Any], Any] = cache(type.serialize) if is_enum_type(type) else type.serialize
    return serialize


@cache
def object_types(schema: GraphQLSchema) -> dict[type, GraphQLObjectType]:
    """Python class -> the object type it stands for."""
    found = {}
    for type in schema.type_map.values():
        definition = type.extensions.get("strawberry-definition")
        if isinstance(type, GraphQLObjectType) and definition is not None and not definition.concrete_of:
            found[definition.origin] = type
    return found


class LeanExecutor(Executor[None]):
    """For operations whose resolvers are plain functions."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: None,
    ) -> dict[str, Any]:
        """The fields of one object. Errors: TimedOut when the operation's time is over."""
        self.context_value.check_time()
        leaves = plain_leaves(self.schema).get(parent_type.name, {})
        results: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            leaf = leaves.get(details[0].node.name.value)
            if leaf is not None:
                value = getattr(source_value, leaf.attribute)
                if value is not None:
                    try:
                        results[response_name] = value if type(value) is str else leaf.serialize(value)
                        continue
                    except Exception:  # the general way tells of it
                        pass
                elif leaf.nullable:
                    results[response_name] = None
                    continue
            field_path = Path(path, response_name, parent_type.name)
            result = self.execute_field(parent_type, source_value, details, field_path, position_context)
            if result is not Undefined:
                results[response_name] = result
        return results

    def complete_abstract_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """A value of an interface: our classes tell their type themselves."""
        type_ = object_types(self.schema).get(type(result))
        if type_ is None or return_type not in type_.interfaces:
            return super().complete_abstract_value(
                return_type, field_details_list, info, path, result, position_context
            )
        return self.collect_and_execute_subfields(type_, field_details_list, path, result, position_context)
