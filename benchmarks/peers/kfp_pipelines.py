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


@dsl.component(install_kfp_package=False)
def add_bare(a: int, b: int) -> int:
    return a + b


@dsl.component(packages_to_install=["toolz==1.0.0"])
def add_packaged(a: int, b: int) -> int:
    import toolz

    return toolz.reduce(lambda x, y: x + y, [a, b])


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
def bare():
    for number in range(20):
        add_bare(a=number, b=1)


@dsl.pipeline
def packaged():
    for number in range(20):
        add_packaged(a=number, b=1)


@dsl.pipeline
def sleepers():
    for number in range(4):
        sleep(number=number)


@dsl.pipeline
def loop():
    with dsl.ParallelFor([0, 1, 2, 3], parallelism=4) as number:
        sleep(number=number)


@dsl.pipeline
def thousand():
    with dsl.ParallelFor(list(range(1000))) as number:
        add(a=number, b=1)


for pipeline in (thousand, twenty, bare, packaged, sleepers, loop):
    compiler.Compiler().compile(pipeline, f"{sys.argv[1]}/{pipeline.name}.yaml")
