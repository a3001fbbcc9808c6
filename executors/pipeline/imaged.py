"""Which tasks need their image, and what runs them in it."""

from __future__ import annotations

import re
from typing import Literal

from clew.executors.engine import Engine, find_engine
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import read
from clew.executors.pipeline.cluster import STAND_INS
from clew.executors.pipeline.preflight import containers_of
from clew.metadata.errors import InvalidPipeline

Containers = Literal["auto", "docker", "podman", "host", "refuse"]
_PYTHON_IMAGE = re.compile(r"(^|/)([\w.-]*-)?python([:@-]|$)")


def why_image(container: ir.Container) -> str:
    """Why a task needs what its image holds; empty when a Python with the right packages will do."""
    if container.image in STAND_INS:
        return ""
    if read(container) is None:
        return "is a container component"
    return "" if _PYTHON_IMAGE.search(container.image) else "needs what its image holds"


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
