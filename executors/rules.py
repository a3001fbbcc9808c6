"""What the cache may do for a task: look, keep, how old, how far, without which inputs. Said at several levels.

Home, pipeline, run and task may each say something, and **the stricter one wins**: each may forbid what another
allows, none may allow what another forbids. An input is ignored when any level says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from functools import reduce
from typing import Any, Final

from clew.metadata.errors import Invalid

MODES: Final = ("on", "read", "write", "refresh", "off")
KEYS: Final = ("mode", "max_age", "scope", "ignore", "failures", "nondeterministic")
VARIABLE: Final = "CLEW_CACHE_"
"""Environment variables of a component that begin so are its own rules, and neither counted nor handed to the step."""
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class Scope(IntEnum):
    """How far results are shared, narrowest first."""

    PIPELINE = 0
    PROJECT = 1
    NAMESPACE = 2
    GLOBAL = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rules:
    """What one level says; what it does not mention is left to the others."""

    unread: str = ""
    """Why nothing earlier is looked for; empty: it is."""
    unwritten: str = ""
    """Why nothing later may find it; empty: it may."""
    refreshes: bool = False
    """Whether what ran earlier stops counting once this has run."""
    max_age_s: float | None = None
    scope: Scope | None = None
    ignore: frozenset[str] = frozenset()
    """Names of inputs that do not count."""
    failures_s: float | None = None
    """How long a failure is remembered; None: it is not."""
    no_nondeterministic: bool = False
    """Whether what the audit found to be non-deterministic is run each time."""

    @property
    def off(self) -> str:
        """Why the cache has no part in this at all; empty when it has."""
        return self.unread if self.unread and self.unwritten else ""

    def and_(self, other: Rules) -> Rules:
        """Both: the stricter of each."""
        return Rules(
            unread=self.unread or other.unread,
            unwritten=self.unwritten or other.unwritten,
            refreshes=self.refreshes or other.refreshes,
            max_age_s=_least(self.max_age_s, other.max_age_s),
            scope=_least(self.scope, other.scope),
            ignore=self.ignore | other.ignore,
            failures_s=_least(self.failures_s, other.failures_s),
            no_nondeterministic=self.no_nondeterministic or other.no_nondeterministic,
        )


NONE: Final = Rules()


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of a run: for all tasks, for those of some pipelines, for some tasks."""

    general: Rules = NONE
    pipelines: tuple[tuple[str, Rules], ...] = ()
    """Pattern of pipeline names -> rules."""
    tasks: tuple[tuple[str, Rules], ...] = ()
    """Pattern of task names -> rules."""

    def and_(self, other: Rulebook) -> Rulebook:
        """Both."""
        return Rulebook(self.general.and_(other.general), self.pipelines + other.pipelines, self.tasks + other.tasks)

    def of(self, pipeline: str, names: Iterable[str], environ: Mapping[str, str] | None = None) -> Rules:
        """The rules for a task: ``names`` are its name, its path in the run and its component's name.

        Errors: Invalid for a rule in the component's environment that cannot be read.
        """
        found = [self.general, of_environ(environ or {})]
        found += [rules for pattern, rules in self.pipelines if fnmatchcase(pipeline, pattern)]
        if self.tasks:
            known = tuple(names)
            found += [r for pattern, r in self.tasks if any(fnmatchcase(name, pattern) for name in known)]
        return reduce(Rules.and_, found, NONE)


EMPTY: Final = Rulebook()


def of_mode(mode: str, where: str) -> Rules:
    """The rules a mode stands for; ``where`` says who asks, as ``for this run (--no-cache)``.

    Errors: Invalid.
    """
    if mode not in MODES:
        raise Invalid(
            f"{mode!r} is no mode of the cache", field="mode", value=mode, remedy=f"One of {', '.join(MODES)}"
        )
    off, read = f"caching is off {where}", f"nothing is added to the cache {where}"
    anew = f"everything is asked for anew {where}"
    return {
        "on": NONE,
        "read": Rules(unwritten=read),
        "write": Rules(unread=f"the cache is only added to {where}"),
        "refresh": Rules(unread=anew, refreshes=True),
        "off": Rules(unread=off, unwritten=off),
    }[mode]


def of_mapping(table: Mapping[str, Any], where: str) -> Rules:
    """Rules by their names, as in a policy file.

    Errors: Invalid naming the rule, its value and what may stand there.
    """
    for key in table:
        if key not in KEYS:
            raise Invalid(
                f"the rules {where}: there is no rule {key!r}",
                field=str(key),
                value=table[key],
                remedy=f"The rules: {', '.join(KEYS)}",
            )
    try:
        return of_mode(str(table.get("mode", "on")), where).and_(
            Rules(
                max_age_s=_age(table, "max_age"),
                scope=_scope(table["scope"]) if "scope" in table else None,
                ignore=_names(table.get("ignore", [])),
                failures_s=_age(table, "failures"),
                no_nondeterministic=_nondeterministic(table.get("nondeterministic", "reuse")),
            )
        )
    except Invalid as error:
        raise Invalid(
            f"the rules {where}: {error.message}", field=error.field, value=error.value, remedy=error.remedy
        ) from error


def of_environ(environ: Mapping[str, str]) -> Rules:
    """The rules a component carries in its environment: ``CLEW_CACHE_MAX_AGE=7d``, ``CLEW_CACHE_IGNORE=seed,jobs``."""
    table: dict[str, Any] = {
        name.removeprefix(VARIABLE).lower(): value for name, value in environ.items() if name.startswith(VARIABLE)
    }
    if not table:
        return NONE
    if "ignore" in table:
        table["ignore"] = [name.strip() for name in table["ignore"].split(",") if name.strip()]
    return of_mapping(table, f"in the component's environment ({VARIABLE}*)")


def without_rules(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` as the step gets it."""
    return {name: value for name, value in environ.items() if not name.startswith(VARIABLE)}


def age_s(text: object, field: str = "max_age") -> float:
    """Seconds of an age: a number of seconds, or ``90s``, ``15m``, ``12h``, ``7d``, ``2w``. Errors: Invalid."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        text = str(text)
    if isinstance(text, str):
        number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = text[len(number) :] or "s"
        if unit in _UNITS:
            try:
                seconds = float(number) * _UNITS[unit]
            except ValueError:
                seconds = -1.0
            if 0 <= seconds < float("inf"):
                return seconds
    raise Invalid(
        f"{str(text)[:40]!r} is no age", field=field, value=text, remedy="Write a number and a unit: 90s, 15m, 12h, 7d"
    )


def _age(table: Mapping[str, Any], key: str) -> float | None:
    return age_s(table[key], key) if key in table else None


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise Invalid("'ignore' is no list of names", field="ignore", value=value, remedy='Write ignore = ["seed"]')
    return frozenset(value)


def _scope(word: object) -> Scope:
    try:
        return Scope[str(word).upper()]
    except KeyError as error:
        known = ", ".join(scope.word for scope in Scope)
        raise Invalid(f"{word!r} is no scope", field="scope", value=word, remedy=f"One of {known}") from error


def _nondeterministic(word: object) -> bool:
    if word not in ("reuse", "miss"):
        raise Invalid(
            f"{word!r} says nothing about non-deterministic components",
            field="nondeterministic",
            value=word,
            remedy="Write reuse or miss",
        )
    return word == "miss"


def _least(a: Any, b: Any) -> Any:
    return b if a is None else a if b is None else min(a, b)
