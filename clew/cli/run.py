"""``clew run``: run a pipeline, watch it, and tell how it ended."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

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
from clew.metadata.errors import UsageError

if TYPE_CHECKING:
    from clew.executors.pipeline.ir import Pipeline
    from clew.executors.pipeline.options import RunOptions
    from clew.executors.pipeline.result import RunResult
    from clew.wiring import Home as OpenedHome


EXIT = {"COMPLETE": 0, "CANCELED": 130}


def run(
    pipeline: Annotated[
        str | None,
        typer.Argument(
            metavar="[PIPELINE]", help="KFP v2 IR (YAML), or SOURCE.py[:function] to compile.", show_default=False
        ),
    ] = None,
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
    max_parallel: Annotated[
        int | None,
        typer.Option("--max-parallel", metavar="N", min=1, help="Steps at once (two a processor, at least 4)."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", min=0.001, help="Seconds a step may take.")
    ] = None,
    containers: ContainersOption = Containers.AUTO,
    look: Look = Looks.OFF,
    artifacts: Artifacts = None,
    step_python: StepPython = Pythons.HERE,
    accelerators: Accelerators = None,
    ignore_resources: IgnoreResources = False,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call the run.")] = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment it belongs to (Default).")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="A label; may be repeated.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="RUN", help="Go on where RUN ended, in a new run; takes no PIPELINE."),
    ] = None,
    secret: Secret = None,
    config_map: ConfigMap = None,
    volume: Volume = None,
    python: Python = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Print the run's id; it goes on in a process of its own.")
    ] = False,
    namespace: RunNamespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Run a pipeline: record every step, reuse what has not changed.

    Exit code 0: complete; 1: a step failed; 2: the pipeline or a parameter is not good; 130: interrupted.

    [bold]Examples[/bold]

      clew run pipeline.yaml

      clew run pipeline.yaml -p depth=4 -p "rates=[0.1, 0.2]"

      clew run pipeline.yaml --name nightly --experiment churn --label team=search

      clew run pipeline.py:train --parameters params.yaml --detach

      clew run pipeline.yaml --max-age 7d --ignore-input train.seed

      clew run --resume 3f2a

      clew run pipeline.yaml --secret db=.env --volume cache=/data/cache

      clew run pipeline.yaml --json | jq .state
    """
    from clew.cli.progress import progress
    from clew.executors.pipeline.check import check
    from clew.executors.pipeline.run import run_pipeline
    from clew.executors.runs.about import About, labels_of
    from clew.settings import load
    from clew.wiring import Home as OpenedHome

    mode = mode_of(no_cache, refresh, cache)
    rules = rules_of(max_age, scope, ignore_input, cache_failures, cache_policy)
    settings = load(home=home, url="", namespace=namespace, max_parallel=max_parallel, artifacts=artifacts)
    options = replace(
        run_options(
            settings,
            mode,
            rules,
            project=project,
            containers=containers,
            step_python=step_python,
            look=look,
            accelerators=accelerators,
            ignore_resources=ignore_resources,
            secret=secret,
            config_map=config_map,
            volume=volume,
        ),
        step_timeout_s=timeout,
        about=About(name or "", experiment or About().experiment, labels_of(label or [])).checked(),
    )
    given = parameters_from(parameters) | pairs("parameter", "-p name=value", parameter)
    if resume is not None:
        if pipeline is not None or given or name or experiment or label or project:
            raise UsageError(
                "a resumed run has the pipeline, the parameters and the names of the run before it",
                field="resume",
                value=resume,
                remedy="Leave them out, or start another run with `clew runs clone`",
            )
        read = None
    else:
        read = read_pipeline(pipeline, python)
        check(read, given, options)  # before a home is made for a run that cannot be
    opened = OpenedHome(settings, create=read is not None)
    try:
        if read is None:
            from clew.executors.runs.again import resumed

            again = resumed(opened.record, opened.blobs, resume or "", options)
            read, given, options = again.pipeline, again.parameters, again.options
        if detach:
            os.environ |= {"CLEW_ARTIFACTS": artifacts} if artifacts else {}  # for the process it goes on in
            _detach(opened, read, given, options, json)
            return
        with progress() as observer:
            result = run_pipeline(opened.record, opened.blobs, read, given, options=options, observer=observer)
    finally:
        opened.close()
    if json:
        from clew.cli.output import emit_json

        emit_json(result.as_dict())
    else:
        _print(result)
    raise typer.Exit(EXIT.get(result.state, 1))


def _detach(opened: OpenedHome, read: Pipeline, given: dict[str, Any], options: RunOptions, json: bool) -> None:
    """Ask for the run, start its process, and tell its id."""
    from clew.cli.output import emit, emit_json, note
    from clew.executors.runs.again import Again

    launcher = opened.run_service().launcher
    run = launcher.ask(Again(read, given, options))
    launcher.start(run)
    if json:
        emit_json(run.as_dict())
        return
    emit(run.id)
    note(f"it goes on in a process of its own; `clew runs logs {run.id[:8]} -f` shows what it prints")


def _print(result: RunResult) -> None:
    """The outcome, for people: how it ended, what was reused, what came out."""
    from clew.cli.output import emit, fields, heading, note, paint
    from clew.draw.words import STATE_STYLE, clean, count_text, seconds_text

    steps = [task for task in result.tasks if task.kind != "dag"]
    reused = sum(task.cached for task in steps)
    saved = f", saved {seconds_text(result.saved_seconds)}" if result.saved_seconds else ""
    state = paint(result.state, STATE_STYLE.get(result.state, ""))
    emit(f"{state} in {seconds_text(result.seconds)}: {count_text(len(steps), 'step')}, {reused} reused{saved}")
    emit(f"run {result.run}  {paint(f'context:{result.context}', 'bright_black')}")
    if result.error:
        emit(paint(clean(result.error), "red"))
    if result.outputs:
        heading("outputs")
        fields((f"  {name}", _shown(value)) for name, value in result.outputs.items())
        made = next((text for value in result.outputs.values() if (text := _shown(value)).startswith("artifact:")), "")
        if made:
            note(f"where it came from: clew trace {made.partition(' ')[0]}")


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    if isinstance(value, dict) and isinstance(value.get("artifact"), str):
        return " ".join(str(value[key]) for key in ("artifact", "type", "uri") if value.get(key))
    return str(value)
