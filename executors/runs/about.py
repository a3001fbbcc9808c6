"""What a run is called, where it belongs, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from clew.metadata.errors import UsageError
from clew.metadata.value import Value

DEFAULT_EXPERIMENT = "Default"
LABEL = "clew.label."
_LABEL_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?")
_TEXT_MAX = 255


@dataclass(frozen=True, slots=True)
class About:
    """What a run is called, where it belongs, and where it came from."""

    name: str = ""
    """What people call it."""
    experiment: str = DEFAULT_EXPERIMENT
    labels: Mapping[str, str] = field(default_factory=dict)
    resumed_from: str = ""
    """The run whose finished tasks it adopts."""
    rerun: tuple[str, ...] = ()
    """Of a resumed run: paths of tasks that run anew all the same, with what lies in them."""
    cloned_from: str = ""
    schedule: str = ""
    """Id of the schedule that started it."""
    scheduled_ms: int = 0
    """The moment it was started for."""
    description: str = ""

    def checked(self) -> About:
        """The same. Errors: UsageError for a name, experiment or label that cannot be one."""
        _check_text("name", self.name)
        _check_text("experiment", self.experiment)
        if not self.experiment:
            raise UsageError("an experiment needs a name", field="experiment", remedy="Give one, or leave it out")
        for key, value in self.labels.items():
            if not _LABEL_KEY.fullmatch(key):
                raise UsageError(
                    f"{key[:80]!r} is no key of a label",
                    field="label",
                    value=key,
                    remedy="Use up to 63 letters, digits and . _ - / that begin and end with a letter or digit",
                )
            _check_text("label", value)
        return self

    def properties(self) -> dict[str, Value]:
        """As the context keeps it."""
        said: dict[str, Value] = {
            "display_name": self.name,
            "clew.experiment": self.experiment,
            "clew.archived": False,
        }
        for key, value in (
            ("description", self.description),
            ("clew.resumed_from", self.resumed_from),
            ("clew.rerun", {"paths": list(self.rerun)} if self.rerun else None),
            ("clew.cloned_from", self.cloned_from),
            ("clew.schedule", self.schedule),
            ("clew.scheduled_ms", self.scheduled_ms),
        ):
            if value:
                said[key] = value
        return said | {LABEL + key: value for key, value in self.labels.items()}


def labels_of(texts: list[str]) -> dict[str, str]:
    """``key=value`` texts as labels. Errors: UsageError."""
    labels: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key in labels:
            raise UsageError(
                f"{text[:80]!r} is not KEY=VALUE" if not equals else f"label {key!r} is given twice",
                field="label",
                value=text,
                remedy="Write --label team=search, once for each key",
            )
        labels[key] = value
    return labels


def _check_text(field: str, text: str) -> None:
    if len(text) > _TEXT_MAX or any(ord(c) < 32 or ord(c) == 127 for c in text):
        raise UsageError(
            f"{text[:80]!r} cannot be a {field}",
            field=field,
            value=text,
            remedy=f"Use up to {_TEXT_MAX} characters on one line",
        )
