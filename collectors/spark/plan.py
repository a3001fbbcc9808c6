"""What a query of Spark reads and writes, told by its plans, which lie in the JVM and are reached by py4j.

Classes of Spark are known by name: 3.4 to 4.x share those that are asked for here. A node that is none of them is
walked through; what cannot be told is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_NODES = 10_000
PLAN_MOST = 100_000
"""Characters of a plan that are kept."""
_WRITES = ("AppendData", "OverwriteByExpression", "OverwritePartitionsDynamic", "ReplaceData", "WriteDelta")


@dataclass(slots=True)
class Place:
    """What was read or written: a path, or a table by the URL of its database."""

    uri: str
    format: str = ""
    mode: str = ""
    table: str = ""
    """Its name in the catalog, where it has one."""
    rows: int | None = None
    size_bytes: int | None = None
    files: int | None = None
    columns: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Query:
    """One query."""

    inputs: list[Place] = field(default_factory=list)
    outputs: list[Place] = field(default_factory=list)
    sql: str = ""
    plan: str = ""


def read_query(execution: Any) -> Query:
    """What a ``QueryExecution`` says."""
    query = Query()
    for node in _nodes(execution.analyzed()):
        _look(node, query)
        query.sql = query.sql or _option(node.origin().sqlText()) or ""
    query.plan = str(execution.toString())[:PLAN_MOST]
    _count(execution.executedPlan(), query)
    return query


def _nodes(plan: Any) -> Iterator[Any]:
    waiting, seen = [plan], 0
    while waiting and seen < MOST_NODES:
        node = waiting.pop()
        seen += 1
        yield node
        for near in (node.children(), node.subqueries()):
            waiting += _items(near)


def _look(node: Any, query: Query) -> None:
    kind = _kind(node)
    if kind == "LogicalRelation":
        query.inputs += _of_relation(node)
    elif kind in ("DataSourceV2Relation", "DataSourceV2ScanRelation"):
        query.inputs += _of_table(node if kind == "DataSourceV2Relation" else node.relation())
    elif kind == "HiveTableRelation":
        query.inputs.append(_of_catalog(node.tableMeta(), _columns(node.schema())))
    elif kind == "InsertIntoHadoopFsRelationCommand":
        place = Place(node.outputPath().toString(), node.fileFormat().toString(), node.mode().toString())
        place.columns, place.table = _columns(node.query().schema()), _table(_option(node.catalogTable()))
        query.outputs.append(place)
    elif kind == "SaveIntoDataSourceCommand":
        query.outputs.append(_of_options(node))
    elif kind == "InsertIntoHiveTable":
        query.outputs.append(_of_catalog(node.table(), _columns(node.query().schema())))
    elif kind in _WRITES:
        for place in _of_table(node.table()):
            place.mode = "Append" if kind == "AppendData" else "Overwrite"
            query.outputs.append(place)


def _of_relation(node: Any) -> list[Place]:
    relation, columns = node.relation(), _columns(node.schema())
    table = _table(_option(node.catalogTable()))
    if _kind(relation) == "HadoopFsRelation":
        paths = [path.toString() for path in _items(relation.location().rootPaths())]
        return [Place(path, relation.fileFormat().toString(), table=table, columns=columns) for path in paths]
    if _kind(relation) == "JDBCRelation":
        options = relation.jdbcOptions()
        return [Place(_database(options.url(), options.tableOrQuery()), "JDBC", table=table, columns=columns)]
    return []


def _of_table(node: Any) -> list[Place]:
    if _kind(node) != "DataSourceV2Relation":
        return []
    table = node.table()
    name, location = str(table.name()), table.properties().get("location")
    return [Place(location or f"table:{name}", table=name, columns=_columns(node.schema()))]


def _of_options(node: Any) -> Place:
    options, mode = node.options(), node.mode().toString()
    url, table, path = (_option(options.get(name)) for name in ("url", "dbtable", "path"))
    name = node.dataSource().getClass().getSimpleName().removesuffix("$").removesuffix("Provider")
    uri = _database(url, table or "") if url else path or f"table:{table or name}"
    return Place(uri, name, mode, columns=_columns(node.query().schema()))


def _of_catalog(table: Any, columns: list[tuple[str, str]]) -> Place:
    location = _option(table.storage().locationUri())
    name = _table(table)
    return Place(location.toString() if location is not None else f"table:{name}", "Hive", table=name, columns=columns)


def _count(plan: Any, query: Query) -> None:
    """Take rows and bytes from the metrics of what was executed."""
    waiting, seen = [plan], 0
    while waiting and seen < MOST_NODES:
        node = waiting.pop()
        seen += 1
        kind = _kind(node)
        if kind == "AdaptiveSparkPlanExec":
            waiting.append(node.executedPlan())
        elif kind == "CommandResultExec":
            waiting.append(node.commandPhysicalPlan())
        elif kind.endswith("QueryStageExec"):
            waiting.append(node.plan())
        else:
            waiting += _items(node.children())
        if kind == "DataWritingCommandExec" and len(query.outputs) == 1:
            (place,) = query.outputs
            place.rows, place.size_bytes = _metric(node, "numOutputRows"), _metric(node, "numOutputBytes")
            place.files = _metric(node, "numFiles")
        elif kind == "FileSourceScanExec":
            paths = {path.toString() for path in _items(node.relation().location().rootPaths())}
            for place in query.inputs:
                if place.uri in paths and len(paths) == 1 and place.rows is None:
                    place.rows, place.files = _metric(node, "numOutputRows"), _metric(node, "numFiles")


def _metric(node: Any, name: str) -> int | None:
    found = _option(node.metrics().get(name))
    return int(found.value()) if found is not None else None


def _columns(schema: Any) -> list[tuple[str, str]]:
    return [(field.name(), field.dataType().simpleString()) for field in schema.fields()]


def _database(url: str, table: str) -> str:
    """A JDBC URL with its table; its options may hold secrets."""
    return f"{url.split('?')[0].split(';')[0].rstrip('/')}/{table.strip()}"[:4000]


def _table(table: Any) -> str:
    return str(table.identifier().unquotedString()) if table is not None else ""


def _option(option: Any) -> Any:
    return option.get() if option.isDefined() else None


def _items(sequence: Any) -> list[Any]:
    return [sequence.apply(index) for index in range(sequence.size())]


def _kind(node: Any) -> str:
    return str(node.getClass().getSimpleName())
