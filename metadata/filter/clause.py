"""A filter as one WHERE clause.

ML Metadata joins each alias to the node and drops doubles with DISTINCT: a node is selected where some choice of
neighbours, one for each alias, makes the filter true. Said without a join: split the filter at its outermost ANDs; the
parts that share an alias belong together; and the node's id must be among those for which the parts can be made true.
Aliases of different groups are chosen freely, so the meaning is the same. It needs no DISTINCT, pages by any key, and
finds the few nodes of a context without walking through all nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from clew.metadata.errors import InvalidFilter
from clew.metadata.filter.expression import AllOf, Among, Between, Compare, Expression, Is, Like, Path
from clew.metadata.filter.fields import ACCESSORS, EVENT_FIELDS, LINKS, NODE_FIELDS, TYPE_NAME, Columns, Link, Type
from clew.metadata.filter.lexer import fail
from clew.metadata.filter.parser import parse
from clew.metadata.filter.spelling import SPELLINGS, Spelling, Sql, joined, listed, sql
from clew.metadata.filter.term import Term
from clew.metadata.filter.translate import Translator
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.store.columns import EVENT, NODE_TABLES
from clew.metadata.types import KIND_NUMBER

_PROPERTIES = ("properties", "custom_properties")


KEPT_LENGTH = 500
"""Filters up to so many characters are parsed once: the same few come again and again."""
_parse = lru_cache(maxsize=512)(parse)


def filter_clause(
    text: str,
    kind: Kind,
    dialect: str,
    as_of: int | None = None,
    types: Mapping[int, NodeType] | None = None,
) -> tuple[str, list[Any]]:
    """The condition ``text`` spells, over a table or subquery named as ``kind``, and the values for its ``?``.

    ``dialect`` is ``sqlite`` or ``postgresql``. ``as_of`` looks at neighbours as of that ``seq``. ``types``, by id, are
    the types that exist: with them ``type = 'X'`` is an equality of ids, which an index can serve.
    Blank text selects everything.
    Errors: InvalidFilter with the position of what is wrong.
    """
    expression = _parse(text) if len(text) <= KEPT_LENGTH else parse(text)
    if expression is None:
        return "TRUE", []
    clause = _Builder(kind, SPELLINGS[dialect], as_of, types).where(expression)
    return clause.text, list(clause.values)


class _Builder:
    def __init__(self, kind: Kind, spelling: Spelling, as_of: int | None, types: Mapping[int, NodeType] | None) -> None:
        self.kind, self.spelling, self.as_of, self.types = kind, spelling, as_of, types

    def where(self, expression: Expression) -> Sql:
        parts = expression.items if isinstance(expression, AllOf) else (expression,)
        alone: list[Expression] = []
        groups: list[tuple[set[str], list[Expression]]] = []
        for part in parts:
            aliases = {alias for path in _paths(part) if (alias := self._alias(path))}
            if not aliases:
                alone.append(part)
                continue
            touched = [group for group in groups if group[0] & aliases]
            groups = [group for group in groups if not group[0] & aliases]
            merged = [item for group in touched for item in group[1]]
            groups.append((aliases.union(*(group[0] for group in touched)), [*merged, part]))
        scope = _Scope(self, self.kind.value, {})
        clauses = [_condition(Translator(self.spelling, scope), part) for part in alone]
        clauses += [self._group(aliases, items) for aliases, items in groups]
        return joined("AND", [*self._presence(expression, alone), *clauses])

    def _presence(self, expression: Expression, alone: list[Expression]) -> list[Sql]:
        """A node without the property is never selected; a plain comparison of the property sees to that itself."""
        implied = {key for part in alone for path in _compared(part) if (key := _property(path))}
        wanted = dict.fromkeys(key for path in _paths(expression) if (key := _property(path)) and key not in implied)
        return [self.spelling.has_property(f"{self.kind.value}.{map_}", name) for map_, name in wanted]

    def _group(self, aliases: set[str], parts: list[Expression]) -> Sql:
        links = {alias: (f"e{i}", self._link(alias)) for i, alias in enumerate(sorted(aliases))}
        scope = _Scope(self, "b", links)
        condition = joined("AND", [_condition(Translator(self.spelling, scope), part) for part in parts])
        (first, link), *others = links.values()
        here = f"{first}.{link.near}"
        sources = [self._edges(link.table, first)]
        sources += [
            sql(f"JOIN {{}} ON {name}.{other.near} = {here}", self._edges(other.table, name)) for name, other in others
        ]
        for name, other in links.values():
            if other.kind is not None and name in scope.far:
                node = self._nodes(other.kind, f"n{name}")
                sources.append(sql(f"JOIN {{}} ON n{name}.id = {name}.{other.far}", node))
        if scope.uses_base:
            sources.append(sql(f"JOIN {{}} ON b.id = {here}", self._nodes(self.kind, "b")))
        source = Sql(" ".join(s.text for s in sources), tuple(value for s in sources for value in s.values))
        return sql(f"({self.kind.value}.id IN (SELECT {here} FROM {{}} WHERE {{}}))", source, condition)

    def _alias(self, path: Path) -> str:
        root = path.parts[0].lower()
        return root if len(path.parts) > 1 and any(_matches(root, prefix) for prefix in LINKS[self.kind]) else ""

    def _link(self, alias: str) -> Link:
        return next(link for prefix, link in LINKS[self.kind].items() if _matches(alias, prefix))

    def _edges(self, table: str, name: str) -> Sql:
        if self.as_of is None:
            return Sql(f"{table} AS {name}")
        if table == "event":
            columns = ", ".join(EVENT)
            return Sql(
                f"(SELECT {columns} FROM event WHERE created_seq <= ? UNION ALL "
                f"SELECT {columns} FROM event_history WHERE created_seq <= ? AND until_seq > ?) AS {name}",
                (self.as_of,) * 3,
            )
        return Sql(f"(SELECT * FROM {table} WHERE created_seq <= ?) AS {name}", (self.as_of,))

    def _nodes(self, kind: Kind, name: str) -> Sql:
        if self.as_of is None:
            return Sql(f"{kind.value} AS {name}")
        columns = ", ".join(NODE_TABLES[kind.value])
        return Sql(
            f"(SELECT {columns} FROM {kind.value} WHERE updated_seq <= ? UNION ALL "
            f"SELECT {columns} FROM {kind.value}_history WHERE updated_seq <= ? AND until_seq > ?) AS {name}",
            (self.as_of,) * 3,
        )

    def of_type(self, kind: Kind, table: str, names: Sequence[str], negated: bool) -> Sql:
        """Whether the type of a node of ``kind`` in ``table`` is one of ``names``."""
        word = "NOT IN" if negated else "IN"
        if self.types is None:
            names_sql = [self.spelling.value(name, Type.STRING) for name in names]
            found = sql(f"SELECT id FROM type WHERE kind = {KIND_NUMBER[kind]} AND name IN ({{}})", listed(names_sql))
            return sql(f"({table}.type_id {word} ({{}}))", found)
        wanted = set(names)
        ids = [t.id for t in self.types.values() if t.kind is kind and t.name in wanted]
        if not ids:
            return Sql("(1 = 1)" if negated else "(1 = 0)")
        if len(ids) == 1:
            return sql(f"({table}.type_id {'!=' if negated else '='} {{}})", self.spelling.value(ids[0], Type.INT))
        return sql(f"({table}.type_id {word} ({{}}))", listed([self.spelling.value(i, Type.INT) for i in ids]))


class _Scope:
    """What paths mean over one table of nodes and its aliases; notes which tables are needed for it."""

    def __init__(self, builder: _Builder, base: str, links: dict[str, tuple[str, Link]]) -> None:
        self._builder = builder
        self._base = base
        self._links = links
        self.uses_base = False
        self.far: set[str] = set()

    def find(self, path: Path) -> Term | None:
        root, kind = path.parts[0].lower(), self._builder.kind
        if root in _PROPERTIES and len(path.parts) > 1:
            return self._property(path, root)
        if len(path.parts) == 1:
            column = NODE_FIELDS[kind].get(root)
            self.uses_base |= column is not None
            return self._column(path, kind, self._base, column) if column is not None else None
        if root in self._links and len(path.parts) == 2:
            return self._neighbour(path, *self._links[root])
        return None

    def of_type(self, path: Path, names: Sequence[str], negated: bool) -> Sql | None:
        if path.parts[-1].lower() != TYPE_NAME or len(path.parts) > 2:
            return None
        if len(path.parts) == 1:
            self.uses_base = True
            return self._builder.of_type(self._builder.kind, self._base, names, negated)
        name, link = self._links.get(path.parts[0].lower(), ("", None))
        if link is None or link.kind is None:
            return None
        self.far.add(name)
        return self._builder.of_type(link.kind, f"n{name}", names, negated)

    def missing(self, path: Path) -> InvalidFilter:
        shown, fields = ".".join(path.parts)[:80], self._fields_of(path)
        message = f"there is no field {shown!r} (at character {path.at})"
        if fields is not None:
            remedy = f"{path.parts[0]} has {', '.join(sorted(fields))}"
        else:
            remedy = f"A filter of {self._builder.kind.value}s knows {_known(self._builder.kind)}; text goes in quotes"
        return InvalidFilter(message, value=shown, remedy=remedy, position=path.at)

    def _fields_of(self, path: Path) -> Columns | None:
        if len(path.parts) < 2 or path.parts[0].lower() not in self._links:
            return None
        _, link = self._links[path.parts[0].lower()]
        return EVENT_FIELDS if link.kind is None else NODE_FIELDS[link.kind]

    def _property(self, path: Path, root: str) -> Term:
        accessor = path.parts[-1].lower()
        if len(path.parts) != 3 or accessor not in ACCESSORS:
            fail(
                f"{'.'.join(path.parts)[:80]!r} is no property value", path.at, path.parts[-1],
                remedy=f"Write {root}.NAME.int_value (or {', '.join([*ACCESSORS][1:])}); `NAME` where it has dots",
            )  # fmt: skip
        self.uses_base = True
        kind = ACCESSORS[accessor]
        found = self._builder.spelling.property(f"{self._base}.{root}", path.parts[1], kind)
        return Term(kind, sql("({})", found), path.at)

    def _neighbour(self, path: Path, name: str, link: Link) -> Term | None:
        fields = EVENT_FIELDS if link.kind is None else NODE_FIELDS[link.kind]
        column = fields.get(path.parts[1].lower())
        if column is None:
            return None
        if link.kind is None:
            return Term(column[1], Sql(f"{name}.{column[0]}"), path.at)
        if column[0] == "id":
            return Term(Type.INT, Sql(f"{name}.{link.far}"), path.at)
        self.far.add(name)
        return self._column(path, link.kind, f"n{name}", column)

    def _column(self, path: Path, kind: Kind, table: str, column: tuple[str, Type]) -> Term:
        name, type_ = column
        if name == TYPE_NAME:
            return Term(type_, Sql(f"(SELECT type.name FROM type WHERE type.id = {table}.type_id)"), path.at)
        return Term(type_, Sql(f"{table}.{name}"), path.at)


def _condition(translator: Translator, part: Expression) -> Sql:
    term = translator.term(part)
    if term.type is not Type.BOOL:
        fail(f"a filter is a condition, this is {term.type.value}", term.at, remedy="Compare it with something")
    return term.sql


def _paths(expression: Expression) -> Iterator[Path]:
    waiting: list[Any] = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Path):
            yield node
        elif isinstance(node, tuple):
            waiting += reversed(node)
        elif hasattr(node, "__slots__"):
            waiting += [getattr(node, name) for name in node.__slots__]


def _compared(part: Expression) -> Iterator[Path]:
    """Paths that make ``part`` NULL, and so select nothing, when they are NULL."""
    if isinstance(part, Compare):
        yield from (side for side in (part.left, part.right) if isinstance(side, Path))
    elif (isinstance(part, Among | Like | Between) and isinstance(part.item, Path)) or (
        isinstance(part, Is) and part.what is None and part.negated and isinstance(part.item, Path)
    ):
        yield part.item


def _property(path: Path) -> tuple[str, str] | None:
    root = path.parts[0].lower()
    return (root, path.parts[1]) if root in _PROPERTIES and len(path.parts) == 3 else None


def _matches(root: str, prefix: str) -> bool:
    return root.startswith(prefix) and len(root) > len(prefix)


def _known(kind: Kind) -> str:
    neighbours = [f"{prefix}ALIAS.FIELD" for prefix in LINKS[kind]]
    return ", ".join([*sorted(NODE_FIELDS[kind]), *(f"{p}.NAME.int_value" for p in _PROPERTIES), *neighbours])
