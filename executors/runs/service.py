"""What can be done with runs, on a home: the one set of verbs under the command line, the server and the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from clew.executors.pipeline.imaged import Containers
from clew.executors.pipeline.lease import close_lost_runs, is_held
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.rules import MODES
from clew.executors.runs.about import About
from clew.executors.runs.again import Again, cloned, resumed, retried
from clew.executors.runs.cancel import ask_to_cancel, is_here
from clew.executors.runs.find import run_named
from clew.executors.runs.kept import Run, spec_text
from clew.executors.runs.launch import Launcher
from clew.executors.runs.log import LogPiece, read_log
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.change import Change
from clew.metadata.errors import UsageError
from clew.metadata.record import Record


@dataclass(frozen=True, slots=True)
class RunService:
    """Runs of one home. Safe for several threads."""

    record: Record
    store: ArtifactStore
    options: RunOptions
    """Home, namespace, author, and how runs are run when nothing else is said."""
    record_url: str = ""

    @property
    def home(self) -> Path:
        """The home's folder."""
        return self.options.home.absolute()

    @property
    def launcher(self) -> Launcher:
        """What starts runs."""
        return Launcher(self.record, self.store, self.home, self.record_url, self.options.actor)

    def options_of(
        self,
        *,
        name: str = "",
        experiment: str = "",
        labels: Mapping[str, str] | None = None,
        cache: str = "",
        rules: Mapping[str, Any] | None = None,
        project: str = "",
        max_parallel: int | None = None,
        step_timeout_s: float | None = None,
        containers: str = "",
        namespace: str = "",
        description: str = "",
    ) -> RunOptions:
        """How a new run is run; what is not said is as the home has it. Errors: UsageError naming what cannot be."""
        own = self.options
        about = About(name, experiment or About().experiment, dict(labels or {}), description=description).checked()
        return replace(
            own,
            about=about,
            cache=_one_of("cache", cache, MODES) or own.cache,
            rules=dict(rules or own.rules),
            project=project or own.project,
            containers=_one_of("containers", containers, get_args(Containers)) or own.containers,
            max_parallel=_positive("max_parallel", max_parallel) or own.max_parallel,
            step_timeout_s=_positive("step_timeout_s", step_timeout_s) or own.step_timeout_s,
            namespace=namespace or own.namespace,
        )

    def find(self, run: str, namespace: str | None = None) -> Run:
        """The run of that name. Errors: NotFound, UsageError."""
        with self.record.read() as reader:
            return run_named(reader, run, namespace)

    def create(self, spec: str, parameters: Mapping[str, Any], options: RunOptions) -> Run:
        """Start a run of the pipeline in ``spec`` (IR). Errors: as :meth:`start`."""
        return self.start(Again(parse(spec), dict(parameters), options))

    def resume(self, run: str) -> Run:
        """Start the run that goes on where ``run`` ended."""
        return self.start(resumed(self.record, self.store, run, self.options))

    def retry(self, run: str, task: str = "") -> Run:
        """Start the run that does again what failed in ``run``, or one task and what depends on it."""
        return self.start(retried(self.record, self.store, run, self.options, task))

    def clone(self, run: str, parameters: Mapping[str, Any], name: str | None = None) -> Run:
        """Start a run of the same pipeline from its beginning."""
        again = cloned(self.record, self.store, run, self.options, parameters)
        if name is not None:
            about = replace(again.options.about, name=name)
            again = replace(again, options=replace(again.options, about=about))
        return self.start(again)

    def cancel(self, run: str) -> Run:
        """Ask a run to stop; one without a runner is over at once. Errors: Conflict when it is over."""
        found = self.find(run)
        ask_to_cancel(self.record, found, self.home, actor=self.options.actor)
        return self.again(found)

    def archive(self, run: str, archived: bool = True) -> Run:
        """Leave a run out of listings, or take it in again."""
        found = self.find(run)
        change = Change(actor=self.options.actor, namespace=found.context.namespace)
        change.context(id=found.context.id, custom_properties={"clew.archived": archived})
        self.record.commit(change)
        return self.again(found)

    def log(self, run: str, task: str, offset: int = 0) -> LogPiece:
        """What a task printed, from ``offset`` on. Errors: NotFound."""
        with self.record.read() as reader:
            return read_log(reader, self.home, run_named(reader, run), task, offset)

    def spec(self, run: str) -> str:
        """The IR a run was made from. Errors: NotFound."""
        return spec_text(self.store, self.find(run))

    def again(self, run: Run) -> Run:
        """The run as it is now; one of this home whose runner is gone is marked first."""
        if run.state == "RUNNING" and is_here(run, self.home) and not is_held(self._leases, run.id):
            self.close_lost()
        with self.record.read() as reader:
            return Run(reader.context(run.context.id))

    def go_on(self, run: Run) -> Run:
        """As :meth:`again`; one of this home that waits, and that nobody starts, is started."""
        if run.state == "PENDING":
            self.launcher.start(run)
        return self.again(run)

    def close_lost(self) -> list[str]:
        """Mark the runs of this home whose runner died."""
        return close_lost_runs(self.record, self._leases, self.home / "runs", actor=self.options.actor)

    @property
    def _leases(self) -> Path:
        return self.home / "locks" / "runs"

    def start(self, again: Again) -> Run:
        """Start a run in a process of its own.

        Errors: InvalidPipeline, Invalid, UsageError before anything is recorded; SubmitFailed.
        """
        run = self.launcher.ask(again)
        self.launcher.start(run)
        return self.again(run)


def _one_of(field: str, text: str, choices: tuple[str, ...]) -> Any:
    if text and text not in choices:
        raise UsageError(
            f"{text[:80]!r} is no {field}", field=field, value=text, remedy="Write one of " + ", ".join(choices)
        )
    return text


def _positive(field: str, number: Any) -> Any:
    if number is not None and number <= 0:
        raise UsageError(f"{number} is no {field}", field=field, value=number, remedy="Write more than 0")
    return number
