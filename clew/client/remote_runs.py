"""What can be done with runs, through a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clew.executors.runs.log import LogPiece

if TYPE_CHECKING:
    from clew.client.remote import RemoteClient
    from clew.client.run_verbs import NewRun


class ServerVerbs:
    """On a server's home."""

    def __init__(self, client: RemoteClient) -> None:
        self._client = client

    def create(self, new: NewRun) -> str:
        """Start a run in a process of its own."""
        return self._do("createRun", "$run: NewRunInput!", "run: $run", run=new_run_input(new))

    def retry(self, run: str, task: str = "") -> str:
        """Start the run that does again what failed, or one task and what depends on it."""
        arguments = "id: $id, task: $task"
        return self._do("retryRun", "$id: String!, $task: String", arguments, id=run, task=task or None)

    def clone(self, run: str, parameters: Mapping[str, Any], name: str | None = None) -> str:
        """Start a run of the same pipeline from its beginning."""
        variables = "$id: String!, $parameters: JSON, $name: String"
        arguments = "id: $id, parameters: $parameters, name: $name"
        return self._do("cloneRun", variables, arguments, id=run, parameters=dict(parameters), name=name)

    def cancel(self, run: str) -> str:
        """Ask a run to stop."""
        return self._do("cancelRun", "$id: String!", "id: $id", id=run)

    def archive(self, run: str, archived: bool) -> str:
        """Leave a run out of listings, or take it in again."""
        variables = "$id: String!, $archived: Boolean!"
        return self._do("archiveRun", variables, "id: $id, archived: $archived", id=run, archived=archived)

    def log(self, run: str, task: str, offset: int) -> LogPiece:
        """A piece of what a task printed."""
        said = self._client.ask(
            """query($run: String!, $task: String!, $offset: Int64!) {
              runLog(run: $run, task: $task, offset: $offset) { text offset isOver }
            }""",
            run=run,
            task=task,
            offset=offset,
        )["runLog"]
        return LogPiece(said["text"], int(said["offset"]), said["isOver"])

    def spec(self, run: str) -> str:
        """The IR a run was made from."""
        return str(self._client.ask("query($id: String!) { run(id: $id) { spec } }", id=run)["run"]["spec"])

    def _do(self, mutation: str, variables: str, arguments: str, **values: Any) -> str:
        said = self._client.ask(f"mutation({variables}) {{ {mutation}({arguments}) {{ id }} }}", **values)
        return str(said[mutation]["id"])


def new_run_input(new: NewRun) -> dict[str, Any]:
    """``new`` as GraphQL's NewRunInput."""
    given = {
        "spec": new.spec,
        "parameters": dict(new.parameters),
        "name": new.name or None,
        "experiment": new.experiment or None,
        "labels": [{"key": key, "value": value} for key, value in (new.labels or {}).items()] or None,
        "cache": new.cache.upper() or None,
        "maxParallel": new.max_parallel,
        "stepTimeoutS": new.step_timeout_s,
        "containers": new.containers.upper() or None,
        "namespace": new.namespace or None,
        "description": new.description or None,
    }
    return {name: value for name, value in given.items() if value is not None}
