"""``clew plan``: what a run would reuse, run, or wait to know."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.given import pairs, parameters_from, read_pipeline
from clew.cli.options import Home, Json
from clew.cli.run_cache import (
    CacheFailures,
    CacheMode,
    CachePolicyFile,
    IgnoreInput,
    MaxAge,
    NoCache,
    Project,
    Refresh,
    ScopeOption,
    mode_of,
    rules_of,
)
from clew.cli.run_given import (
    Accelerators,
    Artifacts,
    ConfigMap,
    Containers,
    ContainersOption,
    IgnoreResources,
    Look,
    Looks,
    Parameter,
    ParametersFile,
    Python,
    Pythons,
    RunNamespace,
    Secret,
    StepPython,
    Volume,
    run_options,
)

if TYPE_CHECKING:
    from clew.executors.pipeline.ir import Pipeline
    from clew.executors.pipeline.options import RunOptions
    from clew.executors.pipeline.plan import Plan
    from clew.settings import Settings


def plan(
    pipeline: Annotated[
        str, typer.Argument(metavar="PIPELINE", help="As of `clew run`: IR, or SOURCE.py.", show_default=False)
    ],
    parameter: Parameter = None,
    parameters: ParametersFile = None,
    no_cache: NoCache = False,
    refresh: Refresh = False,
    cache: CacheMode = None,
    max_age: MaxAge = None,
    scope: ScopeOption = None,
    ignore_input: IgnoreInput = None,
    cache_failures: CacheFailures = None,
    cache_policy: CachePolicyFile = None,
    project: Project = None,
    containers: ContainersOption = Containers.AUTO,
    step_python: StepPython = Pythons.HERE,
    python: Python = None,
    secret: Secret = None,
    config_map: ConfigMap = None,
    look: Look = Looks.OFF,
    artifacts: Artifacts = None,
    accelerators: Accelerators = None,
    ignore_resources: IgnoreResources = False,
    volume: Volume = None,
    namespace: RunNamespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell what a run would reuse, run, or wait to know, and why. Nothing is written, nothing is started.

    What comes after a step that has to run waits: only then it is known whether its inputs are as they were.

    [bold]Examples[/bold]

      clew plan pipeline.yaml

      clew plan pipeline.yaml -p depth=4 --json | jq '.tasks[] | select(.verdict == "run")'
    """
    from clew.executors.pipeline.check import check
    from clew.settings import load

    settings = load(home=home, url="", namespace=namespace, artifacts=artifacts)
    options = run_options(
        settings,
        mode_of(no_cache, refresh, cache),
        rules_of(max_age, scope, ignore_input, cache_failures, cache_policy),
        project=project,
        containers=containers,
        step_python=step_python,
        look=look,
        accelerators=accelerators,
        ignore_resources=ignore_resources,
        secret=secret,
        config_map=config_map,
        volume=volume,
    )
    given = parameters_from(parameters) | pairs("parameter", "-p name=value", parameter)
    read = read_pipeline(pipeline, python)
    check(read, given, options)
    found = _planned(settings, read, given, options)
    if json:
        from clew.cli.output import emit_json

        emit_json(found.as_dict())
    else:
        _print(found)


def _planned(settings: Settings, read: Pipeline, given: dict[str, object], options: RunOptions) -> Plan:
    """The plan; in a home that is not made yet, everything has to run."""
    from clew.executors.pipeline.plan import plan as make
    from clew.metadata.blobs import LocalStore
    from clew.metadata.record import Record
    from clew.wiring import Home as Opened

    if not settings.record_url and not (settings.home / "record.db").exists():
        with tempfile.TemporaryDirectory(prefix="clew-plan-") as empty, Record.open(empty) as record:
            return make(record, LocalStore(Path(empty) / "blobs"), read, given, options=options)
    opened = Opened(settings)
    try:
        return make(opened.record, opened.blobs, read, given, options=options)
    finally:
        opened.close()


_STYLES = {"hit": "green", "run": "yellow", "wait": "cyan", "skip": "bright_black", "fail": "red"}
_SHOWN = 200


def _print(found: Plan) -> None:
    from clew.cli.output import emit, note, paint, table
    from clew.draw.words import count_text, seconds_text

    steps = found.steps
    if steps:
        rows = [[task.name, task.verdict, task.reason] for task in steps[:_SHOWN]]
        table(["TASK", "WOULD", "BECAUSE"], rows, yielding=["TASK", "BECAUSE"])
    if len(steps) > _SHOWN:
        note(f"{len(steps) - _SHOWN:,} more; --json tells all")
    counts = [
        paint(f"{found.count(verdict):,} {verdict}", style)
        for verdict, style in _STYLES.items()
        if found.count(verdict)
    ]
    saved = f", {seconds_text(found.saved_ms / 1000)} saved" if found.saved_ms else ""
    emit(f"{count_text(len(steps), 'step')}: {', '.join(counts) or 'nothing to do'}{saved}")
