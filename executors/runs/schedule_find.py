"""Find schedules by what people call them."""

from __future__ import annotations

from clew.executors.runs.find import SHORTEST, property_field, quoted
from clew.executors.runs.schedule import SCHEDULE_TYPE, Schedule
from clew.metadata.errors import NotFound, TypeNotFound, UsageError
from clew.metadata.ids import NodeRef
from clew.metadata.node import Context
from clew.metadata.reader import Reader


def filter_of(text: str) -> str:
    """The filter for the schedules that ``text`` may name."""
    by_name = f"{property_field('display_name')}.string_value = {quoted(text)}"
    return f"STARTS_WITH(name, {quoted(text)}) OR {by_name}" if len(text) >= SHORTEST else by_name


def the_schedule(text: str, found: list[Context]) -> Schedule:
    """The one schedule among ``found`` that ``text`` names; one that was removed only where no other is.

    Errors: NotFound, UsageError.
    """
    schedules = [Schedule(context) for context in found]
    exact = [schedule for schedule in schedules if schedule.id == text]
    living = [schedule for schedule in schedules if schedule.state != "REMOVED"]
    chosen = exact or living or schedules
    if not chosen:
        raise NotFound(
            f"there is no schedule {text[:80]!r}",
            field="schedule",
            value=text,
            remedy="`clew schedule ls` shows the schedules",
        )
    if len(chosen) > 1:
        listed = ", ".join(schedule.id[:8] for schedule in chosen[:5])
        raise UsageError(
            f"{text!r} names several schedules: {listed}", field="schedule", value=text, remedy="Give its id"
        )
    return chosen[0]


def schedule_of(context: Context, text: str) -> Schedule:
    """The schedule whose context was named. Errors: NotFound when it is another thing."""
    if context.type != SCHEDULE_TYPE:
        raise NotFound(
            f"{text} is a {context.type}, not a schedule",
            field="schedule",
            value=text,
            remedy="`clew schedule ls` shows the schedules",
        )
    return Schedule(context)


def schedule_named(reader: Reader, text: str) -> Schedule:
    """The schedule named by its id, the beginning of its id, its name, or ``context:N``.

    Errors: NotFound when there is none; UsageError when there are several.
    """
    if text.startswith("context:"):
        return schedule_of(reader.context(NodeRef.parse(text).id), text)
    try:
        found = reader.contexts(type=SCHEDULE_TYPE, where=filter_of(text), limit=100).items
    except TypeNotFound:
        found = []
    return the_schedule(text, list(found))
