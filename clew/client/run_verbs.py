"""What can be done with runs: the verbs, and how a home does them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from clew.client.embedded import EmbeddedClient
    from clew.executors.runs.log import LogPiece
    from clew.executors.runs.service import RunService


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be started."""

    spec: str
    """The IR of its pipeline."""
    parameters: Mapping[str, Any]
    name: str = ""
    experiment: str = ""
    labels: Mapping[str, str] | None = None
    cache: str = ""
    """on, off or refresh."""
    max_parallel: int | None = None
    step_timeout_s: float | None = None
    containers: str = ""
    namespace: str = ""
    description: str = ""


class Verbs(Protocol):
    """What can be done with runs. Each answers with the id of the run it is about."""

    def create(self, new: NewRun) -> str:
        """Start a run in a process of its own."""
        ...

    def retry(self, run: str, task: str = "") -> str:
        """Start the run that does again what failed, or one task and what depends on it."""
        ...

    def clone(self, run: str, parameters: Mapping[str, Any], name: str | None = None) -> str:
        """Start a run of the same pipeline from its beginning."""
        ...

    def cancel(self, run: str) -> str:
        """Ask a run to stop."""
        ...

    def archive(self, run: str, archived: bool) -> str:
        """Leave a run out of listings, or take it in again."""
        ...

    def log(self, run: str, task: str, offset: int) -> LogPiece:
        """A piece of what a task printed."""
        ...

    def spec(self, run: str) -> str:
        """The IR a run was made from."""
        ...


class HomeVerbs:
    """On a home."""

    def __init__(self, client: EmbeddedClient) -> None:
        self.service: RunService = client.home.run_service()

    def create(self, new: NewRun) -> str:
        """Start a run in a process of its own."""
        return self.service.create(new.spec, new.parameters, self.service.options_of(**said_of(new))).id

    def retry(self, run: str, task: str = "") -> str:
        """Start the run that does again what failed, or one task and what depends on it."""
        return self.service.retry(run, task).id

    def clone(self, run: str, parameters: Mapping[str, Any], name: str | None = None) -> str:
        """Start a run of the same pipeline from its beginning."""
        return self.service.clone(run, parameters, name).id

    def cancel(self, run: str) -> str:
        """Ask a run to stop."""
        return self.service.cancel(run).id

    def archive(self, run: str, archived: bool) -> str:
        """Leave a run out of listings, or take it in again."""
        return self.service.archive(run, archived).id

    def log(self, run: str, task: str, offset: int) -> LogPiece:
        """A piece of what a task printed."""
        return self.service.log(run, task, offset)

    def spec(self, run: str) -> str:
        """The IR a run was made from."""
        return self.service.spec(run)


def said_of(new: NewRun) -> dict[str, Any]:
    """What a new run says of how it is run."""
    return {
        "name": new.name,
        "experiment": new.experiment,
        "labels": new.labels,
        "cache": new.cache,
        "max_parallel": new.max_parallel,
        "step_timeout_s": new.step_timeout_s,
        "containers": new.containers,
        "namespace": new.namespace,
        "description": new.description,
    }
