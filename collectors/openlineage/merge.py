"""What several events say of one thing, joined: by name, the latest counts, whatever the order they come in.

A join is the same in any order, any number of times: property tests hold it to that. Of two values of the same moment
the greater text counts, for want of a better reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from clew.metadata.digest import canonical_json

FACETS = "openlineage.facets"
"""Custom property: facets as JSON text: by group (``run``, ``job``, ``dataset``, ``input LOCATION``), then by name."""
TIMES = "openlineage.times"
"""Custom property, JSON text too: when each was said, UTC epoch milliseconds."""


class Merged:
    """Values by group and name, each with the time of the event that said so."""

    __slots__ = ("_times", "_values", "changed")

    def __init__(self, properties: Mapping[str, Any] | None = None) -> None:
        """As recorded in custom properties; empty for None."""
        self._values = _copied(properties, FACETS)
        self._times = _copied(properties, TIMES)
        self.changed = False

    def say(self, group: str, name: str, value: Any, time_ms: int) -> None:
        """Take in that ``name`` is ``value`` as of ``time_ms``."""
        times, values = self._times.setdefault(group, {}), self._values.setdefault(group, {})
        known = times.get(name)
        if known is not None:
            if known > time_ms:
                return
            if known == time_ms and canonical_json(values.get(name)) >= canonical_json(value):
                return
        values[name], times[name] = value, time_ms
        self.changed = True

    def say_all(self, group: str, facets: Mapping[str, Any], time_ms: int) -> None:
        """Take in every facet."""
        for name, facet in facets.items():
            self.say(group, name, facet, time_ms)

    def first(self, group: str, name: str, time_ms: int) -> None:
        """Take in that ``name`` was there at ``time_ms``: the earliest of such times is kept."""
        times = self._times.setdefault(group, {})
        if name not in times or time_ms < times[name]:
            times[name], self.changed = time_ms, True

    def times(self, group: str) -> dict[str, int]:
        """Name -> time."""
        return self._times.get(group, {})

    def facets(self, group: str) -> dict[str, Any]:
        """The facets of a group that were not deleted."""
        found = self._values.get(group, {})
        return {name: facet for name, facet in found.items() if not _is_deleted(facet)}

    def facet(self, group: str, name: str) -> dict[str, Any]:
        """One facet; empty where there is none."""
        found = self._values.get(group, {}).get(name)
        return found if isinstance(found, dict) and not _is_deleted(found) else {}

    def only(self, group: str, called: str) -> Merged:
        """One group alone, under another name."""
        part = Merged()
        if self._values.get(group):
            part._values, part._times = {called: self._values[group]}, {called: self._times[group]}
        return part

    def groups(self) -> list[str]:
        """The groups that hold facets."""
        return list(self._values)

    def recorded(self) -> dict[str, Any]:
        """As custom properties; keys in order, so that equal ones are the same text."""
        parts = ((FACETS, self._values), (TIMES, self._times))
        return {name: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() for name, value in parts if value}


def _copied(properties: Mapping[str, Any] | None, name: str) -> dict[str, dict[str, Any]]:
    text = (properties or {}).get(name)
    found = orjson.loads(text) if isinstance(text, str) else None
    return found if isinstance(found, dict) else {}


def _is_deleted(facet: Any) -> bool:
    return isinstance(facet, dict) and facet.get("_deleted") is True
