"""Ask for a run, and start it in a process of its own: for the command line, the server and schedules alike.

A run that is asked for stands in the record as PENDING, with all it takes. Its runner holds the run's lease from the
moment it is started: the lease is taken here and the new process inherits it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clew.executors.pipeline.arguments import for_later
from clew.executors.pipeline.check import check
from clew.executors.pipeline.lease import Lease
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.runs.again import Again
from clew.executors.runs.cancel import close_unbegun, is_here
from clew.executors.runs.kept import Run, keep_spec, spec_text
from clew.executors.runs.put import RunPut, put_run, put_types
from clew.metadata.blobs.failure import write_failed
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import SubmitFailed, VersionConflict
from clew.metadata.record import Record
from clew.metadata.value import Value

STARTS_MAX = 3
"""How often a run is started whose runner dies before it begins."""
_DIED = "its process died before it began, several times"


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts runs of one home."""

    record: Record
    store: ArtifactStore
    home: Path
    record_url: str = ""
    """Database of the record, where it is not the home's own."""
    actor: str = ""

    def ask(self, again: Again, run: str = "") -> Run:
        """Record a run that waits.

        Errors: Invalid, InvalidPipeline for a pipeline that cannot be run so; then nothing is recorded.
        """
        change = Change(actor=self.actor, namespace=again.options.namespace)
        put = self.put(change, again, run or str(uuid.uuid4()))
        receipt = self.record.commit(change)
        with self.record.read() as reader:
            return Run(reader.context(receipt.id(put)))

    def put(self, change: Change, again: Again, run: str) -> NodePut:
        """Add a run that waits to ``change``. Errors: as :meth:`ask`."""
        given = check(again.pipeline, again.parameters, again.options).parameters
        given |= for_later(again.pipeline.root.inputs, again.parameters)
        return self._put(change, again, run, given, {"clew.state": "PENDING"})

    def put_failed(self, change: Change, again: Again, run: str, error: str) -> NodePut:
        """Add a run that could not be, and why, to ``change``."""
        return self._put(change, again, run, again.parameters, {"clew.state": "FAILED", "clew.error": error})

    def _put(
        self, change: Change, again: Again, run: str, given: Mapping[str, Any], more: Mapping[str, Value]
    ) -> NodePut:
        about = again.options.about.checked()
        spec = keep_spec(self.store, again.pipeline.source)
        folder = self.home / "runs" / run
        put_types(change)
        kept, project = again.options.kept(), again.options.project
        asked = RunPut(run, again.pipeline.name, folder.as_uri(), given, about, spec, kept, project)
        return put_run(change, asked, more)[1]

    def start(self, run: Run) -> bool:
        """Start the runner of a run that waits; False when another does, or has.

        Errors: SubmitFailed when no process can be had; then the run is FAILED.
        """
        if not is_here(run, self.home):
            return False
        lease = self._lease(run)
        if lease is None:
            return False
        started = False
        try:
            if self._claim(run):
                self._spawn(run, lease)
                started = True
            return started
        finally:
            if started:
                lease.abandon()  # the new process holds it
            else:
                lease.release()

    def _lease(self, run: Run) -> Lease | None:
        """The run's lease; whoever only looks whether a runner lives holds it for a moment."""
        for _ in range(5):
            lease = Lease.try_take(self.home / "locks" / "runs", run.id)
            if lease is not None:
                return lease
            time.sleep(0.02)
        return None

    def _claim(self, run: Run) -> bool:
        """Note one more start, if the run still waits. Of several that try, one succeeds."""
        with self.record.read() as reader:
            now = reader.context(run.context.id)
        starts = now.custom_properties.get("clew.starts", 0)
        if Run(now).state != "PENDING" or not isinstance(starts, int):
            return False
        if starts >= STARTS_MAX:
            close_unbegun(self.record, run, "FAILED", _DIED, actor=self.actor)
            return False
        change = Change(actor=self.actor, namespace=now.namespace)
        put = change.context(id=now.id, custom_properties={"clew.starts": starts + 1})
        put.expect_updated_seq = now.updated_seq
        try:
            self.record.commit(change)
        except VersionConflict:
            return False
        return True

    def _spawn(self, run: Run, lease: Lease) -> None:
        """The runner: a session of its own, so that it outlives us; what it says goes to ``runner.log``."""
        environ = {name: value for name, value in os.environ.items() if name not in ("CLEW_URL", "CLEW_TOKEN")}
        environ |= {"CLEW_HOME": str(self.home), "CLEW_NAMESPACE": run.context.namespace}
        environ |= {"CLEW_RECORD_URL": self.record_url} if self.record_url else {}
        environ |= {"CLEW_ACTOR": self.actor} if self.actor else {}
        folder = self.home / "runs" / run.id
        command = [sys.executable, "-m", "clew.cli.work", run.id, str(lease.descriptor)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "runner.log").open("ab") as log:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.home,
                    env=environ,
                    pass_fds=(lease.descriptor,),
                    start_new_session=True,
                )
        except OSError as error:
            failed = write_failed(error, f"the folder of run {run.id}")
            close_unbegun(self.record, run, "FAILED", failed.message, actor=self.actor)
            raise SubmitFailed(
                f"run {run.id} cannot be started: {failed.message}", field="run", value=run.id
            ) from error
        threading.Thread(target=process.wait, name="clew-runner", daemon=True).start()


def stored(store: ArtifactStore, run: Run, options: RunOptions) -> Again:
    """What a run that waits is made of.

    Errors: NotFound when its pipeline was not kept here; InvalidPipeline.
    """
    pipeline = parse(spec_text(store, run))
    kept = replace(options, **run.options, namespace=run.context.namespace, about=run.about)
    return Again(pipeline, run.parameters, kept)
