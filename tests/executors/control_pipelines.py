"""Pipelines with control flow for the tests, compiled by the kfp SDK: ``python control_pipelines.py FOLDER``."""

# mypy: ignore-errors
# ruff: noqa: UP006, UP035, UP045 - the SDK reads these annotations

import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from kfp import compiler, dsl, kubernetes
from kfp.dsl import Dataset, Input, Output

component = dsl.component(base_image="python:3.11-slim")


@component
def give(text: str = "x") -> str:
    return text


@component
def number(n: int) -> int:
    return n


@component
def real(n: float) -> float:
    return n


@component
def truth(yes: bool) -> bool:
    return yes


@component
def join(parts: List[str]) -> str:
    return "+".join(parts)


@component
def total(parts: List[int]) -> int:
    assert all(type(p) is int for p in parts), parts
    return sum(parts)


@component
def nested_total(parts: List[List[int]]) -> int:
    return sum(sum(p) for p in parts)


@component
def crash(text: str = "on purpose") -> str:
    raise SystemExit(text)


@component
def touch(folder: str, name: str) -> str:
    with open(f"{folder}/{name}", "a") as target:
        target.write("x")
    return name


@component
def numbers(n: int) -> List[int]:
    return list(range(n))


@component
def structs() -> List[Dict[str, int]]:
    return [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@component
def make(text: str, out: Output[Dataset]):
    with open(out.path, "w") as target:
        target.write(text)


@component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as source:
        return source.read()


@component
def read_all(data: Input[List[Dataset]]) -> str:
    texts = []
    for one in data:
        with open(one.path) as source:
            texts.append(source.read())
    return "+".join(texts)


@component
def even(n: int) -> bool:
    return n % 2 == 0


@component
def report(folder: str, status: dsl.PipelineTaskFinalStatus):
    import json

    with open(f"{folder}/status.json", "w") as target:
        json.dump(
            [
                status.state,
                status.pipeline_job_resource_name,
                status.pipeline_task_name,
                status.error_code,
                status.error_message,
            ],
            target,
        )


@component
def report_succeeded(folder: str, status: dsl.PipelineTaskFinalStatus):
    assert status.state == "SUCCEEDED", status.state
    open(f"{folder}/succeeded", "w").close()


@component
def state_of(status: dict) -> str:
    return status["state"]


@component
def maybe(a: Optional[str] = None, b: str = "b", c: Optional[int] = None) -> str:
    return f"{a} {b} {c}"


@component
def pick_one(kind: str = "small") -> str:
    return kind


@component
def shout(text: str, loud: Output[Dataset], count: dsl.OutputPath(int)):
    with open(count, "w") as target:
        target.write("3")
    loud.metadata["n"] = 1
    with open(loud.path, "w") as target:
        target.write(text)


@component
def pair() -> NamedTuple("Pair", [("left", int), ("right", str)]):
    from typing import NamedTuple

    return NamedTuple("Pair", [("left", int), ("right", str)])(1, "r")


@component
def flaky(marker: str) -> int:
    import os

    if not os.path.exists(marker):
        open(marker, "w").close()
        raise SystemExit(1)
    return 1


@component
def look(data: Optional[Input[Dataset]] = None) -> str:
    return "none" if data is None else open(data.path).read()


@dsl.pipeline
def if_elif_else(n: int = 1) -> str:
    with dsl.If(n == 1, "one"):
        a = give(text="one")
    with dsl.Elif(n == 2, "two"):
        b = give(text="two")
    with dsl.Else("many"):
        c = give(text="many")
    return give(text=dsl.OneOf(a.output, b.output, c.output)).output


@dsl.pipeline
def oneof_artifact(n: int = 1) -> str:
    with dsl.If(n > 1):
        a = make(text="big")
    with dsl.Else():
        b = make(text="small")
    return read(data=dsl.OneOf(a.outputs["out"], b.outputs["out"])).output


@dsl.pipeline
def compares(i: int = 3, f: float = 2.5, s: str = "it", b: bool = True):
    with dsl.If(number(n=i).output >= 3):
        give(text="int").set_display_name("int")
    with dsl.If(real(n=f).output < 3):
        give(text="float").set_display_name("float")
    with dsl.If(give(text=s).output != "that"):
        give(text="text").set_display_name("text")
    with dsl.If(truth(yes=b).output == True):  # noqa: E712
        give(text="bool").set_display_name("bool")


@dsl.pipeline
def if_only(n: int = 1) -> str:
    with dsl.If(n == 1):
        give(text="branch")
    return give(text="apart").output


@dsl.pipeline
def nested_conditions(n: int = 1, m: int = 1, folder: str = ""):
    with dsl.If(n == 1):
        with dsl.If(m == 1):
            touch(folder=folder, name="both")
        with dsl.Else():
            touch(folder=folder, name="first")


@dsl.pipeline
def conditional_in_loop(limit: int = 2) -> int:
    with dsl.ParallelFor([1, 2, 3, 4]) as n:
        with dsl.If(n > limit):
            kept = number(n=n)
    return total(parts=dsl.Collected(kept.output)).output


@dsl.pipeline
def loop_then_condition(threshold: int = 5) -> str:
    with dsl.ParallelFor([1, 2, 3]) as n:
        kept = number(n=n)
    added = total(parts=dsl.Collected(kept.output))
    with dsl.If(added.output > threshold):
        high = give(text="high")
    with dsl.Else():
        low = give(text="low")
    return give(text=dsl.OneOf(high.output, low.output)).output


@dsl.pipeline
def upstream_loop(n: int = 3) -> int:
    with dsl.ParallelFor(numbers(n=n).output, parallelism=2) as item:
        kept = number(n=item)
    return total(parts=dsl.Collected(kept.output)).output


@dsl.pipeline
def struct_loop() -> int:
    with dsl.ParallelFor(structs().output) as item:
        kept = number(n=item.a)
    return total(parts=dsl.Collected(kept.output)).output


@dsl.pipeline
def loops_in_loops() -> int:
    with dsl.ParallelFor([1, 2]) as x:
        with dsl.ParallelFor([10, 20]) as y:
            number(n=x)
            kept = number(n=y)
    return nested_total(parts=dsl.Collected(kept.output)).output


@dsl.pipeline
def artifacts_of_loops() -> str:
    with dsl.ParallelFor(["a", "b"]):
        with dsl.ParallelFor(["c", "d"]) as y:
            made = make(text=y)
    return read_all(data=dsl.Collected(made.outputs["out"])).output


@dsl.pipeline
def many_data() -> List[Dataset]:
    with dsl.ParallelFor(["a", "b", "c"]) as x:
        made = make(text=x)
    return dsl.Collected(made.outputs["out"])


@dsl.pipeline
def loop_over_artifacts() -> str:
    with dsl.ParallelFor(many_data().output) as one:
        seen = read(data=one)
    return join(parts=dsl.Collected(seen.output)).output


@dsl.pipeline
def guarded(folder: str, fails: bool = False):
    with dsl.ExitHandler(report(folder=folder), name="all of it"):
        with dsl.If(fails == True):  # noqa: E712
            crash()
        with dsl.Else():
            give()


@dsl.pipeline
def exits_succeeded(folder: str):
    with dsl.ExitHandler(report_succeeded(folder=folder)):
        give()


@dsl.pipeline
def farewell(folder: str, status: dsl.PipelineTaskFinalStatus):
    touch(folder=folder, name=state_of(status=status).output)


@dsl.pipeline
def exit_pipeline(folder: str):
    with dsl.ExitHandler(farewell(folder=folder)):
        crash()


@dsl.pipeline
def ignores_failure(folder: str) -> str:
    failed = crash()
    return maybe(a=failed.output, b="b", c=1).ignore_upstream_failure().output


@dsl.pipeline
def cleans_up(folder: str):
    failed = crash()
    touch(folder=folder, name="cleaned").after(failed).ignore_upstream_failure()


@dsl.pipeline
def inner_optional(a: Optional[str] = None, b: str = "inner", c: Optional[int] = None) -> str:
    return maybe(a=a, b=b, c=c).output


@dsl.pipeline
def optionals(a: Optional[str] = None) -> str:
    first = inner_optional()
    second = inner_optional(a=a, c=3)
    return join(parts=[first.output, second.output]).output


@dsl.pipeline
def literal(kind: str = "small") -> str:
    return pick_one(kind=kind).output


@dsl.pipeline
def level_five(n: int) -> int:
    return number(n=n).output


@dsl.pipeline
def level_four(n: int) -> int:
    return level_five(n=n).output


@dsl.pipeline
def level_three(n: int) -> int:
    return level_four(n=n).output


@dsl.pipeline
def level_two(n: int) -> int:
    return level_three(n=n).output


@dsl.pipeline
def five_deep(n: int = 5) -> int:
    return level_two(n=n).output


@dsl.pipeline
def tries_again(marker: str) -> int:
    return (
        flaky(marker=marker).set_retry(2, backoff_duration="1s", backoff_factor=1.5, backoff_max_duration="2s").output
    )


@dsl.pipeline
def inner_flaky(marker: str) -> int:
    return flaky(marker=marker).output


@dsl.pipeline
def graph_tries_again(marker: str) -> int:
    return inner_flaky(marker=marker).set_retry(1, backoff_duration="0s").output


@dsl.pipeline
def takes_data(data: Input[Dataset], note: str = "n") -> str:
    return give(text=f"{note}:{read(data=data).output}").output


@dsl.pipeline
def maybe_data(data: Optional[Input[Dataset]] = None) -> str:
    return look(data=data).output


@dsl.pipeline
def one_artifact(text: str = "x") -> str:
    return read(data=make(text=text).outputs["out"]).output


@component
def elsewhere(path: str, out: Output[Dataset]):
    out.custom_path = path
    with open(path, "w") as target:
        target.write("from elsewhere")


@component
def loose() -> list:
    return [{"a": [1, 2], "b": "1"}, {"a": [3], "b": 2}]


@dsl.pipeline
def custom_path(path: str) -> str:
    return read(data=elsewhere(path=path).outputs["out"]).output


@dsl.pipeline
def mixed_types() -> str:
    with dsl.ParallelFor(loose().output) as item:
        said = give(text=item.a)
        number(n=item.b)
    return join(parts=dsl.Collected(said.output)).output


_PASSED_ON = [
    dsl.TaskConfigField.RESOURCES,
    dsl.TaskConfigField.KUBERNETES_TOLERATIONS,
    dsl.TaskConfigField.KUBERNETES_NODE_SELECTOR,
    dsl.TaskConfigField.KUBERNETES_AFFINITY,
    dsl.TaskConfigPassthrough(field=dsl.TaskConfigField.ENV, apply_to_task=True),
    dsl.TaskConfigField.KUBERNETES_VOLUMES,
]


@component(task_config_passthroughs=_PASSED_ON)
def trainer(nodes: int, config: dsl.TaskConfig) -> str:
    import dataclasses
    import json
    import os

    return json.dumps(dataclasses.asdict(config) | {"own": os.environ.get("MODE")})


@dsl.pipeline
def passes_on(claim: str = "data") -> str:
    task = trainer(nodes=2)
    task.set_cpu_request("900").set_memory_limit("64Gi").set_env_variable("MODE", "fast")
    kubernetes.add_node_selector(task, "disk", "ssd")
    kubernetes.add_toleration(task, key="k", operator="Equal", value="v", effect="NoSchedule")
    kubernetes.add_node_affinity(task, match_expressions=[{"key": "zone", "operator": "In", "values": ["a"]}])
    kubernetes.mount_pvc(task, claim, "/mnt/data")
    return task.output


@dsl.pipeline
def imports_what_a_task_names(uri: str) -> str:
    found = dsl.importer(artifact_uri=give(text=uri).output, artifact_class=Dataset)
    return read(data=found.output).output


@dsl.pipeline
def unresolvable(text: str = "x"):
    with dsl.If(give(text=text).output > "3"):
        give()


def main(folder: Path) -> None:
    for pipeline in list(globals().values()):
        if isinstance(pipeline, dsl.graph_component.GraphComponent):
            compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name.replace('-', '_')}.yaml"))
    compiler.Compiler().compile(report, str(folder / "bare_status.yaml"))
    compiler.Compiler().compile(read, str(folder / "bare_read.yaml"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
