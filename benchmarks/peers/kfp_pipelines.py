"""The pipelines that are measured, compiled by the kfp SDK: ``python benchmarks/peers/kfp_pipelines.py FOLDER``."""

# mypy: ignore-errors
# ruff: noqa

import sys
import warnings

warnings.simplefilter("ignore")

from kfp import compiler, dsl


@dsl.component
def add(a: int, b: int) -> int:
    return a + b


@dsl.component
def sleep(number: int) -> int:
    import time

    time.sleep(2)
    return number


@dsl.pipeline
def twenty():
    for number in range(20):
        add(a=number, b=1)


@dsl.pipeline
def chain():
    last = add(a=0, b=1)
    for _ in range(19):
        last = add(a=last.output, b=1)


@dsl.pipeline
def sleepers():
    for number in range(4):
        sleep(number=number)


for pipeline in (twenty, chain, sleepers):
    compiler.Compiler().compile(pipeline, f"{sys.argv[1]}/{pipeline.name}.yaml")
