"""The volume claims and the workspace of one run: folders that ``--volume`` named, and folders of the run."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew.executors.pipeline.given import missing
from clew.executors.pipeline.pod import Kind
from clew.metadata.errors import StepFailed

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


class Volumes:
    """Of one run. Safe for several threads."""

    def __init__(self, given: Mapping[str, Path], run_folder: Path, run: str, *, has_workspace: bool) -> None:
        self._given = given
        self._claims = run_folder / "claims"
        self.workspace = run_folder / "workspace" if has_workspace else None
        self._run = run
        self._guard = threading.Lock()
        self._gone: set[str] = set()

    @property
    def names(self) -> dict[str, str]:
        """What placeholders over the workspace stand for."""
        return {} if self.workspace is None else {"workspace_path": str(self.workspace)}

    def take_over(self, run_folder: Path) -> None:
        """Go on with the claims and the workspace of the run this one resumes."""
        for own in (self._claims, self._claims.with_name("workspace")):
            earlier = run_folder / own.name
            if earlier.is_dir():
                own.parent.mkdir(parents=True, exist_ok=True)
                own.symlink_to(earlier.resolve())

    def in_workspace(self, source: Path, task: str) -> Path:
        """A copy of an imported file or folder in the workspace, as the step of ``task`` left it.

        Errors: StepFailed when it cannot be copied.
        """
        assert self.workspace is not None
        place = self.workspace / ".artifacts" / re.sub(r"[^-\w]+", "-", task) / source.name
        try:
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, symlinks=True)
            else:
                shutil.copyfile(source, place)
        except (OSError, shutil.Error) as error:
            raise StepFailed(f"{source} cannot be copied to the workspace: {error}", field="uri") from error
        return place

    def create_claim(self, parameters: Mapping[str, Any]) -> str:
        """Make a claim as ``CreatePVC`` asks; return its name.

        Errors: StepFailed for a bad name, or one there is already.
        """
        name = parameters.get("pvc_name") or ""
        suffix = parameters.get("pvc_name_suffix") or ""
        if bool(name) == bool(suffix):
            raise StepFailed("CreatePVC takes either pvc_name or pvc_name_suffix", field="pvc_name", value=name)
        if parameters.get("data_source"):
            raise StepFailed(
                "CreatePVC with a data_source copies a volume of a cluster, which is not here",
                field="data_source", remedy="Give the folder with --volume, and leave CreatePVC out",
            )  # fmt: skip
        name = name or f"{self._run}{suffix}"
        with self._guard:
            if not _NAME.fullmatch(name):
                raise StepFailed(f"{name!r} is no name of a volume claim", field="pvc_name", value=name)
            if self._folder(name) is not None:
                raise StepFailed(f"there is a volume claim {name!r} already", field="pvc_name", value=name)
            (self._claims / name).mkdir(parents=True)
            self._gone.discard(name)
        return str(name)

    def delete_claim(self, name: str) -> None:
        """Forget a claim. A folder of the run's own is removed; one given with ``--volume`` is left alone.

        Errors: StepFailed when there is none.
        """
        with self._guard:
            folder = self._folder(name)
            if folder is None:
                raise missing(Kind.CLAIM, name)
            if name in self._given:
                self._gone.add(name)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def has(self, name: object) -> bool:
        """Whether there is such a claim."""
        with self._guard:
            return isinstance(name, str) and self._folder(name) is not None

    def folder(self, name: str, part: str = "") -> Path:
        """The folder that stands for a claim, or for a part of it, which is made if need be.

        Errors: StepFailed when there is no such claim, or the part lies outside it.
        """
        with self._guard:
            found = self._folder(name)
        if found is None:
            raise missing(Kind.CLAIM, name)
        return _below(found, part, name)

    def _folder(self, name: str) -> Path | None:
        if name in self._given and name not in self._gone:
            return self._given[name]
        own = self._claims / name
        return own if _NAME.fullmatch(name) and own.is_dir() else None


def _below(folder: Path, part: str, name: str) -> Path:
    """A folder in a claim, made if need be; never one outside it."""
    wanted = (folder / part).resolve()
    if not wanted.is_relative_to(folder.resolve()):
        raise StepFailed(f"the part {part!r} of the volume claim {name!r} lies outside it", field=name, value=part)
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StepFailed(
            f"the part {part!r} of the volume claim {name!r} cannot be made: {error.strerror}", field=name, value=part
        ) from error
    return wanted
