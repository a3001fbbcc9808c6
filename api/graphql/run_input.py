"""What the mutations take of a run that is to be started, now or at set times."""

from __future__ import annotations

import strawberry

from clew.api.graphql.enums import CacheMode, ContainerMode
from clew.api.graphql.runs import LabelInput
from clew.api.graphql.scalars import Json
from clew.executors.pipeline.load import parse
from clew.executors.rulebook import rulebook_of
from clew.executors.runs.again import Again
from clew.executors.runs.service import RunService
from clew.metadata.errors import Invalid


@strawberry.input(description="A run to be started.")
class NewRunInput:
    """A run."""

    spec: str = strawberry.field(description="The IR of its pipeline: the YAML that the kfp SDK compiles.")
    parameters: Json | None = strawberry.field(default=None, description="An object: parameter to value.")
    name: str | None = strawberry.field(default=None, description="What to call it.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    experiment: str | None = strawberry.field(default=None, description="The experiment it belongs to.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description="Its labels.")
    cache: CacheMode | None = strawberry.field(default=None, description="What it does with the cache.")
    rules: Json | None = strawberry.field(
        default=None,
        description='What else is said about the cache, as in a policy file: `{max_age: "7d", scope: "pipeline"}`.',
    )
    project: str | None = strawberry.field(default=None, description="The project it belongs to.")
    max_parallel: int | None = strawberry.field(default=None, description="Steps at once.")
    step_timeout_s: float | None = strawberry.field(default=None, description="Seconds a step may take.")
    containers: ContainerMode | None = strawberry.field(
        default=None, description="What to do with steps whose program lives in an image."
    )
    namespace: str | None = strawberry.field(default=None, description="The namespace to record in.")


def again_of(service: RunService, run: NewRunInput) -> Again:
    """The run as the executor takes it. Errors: InvalidPipeline, Invalid, UsageError."""
    options = service.options_of(
        name=run.name or "",
        experiment=run.experiment or "",
        labels={label.key: label.value for label in run.labels or []},
        cache=run.cache.value if run.cache else "",
        rules=rules_of(run.rules),
        project=run.project or "",
        max_parallel=run.max_parallel,
        step_timeout_s=run.step_timeout_s,
        containers=run.containers.value if run.containers else "",
        namespace=run.namespace or "",
        description=run.description or "",
    )
    return Again(parse(run.spec), parameters_of(run.parameters), options)


def rules_of(given: Json | None) -> dict[str, object]:
    """Rules of the cache as a table. Errors: Invalid naming the rule that cannot be read."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Invalid("rules is no object", field="rules", value=str(given)[:80], remedy='Write {max_age: "7d"}')
    rulebook_of(given, "for this run")
    return given


def parameters_of(given: Json | None) -> dict[str, object]:
    """Parameters by name. Errors: Invalid for what is no object."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Invalid(
            "parameters is no object", field="parameters", value=str(given)[:80], remedy="Write {name: value, ...}"
        )
    return given
