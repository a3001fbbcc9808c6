"""Searches of runs and experiments: MLflow's clauses into SQL, every value bound.

Where runs are ordered by a metric, the index of latest values is walked in that order and the walk ends with the page;
only when it does not fill the page, runs without that metric are looked at too. Each filter is one look-up by run and
key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.entities import (
    ACTIVE,
    DELETED,
    Run,
    ensure_default,
    experiment_tags,
    experiments_where,
    parse_experiment_id,
    whole_runs,
)
from clew.api.mlflow.errors import Refused
from clew.api.mlflow.grammar import EXPERIMENTS, Clause, Order, parse_filter, parse_order
from clew.api.mlflow.paging import check_max_results, offset_of, token_of
from clew.api.mlflow.runs import RUN_NAME
from clew.api.mlflow.store.database import Session
from clew.api.mlflow.wire import Field

_TABLES = {"metric": "ml_latest", "parameter": "ml_param", "tag": "ml_tag"}
_RUN_COLUMNS = {
    "run_id": "r.id",
    "user_id": "r.user_id",
    "status": "r.status",
    "artifact_uri": "r.artifact_uri",
    "start_time": "r.started_ms",
    "end_time": "r.ended_ms",
    "run_name": "r.name",
}
_EXPERIMENT_COLUMNS = {
    "name": "e.name",
    "experiment_id": "e.number",
    "creation_time": "e.created_ms",
    "last_update_time": "e.updated_ms",
}
_COLUMNS = (
    "r.number, r.id, r.experiment, r.name, r.user_id, r.status, r.started_ms, r.ended_ms, r.artifact_uri, r.lifecycle"
)
_VIEWS = {1: (ACTIVE,), 2: (DELETED,), 3: (ACTIVE, DELETED)}
_VIEW_NAMES = {"ACTIVE_ONLY": 1, "DELETED_ONLY": 2, "ALL": 3}


@dataclass(slots=True)
class Sql:
    """A part of a statement, and its parameters."""

    text: str
    given: list[Any] = field(default_factory=list)


def _compared(column: str, op: str, value: Any) -> Sql:
    """A comparison of a constant column."""
    if op in ("IN", "NOT IN"):
        return Sql(f"{column} {op} ({','.join('?' * len(value))})", list(value))
    if op == "ILIKE":
        return Sql(f"LOWER({column}) LIKE LOWER(?)", [value])
    return Sql(f"{column} {op} ?", [value])


def _where(clause: Clause) -> Sql:
    """One clause, about ``ml_run r``."""
    if clause.kind == "attribute" and clause.key != "run_name":
        return _compared(_RUN_COLUMNS[clause.key], clause.op, clause.value)
    if clause.kind == "dataset":
        return _dataset(clause)
    kind, key = ("tag", RUN_NAME) if clause.kind == "attribute" else (clause.kind, clause.key)
    found = f"EXISTS (SELECT 1 FROM {_TABLES[kind]} x WHERE x.run = r.number AND x.key = ?"
    if clause.op in ("IS NULL", "IS NOT NULL"):
        return Sql(("NOT " if clause.op == "IS NULL" else "") + found + ")", [key])
    compared = _compared("x.value", clause.op, clause.value)
    if kind == "metric":  # NaN is unequal to everything, and nothing else
        compared.text = (
            f"({compared.text} OR x.is_nan = 1)" if clause.op == "!=" else f"{compared.text} AND x.is_nan = 0"
        )
    return Sql(f"{found} AND {compared.text})", [key, *compared.given])


def _dataset(clause: Clause) -> Sql:
    found = "EXISTS (SELECT 1 FROM ml_input i JOIN ml_dataset d ON d.number = i.dataset WHERE i.run = r.number AND "
    if clause.key == "context":
        compared = _compared("i.used_as", clause.op, clause.value)
    else:
        compared = _compared({"name": "d.name", "digest": "d.digest"}[clause.key], clause.op, clause.value)
    return Sql(f"{found}{compared.text})", compared.given)


def _order(orders: Sequence[Order]) -> tuple[Sql, str]:
    """Joins of what is ordered by, and the ORDER BY: what is not there comes last, NaN before it."""
    joins, keys = Sql(""), []
    for number, one in enumerate(orders):
        direction = "ASC" if one.ascending else "DESC"
        if one.kind == "attribute":
            column = _RUN_COLUMNS[one.key]
            keys += [f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END", f"{column} {direction}"]
            continue
        table = f"o{number}"
        joins.text += f" LEFT JOIN {_TABLES[one.kind]} {table} ON {table}.run = r.number AND {table}.key = ?"
        joins.given.append(one.key)
        nan = f"WHEN {table}.is_nan = 1 THEN 1 " if one.kind == "metric" else ""
        keys += [f"CASE {nan}WHEN {table}.value IS NULL THEN 2 ELSE 0 END", f"{table}.value {direction}"]
    if not any(one.kind == "attribute" and one.key == "start_time" for one in orders):
        keys.append("r.started_ms DESC")
    return joins, ", ".join([*keys, "r.id"])


def find_runs(
    session: Session,
    experiments: Sequence[int],
    lifecycles: Sequence[str],
    clauses: Sequence[Clause],
    orders: Sequence[Order],
    limit: int,
    offset: int = 0,
) -> list[tuple[Any, ...]]:
    """Rows of ``_COLUMNS``: of those experiments and states, in order."""
    if not experiments:
        return []
    where = [_among("r.experiment", experiments), _among("r.lifecycle", lifecycles), *map(_where, clauses)]
    text, given = " AND ".join(one.text for one in where), [value for one in where for value in one.given]
    if orders and orders[0].kind == "metric" and session.dialect == "sqlite":
        rows = _walk(session, text, given, orders, limit, offset)
        if len(rows) == limit:
            return rows
    joins, order = _order(orders)
    sql = f"SELECT {_COLUMNS} FROM ml_run r{joins.text} WHERE {text} ORDER BY {order} LIMIT ? OFFSET ?"
    return session.fetch(sql, [*joins.given, *given, limit, offset])


def _walk(
    session: Session, where: str, given: Sequence[Any], orders: Sequence[Order], limit: int, offset: int
) -> list[tuple[Any, ...]]:
    """The runs that have the metric, along its index. CROSS JOIN keeps the order in which SQLite loops."""
    joins, order = _order(orders[1:])
    direction = "ASC" if orders[0].ascending else "DESC"
    sql = (
        f"SELECT {_COLUMNS} FROM ml_latest w CROSS JOIN ml_run r ON r.number = w.run{joins.text} "
        f"WHERE w.key = ? AND w.is_nan = 0 AND {where} ORDER BY w.value {direction}, {order} LIMIT ? OFFSET ?"
    )
    return session.fetch(sql, [*joins.given, orders[0].key, *given, limit, offset])


def _among(column: str, values: Sequence[Any]) -> Sql:
    """Equality for one value: an index then gives the order as well."""
    return Sql(f"{column} = ?", [values[0]]) if len(values) == 1 else _compared(column, "IN", values)


def _view(raw: Any) -> tuple[str, ...]:
    number = _VIEW_NAMES.get(raw, 1) if isinstance(raw, str) and not raw.isdigit() else int(raw or 1)
    return _VIEWS.get(number, _VIEWS[1])


def search_runs(call: Call) -> Answer:
    """``runs/search``."""
    most = call.whole("max_results", 1000)
    check_max_results(most)
    clauses = parse_filter(call.text("filter"))
    orders = parse_order(call.items("order_by"))
    offset = offset_of(call.text("page_token"))
    asked = [parse_experiment_id(text) for text in call.items("experiment_ids")]
    with call.store.read() as session:
        own = {
            row[0] for row in session.fetch("SELECT number FROM ml_experiment WHERE namespace = ?", (call.namespace,))
        }
        experiments = [number for number in dict.fromkeys(asked) if number in own]
        view = _view(call.raw.get("run_view_type"))
        rows = find_runs(session, experiments, view, clauses, orders, most + 1, offset)
        runs = [Run(*(*row, call.namespace)) for row in rows[:most]]
        answer: dict[str, Any] = {"runs": whole_runs(session, runs, model_inputs=False)} if runs else {}
    if len(rows) > most:
        answer["next_page_token"] = token_of(offset + most)
    return answer


def search_experiments(call: Call) -> Answer:
    """``experiments/search``."""
    most = call.whole("max_results")
    check_max_results(most)
    clauses = parse_filter(call.text("filter"), EXPERIMENTS)
    orders = parse_order(call.items("order_by") or ["creation_time DESC", "experiment_id ASC"], EXPERIMENTS)
    offset = offset_of(call.text("page_token"))
    view = _view(call.raw.get("view_type"))
    where = [Sql("e.namespace = ?", [call.namespace]), _among("e.lifecycle", view), *map(_of_experiment, clauses)]
    keys = [f"{_EXPERIMENT_COLUMNS[one.key]} {'ASC' if one.ascending else 'DESC'}" for one in orders]
    if not any(one.key == "experiment_id" for one in orders):
        keys.append("e.number DESC")
    text = f"WHERE {' AND '.join(one.text for one in where)} ORDER BY {', '.join(keys)} LIMIT ? OFFSET ?"
    given = [value for one in where for value in one.given]
    if call.namespace == "default":
        _have_default(call)
    with call.store.read() as session:
        found = experiments_where(session, text, [*given, most + 1, offset])
        told = [one.told(experiment_tags(session, one.number)) for one in found[:most]]
    answer: dict[str, Any] = {"experiments": told} if told else {}
    if len(found) > most:
        answer["next_page_token"] = token_of(offset + most)
    return answer


def _have_default(call: Call) -> None:
    with call.store.read() as session:
        if session.one("SELECT 1 FROM ml_experiment WHERE number = 0") is not None:
            return
    with call.store.write() as session:
        ensure_default(session, "default", call.now_ms)


def _of_experiment(clause: Clause) -> Sql:
    if clause.kind == "attribute":
        value: Any = clause.value
        if clause.key == "experiment_id":
            value = tuple(map(parse_experiment_id, value)) if isinstance(value, tuple) else parse_experiment_id(value)
        elif clause.key in EXPERIMENTS.numeric_keys and isinstance(value, float):
            raise Refused(f"Invalid value for numeric attribute '{clause.key}': {str(value)!r}")
        elif clause.op in ("IN", "NOT IN"):
            raise Refused(f"Invalid comparator for string attribute: {clause.op}")
        return _compared(_EXPERIMENT_COLUMNS[clause.key], clause.op, value)
    found = "EXISTS (SELECT 1 FROM ml_experiment_tag x WHERE x.experiment = e.number AND x.key = ?"
    if clause.value is None:
        return Sql(("NOT " if clause.op == "IS NULL" else "") + found + ")", [clause.key])
    compared = _compared("x.value", clause.op, clause.value)
    return Sql(f"{found} AND {compared.text})", [clause.key, *compared.given])


_PAGE = (Field("filter"), Field("order_by", "strings"), Field("page_token"))
ENDPOINTS = (
    Endpoint(
        "runs/search",
        ("POST",),
        search_runs,
        (Field("experiment_ids", "strings"), Field("max_results", "int", at_most=50_000), *_PAGE),
    ),
    Endpoint("experiments/search", ("POST", "GET"), search_experiments, (Field("max_results", "int"), *_PAGE)),
)
