"""Filters over real records: what SQLite and PostgreSQL select is what a small evaluator in Python selects."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.metadata.change import Change
from clew.metadata.filter.expression import (
    AllOf,
    Among,
    AnyOf,
    Arithmetic,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    Expression,
    Is,
    Like,
    Literal,
    Negative,
    Not,
    Path,
)  # fmt: skip
from clew.metadata.filter.parser import parse
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Proto

ODD = "odd `\"'.$[0]\\ é☃ name"
WORDS = ["", "a", "A", "ab", "Ab%", "a_b", "100%", "é", "É", "z'z", 'q"q', "\\", "☃", "😀", "model", "Mo 2", "s3://b/x"]
PATTERNS = ["a!%", "%!_b", "%", "100!%", "_b%", "!!%"]
STATE_NUMBERS = {name: s[name] for s in (EventType, ExecutionState, ArtifactState) for name in s.__members__}
STATES = [None, *ArtifactState]
VALUES: list[Any] = [
    0, 1, -1, 2, 7, 2**40, True, False, 0.5, -0.0, 1.0, 2.0, -2.5, 1e22, math.inf, -math.inf, math.nan, *WORDS,
    "nul\0here", {"k": [1]}, Proto("t", b"x"),
]  # fmt: skip


def populate(record: Record, seed: int = 7) -> None:
    """Two types a kind, 40 artifacts, 15 executions, 6 contexts, and edges among them, all at random."""
    rng = random.Random(seed)
    change = Change()
    types = {}
    for kind in Kind:
        for name in ("One", "Two"):
            types[kind, name] = change.type(NodeType(kind, f"{kind}{name}", properties={"p": PropertyType.INT}))
    change.type(NodeType(Kind.ARTIFACT, "artifactOne", version="2"))

    def customs() -> dict[str, Any]:
        return {name: rng.choice(VALUES) for name in ("p", "q", ODD) if rng.random() < 0.7}

    def declared() -> dict[str, Any]:
        return {"p": rng.randrange(-3, 4)} if rng.random() < 0.7 else {}

    artifacts = [
        change.artifact(
            types[Kind.ARTIFACT, rng.choice(("One", "Two"))], name=f"{rng.choice(WORDS)}{i}" if i % 3 else None,
            uri=rng.choice([*WORDS, None]), state=rng.choice(STATES), size_bytes=rng.choice([None, 0, 5]),
            external_id=f"x{i}" if i % 2 else None, properties=declared(), custom_properties=customs(),
        )
        for i in range(40)
    ]  # fmt: skip
    executions = [
        change.execution(
            types[Kind.EXECUTION, rng.choice(("One", "Two"))], state=rng.choice([None, *ExecutionState]),
            properties=declared(), custom_properties=customs(), started_ms=rng.choice([None, 5, 10]),
        )
        for i in range(15)
    ]  # fmt: skip
    grouping = types[Kind.CONTEXT, "One"], types[Kind.CONTEXT, "Two"]
    contexts = [change.context(rng.choice(grouping), name=f"c{i}", custom_properties=customs()) for i in range(6)]
    for artifact in artifacts:
        for execution in rng.sample(executions, rng.randrange(3)):
            change.event(artifact, execution, rng.choice([*EventType][1:]), time_ms=rng.randrange(5))
        for context in rng.sample(contexts, rng.randrange(3)):
            change.attribute(context, artifact)
    for execution in executions:
        for context in rng.sample(contexts, rng.randrange(3)):
            change.associate(context, execution)
    change.parent(contexts[1], contexts[0])
    change.parent(contexts[2], contexts[0])
    record.commit(change)


# -- the evaluator: filters as Python understands them ---------------------------------------------------------

Row = dict[Any, Any]
COLUMNS = ("id", "type_id", "type", "name", "external_id", "uri", "size_bytes", "started_ms")


def node_row(node: Any) -> Row:
    row: Row = {name: getattr(node, name, None) for name in COLUMNS}
    row |= {"state": node.state, "last_known_state": node.state} if hasattr(node, "state") else {}
    for root in ("properties", "custom_properties"):
        for name, value in getattr(node, root).items():
            kind = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}.get(type(value))
            unseen = (kind == "double_value" and math.isnan(value)) or (kind == "string_value" and "\0" in value)
            row[root, name] = {kind: value} if kind and not unseen else {}
    return row


def neighbours(reader: Reader, kind: Kind) -> dict[int, dict[str, list[Row]]]:
    ids = [n.id for n in nodes_of(reader, kind)]
    found: dict[int, dict[str, list[Row]]] = {i: {"contexts_": [], "events_": []} for i in ids}
    if kind is Kind.CONTEXT:
        artifacts = reader.contexts_of_artifacts([n.id for n in nodes_of(reader, Kind.ARTIFACT)])
        executions = reader.contexts_of_executions([n.id for n in nodes_of(reader, Kind.EXECUTION)])
        parents, children = reader.parents_of(ids), reader.children_of(ids)
        for i in ids:
            found[i] = {
                "artifacts_": [node_row(reader.artifact(a)) for a, cs in artifacts.items() if i in ids_of(cs)],
                "executions_": [node_row(reader.execution(e)) for e, cs in executions.items() if i in ids_of(cs)],
                "parent_contexts_": [node_row(c) for c in parents[i]],
                "child_contexts_": [node_row(c) for c in children[i]],
            }
        return found
    contexts = reader.contexts_of_artifacts(ids) if kind is Kind.ARTIFACT else reader.contexts_of_executions(ids)
    events = reader.events_of_artifacts(ids) if kind is Kind.ARTIFACT else reader.events_of_executions(ids)
    for i in ids:
        found[i]["contexts_"] = [node_row(c) for c in contexts[i]]
    for e in events:
        row = {"type": e.type, "execution_id": e.execution_id, "artifact_id": e.artifact_id}
        found[e.artifact_id if kind is Kind.ARTIFACT else e.execution_id]["events_"].append(row)
    return found


def ids_of(nodes: list[Any]) -> list[int]:
    return [node.id for node in nodes]


def nodes_of(reader: Reader, kind: Kind, where: str | None = None) -> list[Any]:
    items: list[Any] = getattr(reader, f"{kind.value}s")(where=where, limit=1000).items
    return items


def selects(e: Expression, row: Row, near: dict[str, list[Row]]) -> bool:
    """Whether some choice of neighbours, one for each alias, makes ``e`` true."""
    paths = list(paths_of(e))
    if any((p.parts[0], p.parts[1]) not in row for p in paths if p.parts[0] in ("properties", "custom_properties")):
        return False
    aliases = sorted({p.parts[0] for p in paths if len(p.parts) == 2})
    choices = [next(rows for prefix, rows in near.items() if re.fullmatch(prefix + r"\w", a)) for a in aliases]
    return any(value(e, row, dict(zip(aliases, picked, strict=True))) is True for picked in product(*choices))


def paths_of(e: Any) -> Any:
    if isinstance(e, Path):
        yield e
    for part in e if isinstance(e, tuple) else [getattr(e, n) for n in getattr(e, "__slots__", ()) if n != "at"]:
        if isinstance(part, tuple) or hasattr(part, "__slots__"):
            yield from paths_of(part)


def value(e: Any, row: Row, picked: dict[str, Row]) -> Any:
    def of(x: Any) -> Any:
        return value(x, row, picked)

    match e:
        case Literal(v):
            return v
        case Path((root, name, accessor)):
            return row[root, name].get(accessor)
        case Path((alias, name)):
            return picked[alias][name]
        case Path((name,)):
            return STATE_NUMBERS[name] if name.isupper() else row[name]
        case AnyOf(items):
            return any_of([of(i) for i in items])
        case AllOf(items):
            return negated_if(True, any_of([negated_if(True, of(i)) for i in items]))
        case Not(item):
            return negated_if(True, of(item))
        case Is(item, what, negated):
            return (of(item) is what if what is None else of(item) == what and of(item) is not None) != negated
        case Compare(op, left, right):
            state = isinstance(right, Path) and right.parts[0].isupper()
            a, b = of(left), of(right)
            return op == "!=" if state and a is None and op == "!=" else compare(op, a, b)
        case Among(item, options, negated):
            states = any(isinstance(o, Path) and o.parts[0].isupper() for o in options)
            found = any_of([compare("=", of(item), of(o)) for o in options])
            return True if negated and states and found is None else negated_if(negated, found)
        case Between(item, low, high, negated):
            outside = any_of([compare("<", of(item), of(low)), compare(">", of(item), of(high))])
            return negated_if(not negated, outside)
        case Like(item, pattern, negated, escape):
            a, b = of(item), of(pattern)
            return None if a is None or b is None else like(a, b, escape) != negated
        case Negative(item):
            return None if (v := of(item)) is None else -v
        case Arithmetic(op, left, right):
            return count(op, of(left), of(right))
        case Case(subject, whens, otherwise):
            for condition, result in whens:
                if (of(condition) if subject is None else compare("=", of(subject), of(condition))) is True:
                    return of(result)
            return None if otherwise is None else of(otherwise)
        case Cast(item, to):
            v = of(item)
            text = str(v).lower() if isinstance(v, bool) else v
            casts: dict[str, Callable[[Any], Any]] = {"STRING": str, "INT64": int, "BOOL": bool, "DOUBLE": float}
            return None if v is None else casts[to](text if to == "STRING" else v)
        case Call(name, args):
            return call(name, [of(a) for a in args])
    raise AssertionError(e)


def any_of(found: list[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False


def negated_if(negated: bool, found: bool | None) -> bool | None:
    return found if found is None else found != negated


def compare(op: str, a: Any, b: Any) -> bool | None:
    if a is None or b is None:
        return None
    if isinstance(a, str):
        a, b = a.encode(), b.encode()
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
    return bool({"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op])


def count(op: str, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    if op == "/":
        return None if b == 0 else no_nan(float(a) / float(b))
    return no_nan({"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b}[op]())


def no_nan(number: Any) -> Any:
    return None if isinstance(number, float) and math.isnan(number) else number


def ascii_upper(text: str) -> str:
    return "".join(c.upper() if c.isascii() else c for c in text)


def like(text: str, pattern: str, escape: str | None) -> bool:
    words = re.findall(f"{re.escape(escape)}.|." if escape else ".", ascii_upper(pattern), re.DOTALL)
    regex = "".join({"%": ".*", "_": "."}.get(word, re.escape(word[-1])) for word in words)
    return re.fullmatch(regex, ascii_upper(text), re.DOTALL) is not None


def call(name: str, args: list[Any]) -> Any:
    if name == "COALESCE":
        return next((a for a in args if a is not None), None)
    if name == "IF":
        return args[1] if args[0] is True else args[2]
    if name == "NULLIF":
        return None if compare("=", *args) is True else args[0]
    if None in args:
        return None
    if name == "SUBSTR":
        text, start, *length = args
        begin = max(start - 1, 0) if start >= 0 else max(len(text) + start, 0)
        return text[begin:][: length[0]] if length else text[begin:]
    made: dict[str, Callable[[], Any]] = {
        "UPPER": lambda: ascii_upper(args[0]),
        "LOWER": lambda: "".join(c.lower() if c.isascii() else c for c in args[0]),
        "LENGTH": lambda: len(args[0]),
        "CONCAT": lambda: "".join(args),
        "STARTS_WITH": lambda: args[0].startswith(args[1]),
        "ENDS_WITH": lambda: args[0].endswith(args[1]),
        "MOD": lambda: None if args[1] == 0 else int(math.fmod(*args)),
        "ABS": lambda: abs(args[0]),
    }
    return made[name]()


# -- random filters of one type each -------------------------------------------------------------------------------


def paths(*names: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([Path(tuple(name.split("|"))) for name in names])


def prop(accessor: str) -> st.SearchStrategy[Any]:
    names = paths("custom_properties|p", "custom_properties|q", f"custom_properties|{ODD}", "properties|p")
    return names.map(lambda path: Path((*path.parts, accessor)))


def calling(name: str, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(*args).map(lambda values: Call(name, values))


@cache
def expressions(kind: Kind, depth: int) -> dict[str, st.SearchStrategy[Any]]:
    """Strategies for expressions of type bool, int, double and str, at most ``depth`` operators deep."""
    node = kind is not Kind.CONTEXT
    near = ("contexts_a|", "contexts_b|") if node else ("artifacts_a|", "child_contexts_a|", "parent_contexts_a|")
    other = ("events_0|execution_id", "events_0|artifact_id") if node else ("executions_x|id",)
    ints = [st.integers(-9, 9).map(Literal), paths("id", "type_id", near[0] + "id", *other), prop("int_value")]
    words = [
        st.sampled_from(WORDS).map(Literal), prop("string_value"),
        paths("name", "type", "external_id", *(n + "name" for n in near), near[0] + "type"),
    ]  # fmt: skip
    doubles = [st.sampled_from([0.0, 0.5, -2.5, 1e22]).map(Literal), prop("double_value")]
    states = {Kind.ARTIFACT: ("state", ArtifactState), Kind.EXECUTION: ("last_known_state", ExecutionState)}
    field, names = states.get(kind, ("executions_x|last_known_state", ExecutionState))
    enums = [(field, [*names.__members__])] + ([("events_0|type", [*EventType.__members__])] if node else [])
    bools = [prop("bool_value"), st.booleans().map(Literal)]
    for path, members in enums:
        field_path, name = Path(tuple(path.split("|"))), st.sampled_from(members).map(lambda m: Path((m,)))
        bools.append(st.builds(Compare, st.sampled_from(["=", "!=", ">"]), st.just(field_path), name))
        options = st.lists(name, min_size=1, max_size=3).map(tuple)
        bools.append(st.builds(Among, st.just(field_path), options, st.booleans()))
        bools.append(st.builds(Is, st.just(field_path), st.none(), st.booleans()))
    if depth:
        below = expressions(kind, depth - 1)
        b, i, d, s = (below[k] for k in ("bool", "int", "double", "str"))
        same = st.one_of([st.tuples(*kinds) for kinds in ((i, i, i), (d, d, d), (s, s, s), (i, d, i), (b, b, b))])
        ops = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])

        def cases(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
            otherwise = st.none() | of
            searched, simple = (st.lists(st.tuples(x, of), min_size=1, max_size=2).map(tuple) for x in (b, i))
            calls = calling("IF", b, of, of) | calling("COALESCE", of, of) | calling("NULLIF", of, of)
            return calls | st.builds(Case, st.none(), searched, otherwise) | st.builds(Case, i, simple, otherwise)

        bools += [
            st.lists(b, min_size=2, max_size=3).map(lambda items: chain(AllOf, items)),
            st.lists(b, min_size=2, max_size=3).map(lambda items: chain(AnyOf, items)),
            b.map(Not),
            st.builds(lambda op, x: Compare(op, x[0], x[1]), ops, same),
            st.builds(lambda x, n: Between(x[0], x[1], x[2], n), same, st.booleans()),
            st.builds(lambda x, n: Among(x[0], x[1:], n), same, st.booleans()),
            st.builds(Is, i | d | s | b, st.none(), st.booleans()) | st.builds(Is, b, st.booleans(), st.booleans()),
            st.builds(Like, s, s, st.booleans()),
            st.builds(Like, s, st.sampled_from(PATTERNS).map(Literal), st.booleans(), st.just("!")),
            calling("STARTS_WITH", s, s), calling("ENDS_WITH", s, st.sampled_from(WORDS).map(Literal)),
            st.builds(Cast, i, st.just("BOOL")), cases(b),
        ]  # fmt: skip
        ints += [
            st.builds(Arithmetic, st.sampled_from("+-*"), i, i),
            i.filter(lambda x: not isinstance(x, Literal)).map(Negative),
            st.builds(Cast, b, st.just("INT64")),
            calling("LENGTH", s), calling("MOD", i, i), calling("ABS", i), cases(i),
        ]  # fmt: skip
        doubles += [
            st.builds(Arithmetic, st.sampled_from("+-"), d, i | d), st.builds(Arithmetic, st.just("/"), i | d, i | d),
            st.builds(Cast, i, st.just("DOUBLE")), cases(d),
        ]  # fmt: skip
        words += [
            calling("UPPER", s), calling("LOWER", s), calling("CONCAT", s, s),
            calling("SUBSTR", s, st.integers(-4, 4).map(Literal), st.integers(0, 4).map(Literal)),
            calling("SUBSTR", s, st.integers(-4, 4).map(Literal)),
            st.builds(Cast, i | b | s, st.just("STRING")), cases(s),
        ]  # fmt: skip
    return {"bool": st.one_of(bools), "int": st.one_of(ints), "double": st.one_of(doubles), "str": st.one_of(words)}


def chain(cls: Any, items: list[Any]) -> Any:
    return cls(tuple(inner for item in items for inner in (item.items if type(item) is cls else (item,))))


def spell(e: Any) -> str:
    """The text of ``e``, every operator in parentheses."""
    match e:
        case Literal(None | bool()):
            return "NULL" if e.value is None else str(e.value).upper()
        case Literal(str() as text):
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case Literal(int() | float() as number):
            return repr(number) if number >= 0 else f"({number!r})"
        case Path(parts):
            return ".".join("`" + p.replace("\\", "\\\\").replace("`", "\\`") + "`" for p in parts)
        case AllOf(items):
            return "(" + " AND ".join(map(spell, items)) + ")"
        case AnyOf(items):
            return "(" + " or ".join(map(spell, items)) + ")"
        case Not(item):
            return f"(NOT {spell(item)})"
        case Compare(op, a, b):
            return f"({spell(a)}{op}{spell(b)})"
        case Is(item, what, negated):
            return f"({spell(item)} IS {'NOT ' * negated}{str(what).upper().replace('NONE', 'NULL')})"
        case Among(item, options, negated):
            return f"({spell(item)} {'NOT ' * negated}IN ({', '.join(map(spell, options))}))"
        case Like(item, pattern, negated, escape):
            tail = f" ESCAPE '{escape}'" if escape else ""
            return f"({spell(item)} {'not ' * negated}like {spell(pattern)}{tail})"
        case Between(item, low, high, negated):
            return f"({spell(item)} {'NOT ' * negated}BETWEEN {spell(low)} AND {spell(high)})"
        case Arithmetic(op, a, b):
            return f"({spell(a)} {op} {spell(b)})"
        case Negative(item):
            return f"(- {spell(item)})"
        case Call(name, args):
            return f"{name}({', '.join(map(spell, args))})"
        case Cast(item, to):
            return f"CAST({spell(item)} AS {to})"
        case Case(subject, whens, otherwise):
            body = " ".join(f"WHEN {spell(c)} THEN {spell(r)}" for c, r in whens)
            tail = f"ELSE {spell(otherwise)}" if otherwise else ""
            return f"CASE {spell(subject) if subject else ''} {body} {tail} END"
    raise AssertionError(e)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_database_selects_what_the_evaluator_selects(record: Record, kind: Kind) -> None:
    populate(record)
    with record.read() as reader:
        rows = [(node.id, node_row(node)) for node in nodes_of(reader, kind)]
        near = neighbours(reader, kind)

        @settings(max_examples=120, deadline=None)
        @given(expressions(kind, 3)["bool"])
        def check(e: Any) -> None:
            found = [node.id for node in nodes_of(reader, kind, spell(e))]
            assert found == [i for i, row in rows if selects(e, row, near[i])]

        check()


@given(st.one_of([expressions(kind, 3)["bool"] for kind in Kind]))
@settings(deadline=None)
def test_parsing_what_was_spelled_gives_the_same_expression(e: Any) -> None:
    assert parse(spell(e)) == e
