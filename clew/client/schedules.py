"""Schedules as the command line and the SDK use them, on a home or through a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from clew.client.run_verbs import NewRun, said_of
from clew.executors.runs.schedule import SCHEDULE_TYPE, Schedule
from clew.executors.runs.schedule_find import filter_of, schedule_of, the_schedule
from clew.executors.runs.when import When
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Context

if TYPE_CHECKING:
    from clew.client.embedded import EmbeddedClient
    from clew.client.protocol import Client
    from clew.client.remote import RemoteClient
    from clew.executors.runs.schedules import ScheduleService

PAGE = 500


class ScheduleVerbs(Protocol):
    """What can be done with schedules. Each answers with the id of the schedule it is about."""

    def add(self, new: NewRun, when: When) -> str:
        """Make one."""
        ...

    def set(self, schedule: str, verb: str) -> str:
        """pause, resume or remove it."""
        ...


class Schedules:
    """The schedules of a record."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @property
    def verbs(self) -> ScheduleVerbs:
        """What can be done with them."""
        from clew.client.embedded import EmbeddedClient
        from clew.client.remote import RemoteClient

        if isinstance(self.client, EmbeddedClient):
            return HomeScheduleVerbs(self.client)
        assert isinstance(self.client, RemoteClient)
        return ServerScheduleVerbs(self.client)

    def find(self, text: str) -> Schedule:
        """The schedule named by its id, the beginning of its id, its name, or ``context:N``.

        Errors: NotFound when there is none; UsageError when there are several.
        """
        if text.startswith("context:"):
            node = self.client.detail(NodeRef.parse(text)).node
            assert isinstance(node, Context)
            return schedule_of(node, text)
        return the_schedule(text, self._contexts(filter_of(text), None))

    def every(self, *, namespace: str | None = None, removed: bool = False) -> list[Schedule]:
        """All schedules, newest first; with ``removed`` also those that were removed."""
        found = [Schedule(context) for context in self._contexts(None, namespace)]
        return [schedule for schedule in found if removed or schedule.state != "REMOVED"]

    def _contexts(self, where: str | None, namespace: str | None) -> list[Context]:
        found: list[Context] = []
        after: str | None = None
        while True:
            try:
                page = self.client.nodes(
                    Kind.CONTEXT,
                    type=SCHEDULE_TYPE,
                    where=where,
                    namespace=namespace,
                    descending=True,
                    after=after,
                    limit=PAGE,
                )
            except TypeNotFound:  # none was ever made
                return []
            found += [node for node in page.items if isinstance(node, Context)]
            after = page.next_cursor
            if after is None:
                return found


class HomeScheduleVerbs:
    """On a home."""

    def __init__(self, client: EmbeddedClient) -> None:
        self.service: ScheduleService = client.home.schedule_service()

    def add(self, new: NewRun, when: When) -> str:
        """Make one."""
        from clew.executors.pipeline.load import parse
        from clew.executors.runs.again import Again

        options = self.service.runs.options_of(**said_of(new))
        return self.service.add(Again(parse(new.spec), dict(new.parameters), options), when).id

    def set(self, schedule: str, verb: str) -> str:
        """pause, resume or remove it."""
        verbs = {"pause": self.service.pause, "resume": self.service.resume, "remove": self.service.remove}
        return verbs[verb](schedule).id


class ServerScheduleVerbs:
    """On a server's home."""

    def __init__(self, client: RemoteClient) -> None:
        self._client = client

    def add(self, new: NewRun, when: When) -> str:
        """Make one."""
        from clew.client.remote_runs import new_run_input

        given: dict[str, Any] = {
            "run": new_run_input(new),
            "cron": when.cron or None,
            "everyS": when.every_s or None,
            "zone": when.zone,
            "startMs": when.start_ms,
            "endMs": when.end_ms,
            "catchUp": when.catch_up,
            "maxConcurrency": when.max_concurrency,
        }
        said = self._client.ask(
            "mutation($schedule: NewScheduleInput!) { createSchedule(schedule: $schedule) { id } }",
            schedule={name: value for name, value in given.items() if value is not None},
        )
        return str(said["createSchedule"]["id"])

    def set(self, schedule: str, verb: str) -> str:
        """pause, resume or remove it."""
        mutation = f"{verb}Schedule"
        said = self._client.ask(f"mutation($id: String!) {{ {mutation}(id: $id) {{ id }} }}", id=schedule)
        return str(said[mutation]["id"])
