"""Pipelines that ask things of the machine. Run as a script: compiles each into the folder it is given."""

# mypy: ignore-errors
# ruff: noqa

import sys
import warnings
from pathlib import Path

from kfp import compiler, dsl

warnings.simplefilter("ignore")


@dsl.component
def mark(folder: str, name: str, seconds: float) -> str:
    """Leave a file that says from when to when it ran."""
    import time

    began = time.time()
    time.sleep(seconds)
    with open(f"{folder}/{name}", "w") as out:
        out.write(f"{began} {time.time()}")
    return name


@dsl.component
def eat(mebibytes: int):
    import subprocess, sys

    subprocess.run([sys.executable, "-c", f"x = bytearray({mebibytes} << 20); import time; time.sleep(20)"], check=True)


@dsl.component
def devices() -> str:
    import os, time

    time.sleep(0.5)
    return os.environ.get("CUDA_VISIBLE_DEVICES", "none")


@dsl.component
def size() -> str:
    return "999Gi"


@dsl.pipeline
def demanding(folder: str, cpu: str = "1", memory: str = "1Mi", seconds: float = 0.4):
    for i in range(3):
        mark(folder=folder, name=str(i), seconds=seconds).set_cpu_request(cpu).set_memory_request(memory)


@dsl.pipeline
def written(folder: str):
    mark(folder=folder, name="x", seconds=0.0).set_cpu_request("4000").set_memory_limit("1G")


@dsl.pipeline
def computed(folder: str):
    mark(folder=folder, name="x", seconds=0.0).set_memory_request(size().output)


@dsl.pipeline
def hungry(mebibytes: int):
    eat(mebibytes=mebibytes).set_memory_limit("200Mi")


@dsl.pipeline
def accelerated(type: str = "nvidia.com/gpu") -> str:
    first = devices().set_accelerator_type(type).set_accelerator_limit(1)
    devices().set_accelerator_type(type).set_accelerator_limit(1)
    return first.output


@dsl.pipeline
def crowded(folder: str, items: list):
    with dsl.ParallelFor(items) as item:
        mark(folder=folder, name=item, seconds=0.2)
    chain = mark(folder=folder, name="a", seconds=0.0)
    mark(folder=folder, name="b", seconds=0.0).after(chain)


@dsl.component(packages_to_install=["tiny"], pip_index_urls=["http://index.example/simple"])
def packaged() -> str:
    return "x"


@dsl.pipeline
def building(folder: str):
    with dsl.ParallelFor(["a", "b", "c", "d", "e", "f", "g", "h"]) as item:
        packaged()
    chain = mark(folder=folder, name="a", seconds=0.0)
    mark(folder=folder, name="b", seconds=0.0).after(chain)


folder = Path(sys.argv[1])
for pipeline in (demanding, written, computed, hungry, accelerated, crowded, building):
    compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name}.yaml"))
