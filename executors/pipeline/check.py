"""Whether a run can be, before it exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew.executors.engine import Engine
from clew.executors.hashed import Hashed
from clew.executors.pipeline import ir
from clew.executors.pipeline.arguments import Arguments
from clew.executors.pipeline.capacity import Capacity, this_machine
from clew.executors.pipeline.given import Given, read_given
from clew.executors.pipeline.held import Held
from clew.executors.pipeline.imaged import check_pythons, engine_for, why_image
from clew.executors.pipeline.importer import check_imports
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.preflight import check_pods, check_resources
from clew.executors.pipeline.ruled import check_rules
from clew.executors.pipeline.values import bind
from clew.executors.remote_source import RemoteSources
from clew.metadata.record import Record

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Checked:
    """What a run needs that was looked at before it exists."""

    parameters: dict[str, Any]
    given: Given
    engine: Engine | None
    capacity: Capacity


def check(pipeline: ir.Pipeline, parameters: Mapping[str, Any], options: RunOptions) -> Checked:
    """Whether the run can be, and with what; nothing is written.

    Errors: InvalidPipeline naming the task that cannot be run here; Invalid naming the parameter or option.
    """
    engine = engine_for(pipeline.root, options.containers)
    bound = bind(pipeline.root.inputs, parameters)
    check_imports(pipeline.root, bound)
    given = read_given(options.secrets, options.config_maps, options.volumes)
    if options.python == "image":
        check_pythons(pipeline.root)
    capacity = this_machine(options.accelerators)
    if not options.ignore_resources:
        check_resources(pipeline, bound)
    check_pods(pipeline, bound, given, lambda container: engine is None or not why_image(container))
    check_rules(pipeline, options.home, options.rules)
    return Checked(bound, given, engine, capacity)


def artifacts_given(
    record: Record, pipeline: ir.Pipeline, parameters: Mapping[str, Any], hashed: Hashed, options: RunOptions
) -> dict[str, list[Held]]:
    """The artifacts among what a run is given. Errors: Invalid naming the input."""
    if not pipeline.root.inputs.artifacts:
        return {}
    sources = RemoteSources(options.look, options.home.absolute() / "fetched", hashed.digest_of)
    with record.read() as reader:
        return Arguments(reader, hashed.digest_of, options.namespace, sources).artifacts(
            pipeline.root.inputs, parameters
        )
