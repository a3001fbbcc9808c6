"""What a piece of work stands on: commit and changes of its repository, packages, machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from typing import Any

DIFF_MAX_CHARS = 64 * 1024
PACKAGES_MAX = 2000
_GIT_S = 5.0
_DIST = re.compile(r"(.+)-([^-]+)\.(?:dist|egg)-info$")


def git_of(folder: str) -> dict[str, Any]:
    """Commit, branch and uncommitted changes (cut at 64 KiB) of the repository around ``folder``; empty where none is.

    Cost: three runs of git, each for 5 s at most.
    """
    commit = _git(folder, "rev-parse", "HEAD", "--abbrev-ref", "HEAD")
    if commit is None:
        return {}
    lines = commit.split()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no") or ""
    found: dict[str, Any] = {"git.commit": lines[0], "git.dirty": bool(status.strip())}
    if len(lines) > 1 and lines[1] != "HEAD":
        found["git.branch"] = lines[1]
    if status.strip():
        diff = _git(folder, "diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color") or ""
        cut = len(diff) > DIFF_MAX_CHARS
        found["git.diff"] = diff[:DIFF_MAX_CHARS] + ("\n... cut" if cut else "")
    return found


def packages_in(folders: Iterable[str]) -> dict[str, str]:
    """Name -> version of what is installed in ``folders``, the first counting, by the names of their metadata."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if (match := _DIST.match(name)) is not None and len(found) < PACKAGES_MAX:
                found.setdefault(match[1].replace("_", "-").lower(), match[2])
    return dict(sorted(found.items()))


def machine() -> dict[str, Any]:
    """Name of the host and its system."""
    return {"host": platform.node(), "platform": f"{platform.system()} {platform.machine()}"}


def _git(folder: str, *arguments: str) -> str | None:
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    environ.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            ["git", "-C", folder, "-c", "core.fsmonitor=false", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_S,
            env=environ,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").replace("\0", "") if done.returncode == 0 else None
