"""The one place that builds objects and hands them to each other: a home becomes record, artifact store and engine.

A home is a folder:

    record.db    the record (SQLite); or ``record_url`` in clew.toml names a PostgreSQL database
    blobs/       artifact bytes by digest
    runs/        working folders and logs of pipeline runs
    envs/        Python environments of steps, by package set
    secret.key   what digests of secrets are keyed with
    fetched/     copies of artifacts that lie in an object store; may be deleted while nothing runs
    hashed/      digests of large files that have not changed since; may be deleted at any time
    graph/       snapshots of the embedded engine; may be deleted at any time
    locks/       locks of runs in flight
    clew.toml    settings of this home; may be absent
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from clew.metadata.errors import NotFound, StoreReadOnly, Unsupported
from clew.settings import Settings

if TYPE_CHECKING:
    from clew.api.service import Services
    from clew.executors.runs.schedules import ScheduleService
    from clew.executors.runs.service import RunService
    from clew.graph.choose import Choice
    from clew.graph.protocol import GraphEngine
    from clew.metadata.blobs import ArtifactStore, LocalStore
    from clew.metadata.identity import Identity
    from clew.metadata.record import Record


class Home:
    """An opened home. Its parts are made when they are first used."""

    def __init__(self, settings: Settings, *, create: bool = False) -> None:
        self.settings = settings
        self.path = Path(settings.home).absolute()
        self._create = create

    @property
    def name(self) -> str:
        """What people call it: its folder, with the one it lies in where that says nothing (``churn/.clew``)."""
        return str(Path(*self.path.parts[-2:])) if self.path.name.startswith(".") else self.path.name

    @property
    def blobs_folder(self) -> Path:
        """Artifact bytes."""
        return self.path / "blobs"

    @property
    def graph_folder(self) -> Path:
        """Snapshots of the embedded engine."""
        return self.path / "graph"

    @cached_property
    def record(self) -> Record:
        """The record.

        Errors: NotFound when there is none and the home was not opened to make one; those of ``Record.open``.
        """
        from clew.metadata.record import Record

        where = self.settings.record_url or self.path
        if not self._create and not self.settings.record_url and not self.path.is_dir():
            raise NotFound(
                f"there is no Clew home at {self.settings.home}",
                field="home",
                value=str(self.settings.home),
                remedy="Name one with --home or CLEW_HOME; `clew run` and `clew up` make one",
            )
        if self._create:
            self._make_folder()
        return Record.open(where, create=self._create)

    @cached_property
    def identity(self) -> Identity:
        """What protocols say becomes one graph here."""
        from clew.metadata.identity import Identity

        return Identity(self.record)

    @cached_property
    def blobs(self) -> ArtifactStore:
        """The artifact store.

        Errors: Invalid when ``artifacts`` names none.
        """
        from clew.metadata.blobs.opened import open_store

        return open_store(self.settings.artifacts, self.blobs_folder)

    def blobs_in_a_folder(self) -> LocalStore:
        """The artifact store, where it is a folder.

        Errors: Unsupported where it is an object store.
        """
        from clew.metadata.blobs import LocalStore

        if not isinstance(self.blobs, LocalStore):
            raise Unsupported(
                f"what is kept in {self.settings.artifacts} cannot be collected from here",
                field="artifacts",
                value=self.settings.artifacts,
                remedy="Give the bucket a lifecycle rule, or collect a home whose store is a folder",
            )
        return self.blobs

    def asked_once(self, as_of: int | None = None) -> GraphEngine:
        """The engine of a command that asks once, now or as of a change: SQL on the record, nothing to load."""
        from clew.graph.sql import SqlEngine

        return SqlEngine(self.record, as_of=as_of)

    @cached_property
    def engine(self) -> GraphEngine:
        """The engine of a process that asks often: in memory, following the record; SQL until it is ready."""
        from clew.graph.choose import choose

        return choose(self.record, self.graph_folder, cast("Choice", self.settings.engine))

    def run_service(self) -> RunService:
        """What can be done with runs."""
        from clew.executors.pipeline.options import RunOptions
        from clew.executors.runs.service import RunService

        own = self.settings
        options = RunOptions(
            home=self.path,
            max_parallel=own.max_parallel,
            namespace=own.namespace,
            actor=own.author,
            environments=own.environments_folder,
            cache_at_most=own.cache,
        )
        return RunService(self.record, self.blobs, options, own.record_url)

    def schedule_service(self) -> ScheduleService:
        """What can be done with schedules."""
        from clew.executors.runs.schedules import ScheduleService

        return ScheduleService(self.run_service())

    def services(self) -> Services:
        """What the faces of a server call."""
        from clew import __version__
        from clew.api.service import Services

        return Services(
            record=self.record,
            engine=self.engine,
            version=__version__,
            home=self.name,
            runs=self.run_service(),
            identity=self.identity,
        )

    def close(self) -> None:
        """Stop the engine and release the record."""
        if "engine" in self.__dict__:
            self.engine.close()
        if "record" in self.__dict__:
            self.record.close()

    def _make_folder(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreReadOnly(
                f"the home {self.settings.home} cannot be made: {error.strerror}",
                field="home",
                value=str(self.settings.home),
                remedy="Choose a folder you may write to, with --home or CLEW_HOME",
            ) from error
