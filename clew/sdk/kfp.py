"""The calls of ``kfp.Client`` for runs, experiments and recurring runs, on a home or a server of Clew.

Same names and arguments as kfp 2.17; answers have the fields of KFP's v2beta1 API. What Clew has no counterpart for
(service accounts, pipelines uploaded before) is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from clew.client.connect import connect
from clew.client.runs import NewRun, Runs
from clew.client.schedules import Schedules
from clew.executors.runs.find import RunFilter
from clew.executors.runs.kept import EXPERIMENT_TYPE
from clew.executors.runs.schedule import When, moment_of
from clew.metadata.change import Change
from clew.metadata.errors import Invalid, NotFound, TimedOut, TypeNotFound, Unsupported
from clew.metadata.ids import Kind
from clew.metadata.node import Context, NodeType
from clew.sdk import kfp_answers as answers
from clew.sdk.kfp_package import predicates, spec_of
from clew.settings import load


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


class Client:
    """Runs of a home (``host`` is a folder; CLEW_HOME, ``.clew``) or of a server (``host`` is its URL; CLEW_URL)."""

    def __init__(
        self,
        host: str | Path | None = None,
        namespace: str | None = None,
        existing_token: str | None = None,
    ) -> None:
        named: dict[str, Any] = {"namespace": namespace, "token": existing_token}
        if host is not None:
            is_url = isinstance(host, str) and host.startswith(("http://", "https://"))
            named |= {"url": host} if is_url else {"home": host, "url": ""}
        self._settings = load(**named)
        self._client = connect(self._settings, create=True)
        self._runs = Runs(self._client)
        self._schedules = Schedules(self._client)

    def close(self) -> None:
        """Release the record."""
        self._client.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- runs ---------------------------------------------------------------------------------------------

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
        _refuse(pipeline_root=pipeline_root, service_account=service_account)
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
        _refuse(pipeline_id=pipeline_id, version_id=version_id)
        started = self.create_run_from_pipeline_package(
            _package(pipeline_package_path), params, run_name=job_name, experiment_id=experiment_id, **options
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
        _newest_first(sort_by)
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

    # -- recurring runs -----------------------------------------------------------------------------------

    def create_recurring_run(
        self,
        experiment_id: str,
        job_name: str,
        description: str | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        interval_second: int | None = None,
        cron_expression: str | None = None,
        max_concurrency: int | None = 1,
        no_catchup: bool | None = None,
        params: Mapping[str, Any] | None = None,
        pipeline_package_path: str | None = None,
        pipeline_id: str | None = None,
        version_id: str | None = None,
        enabled: bool = True,
        pipeline_root: str | None = None,
        enable_caching: bool | None = None,
        cache_key: str | None = None,
        service_account: str | None = None,
    ) -> answers.RecurringRun:
        """Run compiled IR at set times; `clew up` does it.

        Errors: UsageError for a bad time or expression; Invalid, InvalidPipeline; Unsupported for what Clew has not.
        """
        _refuse(
            pipeline_id=pipeline_id,
            version_id=version_id,
            pipeline_root=pipeline_root,
            service_account=service_account,
        )
        when = When(
            cron=cron_expression or "",
            every_s=int(interval_second or 0),
            start_ms=moment_of(start_time, "UTC", "start_time") if start_time else None,
            end_ms=moment_of(end_time, "UTC", "end_time") if end_time else None,
            catch_up=not no_catchup,
            max_concurrency=max_concurrency or 1,
        ).checked()
        new = NewRun(
            spec=spec_of(_package(pipeline_package_path), enable_caching, cache_key),
            parameters=params or {},
            name=job_name,
            experiment=experiment_id,
            namespace=self._settings.namespace,
            description=description or "",
        )
        made = self._schedules.verbs.add(new, when)
        if not enabled:
            self._schedules.verbs.set(made, "pause")
        return self.get_recurring_run(made)

    def get_recurring_run(self, recurring_run_id: str) -> answers.RecurringRun:
        """A recurring run. Errors: NotFound."""
        return answers.recurring_answer(self._schedules.find(recurring_run_id))

    def list_recurring_runs(
        self,
        page_token: str = "",
        page_size: int = 10,
        sort_by: str = "",
        experiment_id: str | None = None,
        namespace: str | None = None,
        filter: str | None = None,
    ) -> answers.ListRecurringRuns:
        """A page of recurring runs, newest first."""
        _newest_first(sort_by)
        _refuse(filter=filter)
        every = self._schedules.every(namespace=namespace)
        found = [one for one in every if experiment_id in (None, one.kept.about.experiment)]
        begin = _offset(page_token)
        page = [answers.recurring_answer(one) for one in found[begin : begin + page_size]]
        rest = begin + page_size < len(found)
        return answers.ListRecurringRuns(page, len(found), str(begin + page_size) if rest else "")

    def enable_recurring_run(self, recurring_run_id: str) -> dict[str, Any]:
        """Let it fire again. Errors: NotFound; Conflict when it was deleted."""
        self._schedules.verbs.set(recurring_run_id, "resume")
        return {}

    def disable_recurring_run(self, recurring_run_id: str) -> dict[str, Any]:
        """Let it fire no more until it is enabled. Errors: NotFound; Conflict when it was deleted."""
        self._schedules.verbs.set(recurring_run_id, "pause")
        return {}

    def delete_recurring_run(self, recurring_run_id: str) -> dict[str, Any]:
        """Let it fire never more; its history stays. Errors: NotFound; Conflict when it was deleted."""
        self._schedules.verbs.set(recurring_run_id, "remove")
        return {}

    # -- experiments --------------------------------------------------------------------------------------

    def create_experiment(
        self, name: str, description: str | None = None, namespace: str | None = None
    ) -> answers.Experiment:
        """The experiment of that name, made where it is not there."""
        change = Change(actor=self._settings.author, namespace=namespace or self._settings.namespace)
        type = change.type(NodeType(Kind.CONTEXT, EXPERIMENT_TYPE))
        told = {"description": description} if description else {}
        change.context(type, name=name, custom_properties=told, reuse="name")
        self._client.commit(change)
        return self.get_experiment(experiment_name=name, namespace=namespace)

    def get_experiment(
        self,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        namespace: str | None = None,
    ) -> answers.Experiment:
        """The experiment of that name, which is its id. Errors: NotFound."""
        name = experiment_id or experiment_name or ""
        found = self._client.find(Kind.CONTEXT, EXPERIMENT_TYPE, name, namespace or self._settings.namespace)
        if not isinstance(found, Context):
            raise NotFound(
                f"there is no experiment {name!r}", field="experiment", value=name, remedy="Make it: create_experiment"
            )
        return answers.experiment_answer(found)

    def list_experiments(
        self,
        page_token: str = "",
        page_size: int = 10,
        sort_by: str = "",
        namespace: str | None = None,
        filter: str | None = None,
    ) -> answers.ListExperiments:
        """A page of experiments, newest first."""
        _newest_first(sort_by)
        _refuse(filter=filter)
        try:
            page = self._client.nodes(
                Kind.CONTEXT,
                type=EXPERIMENT_TYPE,
                namespace=namespace,
                descending=True,
                after=page_token or None,
                limit=page_size,
            )
        except TypeNotFound:  # none was ever made
            return answers.ListExperiments([], 0, "")
        found = [answers.experiment_answer(node) for node in page.items if isinstance(node, Context)]
        return answers.ListExperiments(found, page.total, page.next_cursor or "")

    def _run(self, run_id: str) -> answers.Run:
        return answers.run_answer(self._runs.find(run_id))


def _package(path: str | None) -> str:
    if not path:
        raise Invalid(
            "no pipeline was named", field="pipeline_package_path", remedy="Give the YAML that the kfp SDK compiled"
        )
    return path


def _refuse(**given: object) -> None:
    """Errors: Unsupported for an argument that is given and has no counterpart here."""
    for name, value in given.items():
        if value is not None:
            raise Unsupported(f"Clew has no {name}", field=name, value=str(value), remedy=f"Leave {name} out")


def _newest_first(sort_by: str) -> None:
    if sort_by not in ("", "created_at desc"):
        raise Unsupported(
            f"listings are newest first, not by {sort_by!r}",
            field="sort_by",
            value=sort_by,
            remedy="Leave it out, or write 'created_at desc'",
        )


def _offset(page_token: str) -> int:
    if page_token and not (page_token.isascii() and page_token.isdigit()):
        raise Invalid(f"{page_token[:40]!r} is no page token of this listing", field="page_token", value=page_token)
    return int(page_token or 0)
