"""What a pipeline's platform document asks of a step's pod, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Reference:
    """A name: written down, an input of the pipeline around the task, or an output of a task beside it."""

    text: str = ""
    input: str = ""
    task: str = ""
    output: str = ""

    def __str__(self) -> str:
        return self.text or self.input or f"{self.task}.{self.output}"


class Kind(StrEnum):
    """Where keys and values, or files, come from."""

    SECRET = "secret"
    CONFIG_MAP = "config map"
    CLAIM = "volume claim"
    SCRATCH = "scratch"
    """Empty at the start of the step, gone at its end."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of a secret or config map as environment variables."""

    kind: Kind
    name: Reference
    variables: dict[str, str]
    """Variable -> key."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder that is to stand at ``path``."""

    kind: Kind
    path: str
    name: Reference = Reference()
    optional: bool = False
    below: str = ""
    """The part of the claim that is wanted; empty: all of it."""


@dataclass(frozen=True, slots=True)
class Pod:
    """What one executor asks for."""

    keys: tuple[Keys, ...] = ()
    mounts: tuple[Mount, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    """Variable -> field of the pod (``metadata.name``)."""
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    hints: dict[str, Any] = field(default_factory=dict)
    """Settings that only mean something in a cluster: recorded, of no effect here."""

    @property
    def recorded(self) -> dict[str, Any]:
        """What the record keeps of it."""
        said = {"labels": self.labels, "annotations": self.annotations}
        return {name: value for name, value in (said | self.hints).items() if value}


@dataclass(frozen=True, slots=True)
class Platform:
    """The whole platform document."""

    pods: dict[str, Pod] = field(default_factory=dict)
    """By executor label."""
    has_workspace: bool = False
    timeout_s: float | None = None
    """Of the run."""
