"""What stands for a container image: its digest where that can be had, since a tag may mean another image tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_RUNTIMES = ("docker", "podman")
_TIMEOUT_S = 5.0

Resolve = Callable[[str], str]
"""Image as written -> what stands for it."""


def as_written(image: str) -> str:
    """The digest in the reference, else the reference itself."""
    found = _DIGEST.search(image.rpartition("@")[2]) if "@" in image else None
    return found[0] if found else image


@lru_cache(256)
def resolved(image: str) -> str:
    """The digest in the reference, else that of the image a runtime here would use, else the reference itself.

    Cost: one call of docker or podman for each image and process; nothing where there is neither.
    """
    from shutil import which  # most steps run in no image

    written = as_written(image)
    if written != image:
        return written
    for runtime in _RUNTIMES:
        if (program := which(runtime)) and (digest := _inspect(program, image)):
            return digest
    return image


def _inspect(program: str, image: str) -> str:
    import subprocess

    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            [program, "image", "inspect", "--format", "{{.Id}}", "--", image],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        found = _DIGEST.search(done.stdout) or re.search(r"\b[0-9a-f]{64}\b", done.stdout)
        if done.returncode == 0 and found:
            return found[0] if found[0].startswith("sha256:") else f"sha256:{found[0]}"
    return ""
