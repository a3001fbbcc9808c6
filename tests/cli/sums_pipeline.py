"""A small pipeline for the tests of `clew run`: compile it with `python sums_pipeline.py OUT.yaml`."""
# mypy: disable-error-code="untyped-decorator"

import sys

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def add(a: int, b: int) -> int:
    print("adding", a, b)
    return a + b


@dsl.component(base_image="python:3.11")
def save(x: int, out: dsl.Output[dsl.Dataset], fail: bool = False, sleep: int = 0):  # type: ignore[no-untyped-def]
    import time

    time.sleep(sleep)
    with open(out.path, "w") as stream:
        stream.write(str(x))
    if fail:
        raise ValueError("told to fail")


@dsl.pipeline(name="sums")
def sums(a: int = 1, b: int = 2, fail: bool = False, sleep: int = 0) -> dsl.Dataset:
    with dsl.ParallelFor([1, 2]) as i:
        add(a=a, b=i)
    total = add(a=a, b=b)
    return save(x=total.output, fail=fail, sleep=sleep).outputs["out"]


if __name__ == "__main__":
    compiler.Compiler().compile(sums, sys.argv[1])
