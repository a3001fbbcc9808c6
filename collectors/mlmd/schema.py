"""ML Metadata's database schema: what each version has, and how the newest is made.

Source: observed in stores that ml-metadata 1.17.1 creates (version 10) and migrates down (9 to 6).
"""

from __future__ import annotations

from typing import Final

from clew.metadata.ids import Kind

NEWEST: Final = 10
READABLE: Final = range(6, NEWEST + 1)
EXTERNAL_IDS_SINCE: Final = 9
PROTO_AND_BOOL_SINCE: Final = 10
"""Columns that older schemas lack: external_id everywhere; proto_value and bool_value of properties."""

TABLE: Final = {Kind.ARTIFACT: "Artifact", Kind.EXECUTION: "Execution", Kind.CONTEXT: "Context"}
TYPE_KIND: Final = {Kind.EXECUTION: 0, Kind.ARTIFACT: 1, Kind.CONTEXT: 2}
KIND_OF_TYPE: Final = {number: kind for kind, number in TYPE_KIND.items()}
LINK: Final = {
    Kind.ARTIFACT: ("Attribution", "artifact_id", "context_id"),
    Kind.EXECUTION: ("Association", "execution_id", "context_id"),
    Kind.CONTEXT: ("ParentContext", "context_id", "parent_context_id"),
}
"""Table of links, column of the member, column of the context it belongs to."""

_TIMES = "create_time_since_epoch INT NOT NULL DEFAULT 0, last_update_time_since_epoch INT NOT NULL DEFAULT 0"
_NODE = "id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INT NOT NULL"
_VALUES = "int_value INT, double_value DOUBLE, string_value TEXT, byte_value BLOB, proto_value BLOB, bool_value BOOLEAN"


def _property_table(table: str, owner: str) -> str:
    return (
        f"CREATE TABLE {table}Property ({owner}_id INT NOT NULL, name VARCHAR(255) NOT NULL, "
        f"is_custom_property TINYINT(1) NOT NULL, {_VALUES}, PRIMARY KEY ({owner}_id, name, is_custom_property))"
    )


def _property_indexes(table: str) -> list[str]:
    of = table.lower()
    return [
        f"CREATE INDEX idx_{of}_property_{kind} ON {table}Property (name, is_custom_property, {kind}_value) "
        f"WHERE {kind}_value IS NOT NULL"
        for kind in ("int", "double", "string")
    ]


TABLES: Final = [
    "CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY)",
    "CREATE TABLE Type (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL, version VARCHAR(255), "
    "type_kind TINYINT(1) NOT NULL, description TEXT, input_type TEXT, output_type TEXT, "
    "external_id VARCHAR(255) UNIQUE)",
    "CREATE TABLE TypeProperty (type_id INT NOT NULL, name VARCHAR(255) NOT NULL, data_type INT NULL, "
    "PRIMARY KEY (type_id, name))",
    "CREATE TABLE ParentType (type_id INT NOT NULL, parent_type_id INT NOT NULL, "
    "PRIMARY KEY (type_id, parent_type_id))",
    f"CREATE TABLE Artifact ({_NODE}, uri TEXT, state INT, name VARCHAR(255), external_id VARCHAR(255) UNIQUE, "
    f"{_TIMES}, UNIQUE (type_id, name))",
    f"CREATE TABLE Execution ({_NODE}, last_known_state INT, name VARCHAR(255), external_id VARCHAR(255) UNIQUE, "
    f"{_TIMES}, UNIQUE (type_id, name))",
    f"CREATE TABLE Context ({_NODE}, name VARCHAR(255) NOT NULL, external_id VARCHAR(255) UNIQUE, "
    f"{_TIMES}, UNIQUE (type_id, name))",
    *(_property_table(table, kind.value) for kind, table in TABLE.items()),
    "CREATE TABLE Event (id INTEGER PRIMARY KEY AUTOINCREMENT, artifact_id INT NOT NULL, execution_id INT NOT NULL, "
    "type INT NOT NULL, milliseconds_since_epoch INT, UNIQUE (artifact_id, execution_id, type))",
    "CREATE TABLE EventPath (event_id INT NOT NULL, is_index_step TINYINT(1) NOT NULL, step_index INT, step_key TEXT)",
    "CREATE TABLE ParentContext (context_id INT NOT NULL, parent_context_id INT NOT NULL, "
    "PRIMARY KEY (context_id, parent_context_id))",
    "CREATE TABLE Association (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL, "
    "execution_id INT NOT NULL, UNIQUE (context_id, execution_id))",
    "CREATE TABLE Attribution (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL, "
    "artifact_id INT NOT NULL, UNIQUE (context_id, artifact_id))",
]
"""The tables of version 10 on SQLite, by name, column and constraint as the original library makes them."""

INDEXES: Final = [
    "CREATE INDEX idx_artifact_uri ON Artifact (uri)",
    "CREATE INDEX idx_event_execution_id ON Event (execution_id)",
    "CREATE INDEX idx_parentcontext_parent_context_id ON ParentContext (parent_context_id)",
    "CREATE INDEX idx_type_name ON Type (name)",
    "CREATE INDEX idx_eventpath_event_id ON EventPath (event_id)",
    *(
        f"CREATE INDEX idx_{table.lower()}_{column} ON {table} ({column})"
        for table in TABLE.values()
        for column in ("create_time_since_epoch", "last_update_time_since_epoch")
    ),
    *(index for table in TABLE.values() for index in _property_indexes(table)),
    *(
        f"CREATE INDEX idx_{table.lower()}_external_id ON {table} (external_id)"
        for table in ("Type", "Artifact", "Execution", "Context")
    ),
]
"""Its indexes."""
