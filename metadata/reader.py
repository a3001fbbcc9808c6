"""Read the record at one snapshot: every answer of one Reader is of the same moment.

As of an earlier ``seq`` S, a table of nodes is its rows with ``updated_seq <= S`` and the history rows with
``updated_seq <= S < until_seq``; a table of edges is its rows with ``created_seq <= S``, events with what was withdrawn
since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from clew.metadata.digest import Digest, parse
from clew.metadata.errors import ChangeNotFound, Invalid
from clew.metadata.filter.runtime import computing
from clew.metadata.ids import INT64_MAX, Kind, NodeRef, Seq
from clew.metadata.listing import Order, Paging, rows_of_page, where_of
from clew.metadata.location import canonical
from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node, NodeType, Page
from clew.metadata.planner import NOT_FOUND
from clew.metadata.rows import OF_ROW, committed_of_row, event_of_row, node_of_row
from clew.metadata.store.columns import CHANGE, EVENT, NODE_TABLES, TYPE
from clew.metadata.store.protocol import Row, Session, among, listed
from clew.metadata.text import check_text
from clew.metadata.types import TypeCache, TypeTable, type_of_row

_EDGE_MEMBER = {"attribution": "artifact_id", "association": "execution_id", "parent_context": "context_id"}


class Reader:
    """A snapshot of the record at ``seq``; made by ``record.read()``; not shared between threads."""

    seq: Seq
    """The change this snapshot includes last (for as-of readers: the moment asked for)."""
    is_as_of: bool

    def __init__(self, session: Session, types: TypeCache, as_of: int | None, as_of_ms: int | None) -> None:
        self._session = session
        seq, types_seq = session.fetch("SELECT seq, types_seq FROM head WHERE id = 1")[0]
        self.seq = Seq(seq)
        self._among = among(session)
        if as_of_ms is not None:
            as_of = self.seq_at(as_of_ms)
        elif as_of is not None:
            _int64(as_of, "as_of")
        self.is_as_of = as_of is not None and as_of != seq
        if as_of is not None:
            if not 0 <= as_of <= seq:
                raise ChangeNotFound(
                    f"the record has no change {as_of}; it is at {seq}",
                    field="as_of",
                    value=as_of,
                    remedy=f"Give a seq from 0 to {seq}",
                )
            self.seq = Seq(as_of)
        self._types = types.at(session, types_seq) if not self.is_as_of else self._types_as_of()

    # -- one node, or many by id -------------------------------------------------------------------------------

    def node(self, ref: NodeRef) -> Node:
        """The node. Errors: ArtifactNotFound, ExecutionNotFound, ContextNotFound."""
        found = self._by_id(ref.kind, (ref.id,))
        if not found:
            raise NOT_FOUND[ref.kind](
                f"no {ref.kind.value} {ref.id}", field="id", value=str(ref), remedy="Check the id with `clew ls`"
            )
        return found[0]

    def artifact(self, id: int) -> Artifact:
        """The artifact. Errors: ArtifactNotFound."""
        return cast(Artifact, self.node(NodeRef(Kind.ARTIFACT, id)))

    def execution(self, id: int) -> Execution:
        """The execution. Errors: ExecutionNotFound."""
        return cast(Execution, self.node(NodeRef(Kind.EXECUTION, id)))

    def context(self, id: int) -> Context:
        """The context. Errors: ContextNotFound."""
        return cast(Context, self.node(NodeRef(Kind.CONTEXT, id)))

    def artifacts_by_id(self, ids: Iterable[int]) -> dict[int, Artifact]:
        """Those that exist."""
        return {node.id: cast(Artifact, node) for node in self._by_id(Kind.ARTIFACT, ids)}

    def executions_by_id(self, ids: Iterable[int]) -> dict[int, Execution]:
        """Those that exist."""
        return {node.id: cast(Execution, node) for node in self._by_id(Kind.EXECUTION, ids)}

    def contexts_by_id(self, ids: Iterable[int]) -> dict[int, Context]:
        """Those that exist."""
        return {node.id: cast(Context, node) for node in self._by_id(Kind.CONTEXT, ids)}

    # -- listings ----------------------------------------------------------------------------------------------

    def artifacts(
        self,
        *,
        where: str | None = None,
        type: str | int | None = None,
        namespace: str | None = None,
        context_id: int | None = None,
        order: Order = "id",
        descending: bool = False,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Artifact]:
        """One page. ``type`` is a name (all its versions) or an id.

        Errors: InvalidFilter, InvalidCursor, TypeNotFound, Invalid for a limit outside 1..10000.
        """
        page = self._list(Kind.ARTIFACT, where, type, namespace, context_id, Paging(order, descending, after, limit))
        return cast(Page[Artifact], page)

    def executions(
        self,
        *,
        where: str | None = None,
        type: str | int | None = None,
        namespace: str | None = None,
        context_id: int | None = None,
        order: Order = "id",
        descending: bool = False,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Execution]:
        """One page, as :meth:`artifacts`."""
        page = self._list(Kind.EXECUTION, where, type, namespace, context_id, Paging(order, descending, after, limit))
        return cast(Page[Execution], page)

    def contexts(
        self,
        *,
        where: str | None = None,
        type: str | int | None = None,
        namespace: str | None = None,
        order: Order = "id",
        descending: bool = False,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Context]:
        """One page, as :meth:`artifacts`."""
        page = self._list(Kind.CONTEXT, where, type, namespace, None, Paging(order, descending, after, limit))
        return cast(Page[Context], page)

    def count(
        self,
        kind: Kind,
        *,
        where: str | None = None,
        type: str | int | None = None,
        namespace: str | None = None,
        context_id: int | None = None,
    ) -> int:
        """How many nodes a listing holds."""
        source, clauses, parameters = self._selection(kind, where, type, namespace, context_id)
        sql = f"SELECT COUNT(*) FROM {source}{where_of(clauses)}"
        with computing(where):
            return int(self._session.fetch(sql, parameters)[0][0])

    def every(
        self,
        kind: Kind,
        *,
        where: str | None = None,
        type: str | int | None = None,
        namespace: str | None = None,
        context_id: int | None = None,
    ) -> Iterator[list[Any]]:
        """All nodes of a listing by id, in chunks and constant memory."""
        source, clauses, parameters = self._selection(kind, where, type, namespace, context_id)
        names = ",".join(f"{kind.value}.{column}" for column in NODE_TABLES[kind.value])
        sql = f"SELECT {names} FROM {source}{where_of(clauses)} ORDER BY {kind.value}.id"
        for rows in self._session.stream(sql, parameters, 2000):
            yield [OF_ROW[kind](row, self._types) for row in rows]

    def among(self, kind: Kind, ids: Iterable[int], *, where: str) -> set[int]:
        """Those of ``ids`` that a filter selects. Errors: InvalidFilter."""
        source, clauses, parameters = self._selection(kind, where, None, None, None)
        clauses.append(f"{kind.value}.id {self._among}")
        parameters.append(listed(self._session, map(_int64, ids)))
        with computing(where):
            rows = self._session.fetch(f"SELECT {kind.value}.id FROM {source}{where_of(clauses)}", parameters)
        return {row[0] for row in rows}

    def count_by_type(self, kind: Kind, *, namespace: str | None = None) -> dict[int, int]:
        """type_id -> number of nodes."""
        source, clauses, parameters = self._selection(kind, None, None, namespace, None)
        sql = f"SELECT type_id, COUNT(*) FROM {source}{where_of(clauses)} GROUP BY type_id ORDER BY type_id"
        return {row[0]: row[1] for row in self._session.fetch(sql, parameters)}

    # -- look-ups ----------------------------------------------------------------------------------------------

    def find(self, kind: Kind, type: str, name: str, namespace: str = "default", version: str = "") -> Node | None:
        """The node of that type and name; None when there is none. Errors: TypeNotFound."""
        type_id = self._types.require(kind, type, version).id
        check_text(name, "name")
        check_text(namespace, "namespace")
        found = self._nodes(kind, "type_id = ? AND name = ? AND namespace = ?", (type_id, name, namespace))
        return found[0] if found else None

    def find_external(self, kind: Kind, external_ids: Iterable[str], namespace: str = "default") -> list[Node]:
        """The nodes with these external ids, by id."""
        wanted_ids = list(external_ids)
        for external_id in wanted_ids:
            check_text(external_id, "external_id")
        wanted = listed(self._session, wanted_ids)
        return self._nodes(kind, f"external_id {self._among} AND namespace = ?", (wanted, namespace))

    def artifacts_at(self, uri: str) -> list[Artifact]:
        """The artifacts whose bytes lie at ``uri``, however it is spelled; newest first."""
        found = self._nodes(Kind.ARTIFACT, "location = ?", (canonical(uri),), "id DESC")
        return cast(list[Artifact], found)

    def artifacts_with_digest(self, digest: str) -> list[Artifact]:
        """The artifacts with these bytes; newest first. Errors: Invalid."""
        found = self._nodes(Kind.ARTIFACT, "digest = ?", (parse(digest),), "id DESC")
        return cast(list[Artifact], found)

    def executions_with_fingerprint(self, fingerprint: str | Digest, limit: int = 20) -> list[Execution]:
        """The executions that depended on exactly the same; newest first. Errors: Invalid."""
        wanted = (parse(fingerprint, "fingerprint"), _count(limit))
        found = self._nodes(Kind.EXECUTION, "fingerprint = ?", wanted, "id DESC LIMIT ?")
        return cast(list[Execution], found)

    # -- edges -------------------------------------------------------------------------------------------------

    def events_of_artifacts(self, ids: Iterable[int]) -> list[Event]:
        """Who read and wrote these artifacts, oldest first."""
        return self._events("artifact_id", ids)

    def events_of_executions(self, ids: Iterable[int]) -> list[Event]:
        """What these executions read and wrote, oldest first."""
        return self._events("execution_id", ids)

    def contexts_of_artifacts(self, ids: Iterable[int]) -> dict[int, list[Context]]:
        """Artifact id -> its contexts; every id asked for is a key."""
        return self._linked("attribution", "artifact_id", "context_id", ids)

    def contexts_of_executions(self, ids: Iterable[int]) -> dict[int, list[Context]]:
        """Execution id -> its contexts; every id asked for is a key."""
        return self._linked("association", "execution_id", "context_id", ids)

    def parents_of(self, context_ids: Iterable[int]) -> dict[int, list[Context]]:
        """Context id -> the contexts it lies in."""
        return self._linked("parent_context", "context_id", "parent_id", context_ids)

    def children_of(self, context_ids: Iterable[int]) -> dict[int, list[Context]]:
        """Context id -> the contexts that lie in it."""
        return self._linked("parent_context", "parent_id", "context_id", context_ids)

    # -- types -------------------------------------------------------------------------------------------------

    def types(self, kind: Kind | None = None) -> list[NodeType]:
        """All types by id, ML Metadata's predefined ones (ids 1 to 9) included."""
        found = sorted(self._types.by_id.values(), key=lambda t: t.id)
        return [t for t in found if kind is None or t.kind is kind]

    def type(self, kind: Kind, name: str, version: str = "") -> NodeType:
        """The type. Errors: TypeNotFound."""
        return self._types.require(kind, name, version)

    def types_by_id(self, ids: Iterable[int]) -> dict[int, NodeType]:
        """Those that exist."""
        return {i: self._types.by_id[i] for i in ids if i in self._types.by_id}

    # -- log and history ---------------------------------------------------------------------------------------

    def changes(self, after: int = 0, limit: int = 1000, *, namespace: str | None = None) -> list[Committed]:
        """The log behind ``after``, oldest first."""
        check_text(namespace, "namespace")
        clause, parameters = ("AND namespace = ? ", [namespace]) if namespace is not None else ("", [])
        sql = f"SELECT {','.join(CHANGE)} FROM change WHERE seq > ? AND seq <= ? {clause}ORDER BY seq LIMIT ?"
        rows = self._session.fetch(sql, (_int64(after, "after"), self.seq, *parameters, _count(limit)))
        return [committed_of_row(row) for row in rows]

    def history(self, ref: NodeRef) -> list[Node]:
        """Every state of one node up to this snapshot, oldest first."""
        names = ",".join(NODE_TABLES[ref.kind.value])
        sql = f"SELECT {names} FROM {ref.kind.value}_history WHERE id = ? AND updated_seq <= ? ORDER BY updated_seq"
        past = [node_of_row(ref.kind, row, self._types) for row in self._session.fetch(sql, (ref.id, self.seq))]
        now = self.node(ref)
        return [node for node in past if node.updated_seq != now.updated_seq] + [now]

    def seq_at(self, time_ms: int) -> Seq:
        """The last change not later than ``time_ms``; 0 when there is none.

        Cost: O(log n) look-ups; times in the log never decrease.
        """
        _int64(time_ms, "time_ms")
        low, high = 0, int(self.seq)
        while low < high:
            middle = (low + high + 1) // 2
            if self._session.fetch("SELECT time_ms FROM change WHERE seq = ?", (middle,))[0][0] <= time_ms:
                low = middle
            else:
                high = middle - 1
        return Seq(low)

    # -- bulk, for projections -----------------------------------------------------------------------------------

    def edge_rows(self) -> Iterator[Sequence[Row]]:
        """Chunks of (execution_id, event type, artifact_id), ascending."""
        source, parameters = self._edges("event")
        yield from self._session.stream(
            f"SELECT execution_id, type, artifact_id FROM {source} ORDER BY execution_id, type, artifact_id", parameters
        )

    def node_rows(self, kind: Kind) -> Iterator[Sequence[Row]]:
        """Chunks of (id, type_id, state or None, namespace, created_ms, created_seq, updated_seq), ascending."""
        source, parameters = self.source(kind)
        state = "NULL" if kind is Kind.CONTEXT else "state"
        sql = f"SELECT id, type_id, {state}, namespace, created_ms, created_seq, updated_seq FROM {source} ORDER BY id"
        yield from self._session.stream(sql, parameters)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of a constant statement (``?`` parameters) at this snapshot: for engines inside Clew."""
        return self._session.fetch(sql, parameters)

    def source(self, kind: Kind) -> tuple[str, list[Any]]:
        """FROM what the nodes of a kind are read at this snapshot, and its parameters: for statements of ``query``."""
        table = kind.value
        if not self.is_as_of:
            return table, []
        names = ",".join(NODE_TABLES[table])
        return (
            f"(SELECT {names} FROM {table} WHERE updated_seq <= ? UNION ALL "
            f"SELECT {names} FROM {table}_history WHERE updated_seq <= ? AND until_seq > ?) AS {table}",
            [self.seq] * 3,
        )

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._session.dialect

    # -- private -------------------------------------------------------------------------------------------------

    def _edges(self, table: str) -> tuple[str, list[Any]]:
        if not self.is_as_of:
            return table, []
        if table == "event":
            names = ",".join(EVENT)
            return (
                f"(SELECT {names} FROM event WHERE created_seq <= ? UNION ALL "
                f"SELECT {names} FROM event_history WHERE created_seq <= ? AND until_seq > ?) AS event",
                [self.seq] * 3,
            )
        return f"(SELECT * FROM {table} WHERE created_seq <= ?) AS {table}", [self.seq]

    def _types_as_of(self) -> TypeTable:
        names = ",".join(TYPE)
        rows = self._session.fetch(
            f"SELECT {names} FROM type WHERE updated_seq <= ? UNION ALL "
            f"SELECT {names} FROM type_history WHERE updated_seq <= ? AND until_seq > ?",
            [self.seq] * 3,
        )
        return TypeTable({row[0]: type_of_row(row) for row in rows})

    def _nodes(self, kind: Kind, where: str, parameters: Sequence[Any], order: str = "id") -> list[Node]:
        source, before = self.source(kind)
        sql = f"SELECT {','.join(NODE_TABLES[kind.value])} FROM {source} WHERE {where} ORDER BY {order}"
        of_row, types = OF_ROW[kind], self._types
        return [of_row(row, types) for row in self._session.fetch(sql, (*before, *parameters))]

    def _by_id(self, kind: Kind, ids: Iterable[int]) -> list[Node]:
        wanted = list(ids)
        if len(wanted) == 1:
            return self._nodes(kind, "id = ?", (_int64(wanted[0]),))
        if not wanted:
            return []
        return self._nodes(kind, f"id {self._among}", (listed(self._session, map(_int64, wanted)),))

    def _events(self, column: str, ids: Iterable[int]) -> list[Event]:
        source, before = self._edges("event")
        wanted = listed(self._session, map(_int64, ids))
        sql = f"SELECT {','.join(EVENT)} FROM {source} WHERE {column} {self._among} ORDER BY created_seq, place"
        return [event_of_row(row) for row in self._session.fetch(sql, (*before, wanted))]

    def _linked(self, table: str, of: str, to: str, ids: Iterable[int]) -> dict[int, list[Context]]:
        answer: dict[int, list[Context]] = {int(i): [] for i in ids}
        source, before = self._edges(table)
        sql = f"SELECT {of}, {to} FROM {source} WHERE {of} {self._among} ORDER BY {of}, {to}"
        pairs = self._session.fetch(sql, (*before, listed(self._session, map(_int64, answer))))
        contexts = self.contexts_by_id({pair[1] for pair in pairs})
        for member, context in pairs:
            answer[member].append(contexts[context])
        return answer

    def _selection(
        self, kind: Kind, where: str | None, type: str | int | None, namespace: str | None, context_id: int | None
    ) -> tuple[str, list[str], list[Any]]:
        """FROM, WHERE clauses and parameters of a listing."""
        source, parameters = self.source(kind)
        clauses: list[str] = []
        table = kind.value
        if isinstance(type, int):
            clauses.append(f"{table}.type_id = ?")
            parameters.append(_int64(type, "type"))
        elif type is not None:
            ids = [t.id for t in self._types.by_id.values() if t.kind is kind and t.name == type]
            if not ids:
                self._types.require(kind, type)
            clauses.append(f"{table}.type_id IN ({','.join('?' * len(ids))})")
            parameters += ids
        if namespace is not None:
            check_text(namespace, "namespace")
            clauses.append(f"{table}.namespace = ?")
            parameters.append(namespace)
        if context_id is not None:
            link = "attribution" if kind is Kind.ARTIFACT else "association"
            edges, before = self._edges(link)
            clauses.append(f"{table}.id IN (SELECT {_EDGE_MEMBER[link]} FROM {edges} WHERE context_id = ?)")
            parameters += [*before, _int64(context_id, "context_id")]
        if where is not None and where.strip():
            from clew.metadata.filter.clause import filter_clause

            as_of = self.seq if self.is_as_of else None
            clause, bound = filter_clause(where, kind, self.dialect, as_of, self._types.by_id)
            clauses, parameters = [*clauses, clause], parameters + bound
        return source, clauses, parameters

    def _list(
        self,
        kind: Kind,
        where: str | None,
        type: str | int | None,
        namespace: str | None,
        context_id: int | None,
        paging: Paging,
    ) -> Page[Any]:
        selection = self._selection(kind, where, type, namespace, context_id)
        with computing(where):
            rows = rows_of_page(self._session, kind.value, *selection, paging)
        return paging.page([OF_ROW[kind](row, self._types) for row in rows])


def _int64(number: Any, field: str = "id") -> int:
    if isinstance(number, int) and not isinstance(number, bool) and abs(number) <= INT64_MAX:
        return int(number)
    raise Invalid(f"{number!r:.80} is no {field}", field=field, value=number, remedy="Give an int")


def _count(limit: Any) -> int:
    if _int64(limit, "limit") < 0:
        raise Invalid(f"{limit} is no limit", field="limit", value=limit, remedy="Give 0 or more")
    return int(limit)
