"""Compiles pipelines as they are drawn: reads ``{"source": ..., "path": ...}`` a line, answers a line, until the end.

A program of its own because importing kfp takes a second: one such process serves a whole test.
"""

# mypy: ignore-errors
# ruff: noqa: UP006, UP035 - the SDK reads these annotations

import json
import sys
from typing import List

import yaml
from kfp import compiler, dsl

component = dsl.component(base_image="python:3.11-slim", install_kfp_package=False)


@component
def add(a: int, b: int) -> int:
    assert type(a) is int, a
    return a + b


@component
def sub(a: int, b: int) -> int:
    return a - b


@component
def mul(a: int, b: int) -> int:
    return a * b % 1000


@component
def same(n: int) -> int:
    return n


@component
def upto(n: int) -> List[int]:
    return list(range(abs(n) % 4))


@component
def total(parts: List[int]) -> int:
    assert all(type(part) is int for part in parts), parts
    return sum(parts)


def _is_whole(path: str) -> bool:
    """Whether no group lost its tasks: of equal groups in a pipeline and in one nested in it, the SDK empties one."""
    with open(path) as stream:
        components = yaml.safe_load(stream).get("components", {})
    return all(component["dag"].get("tasks") for component in components.values() if "dag" in component)


def main() -> None:
    known = {name: value for name, value in globals().items() if not name.startswith("__")}
    for line in sys.stdin:
        asked = json.loads(line)
        names = dict(known)
        try:
            exec(asked["source"], names)
            compiler.Compiler().compile(names["main_pipeline"], asked["path"])
            answer = "" if _is_whole(asked["path"]) else "it emptied a group"
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
