"""What `clew run` and `clew plan` are told about the cache."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from clew.metadata.errors import UsageError

CacheWord = Literal["on", "read", "write", "refresh", "off"]


class Mode(StrEnum):
    """What a run does with the cache."""

    ON = "on"
    READ = "read"
    WRITE = "write"
    REFRESH = "refresh"
    OFF = "off"


class Shared(StrEnum):
    """How far results are shared."""

    PIPELINE = "pipeline"
    PROJECT = "project"
    NAMESPACE = "namespace"
    GLOBAL = "global"


NoCache = Annotated[
    bool, typer.Option("--no-cache", "--disable-cache", help="Run every step, and let no later run find them.")
]
Refresh = Annotated[bool, typer.Option("--refresh", help="Run every step anew, for later runs to find.")]
CacheMode = Annotated[
    Mode | None, typer.Option("--cache", help="Reuse and be reused (on), only one of the two, or neither (off).")
]
MaxAge = Annotated[
    str | None, typer.Option("--max-age", metavar="AGE", help="Reuse only what is younger: 90s, 15m, 12h, 7d.")
]
ScopeOption = Annotated[Shared | None, typer.Option("--scope", help="How far results are shared (namespace).")]
IgnoreInput = Annotated[
    list[str] | None,
    typer.Option("--ignore-input", metavar="TASK.NAME", help="An input that does not count; may be repeated."),
]
CacheFailures = Annotated[
    str | None,
    typer.Option("--cache-failures", metavar="AGE", help="Do not run again what failed the same less long ago."),
]
CachePolicyFile = Annotated[
    Path | None, typer.Option("--cache-policy", metavar="FILE", help="Rules of the cache, as TOML.")
]
Project = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="The project it belongs to, for --scope project.")
]


def mode_of(no_cache: bool, refresh: bool, mode: Mode | None) -> CacheWord:
    """The mode the options name. Errors: UsageError when two of them do."""
    if no_cache + refresh + (mode is not None) > 1:
        raise UsageError(
            "--no-cache, --refresh and --cache exclude each other", field="cache", remedy="Give one of them"
        )
    return "off" if no_cache else "refresh" if refresh else mode.value if mode else "on"


def rules_of(
    max_age: str | None,
    scope: Shared | None,
    ignore: list[str] | None,
    failures: str | None,
    policy: Path | None,
) -> dict[str, Any]:
    """The table of rules the options stand for, beside those of the policy file; of both the stricter counts.

    Errors: Invalid, UsageError.
    """
    rules: dict[str, Any] = {}
    if policy is not None:
        from clew.executors.rulebook import read_rulebook

        rules |= read_rulebook(policy)
    for key, given in (("max_age", max_age), ("scope", scope and scope.value), ("failures", failures)):
        if given is not None:
            rules[key] = _stricter(key, rules.get(key), given)
    if ignore:
        tasks: dict[str, Any] = {name: dict(table) for name, table in rules.get("task", {}).items()}
        for text in ignore:
            task, dot, name = text.rpartition(".")
            if not dot or not task or not name:
                raise UsageError(
                    f"{text[:80]!r} is not TASK.NAME",
                    field="ignore-input",
                    value=text,
                    remedy="Write --ignore-input train.seed",
                )
            table = tasks.setdefault(task, {})
            table["ignore"] = sorted({*table.get("ignore", []), name})
        rules["task"] = tasks
    return rules


def _stricter(key: str, a: Any, b: Any) -> Any:
    from clew.executors.rules import Scope, age_s

    if a is None:
        return b
    if key == "scope":
        return min(a, b, key=lambda word: Scope[word.upper()])
    return min(a, b, key=lambda text: age_s(text, key))
