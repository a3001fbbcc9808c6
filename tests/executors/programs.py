"""Small programs over whole numbers: drawn by hypothesis, evaluated directly, and spelled as kfp pipelines."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

OPS: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b % 1000,
}
COMPARES = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Ref:
    """A value computed before: counted modulo how many there are."""

    at: int


Operand = int | Ref


@dataclass(frozen=True)
class Task:
    op: str
    a: Operand
    b: Operand


@dataclass(frozen=True)
class Loop:
    """The sum of the body over items: a list written down, or as many as another value says."""

    items: tuple[int, ...] | Ref
    body: tuple[Any, ...]
    limit: int = 0


@dataclass(frozen=True)
class If:
    left: Ref
    compare: str
    right: int
    then: tuple[Any, ...]
    other: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """A nested pipeline that sees one value and nothing else."""

    given: Operand
    body: tuple[Any, ...]


_operands = st.one_of(st.integers(-5, 9), st.builds(Ref, st.integers(0, 9)))
_tasks = st.builds(Task, st.sampled_from(sorted(OPS)), _operands, _operands)


def _more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    body = st.lists(inner, min_size=1, max_size=2).map(tuple)
    items = st.one_of(
        st.lists(st.integers(-3, 5), min_size=1, max_size=3).map(tuple), st.builds(Ref, st.integers(0, 9))
    )
    return st.one_of(
        _tasks,
        st.builds(Loop, items, body, st.integers(0, 2)),
        st.builds(
            If, st.builds(Ref, st.integers(0, 9)), st.sampled_from(sorted(COMPARES)), st.integers(-3, 9), body, body
        ),
        st.builds(Call, _operands, body),
    )


programs = st.lists(st.recursive(_tasks, _more, max_leaves=5), min_size=1, max_size=4).map(tuple)
"""Bodies of a pipeline that is given one number and returns one."""


def evaluate(body: tuple[Any, ...], known: list[int]) -> int:
    """The value of the last statement."""
    known = list(known)
    for statement in body:
        known.append(_value(statement, known))
    return known[-1]


def _value(statement: Any, known: list[int]) -> int:
    def of(operand: Operand) -> int:
        return known[operand.at % len(known)] if isinstance(operand, Ref) else operand

    match statement:
        case Task(op, a, b):
            return OPS[op](of(a), of(b))
        case Loop(items, body):
            each = range(abs(of(items)) % 4) if isinstance(items, Ref) else items
            return sum(evaluate(body, [*known, item]) for item in each)
        case If(left, compare, right, then, other):
            return evaluate(then if COMPARES[compare](of(left), right) else other, known)
        case Call(given, body):
            return evaluate(body, [of(given)])
    raise AssertionError(statement)


@dataclass
class Spelling:
    """A program as the source of a kfp pipeline."""

    pipelines: list[str] = field(default_factory=list)
    names: int = 0

    def source(self, body: tuple[Any, ...]) -> str:
        """A module that defines ``main_pipeline(n: int) -> int``."""
        main = self._pipeline("main_pipeline", body)
        return "\n\n".join([*self.pipelines, main])

    def _pipeline(self, name: str, body: tuple[Any, ...]) -> str:
        lines: list[str] = []
        last = self._body(body, ["n"], lines, 1)
        text = "\n".join(lines)
        head = f"@dsl.pipeline(name={name.replace('_', '-')!r})\ndef {name}(n: int = 3) -> int:"
        return f"{head}\n{text}\n    return {last}\n"

    def _name(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def _body(self, body: tuple[Any, ...], known: list[str], lines: list[str], depth: int) -> str:
        """Write the statements; return the output of a task that has the last value."""
        known = list(known)
        for statement in body:
            known.append(self._statement(statement, known, lines, depth))
        return known[-1]

    def _statement(self, statement: Any, known: list[str], lines: list[str], depth: int) -> str:
        pad = "    " * depth

        def of(operand: Operand) -> str:
            return known[operand.at % len(known)] if isinstance(operand, Ref) else repr(operand)

        match statement:
            case Task(op, a, b):
                made = self._name("t")
                lines.append(f"{pad}{made} = {op}(a={of(a)}, b={of(b)})")
            case Loop(items, body, limit):
                item, made = self._name("item"), self._name("t")
                each = f"upto(n={of(items)}).output" if isinstance(items, Ref) else repr(list(items))
                lines.append(f"{pad}with dsl.ParallelFor({each}, name={item!r}, parallelism={limit}) as {item}:")
                last = self._body(body, [*known, item], lines, depth + 1)
                lines.append(f"{pad}{made} = total(parts=dsl.Collected({last}))")
            case If(left, compare, right, then, other):
                made, ends = self._name("t"), []
                # Groups have names of their own: of two that are equal the SDK (2.17.3) empties one.
                for word, branch in (("If", then), ("Else", other)):
                    told = [f"{of(left)} {compare} {right!r}"] if word == "If" else []
                    arguments = ", ".join([*told, f"name={self._name('branch')!r}"])
                    lines.append(f"{pad}with dsl.{word}({arguments}):")
                    ends.append(self._body(branch, known, lines, depth + 1))
                lines.append(f"{pad}{made} = same(n=dsl.OneOf({', '.join(ends)}))")
            case Call(given, body):
                inner, made = self._name("inner_"), self._name("t")
                self.pipelines.append(self._pipeline(inner, body))
                lines.append(f"{pad}{made} = {inner}(n={of(given)})")
        return f"{made}.output"
