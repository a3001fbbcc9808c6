"""Find runs: by what people call them, and by what they keep."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from clew.executors.runs.about import LABEL
from clew.executors.runs.kept import RUN_TYPE, Run
from clew.metadata.errors import InvalidFilter, NotFound, TypeNotFound, UsageError
from clew.metadata.ids import Kind
from clew.metadata.node import Context
from clew.metadata.reader import Reader

SHORTEST = 4
"""Characters of a run's id that name it, where no other begins so."""
_ID = re.compile(r"[0-9a-zA-Z_.-]{4,255}")
WITHOUT_MAX = 9000
"""The filter language takes 10,000 values; with more archived runs, only runs of Clew are listed."""
STATES = ("PENDING", "RUNNING", "COMPLETE", "FAILED", "CANCELED")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a listing holds."""

    experiment: str | None = None
    state: str | None = None
    pipeline: str | None = None
    name: str | None = None
    schedule: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    archived: bool | None = None
    """None is both; False needs ``without``."""
    without: tuple[int, ...] = ()
    """Contexts to leave out: those of archived runs. Runs of other programs do not say that they are not archived."""
    where: str | None = None
    """More, in the filter language."""

    def text(self) -> str | None:
        """The filter as one text of the filter language; None selects all.

        Errors: UsageError for a state that is none.
        """
        if self.state is not None and self.state not in STATES:
            raise UsageError(
                f"{self.state[:80]!r} is no state of a run",
                field="state",
                value=self.state,
                remedy="Write one of " + ", ".join(STATES),
            )
        pairs = [
            ("clew.experiment", self.experiment),
            ("clew.state", self.state),
            ("clew.pipeline", self.pipeline),
            ("display_name", self.name),
            ("clew.schedule", self.schedule),
            *((LABEL + key, value) for key, value in self.labels.items()),
        ]
        parts = [f"{property_field(key)}.string_value = {quoted(value)}" for key, value in pairs if value is not None]
        if self.archived or (self.archived is False and len(self.without) > WITHOUT_MAX):
            parts.append(f"{property_field('clew.archived')}.bool_value = {str(self.archived).upper()}")
        elif self.without:
            parts.append(f"id NOT IN ({', '.join(map(str, self.without))})")
        if self.where and self.where.strip():
            parts.insert(0, f"({self.where}\n)")
        return " AND ".join(parts) or None


def property_field(name: str) -> str:
    """How the filter language calls a custom property. Errors: UsageError."""
    if "`" in name or "\\" in name:
        raise UsageError(f"{name[:80]!r} is no key of a label", field="label", value=name)
    return f"custom_properties.`{name}`"


def quoted(text: str) -> str:
    """``text`` as a literal of the filter language."""
    return "'" + json.dumps(text, ensure_ascii=False)[1:-1].replace("'", "\\'").replace('\\"', '"') + "'"


def name_filter(text: str) -> str:
    """The filter for the runs whose id begins with ``text``. Errors: UsageError for what is no id."""
    if not _ID.fullmatch(text):
        raise UsageError(
            f"{text[:80]!r} names no run",
            field="run",
            value=text,
            remedy=f"Give a run's id, at least {SHORTEST} characters of it, or context:N; `clew runs ls` shows them",
        )
    return f"STARTS_WITH(name, {quoted(text)})"


def without_archived(chosen: RunFilter, archived: Callable[[str], Iterable[int]]) -> RunFilter:
    """``chosen``, leaving out archived runs where it asks for that; ``archived`` lists contexts by a filter."""
    if chosen.archived is not False:
        return chosen
    return replace(chosen, without=tuple(archived(RunFilter(archived=True).text() or "")))


@contextmanager
def positions(chosen: RunFilter) -> Iterator[None]:
    """Errors of the composed filter tell the position in ``where`` as it was given, which stands behind one bracket."""
    try:
        yield
    except InvalidFilter as error:
        if chosen.where and chosen.where.strip() and error.position > 0:
            at = error.position - 1
            message = error.message.replace(f"(at character {error.position})", f"(at character {at})")
            raise InvalidFilter(
                message, field=error.field, value=error.value, remedy=error.remedy, position=at
            ) from error
        raise


def the_one(text: str, found: list[Context]) -> Run:
    """The one run among ``found``, those whose ids begin with ``text``.

    Errors: NotFound when there is none; UsageError when there are several.
    """
    exact = [context for context in found if context.name == text]
    if not found:
        raise NotFound(
            f"there is no run {text[:80]!r}", field="run", value=text, remedy="`clew runs ls` shows the runs"
        )
    if len(exact or found) > 1:
        listed = ", ".join(str(context.name)[:12] for context in found[:5])
        raise UsageError(
            f"{text!r} names several runs: {listed}", field="run", value=text, remedy="Give more of the id"
        )
    return Run((exact or found)[0])


def run_named(reader: Reader, text: str, namespace: str | None = None) -> Run:
    """The run named by its id, the beginning of its id, or ``context:N``.

    Errors: NotFound when there is none; UsageError when there are several, or for what is no id.
    """
    if text.startswith("context:"):
        from clew.metadata.ids import NodeRef

        return checked(reader.context(NodeRef.parse(text).id), text)
    where = name_filter(text)
    try:
        exact = reader.find(Kind.CONTEXT, RUN_TYPE, text, namespace) if namespace else None
        if isinstance(exact, Context):
            return Run(exact)
        found = reader.contexts(type=RUN_TYPE, where=where, namespace=namespace, limit=100).items
    except TypeNotFound:  # no run was ever recorded
        found = []
    return the_one(text, list(found))


def checked(context: Context, text: str) -> Run:
    """The run whose context was named. Errors: NotFound when it is another thing."""
    if context.type != RUN_TYPE:
        raise NotFound(
            f"{text} is a {context.type}, not a run", field="run", value=text, remedy="`clew runs ls` shows the runs"
        )
    return Run(context)
