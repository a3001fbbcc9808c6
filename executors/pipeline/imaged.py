"""Which tasks need their image, and what runs them in it."""

from __future__ import annotations

import re
from typing import Literal

from clew.executors.engine import Engine, find_engine
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import read
from clew.executors.pipeline.cluster import STAND_INS
from clew.executors.pipeline.environment import PYTHON_VERSION
from clew.executors.pipeline.preflight import containers_of
from clew.metadata.errors import InvalidPipeline

Containers = Literal["auto", "docker", "podman", "host", "refuse"]
_VERSION = re.compile(r"python(?::|-)3\.?(\d+)|python3\.(\d+)")
_PYTHON_IMAGE = re.compile(r"(^|/)([\w.-]*-)?python([:@-]|$)")


def why_image(container: ir.Container) -> str:
    """Why a task needs what its image holds; empty when a Python with the right packages will do."""
    if container.image in STAND_INS:
        return ""
    if read(container) is None:
        return "is a container component"
    return "" if _PYTHON_IMAGE.search(container.image) else "needs what its image holds"


def python_of(image: str) -> str:
    """The version of Python an image names (``python:3.12-slim``); empty when it names none."""
    found = _VERSION.search(image.partition("@")[0])
    return f"3.{found[1] or found[2]}" if found else ""


def check_pythons(root: ir.Component) -> None:
    """Refuse Python components whose image names a version that is not on this machine.

    Errors: InvalidPipeline naming the task, the image and the version.
    """
    from clew.executors.pipeline.build import find_python

    for place, _, container in containers_of(root):
        version = python_of(container.image)
        if not version or why_image(container) or version == PYTHON_VERSION or find_python(version):
            continue
        raise InvalidPipeline(
            f"task {place!r} is to run on Python {version} ({container.image}), and there is none on this machine",
            field=place,
            value=container.image,
            remedy=f"Install it (uv python install {version}), or run with --step-python here",
        )


def engine_for(root: ir.Component, containers: Containers) -> Engine | None:
    """What runs the tasks under ``root`` that need their image; None when there is none, or they run on the host.

    Errors: InvalidPipeline naming the first such task, its image and what to do, when nothing may or can run it.
    """
    if containers == "host":
        return None
    found = ((place, body.image, why) for place, _, body in containers_of(root) if (why := why_image(body)))
    place, image, why = next(found, ("", "", ""))
    if not place:
        return None
    engine, reason = (None, "containers are not run here") if containers == "refuse" else find_engine(containers)
    if engine is None:
        raise InvalidPipeline(
            f"task {place!r} {why} ({image}), and nothing runs containers here: {reason}",
            field=place,
            value=image,
            remedy="Start docker or podman, write the task as a Python component on a python image, or pass "
            "--containers host to run its program on this machine",
        )
    return engine
