"""A KFP v2 pipeline as frozen values: what the IR YAML says, checked, with nothing that cannot be run.

Source: kubeflow/pipelines ``api/v2alpha1/pipeline_spec.proto`` (names of fields, semantics of defaults).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from clew.executors.pipeline.pod import Platform, Pod
from clew.executors.pipeline.resources import Resources


class ParameterType(StrEnum):
    """The kinds of parameter value."""

    INT = "NUMBER_INTEGER"
    DOUBLE = "NUMBER_DOUBLE"
    STRING = "STRING"
    BOOLEAN = "BOOLEAN"
    LIST = "LIST"
    STRUCT = "STRUCT"
    FINAL_STATUS = "TASK_FINAL_STATUS"
    TASK_CONFIG = "TASK_CONFIG"


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<no value>"


MISSING: Final = _Missing()
"""A parameter without a value; None is a value (JSON null)."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What a component says of one parameter."""

    type: ParameterType
    optional: bool = False
    default: Any = MISSING
    literals: tuple[Any, ...] = ()
    """The values it may have; empty: any of its type."""


@dataclass(frozen=True, slots=True)
class ArtifactSpec:
    """What a component says of one artifact."""

    type: str
    """Schema title, as ``system.Model``."""
    is_list: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """The inputs or the outputs of a component."""

    parameters: dict[str, ParameterSpec] = field(default_factory=dict)
    artifacts: dict[str, ArtifactSpec] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Of both."""
        return {*self.parameters, *self.artifacts}


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the pipeline; text may hold placeholders over the task's own inputs."""

    value: Any


@dataclass(frozen=True, slots=True)
class ComponentInput:
    """An input of the pipeline or loop the task stands in."""

    name: str


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """An output of a task beside this one."""

    task: str
    key: str


@dataclass(frozen=True, slots=True)
class FinalStatus:
    """How a task beside this one ended."""

    task: str


LOOP_ITEM_FIELD: Final = "-subvar-"
"""``<item input>-subvar-<key>`` is the value under ``key`` of the loop's item."""

Source = Constant | ComponentInput | TaskOutput | FinalStatus


@dataclass(frozen=True, slots=True)
class ParameterInput:
    """Where a task's parameter comes from."""

    source: Source
    select: str = ""
    """What of the value found there is meant, in CEL over ``string_value``; empty: all of it."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Run the task once for each item."""

    item_input: str
    items: Constant | ComponentInput
    limit: int
    """Iterations at a time; 0 is no limit."""
    artifacts: bool = False
    """Whether the items are artifacts; else they are parameter values."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and after how long, a failed task is tried again."""

    attempts: int = 0
    wait_s: float = 0.0
    factor: float = 2.0
    max_wait_s: float = 3600.0

    def wait_before(self, attempt: int) -> float:
        """Seconds between the failure of an attempt, counted from 1, and the next."""
        try:
            return min(self.wait_s * self.factor ** (attempt - 1), self.max_wait_s)
        except OverflowError:  # long after it passed the longest wait
            return self.max_wait_s if self.wait_s else 0.0


@dataclass(frozen=True, slots=True)
class Caching:
    """Whether a task may reuse, and under which key of the user's own."""

    enabled: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A program in an image."""

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: dict[str, str]
    timeout_s: float | None = None
    pod: Pod = field(default_factory=Pod)
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True, slots=True)
class Importer:
    """Bring an artifact that exists into the record."""

    uri: Constant | ComponentInput
    type: str
    metadata: dict[str, Any]
    reimport: bool
    to_workspace: bool = False
    """Whether steps read a copy in the workspace of the run."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which artifacts of the record are meant: all conditions hold; the newest come first."""

    context: str = ""
    """Name of a context they are in; empty: the pipeline's own."""
    type: str = ""
    uri: str = ""
    state: str = ""
    name: str = ""
    limit: int = 1


@dataclass(frozen=True, slots=True)
class Resolver:
    """Find artifacts the record holds already."""

    queries: dict[str, Query]
    """By output."""


@dataclass(frozen=True, slots=True)
class Dag:
    """Tasks, and which of their outputs are the outputs of the whole.

    An output with several sources is that of the one branch that ran (``dsl.OneOf``).
    """

    tasks: dict[str, Task]
    parameters: dict[str, tuple[TaskOutput, ...]]
    artifacts: dict[str, tuple[TaskOutput, ...]]


@dataclass(frozen=True, slots=True)
class Component:
    """Inputs, outputs and what does the work."""

    name: str
    inputs: Interface
    outputs: Interface
    body: Container | Importer | Resolver | Dag
    passed_on: frozenset[str] = frozenset()
    """Settings of its task that it is told (``dsl.TaskConfig``): RESOURCES, ENV, KUBERNETES_VOLUMES ..."""
    told: Container | None = None
    """Where those stand: the container with all settings, also those not applied to it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One use of a component."""

    name: str
    """Key among its siblings."""
    label: str
    """What the author calls it; where none is given, the name."""
    component: Component
    parameters: dict[str, ParameterInput]
    artifacts: dict[str, ComponentInput | TaskOutput]
    after: tuple[str, ...]
    """Tasks beside this one that must have ended before, data dependencies included."""
    caching: Caching
    loop: Loop | None
    retry: Retry
    condition: str = ""
    """In CEL over the task's inputs: it is run only where this holds; empty: always."""
    whatever: bool = False
    """Run also when tasks before it did not succeed."""

    @property
    def is_exit(self) -> bool:
        """Whether it is told how another task ended: its effect is wanted in every run."""
        return any(spec.type is ParameterType.FINAL_STATUS for spec in self.component.inputs.parameters.values())


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A whole pipeline."""

    name: str
    description: str
    sdk_version: str
    root: Component
    source: str = ""
    """The IR it was read from: kept with each run, so that the run can be repeated."""
    platform: Platform = field(default_factory=Platform)
