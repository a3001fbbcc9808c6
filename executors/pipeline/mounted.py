"""Start a program so that it sees volumes where it asked for them (private_mounts.py), and know whether that works."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from clew.executors.pipeline.cluster import Placed
from clew.executors.protocol import Work

_PROGRAM = Path(__file__).parents[1] / "private_mounts.py"


def mounted(work: Work, mounts: Sequence[Placed], stage: Path) -> Work:
    """``work`` with ``mounts``; ``stage`` is a folder that may be made for it."""
    if not mounts:
        return work
    stage.mkdir(parents=True, exist_ok=True)
    said = json.dumps([_said(mount) for mount in mounts]).encode()
    return replace(work, command=(*_command(stage), *work.command), given=said, module=None)


@lru_cache(1)
def why_not() -> str:
    """Why no process can have mounts of its own here; empty when it can."""
    if sys.platform != "linux":
        return "only Linux gives a process mounts of its own"
    probe = json.dumps([{"path": "/proc/self", "files": {}, "read_only": True}])
    done = subprocess.run([*_command(Path("/")), "true"], input=probe, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"


def _command(stage: Path) -> tuple[str, ...]:
    return sys.executable, "-I", "-S", str(_PROGRAM), str(stage), "--"


def _said(mount: Placed) -> dict[str, Any]:
    files = mount.files
    return {
        "path": mount.path,
        "folder": str(mount.folder) if mount.folder is not None else None,
        "files": None if files is None else {n: base64.b64encode(v).decode() for n, v in files.items()},
        "read_only": mount.read_only,
    }
