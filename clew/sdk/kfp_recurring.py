"""The calls of ``kfp.Client`` for recurring runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clew.client.run_verbs import NewRun
from clew.executors.runs.when import When, moment_of
from clew.sdk import kfp_answers as answers
from clew.sdk.kfp_connected import Connected, newest_first, offset_of, package_of, refuse
from clew.sdk.kfp_package import spec_of


class RecurringRuns(Connected):
    """Pipelines that are run at set times."""

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
        refuse(
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
            spec=spec_of(package_of(pipeline_package_path), enable_caching, cache_key),
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
        newest_first(sort_by)
        refuse(filter=filter)
        every = self._schedules.every(namespace=namespace)
        found = [one for one in every if experiment_id in (None, one.kept.about.experiment)]
        begin = offset_of(page_token)
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
