"""Pipelines whose tasks need their image. Run as a script: compiles each into the folder it is given."""

# mypy: ignore-errors
# ruff: noqa

import sys
import warnings
from pathlib import Path

from kfp import compiler, dsl
from kfp import kubernetes as k8s
from kfp.dsl import Artifact, Dataset, Input, Output

warnings.simplefilter("ignore")
IMAGE = "localhost/clew-test/tools:1"


@dsl.component
def make(text: str, out: Output[Dataset]):
    open(out.path, "w").write(text)


@dsl.container_component
def shout(text: str, data: Input[Dataset], out: Output[Dataset], said: dsl.OutputPath(str)):
    script = (
        'set -e; test -e /only-in-the-image; tr a-z A-Z < "$0" > "$1"; mkdir -p "$(dirname "$3")"; '
        'printf "%s|%s|%s" "$2" "$(id -u)" "$GREETING" > "$3"'
    )
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-c", script], args=[data.path, out.path, text, said])


@dsl.container_component
def spoil(data: Input[Dataset]):
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-c", 'echo x > "$0"'], args=[data.path])


@dsl.container_component
def arguments_alone(out: Output[Dataset]):
    return dsl.ContainerSpec(image=IMAGE, args=["-c", 'echo entry > "$0"', out.path])


@dsl.container_component
def hang(marker: str):
    return dsl.ContainerSpec(
        image=IMAGE, command=["sh", "-c", 'trap "" TERM; while true; do sleep 1; done'], args=[marker]
    )


@dsl.container_component
def fail():
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-c", "echo last words >&2; exit 7"])


@dsl.container_component
def secretive(out: dsl.OutputPath(str)):
    script = 'mkdir -p "$(dirname "$0")"; printf "%s|%s" "$TOKEN" "$(cat /etc/secret/token)" | wc -c > "$0"'
    return dsl.ContainerSpec(image=IMAGE, command=["sh", "-c", script], args=[out])


@dsl.container_component
def nowhere():
    return dsl.ContainerSpec(image="localhost/clew-test/no-such-image:1", command=["true"])


@dsl.component(base_image=IMAGE)
def custom() -> str:
    return "x"


@dsl.pipeline
def shouts(text: str = "hello world") -> str:
    task = shout(text='it\'s $HOME; "q"', data=make(text=text).output)
    task.set_env_variable("GREETING", "one\ntwo")
    return task.outputs["said"]


@dsl.pipeline
def spoils():
    spoil(data=make(text="x").output)


@dsl.pipeline
def entry() -> Dataset:
    return arguments_alone().output


@dsl.pipeline
def hangs():
    hang(marker="m")


@dsl.pipeline
def fails():
    fail()


@dsl.pipeline
def secrets() -> str:
    task = secretive()
    k8s.use_secret_as_env(task, secret_name="s", secret_key_to_env={"token": "TOKEN"})
    k8s.use_secret_as_volume(task, secret_name="s", mount_path="/etc/secret")
    return task.output


@dsl.pipeline
def missing_image():
    task = nowhere()
    k8s.set_image_pull_policy(task, "Never")


@dsl.pipeline
def custom_image() -> str:
    return custom().output


folder = Path(sys.argv[1])
for pipeline in (
    shouts, spoils, entry, hangs, fails, secrets, missing_image, custom_image,
):  # fmt: skip
    compiler.Compiler().compile(pipeline, str(folder / f"{pipeline.name}.yaml"))
