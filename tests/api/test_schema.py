"""The schema: exported, described, and steady."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, build_schema

from clew.api.graphql.enums import ARTIFACT_STATE_OF, EXECUTION_STATE_OF
from clew.api.graphql.export import SCHEMA_FILE, text
from clew.api.graphql.schema import schema
from clew.metadata.states import ArtifactState, ExecutionState


def test_the_exported_schema_is_up_to_date() -> None:
    assert SCHEMA_FILE.read_text() == text(), "run python -m clew.api.graphql.export"


def test_the_export_command_checks_without_writing() -> None:
    before = SCHEMA_FILE.stat().st_mtime_ns
    done = subprocess.run([sys.executable, "-m", "clew.api.graphql.export", "--check"], check=False)
    assert (done.returncode, SCHEMA_FILE.stat().st_mtime_ns) == (0, before)


def test_the_exported_schema_parses() -> None:
    assert build_schema(SCHEMA_FILE.read_text()).query_type is not None


def _undescribed() -> Iterator[str]:
    for name, type in schema()._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not type.description:
            yield name
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, definition in type.fields.items():
                if not definition.description:
                    yield f"{name}.{field}"
                if not isinstance(type, GraphQLInputObjectType):
                    yield from (f"{name}.{field}({a})" for a, d in definition.args.items() if not d.description)
        elif isinstance(type, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, definition in type.values.items() if not definition.description)


def test_everything_in_the_schema_is_described() -> None:
    assert list(_undescribed()) == []


def test_every_state_of_the_record_has_a_spelling() -> None:
    assert {s.name for s in ArtifactState} == {v.name for k, v in ARTIFACT_STATE_OF.items() if k is not None and v}
    assert {s.name for s in ExecutionState} == {v.name for k, v in EXECUTION_STATE_OF.items() if k is not None and v}
