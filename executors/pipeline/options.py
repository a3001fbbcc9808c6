"""How a pipeline is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from clew.executors.pipeline.imaged import Containers
from clew.executors.policy import Always
from clew.executors.protocol import CachePolicy, Executor
from clew.executors.remote_source import Look
from clew.executors.runs.about import About
from clew.executors.runs.kept import KEPT_OPTIONS

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a pipeline is run."""

    home: Path
    """Folder of the runs, their logs and outputs, the environments and the locks."""
    max_parallel: int = 0
    """Steps at once; 0 is two a processor, at least four: steps wait as much as they compute."""
    step_timeout_s: float | None = None
    """Longest a step may take, unless the pipeline says otherwise."""
    cache: Literal["on", "read", "write", "refresh", "off"] = "on"
    """``off`` neither looks nor lets others find; ``read`` only looks; ``write`` runs everything and lets others find
    it; ``refresh`` besides makes what ran before not count any more."""
    cache_at_most: str = "on"
    """The mode of the home or server, which a run cannot widen."""
    rules: Mapping[str, Any] = field(default_factory=dict)
    """What else is said about the cache, for all tasks or for some: executors/rulebook.py."""
    project: str = ""
    """The project the run belongs to; empty: none."""
    policy: CachePolicy = field(default_factory=Always)
    salt: str = ""
    """Changes every fingerprint: results are shared only among runs with the same salt."""
    containers: Containers = "auto"
    """What runs tasks that need their image: an engine, or this machine itself (``host``)."""
    namespace: str = "default"
    actor: str = ""
    python: Literal["here", "image"] = "here"
    """Which Python runs Python components: that which runs Clew, or the version their image names."""
    look: Look = "off"
    """How far addresses elsewhere are looked at: not, for what their keeper says of them, or by their bytes."""
    ignore_resources: bool = False
    """Whether what steps ask of the machine (processors, memory, accelerators) counts for nothing."""
    accelerators: int | None = None
    """How many there are; None: as many as can be seen."""
    environments: Path | None = None
    """Where environments are kept; the home's own folder when None."""
    secrets: Mapping[str, str | Path] = field(default_factory=dict)
    """Name -> a folder of files, or a JSON, YAML or .env file of keys."""
    config_maps: Mapping[str, str | Path] = field(default_factory=dict)
    """Likewise."""
    volumes: Mapping[str, str | Path] = field(default_factory=dict)
    """Volume claim -> the folder that stands for it."""
    executor: Executor | None = None
    """Where steps run; None is this machine. The caller closes what it gives."""
    about: About = field(default_factory=About)
    """What the run is called, where it belongs, and which run it resumes."""

    def kept(self) -> dict[str, Any]:
        """What a repeated run has again."""
        kept = {name: value for name in KEPT_OPTIONS if (value := getattr(self, name)) is not None}
        for name in ("secrets", "config_maps", "volumes"):  # where they are, never what they hold
            kept[name] = {key: str(Path(path).absolute()) for key, path in kept[name].items()}
        return kept
