"""Pipelines for the tests, written with the kfp SDK. Run as a script: compiles each into the folder it is given.

A script of its own because importing kfp takes a second and warns.
"""

# mypy: ignore-errors
# ruff: noqa

import sys
import warnings
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from kfp import compiler, dsl
from kfp.dsl import Artifact, Dataset, Input, InputPath, OutputPath, Metrics, Model, Output

warnings.simplefilter("ignore")


@dsl.component
def add(a: int, b: int) -> int:
    return a + b


@dsl.component
def write(text: str, out: Output[Dataset]):
    with open(out.path, "w") as target:
        target.write(text)
    out.metadata["length"] = len(text)


@dsl.component
def count_words(data: Input[Dataset]) -> int:
    return len(open(data.path).read().split())


@dsl.component
def shout(data: Input[Dataset], loud: Output[Dataset]):
    with open(loud.path, "w") as target:
        target.write(open(data.path).read().upper())


@dsl.component
def square(n: int, model: Output[Model], seen: Output[Metrics]) -> int:
    with open(model.path, "w") as target:
        target.write(str(n * n))
    seen.log_metric("n", n)
    return n * n


@dsl.component
def largest(models: Input[List[Model]], numbers: List[int], best: Output[Model]) -> int:
    import shutil

    winner = numbers.index(max(numbers))
    shutil.copy(models[winner].path, best.path)
    return numbers[winner]


@dsl.component
def describe(
    i: int, f: float, t: str, yes: bool, items: List[int], d: Dict, o: Optional[str] = None, default: int = 4
) -> str:
    import json

    return json.dumps([i, f, t, yes, items, d, o, default])


@dsl.component
def several(n: int) -> NamedTuple(
    "Out", [("number", int), ("real", float), ("yes", bool), ("items", list), ("d", dict)]
):
    return (n, 2.0, True, [1, 2.5], {"k": n})


@dsl.component
def crash():
    raise RuntimeError("the flood gates are open")


@dsl.component
def sleep(seconds: float):
    import subprocess
    import time

    subprocess.Popen(["sleep", "300"])
    print("sleeping", flush=True)
    time.sleep(seconds)


@dsl.component
def forgets(out: Output[Dataset]):
    pass


@dsl.component
def returns_nothing(n: int) -> int:
    if n < 0:
        return 1


@dsl.component
def strays(where: str, out: Output[Dataset]):
    out.path = where
    with open(where, "w") as target:
        target.write("outside")


@dsl.component
def links(where: str, out: Output[Dataset]):
    import os

    os.symlink(where, out.path)


@dsl.component
def spoils(data: Input[Dataset], out: Output[Dataset]):
    import os

    os.chmod(data.path, 0o644)
    with open(data.path, "a") as target:
        target.write("spoiled")
    with open(out.path, "w") as target:
        target.write("done")


@dsl.component
def claims(said: str, out: Output[Dataset]):
    import json, os, sys

    told = next(json.loads(word) for word in sys.argv if '"outputFile"' in word)
    with open(told["outputs"]["outputFile"], "w") as target:
        target.write(said)
    os._exit(0)


@dsl.component
def flaky(marker: str) -> int:
    import os

    tries = len(os.listdir(marker))
    open(os.path.join(marker, str(tries)), "w").close()
    if tries < 2:
        raise RuntimeError(f"try {tries}")
    return tries


@dsl.component
def notes_run(folder: str, text: str) -> str:
    """Leaves a mark each time it runs, outside the pipeline's sight."""
    import os
    import time

    time.sleep(0.3)
    open(os.path.join(folder, f"{text}-{os.getpid()}"), "w").close()
    return text


@dsl.component
def make_folder(out: Output[Artifact]):
    import os

    os.makedirs(os.path.join(out.path, "inner"))
    with open(os.path.join(out.path, "inner", "a.txt"), "w") as target:
        target.write("a")


@dsl.component
def walk(folder: Input[Artifact]) -> int:
    import os

    return sum(len(files) for _, _, files in os.walk(folder.path))


@dsl.container_component
def shell(text: str, out: dsl.OutputPath(str), extra: str = None):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-c", 'mkdir -p "$(dirname "$1")"; printf "%s|%s|%s" "$0" "$2" "$3" > "$1"'],
        args=[
            text,
            out,
            dsl.ConcatPlaceholder(["<", text, ">"]),
            dsl.IfPresentPlaceholder("extra", then=["has", extra], else_=["none"]),
        ],
    )


@dsl.pipeline
def claiming(said: str):
    claims(said=said)


@dsl.pipeline
def sums(a: int = 1, b: int = 2) -> int:
    first = add(a=a, b=b)
    second = add(a=first.output, b=10)
    return add(a=second.output, b=first.output).output


@dsl.pipeline
def words(text: str = "a b c") -> int:
    made = write(text=text)
    loud = shout(data=made.outputs["out"])
    return count_words(data=loud.outputs["loud"]).output


@dsl.pipeline
def imports(uri: str, note: str = "n") -> int:
    raw = dsl.importer(artifact_uri=uri, artifact_class=Dataset, metadata={"note": note, "k": 1})
    return count_words(data=raw.output).output


@dsl.component
def part_of() -> str:
    import os

    return f"{os.environ['CLEW_EXECUTION']} {os.environ['MLFLOW_RUN_CONTEXT']} {os.environ.get('MLFLOW_TRACKING_URI')}"


@dsl.pipeline
def told() -> str:
    return part_of().output


@dsl.component
def fill(size: int, out: Output[Dataset]):
    with open(out.path, "wb") as target:
        target.write(size.to_bytes(8, "big") + bytes(size - 8))


@dsl.pipeline
def sized(size: int):
    fill(size=size)


@dsl.component
def roll(out: Output[Dataset]) -> int:
    import os

    with open(out.path, "wb") as target:
        target.write(os.urandom(16))
    return 1


@dsl.pipeline
def chancy() -> int:
    return roll().outputs["Output"]


@dsl.pipeline
def looks_inside(uri: str) -> int:
    return walk(folder=dsl.importer(artifact_uri=uri, artifact_class=Artifact).output).output


@dsl.pipeline
def inner_sums(n: int, step: int = 5) -> NamedTuple("Out", [("sum", int), ("data", Dataset)]):
    total = add(a=n, b=step)
    made = write(text=f"sum {total.output}")
    return NamedTuple("Out", [("sum", int), ("data", Dataset)])(total.output, made.outputs["out"])


@dsl.pipeline
def nested(n: int = 1) -> int:
    first = inner_sums(n=n)
    second = inner_sums(n=first.outputs["sum"], step=7)
    return count_words(data=second.outputs["data"]).output


@dsl.pipeline
def loop(offset: int = 0) -> int:
    with dsl.ParallelFor([1, 3, 2], parallelism=2) as n:
        made = square(n=n)
    best = largest(models=dsl.Collected(made.outputs["model"]), numbers=dsl.Collected(made.outputs["Output"]))
    return add(a=best.outputs["Output"], b=offset).output


@dsl.pipeline
def loops(items: List[int] = [1, 2]):
    with dsl.ParallelFor([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]) as pair:
        write(text=f"{pair.a}-{pair.b}")
        with dsl.ParallelFor(items) as n:
            add(a=1, b=n)


@dsl.pipeline
def hollow(items: List[int] = []):
    with dsl.ParallelFor(items) as n:
        add(a=1, b=n)


@dsl.pipeline
def kinds(i: int = 7, o: str = "given") -> str:
    made = several(n=i)
    return describe(
        i=made.outputs["number"],
        f=made.outputs["real"],
        t=f"<{i}> and {made.outputs['real']}",
        yes=made.outputs["yes"],
        items=made.outputs["items"],
        d={"k": 1, "inner": [1, 2.5]},
    ).output


@dsl.pipeline
def crashes():
    bad = crash()
    add(a=1, b=1).after(bad)
    add(a=2, b=2)


@dsl.pipeline
def sleeps(seconds: float = 300.0):
    slow = sleep(seconds=seconds)
    add(a=1, b=1).after(slow)


@dsl.pipeline
def forgetful():
    forgets()


@dsl.pipeline
def empty_handed():
    returns_nothing(n=1)


@dsl.pipeline
def straying(where: str):
    strays(where=where)


@dsl.pipeline
def linking(where: str):
    links(where=where)


@dsl.pipeline
def spoiling():
    spoils(data=write(text="good").outputs["out"])


@dsl.pipeline
def retries(marker: str) -> int:
    return flaky(marker=marker).set_retry(num_retries=2, backoff_duration="0s").output


@dsl.pipeline
def twins(folder: str, text: str = "same"):
    notes_run(folder=folder, text=text)
    notes_run(folder=folder, text=text)


@dsl.pipeline
def uncached(folder: str):
    notes_run(folder=folder, text="off").set_caching_options(False)


@dsl.pipeline
def keyed(folder: str, text: str):
    notes_run(folder=folder, text=text).set_caching_options(True, cache_key="mine")


@dsl.pipeline
def folders():
    made = make_folder()
    looks = walk(folder=made.outputs["out"])
    add(a=looks.output, b=1)


@dsl.component
def own_place(text: str) -> Dataset:
    made = Dataset(uri=dsl.get_uri("mine.txt"), metadata={"a": 1})
    with open(made.path, "w") as target:
        target.write(text)
    return made


@dsl.pipeline
def shared(text: str = "a b c"):
    own_place(text=text)


@dsl.component
def look_at(data: Dataset, more: Optional[Dataset] = None) -> str:
    return f"{open(data.path).read()} {data.path.rpartition('/')[2]} {data.metadata} {more}"


@dsl.component
def by_path(i: InputPath("Dataset"), o: OutputPath("Dataset"), n: OutputPath(int)):
    with open(o, "w") as target:
        target.write(open(i).read() * 2)
    with open(n, "w") as target:
        target.write("7")


@dsl.component
def how_many(items: Input[List[Artifact]]) -> int:
    return len(items)


@dsl.pipeline
def ways() -> str:
    """Other ways to name artifacts; loops in loops, with equal tasks in them, collected flat."""
    made = own_place(text="t")
    by_path(i=made.output)
    with dsl.ParallelFor(["a", "b"]):
        with dsl.ParallelFor(["c", "d", "e"]) as text:
            inner = own_place(text=text)
    how_many(items=dsl.Collected(inner.output))
    return look_at(data=made.output).output


@dsl.component(packages_to_install=["./nowhere/nothing-1.0-py3-none-any.whl"])
def needy() -> int:
    return 1


@dsl.pipeline
def needing():
    add(a=needy().output, b=1)


@dsl.component
def annotate(data: Output[Dataset]):
    with open(data.path, "w") as target:
        target.write("a b")
    data.metadata.update({"none": None, "list": [1, 2.5, None], "dict": {"list": [1]}, "yes": True, "text": "x"})


@dsl.component
def read_metadata(data: Input[Dataset]) -> str:
    import json

    return json.dumps(data.metadata, sort_keys=True)


@dsl.pipeline
def annotated() -> str:
    return read_metadata(data=annotate().outputs["data"]).output


@dsl.pipeline
def shells(text: str = "hi") -> str:
    return shell(text=text).output


@dsl.component
def document(text: str) -> int:
    # a comment
    return len(text)


@dsl.pipeline
def documented(text: str = "abc") -> int:
    return document(text=text).output


PIPELINES = [
    sums, words, imports, looks_inside, sized, chancy, shared, nested, loop, loops, hollow, kinds, crashes, sleeps, forgetful, empty_handed, straying,
    linking, spoiling, retries, twins, uncached, keyed, folders, ways, needing, annotated, shells, documented, claiming, told,
]  # fmt: skip


def main(folder: Path) -> None:
    for pipeline in PIPELINES:
        compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name.replace('-', '_')}.yaml"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
