"""The rules of the cache as a table: of a TOML file, of the command line, or kept with a run.

mode = "on"                  # on, read, write, refresh, off
max_age = "7d"
scope = "namespace"          # pipeline, project, namespace, global
failures = "1h"              # remember failures; absent: do not
nondeterministic = "miss"    # or reuse
[pipeline."churn-*"]         # the same rules, for pipelines of that name
mode = "read"
[task.train]                 # for tasks of that name, path or component; in a run's table of this pipeline only
ignore = ["seed"]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew.executors.rules import EMPTY, Rulebook, Rules, of_mapping
from clew.metadata.errors import Invalid

HOME_FILE = "cache.toml"
"""In a home: what holds for every run in it."""
_GROUPS = ("pipeline", "task")


def rulebook_of(table: Mapping[str, Any], where: str) -> Rulebook:
    """The rules in ``table``; ``where`` says in words who set them.

    Errors: Invalid naming the rule, its value and what may stand there.
    """
    general = {key: value for key, value in table.items() if key not in _GROUPS}
    return Rulebook(of_mapping(general, where), _group(table, "pipeline", where), _group(table, "task", where))


def read_rulebook(path: Path) -> Mapping[str, Any]:
    """The table in a TOML file, checked. Errors: Invalid naming the file, the rule and what may stand there."""
    import tomllib  # 5 ms that most runs need not pay

    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Invalid(
            f"the rules of the cache in {path} cannot be read: {reason}",
            field="cache-policy",
            value=str(path),
            remedy="Give a TOML file as docs/cache.md describes it",
        ) from error
    rulebook_of(table, f"in {path}")
    return table


def of_home(home: Path) -> Rulebook:
    """What holds for every run of a home. Errors: Invalid."""
    path = home / HOME_FILE
    return rulebook_of(read_rulebook(path), "for this home (cache.toml)") if path.is_file() else EMPTY


def _group(table: Mapping[str, Any], kind: str, where: str) -> tuple[tuple[str, Rules], ...]:
    group = table.get(kind, {})
    if not isinstance(group, Mapping) or not all(isinstance(rules, Mapping) for rules in group.values()):
        raise Invalid(
            f"{where}: {kind!r} is no table of names",
            field=kind,
            value=group,
            remedy=f'Write [{kind}."NAME"] and the rules below it',
        )
    return tuple((str(name), of_mapping(rules, f"{where}, for {kind} {name}")) for name, rules in group.items())
