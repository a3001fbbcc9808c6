"""A step as a container: what it sees of this machine, and under which paths."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from clew.executors.engine import Bind, Engine, Limits
from clew.executors.pipeline.cluster import Bound, Placed
from clew.executors.protocol import Work

_MEMORY = Path("/dev/shm")


def contained(
    work: Work,
    engine: Engine,
    image: str,
    args: Sequence[str],
    bound: Bound,
    inputs: Iterable[Path],
    limits: Limits,
    undo: ExitStack,
) -> Work:
    """``work`` in ``image``, with ``args`` after its command; ``undo`` removes what only the container needed.

    The step's folder and its inputs stand where they stand outside, inputs unchangeable; volumes where they were asked
    for. It runs as the user who runs Clew, so that its files are theirs.
    """
    folder = work.folder.parent
    binds = [Bind(folder, str(folder), read_only=False), *(Bind(path, str(path)) for path in sorted(set(inputs)))]
    if bound.workspace is not None:
        binds.append(Bind(bound.workspace, str(bound.workspace), read_only=False))
    kept: list[Path] = []
    for mount in bound.mounts:
        source = mount.folder if mount.folder is not None else _in_memory(mount, kept, undo)
        binds.append(Bind(source, mount.path, read_only=mount.read_only))
    home = {} if os.geteuid() == 0 else {"HOME": str(work.folder)}  # the image's belongs to its own user
    made = engine.work(work, image, f"clew-{uuid.uuid4().hex[:16]}", binds, limits, args=args, defaults=home)
    return made.ended_by(*(("rm", "-rf", str(path)) for path in kept))


def _in_memory(mount: Placed, kept: list[Path], undo: ExitStack) -> Path:
    """The files of a secret in a folder that no other user can look into, and on no disk where that can be."""
    folder = Path(tempfile.mkdtemp(prefix="clew-", dir=_MEMORY if _MEMORY.is_dir() else None))
    kept.append(folder)
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    for name, value in (mount.files or {}).items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as stream:
            stream.write(value)
    return folder
