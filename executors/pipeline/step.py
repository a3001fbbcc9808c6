"""Run one container task in a folder of its own and collect what it made.

<folder>/log.txt                   everything the step printed
<folder>/ephemeral_component.py    its source
<folder>/work/                     its working directory; removed when it succeeds
<folder>/out/<name>                its output artifacts; removed when it fails
<folder>/out/executor_output.json  what it says of its outputs
<folder>/parameters/<name>         output parameters written as files
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clew.executors.engine import Engine, Limits
from clew.executors.fetched import Fetched
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import Lightweight
from clew.executors.pipeline.cluster import Bound
from clew.executors.pipeline.contained import contained
from clew.executors.pipeline.environment import Environment
from clew.executors.pipeline.held import Held, Values
from clew.executors.pipeline.made import collect
from clew.executors.pipeline.mounted import mounted
from clew.executors.pipeline.placeholder import fill_command, fill_run
from clew.executors.pipeline.resources import Demand
from clew.executors.protocol import Ended, Executor, Job, PythonModule, Work
from clew.executors.rules import without_rules
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import Invalid, NotFound, SourceUnreachable, StepFailed
from clew.metadata.ids import Kind, NodeRef

_LONGEST_WORD_BYTES = 100_000  # Linux takes 128 KiB in one argument
EXECUTOR = "kfp.dsl.executor_main"
_FROM_FILE = (
    "import json, runpy, sys; sys.argv[1:] = json.load(open(sys.argv[1])); "
    f"runpy.run_module('{EXECUTOR}', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One container task, ready to run."""

    component: ir.Component
    container: ir.Container
    lightweight: Lightweight | None
    environment: Environment | None
    parameters: dict[str, Any]
    artifacts: dict[str, list[Held]]
    folder: Path
    names: Mapping[str, str]
    """What run-specific placeholders stand for."""
    timeout_s: float | None
    bound: Bound = field(default_factory=Bound)
    """What stands in for the cluster it was written for."""
    engine: Engine | None = None
    """What runs it in its image; None: this machine."""
    demand: Demand = field(default_factory=Demand)
    fetched: Fetched | None = None
    """Has copies of inputs that lie in the artifact store, elsewhere."""
    devices: tuple[str, ...] = ()
    """Numbers of the accelerators that are its own while it runs."""
    execution: int | None = None
    """What it is recorded as."""

    @property
    def log(self) -> Path:
        """Where it prints."""
        return self.folder / "log.txt"

    def environ(self) -> dict[str, str]:
        """The environment variables it gets beside those every step gets."""
        environ = without_rules(self.container.env) | dict(self.bound.environ) | {"PYTHONUNBUFFERED": "1"}
        if self.devices:
            environ["CUDA_VISIBLE_DEVICES"] = ",".join(self.devices)
        if self.environment is not None:
            path = environ.get("PATH", os.environ.get("PATH", os.defpath))
            environ |= {"_KFP_RUNTIME": "true", "PATH": f"{self.environment.python.parent}{os.pathsep}{path}"}
        return environ

    def told(self) -> dict[str, str]:
        """The variables by which what runs within tells what it is part of; no result depends on them."""
        own = os.environ.get("MLFLOW_TRACKING_URI")
        told = {"MLFLOW_TRACKING_URI": own} if own else {}
        if self.execution is not None:
            ref = str(NodeRef(Kind.EXECUTION, self.execution))
            # MLflow's clients put this on each run as tags, wherever they report to.
            told |= {"CLEW_EXECUTION": ref, "MLFLOW_RUN_CONTEXT": json.dumps({"clew.execution": ref})}
        return told

    def warm(self, executor: Executor) -> None:
        """Let ``executor`` make ready what it starts from."""
        if self.environment is not None and not self.bound.mounts:
            executor.warm(PythonModule(self.environment.python, EXECUTOR, ()), self.environ())


def run(step: Step, executor: Executor, store: ArtifactStore, started: Callable[[Job], None]) -> Values:
    """Run ``step`` once and publish its outputs; ``started`` gets the job so that it can be canceled.

    Errors: StepFailed when it fails, hangs, or does not do what it declares; SubmitFailed when it cannot be started.
    """
    step = replace(step, artifacts={n: [_at_hand(step, n, a) for a in items] for n, items in step.artifacts.items()})
    executor_input = _prepare(step)
    try:
        _run_process(step, executor_input, executor, started)
        outputs = collect(step, executor_input, store)
    except BaseException:
        shutil.rmtree(step.folder / "out", ignore_errors=True)
        raise
    finally:
        for name in ("scratch", "stage"):
            shutil.rmtree(step.folder / name, ignore_errors=True)
    shutil.rmtree(step.folder / "work", ignore_errors=True)
    return outputs


def _at_hand(step: Step, name: str, item: Held) -> Held:
    """``item`` with a copy on this machine, if it lies in the artifact store."""
    if step.fetched is None or item.path is not None or item.digest is None:
        return item
    try:
        if not step.fetched.knows(item.uri, item.digest):
            return replace(item, copy=step.fetched.sources.copy(item.uri, item.digest, item.file or item.name))
        return replace(item, copy=step.fetched.path(item.digest, item.file or item.name))
    except (NotFound, Invalid, SourceUnreachable) as error:
        raise StepFailed(
            f"the input {name!r} cannot be had from {item.uri}: {error.message}",
            field=name,
            value=item.uri,
            remedy="Run again: what made it is run anew where its bytes are gone (or pass --refresh)",
        ) from error


def _run_process(
    step: Step, executor_input: dict[str, Any], executor: Executor, started: Callable[[Job], None]
) -> None:
    before = {path: _stamp(path) for path in _input_paths(step)}
    with ExitStack() as undo:
        if step.engine is not None:
            work = _container(step, step.engine, executor_input, undo)
        else:
            work = mounted(_work(step, executor_input), step.bound.mounts, step.folder / "stage")
        job = executor.submit(work)
        started(job)
        ended = job.wait()
    if ended.canceled or ended.timed_out or ended.code != 0:
        raise _failed(step, ended)
    for path, stamp in before.items():
        if _stamp(path) != stamp:
            raise StepFailed(
                f"the step changed its input {path}",
                field="inputs",
                value=str(path),
                remedy="Copy an input before changing it; run again to make the damaged artifact anew",
            )


def _prepare(step: Step) -> dict[str, Any]:
    """Empty folders and the ExecutorInput message."""
    step.folder.mkdir(parents=True, exist_ok=True)
    for name in ("work", "out", "parameters"):
        try:
            os.mkdir(step.folder / name)
        except FileExistsError:  # an earlier attempt's
            shutil.rmtree(step.folder / name, ignore_errors=True)
            os.mkdir(step.folder / name)
    for mount in step.bound.mounts:
        if mount.is_scratch and mount.folder is not None:
            shutil.rmtree(mount.folder, ignore_errors=True)
            mount.folder.mkdir(parents=True)
    outputs = step.component.outputs
    return {
        "inputs": {
            "parameterValues": fill_run(step.parameters, step.names),
            "artifacts": {
                name: {"artifacts": [_message(a.type, a.name, str(a.path or a.uri), a.metadata) for a in items]}
                for name, items in step.artifacts.items()
            },
        },
        "outputs": {
            "parameters": {n: {"outputFile": str(step.folder / "parameters" / n)} for n in outputs.parameters},
            "artifacts": {
                name: {"artifacts": [_message(spec.type, name, str(step.folder / "out" / name), {})]}
                for name, spec in outputs.artifacts.items()
            },
            "outputFile": str(step.folder / "out" / "executor_output.json"),
        },
    }


def _message(type: str, name: str, uri: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "type": {"schemaTitle": type, "schemaVersion": "0.0.1"},
        "uri": uri,
        "metadata": metadata,
    }


def _work(step: Step, executor_input: dict[str, Any]) -> Work:
    container, lightweight = step.container, step.lightweight
    environ = step.environ()
    if lightweight is None:
        command = fill_command(container.command + container.args, executor_input, step.names)
        if not command:
            raise StepFailed("the container has no command", field="command", remedy="Give the ContainerSpec a command")
        return Work(
            tuple(command), step.folder / "work", step.log, environ, step.timeout_s,
            memory_bytes=step.demand.memory_limit_bytes, told=step.told(),
        )  # fmt: skip
    assert step.environment is not None
    python = str(step.environment.python)
    source = step.folder / "ephemeral_component.py"
    source.write_text(lightweight.source, "utf-8")
    args = ["--component_module_path", str(source), *fill_command(lightweight.args, executor_input, step.names)]
    command = [python, "-m", EXECUTOR, *args]
    if any(len(word) > _LONGEST_WORD_BYTES for word in args):
        (step.folder / "arguments.json").write_text(json.dumps(args))
        command = [python, "-c", _FROM_FILE, str(step.folder / "arguments.json")]
    module = PythonModule(step.environment.python, EXECUTOR, tuple(args))
    return Work(
        tuple(command), step.folder / "work", step.log, environ, step.timeout_s, module,
        memory_bytes=step.demand.memory_limit_bytes, told=step.told(),
    )  # fmt: skip


def _container(step: Step, engine: Engine, executor_input: dict[str, Any], undo: ExitStack) -> Work:
    command, args = (
        fill_command(words, executor_input, step.names) for words in (step.container.command, step.container.args)
    )
    work = Work(tuple(command), step.folder / "work", step.log, step.told() | step.environ(), step.timeout_s)
    return contained(work, engine, step.container.image, args, step.bound, _input_paths(step), _limits(step), undo)


def _limits(step: Step) -> Limits:
    return Limits(step.demand.cpu_limit, step.demand.memory_limit_bytes, step.devices)


def _failed(step: Step, ended: Ended) -> StepFailed:
    if ended.canceled:
        return StepFailed("the step was canceled", field="state", value="CANCELED")
    if ended.over_memory:
        limit = step.demand.memory_limit_bytes or 0
        return StepFailed(
            f"the step used more than the {limit / 2**20:.0f} MiB of memory it is limited to, and was stopped",
            field="memory_limit",
            value=limit,
            remedy="Raise it with set_memory_limit, or let the step use less",
        )
    if ended.timed_out:
        return StepFailed(
            f"the step took longer than {step.timeout_s:g} s and was stopped",
            field="timeout",
            value=step.timeout_s,
            remedy=f"See {step.log}, or give it more time",
        )
    how = f"was killed by signal {-ended.code}" if ended.code < 0 else f"ended with exit code {ended.code}"
    last = _last_line(step.log)
    return StepFailed(
        f"the step {how}" + (f": {last}" if last else ""), field="exit_code", value=ended.code, remedy=f"See {step.log}"
    )


def _last_line(log: Path) -> str:
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
    return ""


def _input_paths(step: Step) -> set[Path]:
    return {a.path for items in step.artifacts.values() for a in items if a.path is not None}


def _stamp(path: Path) -> object:
    """What changes when a file, or a file in a directory, is written to."""
    try:
        if path.is_dir() and not path.is_symlink():
            return [(name, _stamp(path / name)) for name in sorted(os.listdir(path))]
        info = path.lstat()
        return info.st_mtime_ns, info.st_size
    except OSError:
        return None
