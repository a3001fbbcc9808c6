"""What the context of a run keeps, so that the run can be found by it and run again from it.

Everything is a custom property, so that the filter language reaches it: ``clew.state``, ``clew.experiment``,
``clew.label.<key>``, ``clew.archived``, ``display_name``.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew.executors.runs.about import LABEL, About
from clew.metadata.digest import Digest, parse
from clew.metadata.errors import BlobNotFound, Invalid, NotFound
from clew.metadata.node import Context

if TYPE_CHECKING:
    from clew.metadata.blobs.protocol import ArtifactStore

RUN_TYPE = "system.PipelineRun"
EXPERIMENT_TYPE = "clew.Experiment"
OPEN = ("PENDING", "RUNNING")
"""States of a run that goes on."""
KEPT_OPTIONS = (
    "cache", "max_parallel", "step_timeout_s", "containers", "salt", "secrets", "config_maps", "volumes", "python",
    "accelerators", "ignore_resources", "look",
    "rules", "project",
)  # fmt: skip
"""Fields of RunOptions that a repeated run has again."""


@dataclass(frozen=True, slots=True)
class Run:
    """The context of a run, read. Runs of other programs lack most of it."""

    context: Context

    @property
    def id(self) -> str:
        """Its id: the context's name."""
        return self.context.name or str(self.context.ref)

    @property
    def pipeline(self) -> str:
        """Name of its pipeline."""
        return self._text("clew.pipeline")

    @property
    def state(self) -> str:
        """PENDING, RUNNING, COMPLETE, FAILED or CANCELED; empty where nobody said."""
        return self._text("clew.state")

    @property
    def is_open(self) -> bool:
        """Whether it waits or goes on."""
        return self.state in OPEN

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was given, defaults filled in."""
        return self._struct("clew.parameters")

    @property
    def outputs(self) -> dict[str, Any]:
        """Its output parameters."""
        return self._struct("outputs")

    @property
    def options(self) -> dict[str, Any]:
        """Those of ``KEPT_OPTIONS``."""
        return {k: v for k, v in self._struct("clew.options").items() if k in KEPT_OPTIONS}

    @property
    def about(self) -> About:
        """What it is called, where it belongs, and where it came from."""
        rerun = self._struct("clew.rerun").get("paths", [])
        return About(
            name=self._text("display_name"),
            experiment=self._text("clew.experiment"),
            labels={
                key.removeprefix(LABEL): str(value)
                for key, value in self.context.custom_properties.items()
                if key.startswith(LABEL)
            },
            resumed_from=self._text("clew.resumed_from"),
            rerun=tuple(str(path) for path in rerun),
            cloned_from=self._text("clew.cloned_from"),
            schedule=self._text("clew.schedule"),
            scheduled_ms=self._number("clew.scheduled_ms") or 0,
            description=self._text("description"),
        )

    @property
    def is_archived(self) -> bool:
        """Whether listings leave it out."""
        return self.context.custom_properties.get("clew.archived") is True

    @property
    def is_cancel_asked(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._number("clew.cancel_ms") is not None

    @property
    def created_ms(self) -> int:
        """When it was asked for."""
        return self.context.created_ms

    @property
    def started_ms(self) -> int | None:
        """When its runner began."""
        return self._number("clew.started_ms")

    @property
    def ended_ms(self) -> int | None:
        """When it ended."""
        return self._number("clew.ended_ms")

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if self.started_ms is None or self.ended_ms is None:
            return None
        return (self.ended_ms - self.started_ms) / 1000

    @property
    def error(self) -> str:
        """Why it failed."""
        return self._text("clew.error")

    @property
    def root(self) -> str:
        """Address of its folder."""
        return self._text("pipeline_root")

    @property
    def spec(self) -> str:
        """Digest of its pipeline's IR in the artifact store."""
        return self._text("clew.spec")

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        about = self.about
        return {
            "run": self.id,
            "context": str(self.context.ref),
            "name": about.name,
            "description": about.description,
            "pipeline": self.pipeline,
            "experiment": about.experiment,
            "labels": dict(about.labels),
            "state": self.state,
            "archived": self.is_archived,
            "created_ms": self.created_ms,
            "started_ms": self.started_ms,
            "ended_ms": self.ended_ms,
            "seconds": self.seconds,
            "parameters": self.parameters,
            "outputs": self.outputs,
            "error": self.error,
            "resumed_from": about.resumed_from or None,
            "cloned_from": about.cloned_from or None,
            "schedule": about.schedule or None,
            "namespace": self.context.namespace,
        }

    def _text(self, name: str) -> str:
        value = self.context.custom_properties.get(name)
        return value if isinstance(value, str) else ""

    def _number(self, name: str) -> int | None:
        value = self.context.custom_properties.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _struct(self, name: str) -> dict[str, Any]:
        value = self.context.custom_properties.get(name)
        return dict(value) if isinstance(value, dict) else {}


def keep_spec(store: ArtifactStore, text: str) -> Digest:
    """Keep the IR of a pipeline; its digest. Errors: those of the store."""
    return store.put(io.BytesIO(text.encode())).digest


def spec_text(store: ArtifactStore, run: Run) -> str:
    """The IR a run was made from.

    Errors: NotFound where it was not kept here.
    """
    try:
        if not run.spec:
            raise NotFound(f"run {run.id} has no pipeline kept with it")
        with store.open(parse(run.spec)) as stream:
            return stream.read().decode()
    except (BlobNotFound, NotFound, Invalid) as error:
        raise NotFound(
            f"the pipeline of run {run.id} is not kept in this home",
            field="run",
            value=run.id,
            remedy="Run its file again with `clew run PIPELINE.yaml`",
        ) from error
