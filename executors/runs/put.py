"""How a run comes into the record: its pipeline, its experiment and its context, in whatever change begins it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clew.executors.cache import PROJECT_TYPE
from clew.executors.runs.about import About
from clew.executors.runs.kept import EXPERIMENT_TYPE, RUN_TYPE
from clew.metadata.change import Change, NodePut
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.value import Value

PIPELINE_TYPE = "system.Pipeline"
LOCAL_STORAGE = json.dumps({"Provider": "file", "Params": {"fromEnv": "true"}})


@dataclass(frozen=True, slots=True)
class RunPut:
    """What is recorded of a run when it begins, or is asked for."""

    id: str
    pipeline: str
    root_uri: str
    """Address of its folder."""
    parameters: Mapping[str, Any]
    about: About = field(default_factory=About)
    spec: str = ""
    """Digest of its IR in the artifact store."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """How it is run: ``KEPT_OPTIONS``."""
    project: str = ""
    """The project it lies in, which may bound what it shares; empty: none."""
    type: str = RUN_TYPE
    """Or that of a schedule, which keeps all that its runs are made of."""


def put_types(change: Change) -> None:
    """The types that :func:`put_run` needs."""
    for name in (PIPELINE_TYPE, RUN_TYPE, EXPERIMENT_TYPE):
        change.type(NodeType(Kind.CONTEXT, name))


def put_run(change: Change, run: RunPut, more: Mapping[str, Value]) -> tuple[NodePut, NodePut]:
    """Add the pipeline, the experiment and the run, whether or not they are recorded already: pipeline, run."""
    pipeline = change.context(PIPELINE_TYPE, name=run.pipeline, reuse="name")
    experiment = change.context(EXPERIMENT_TYPE, name=run.about.experiment, reuse="name")
    properties: dict[str, Value] = {
        "namespace": change.namespace,
        "resource_name": "run-resource",
        "pipeline_root": run.root_uri,
        "store_session_info": LOCAL_STORAGE,
        "clew.pipeline": run.pipeline,
        "clew.parameters": dict(run.parameters),
        "clew.options": dict(run.options),
    }
    if run.spec:
        properties["clew.spec"] = run.spec
    context = change.context(
        run.type,
        name=run.id,
        custom_properties=properties | run.about.properties() | dict(more),
        reuse="name",
    )
    change.parent(context, pipeline)
    change.parent(context, experiment)
    if run.project:
        change.type(NodeType(Kind.CONTEXT, PROJECT_TYPE))
        change.parent(context, change.context(PROJECT_TYPE, name=run.project, reuse="name"))
    return pipeline, context
