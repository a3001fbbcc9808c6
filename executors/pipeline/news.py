"""What the threads that work for a scheduler tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clew.executors.pipeline.decide import Busy, ToRun
from clew.executors.pipeline.recorder import Done
from clew.executors.pipeline.unfold import Node

if TYPE_CHECKING:  # imported when a first step runs: often all is reused
    from clew.executors.pipeline.perform import Performed


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decider says."""

    node: Node
    what: Done | ToRun | Busy


@dataclass(frozen=True, slots=True)
class Unbegun:
    """A task that could not be begun, and why."""

    node: Node
    error: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a step."""

    node: Node
    what: Performed


@dataclass(frozen=True, slots=True)
class Note:
    """Something slow is being done."""

    message: str


@dataclass(frozen=True, slots=True)
class Fatal:
    """The record or the store cannot be used."""

    error: BaseException


class Cancel:
    """Somebody wants everything stopped."""


News = Ended | Unbegun | Decided | Note | Fatal | Cancel
