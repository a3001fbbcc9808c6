"""The calls of ``kfp.Client`` for runs, experiments and recurring runs, on a home or a server of Clew.

Same names and arguments as kfp 2.17; answers have the fields of KFP's v2beta1 API. What Clew has no counterpart for
(service accounts, pipelines uploaded before) is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from clew.client.run_verbs import NewRun
from clew.executors.runs.find import RunFilter
from clew.metadata.errors import Invalid, TimedOut
from clew.sdk import kfp_answers as answers
from clew.sdk.kfp_connected import newest_first, package_of, refuse
from clew.sdk.kfp_experiments import Experiments
from clew.sdk.kfp_package import predicates, spec_of
from clew.sdk.kfp_recurring import RecurringRuns


class RunTimedOut(TimedOut, TimeoutError):
    """The run goes on after the time that was given; also a ``TimeoutError``, as of ``kfp``."""


class RunPipelineResult:
    """A run that was started."""

    def __init__(self, client: Client, run_info: answers.Run) -> None:
        self._client = client
        self.run_info = run_info
        self.run_id = run_info.run_id

    def wait_for_run_completion(self, timeout: float | timedelta | None = None) -> answers.Run:
        """The run when it is over. Errors: RunTimedOut."""
        return self._client.wait_for_run_completion(self.run_id, timeout)

    def __repr__(self) -> str:
        return f"RunPipelineResult(run_id={self.run_id})"


class Client(RecurringRuns, Experiments):
    """Runs, recurring runs and experiments of a home or a server."""

    def create_run_from_pipeline_func(
        self, pipeline_func: Any, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> RunPipelineResult:
        """Compile ``pipeline_func`` with the kfp that made it, and start a run. Options: as of a package."""
        from tempfile import TemporaryDirectory

        from kfp import compiler

        with TemporaryDirectory(prefix="clew-compile-") as folder:
            package = str(Path(folder) / "pipeline.yaml")
            compiler.Compiler().compile(pipeline_func, package)
            return self.create_run_from_pipeline_package(package, arguments, **options)

    def create_run_from_pipeline_package(
        self,
        pipeline_file: str,
        arguments: Mapping[str, Any] | None = None,
        run_name: str | None = None,
        experiment_name: str | None = None,
        namespace: str | None = None,
        pipeline_root: str | None = None,
        enable_caching: bool | None = None,
        cache_key: str | None = None,
        service_account: str | None = None,
        experiment_id: str | None = None,
    ) -> RunPipelineResult:
        """Start a run of compiled IR, in a process of its own; an experiment that is not there is made.

        Errors: Invalid, InvalidPipeline before anything is recorded; Unsupported for what Clew has not.
        """
        refuse(pipeline_root=pipeline_root, service_account=service_account)
        if experiment_name and experiment_id:
            raise Invalid("experiment_name and experiment_id exclude each other", field="experiment_id")
        new = NewRun(
            spec=spec_of(pipeline_file, enable_caching, cache_key),
            parameters=arguments or {},
            name=run_name or "",
            experiment=experiment_name or experiment_id or "",
            namespace=namespace or self._settings.namespace,
        )
        return RunPipelineResult(self, self._run(self._runs.verbs.create(new)))

    def run_pipeline(
        self,
        experiment_id: str,
        job_name: str,
        pipeline_package_path: str | None = None,
        params: Mapping[str, Any] | None = None,
        pipeline_id: str | None = None,
        version_id: str | None = None,
        **options: Any,
    ) -> answers.Run:
        """Start a run of compiled IR in an experiment."""
        refuse(pipeline_id=pipeline_id, version_id=version_id)
        started = self.create_run_from_pipeline_package(
            package_of(pipeline_package_path), params, run_name=job_name, experiment_id=experiment_id, **options
        )
        return started.run_info

    def wait_for_run_completion(
        self, run_id: str, timeout: float | timedelta | None = None, sleep_duration: float = 0.5
    ) -> answers.Run:
        """The run when it is over; it is looked at every ``sleep_duration`` seconds. Errors: NotFound, RunTimedOut."""
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        run = self._runs.wait(self._runs.find(run_id), seconds, sleep_duration)
        if run.is_open:
            raise RunTimedOut(
                f"run {run.id} is {run.state} after {seconds:g} s",
                field="timeout",
                remedy="Wait longer, or terminate it",
            )
        return answers.run_answer(run)

    def get_run(self, run_id: str) -> answers.Run:
        """A run and its tasks. Errors: NotFound."""
        run = self._runs.now(self._runs.find(run_id))
        return answers.run_answer(run, self._runs.tasks(run))

    def list_runs(
        self,
        page_token: str = "",
        page_size: int = 10,
        sort_by: str = "",
        experiment_id: str | None = None,
        namespace: str | None = None,
        filter: str | None = None,
    ) -> answers.ListRuns:
        """A page of runs, newest first; those that were archived too. ``filter`` is KFP's JSON of predicates."""
        newest_first(sort_by)
        chosen = RunFilter(experiment=experiment_id, where=predicates(filter))
        page = self._runs.page(chosen, namespace=namespace, after=page_token or None, limit=page_size)
        return answers.ListRuns([answers.run_answer(run) for run in page.items], page.total, page.next_cursor or "")

    def terminate_run(self, run_id: str) -> dict[str, Any]:
        """Ask a run to stop. Errors: NotFound; Conflict when it is over."""
        self._runs.verbs.cancel(run_id)
        return {}

    def retry_run(self, run_id: str) -> answers.Run:
        """Do again what failed, in a new run. Errors: NotFound; Conflict when nothing failed."""
        return self._run(self._runs.verbs.retry(run_id))

    def archive_run(self, run_id: str) -> dict[str, Any]:
        """Leave a run out of listings of `clew runs`. Errors: NotFound."""
        self._runs.verbs.archive(run_id, True)
        return {}

    def unarchive_run(self, run_id: str) -> dict[str, Any]:
        """Take it in again. Errors: NotFound."""
        self._runs.verbs.archive(run_id, False)
        return {}

    def _run(self, run_id: str) -> answers.Run:
        return answers.run_answer(self._runs.find(run_id))
