"""What tasks hand to each other while a run is under way: artifacts and parameter values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clew.executors.fingerprint import Content
from clew.executors.sound import TAG, local_path
from clew.metadata.digest import of_struct
from clew.metadata.node import Artifact

METRICS = frozenset({"system.Metrics", "system.ClassificationMetrics", "system.SlicedClassificationMetrics"})
"""Types whose content is their metadata: they need no bytes."""
FILE = "clew.file"
"""The custom property with the file name of an artifact in an object store."""
RESERVED = frozenset({"display_name", "store_session_info"})
"""Custom properties of an artifact that are not the step's metadata."""


@dataclass(frozen=True, slots=True)
class Held:
    """An artifact as steps see it."""

    type: str
    name: str
    """Of the output that made it."""
    uri: str
    digest: str | None
    size_bytes: int | None
    metadata: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    """In the record; 0 until it is recorded."""
    file: str = ""
    """Its file name, where the address does not tell it."""
    tag: str = ""
    """What the object store said of it when it was put."""
    copy: Path | None = None
    """Where this machine has a copy of what lies elsewhere."""

    @property
    def path(self) -> Path | None:
        """Where its bytes can be read on this machine."""
        return self.copy or local_path(self.uri)

    def content(self) -> Content:
        """What a fingerprint may know of it. An artifact without bytes is its metadata."""
        digest = self.digest
        if digest is None and self.size_bytes == 0:
            digest = of_struct("no bytes", None)
        return Content(digest, self.type, self.file or (self.path.name if self.path else self.uri), self.metadata)

    def recorded(self, id: int) -> Held:
        """The same, now that the record knows it."""
        return replace(self, id=id)

    def as_dict(self) -> dict[str, Any]:
        """How results show it."""
        return {"artifact": f"artifact:{self.id}", "type": self.type, "uri": self.uri, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Values:
    """Parameters and artifacts by name: what a task is given, or what it gives."""

    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, list[Held]] = field(default_factory=dict)

    def as_dict(self, lists: frozenset[str] = frozenset()) -> dict[str, Any]:
        """How results show them; artifacts in ``lists`` stay lists."""
        shown = {
            name: [a.as_dict() for a in items] if name in lists or len(items) != 1 else items[0].as_dict()
            for name, items in self.artifacts.items()
        }
        return self.parameters | shown


def from_record(artifact: Artifact) -> Held:
    """An artifact of the record as steps see it."""
    properties = artifact.custom_properties
    name = properties.get("display_name")
    return Held(
        type=artifact.type,
        name=name if isinstance(name, str) else artifact.name or "",
        uri=artifact.uri or "",
        digest=artifact.digest,
        size_bytes=artifact.size_bytes,
        metadata={k: plain(v) for k, v in properties.items() if k not in RESERVED and not k.startswith("clew.")},
        id=artifact.id,
        file=str(properties.get(FILE, "")),
        tag=str(properties.get(TAG, "")),
    )


def without_none(metadata: dict[str, Any]) -> dict[str, Any]:
    """``metadata`` as the record can keep it: it has no null."""
    return {key: value for key, value in metadata.items() if value is not None}


def to_property(value: Any) -> Any:
    """A metadata value as the record keeps it: lists and structs in KFP's envelope."""
    if isinstance(value, list):
        return {"list": value}
    if isinstance(value, dict):
        return {"struct": value}
    return value


def plain(value: Any) -> Any:
    """The inverse of :func:`to_property`."""
    if isinstance(value, dict) and len(value) == 1:
        ((key, inner),) = value.items()
        if (key == "list" and isinstance(inner, list)) or (key == "struct" and isinstance(inner, dict)):
            return inner
    return value
