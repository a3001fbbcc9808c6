"""What `clew run` and `clew plan` are told of a run beside the cache."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.given import paths

if TYPE_CHECKING:
    from clew.cli.run_cache import CacheWord
    from clew.executors.pipeline.options import RunOptions
    from clew.settings import Settings


class Looks(StrEnum):
    """How far addresses elsewhere are looked at."""

    OFF = "off"
    IDENTITY = "identity"
    BYTES = "bytes"


class Pythons(StrEnum):
    """Which Python runs Python components."""

    HERE = "here"
    IMAGE = "image"


class Containers(StrEnum):
    """What to do with steps whose program lives in an image."""

    AUTO = "auto"
    DOCKER = "docker"
    PODMAN = "podman"
    HOST = "host"
    REFUSE = "refuse"


Parameter = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
]
ParametersFile = Annotated[
    Path | None,
    typer.Option("--parameters", metavar="FILE", help="Parameters from a JSON or YAML file; -p adds to it."),
]
ContainersOption = Annotated[
    Containers,
    typer.Option("--containers", help="What runs tasks that need their image; host is this machine itself."),
]
Look = Annotated[
    Looks, typer.Option("--look", help="Look at imported addresses elsewhere: by ETag, or by their bytes.")
]
Artifacts = Annotated[
    str | None, typer.Option("--artifacts", metavar="URL", help="Keep artifacts there: a folder, s3://, gs://, az://.")
]
StepPython = Annotated[
    Pythons, typer.Option("--step-python", help="Run Python components on this Python, or that of their image.")
]
Accelerators = Annotated[
    int | None,
    typer.Option("--accelerators", metavar="N", min=0, help="Accelerators there are; otherwise what can be seen."),
]
IgnoreResources = Annotated[
    bool, typer.Option("--ignore-resources", help="Do not count what steps ask of the machine.")
]
Secret = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="NAME=PATH", help="A secret: a folder, or a JSON, YAML or .env file."),
]
ConfigMap = Annotated[
    list[str] | None, typer.Option("--config-map", metavar="NAME=PATH", help="A config map, likewise.")
]
Volume = Annotated[
    list[str] | None, typer.Option("--volume", metavar="CLAIM=FOLDER", help="The folder of a volume claim.")
]
Python = Annotated[
    Path | None,
    typer.Option("--python", metavar="PATH", help="The Python whose kfp compiles SOURCE.py (the active one)."),
]
RunNamespace = Annotated[str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace to record in.")]


def run_options(
    settings: Settings,
    cache: CacheWord,
    rules: dict[str, Any],
    *,
    project: str | None,
    containers: Containers,
    step_python: Pythons,
    look: Looks,
    accelerators: int | None,
    ignore_resources: bool,
    secret: list[str] | None,
    config_map: list[str] | None,
    volume: list[str] | None,
) -> RunOptions:
    """How a run is to be, as the command line and the settings say. Errors: UsageError."""
    from clew.executors.pipeline.options import RunOptions

    return RunOptions(
        home=settings.home.absolute(),
        max_parallel=settings.max_parallel,
        cache=cache,
        cache_at_most=settings.cache,
        rules=rules,
        project=project or "",
        containers=containers.value,
        namespace=settings.namespace,
        actor=settings.author,
        python=step_python.value,
        look=look.value,
        accelerators=accelerators,
        ignore_resources=ignore_resources,
        environments=settings.environments_folder,
        secrets=paths("secret", "--secret name=path", secret),
        config_maps=paths("config-map", "--config-map name=path", config_map),
        volumes=paths("volume", "--volume claim=folder", volume),
    )
