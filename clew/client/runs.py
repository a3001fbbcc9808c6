"""Runs as the command line and the SDK use them, on a home or through a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clew.client.run_verbs import HomeVerbs, Verbs
from clew.executors.runs.find import RunFilter, checked, name_filter, positions, the_one, without_archived
from clew.executors.runs.kept import RUN_TYPE, Run
from clew.executors.runs.task import RunTask, tasks_of
from clew.graph.metrics import metrics_of
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Context, Execution

if TYPE_CHECKING:
    from clew.client.protocol import Client

PAGE = 500


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of runs, newest first."""

    items: list[Run]
    next_cursor: str | None
    total: int


class Runs:
    """The runs of a record."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._verbs: Verbs | None = None

    @property
    def verbs(self) -> Verbs:
        """What can be done with them."""
        if self._verbs is None:
            from clew.client.embedded import EmbeddedClient
            from clew.client.remote import RemoteClient

            if isinstance(self.client, EmbeddedClient):
                self._verbs = HomeVerbs(self.client)
            else:
                from clew.client.remote_runs import ServerVerbs

                assert isinstance(self.client, RemoteClient)
                self._verbs = ServerVerbs(self.client)
        return self._verbs

    def find(self, text: str) -> Run:
        """The run named by its id, the beginning of its id, or ``context:N``.

        Errors: NotFound when there is none; UsageError when there are several, or for what is no id.
        """
        if text.startswith("context:"):
            node = self.client.detail(NodeRef.parse(text)).node
            assert isinstance(node, Context)
            return checked(node, text)
        where = name_filter(text)
        try:
            found = self.client.nodes(Kind.CONTEXT, type=RUN_TYPE, where=where, limit=100).items
        except TypeNotFound:  # no run was ever recorded
            found = []
        return the_one(text, [node for node in found if isinstance(node, Context)])

    def page(
        self, chosen: RunFilter, *, namespace: str | None = None, after: str | None = None, limit: int = PAGE
    ) -> RunPage:
        """One page. Errors: InvalidFilter, InvalidCursor, UsageError."""
        chosen.text()
        try:
            chosen = without_archived(chosen, lambda where: self._ids(where, namespace))
            with positions(chosen):
                page = self.client.nodes(
                    Kind.CONTEXT,
                    type=RUN_TYPE,
                    where=chosen.text(),
                    namespace=namespace,
                    descending=True,
                    after=after,
                    limit=limit,
                )
        except TypeNotFound:
            return RunPage([], None, 0)
        runs = [Run(node) for node in page.items if isinstance(node, Context)]
        return RunPage(runs, page.next_cursor, page.total)

    def _ids(self, where: str, namespace: str | None) -> Iterator[int]:
        after: str | None = None
        while True:
            page = self.client.nodes(
                Kind.CONTEXT, type=RUN_TYPE, where=where, namespace=namespace, after=after, limit=PAGE
            )
            yield from (node.id for node in page.items)
            after = page.next_cursor
            if after is None:
                return

    def every(
        self, chosen: RunFilter, *, namespace: str | None = None, limit: int | None = None
    ) -> tuple[list[Run], int]:
        """The newest runs, ``limit`` at most, and how many there are."""
        found: list[Run] = []
        cursor: str | None = None
        while True:
            size = PAGE if limit is None else min(PAGE, limit - len(found))
            page = self.page(chosen, namespace=namespace, after=cursor, limit=size)
            found += page.items
            cursor = page.next_cursor
            if cursor is None or (limit is not None and len(found) >= limit):
                return found, page.total

    def tasks(self, run: Run) -> list[RunTask]:
        """The tasks that began, in that order."""
        found: list[Execution] = []
        cursor: str | None = None
        while True:
            page = self.client.nodes(Kind.EXECUTION, context=run.context.id, after=cursor, limit=PAGE)
            found += [node for node in page.items if isinstance(node, Execution)]
            cursor = page.next_cursor
            if cursor is None:
                return tasks_of(found)

    def metrics(self, run: Run, tasks: list[RunTask]) -> dict[str, float]:
        """``task.output.metric`` -> its number, of the scalar metrics that ``tasks`` of the run made or reused."""
        mine = {task.execution.id: task.path for task in tasks}
        found: dict[str, float] = {}
        cursor: str | None = None
        while True:
            try:
                page = self.client.nodes(
                    Kind.ARTIFACT, type="system.Metrics", context=run.context.id, after=cursor, limit=PAGE
                )
            except TypeNotFound:
                return found
            for node in page.items:
                touches = self.client.detail(node.ref).touches
                made = [mine[t.event.execution_id] for t in touches if t.event.execution_id in mine]
                if isinstance(node, Artifact):
                    prefix = made[0] if made else node.ref
                    found |= {f"{prefix}.{name}": value for name, value in metrics_of(node).items()}
            cursor = page.next_cursor
            if cursor is None:
                return found

    def log(self, run: Run, task: str, *, follow: bool = False, poll_s: float = 0.3) -> Iterator[str]:
        """What a task printed, piece by piece; with ``follow`` until it is over."""
        offset = 0
        while True:
            piece = self.verbs.log(run.id, task, offset)
            if piece.text:
                yield piece.text
            if piece.is_over or (not follow and piece.offset == offset):
                return
            if piece.offset == offset:
                time.sleep(poll_s)
            offset = piece.offset

    def wait(self, run: Run, timeout_s: float | None = None, poll_s: float = 0.2) -> Run:
        """The run when it is over, or when the time is."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            run = self.verbs.service.go_on(run) if isinstance(self.verbs, HomeVerbs) else self.now(run)
            if not run.is_open or (deadline is not None and time.monotonic() >= deadline):
                return run
            time.sleep(poll_s)

    def now(self, run: Run) -> Run:
        """The run as it is now; one of this home whose runner is gone is marked first."""
        if isinstance(self.verbs, HomeVerbs):
            return self.verbs.service.again(run)
        node = self.client.detail(run.context.ref).node
        assert isinstance(node, Context)
        return Run(node)
