"""Run programs in their images through docker or podman, whichever answers."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clew.executors.protocol import Work
from clew.metadata.errors import SubmitFailed

NAMES = ("docker", "podman")
_ANSWER_S = 20.0


@dataclass(frozen=True, slots=True)
class Bind:
    """A folder or file of this machine as a container sees it."""

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may take; None is no limit."""

    cpus: float | None = None
    memory_bytes: int | None = None
    devices: tuple[str, ...] = ()
    """Numbers of accelerators."""


class Engine:
    """A container engine that answers. Safe for several threads; made once a run, which sees one state of each tag."""

    def __init__(self, name: str, program: str, user: tuple[str, ...]) -> None:
        self.name = name
        self.program = program
        self._user = user
        self._digests: dict[str, str] = {}
        self._guard = threading.Lock()

    def image_digest(self, reference: str, *, pull: str = "") -> str:
        """The digest of what ``reference`` names now; pulled first if it is not here, or if ``pull`` is ``Always``.

        Errors: SubmitFailed with the engine's last words when there is no such image.
        """
        with self._guard:
            if reference not in self._digests:
                found = "" if pull == "Always" else self._inspect(reference)
                if not found and pull != "Never":
                    self._ask("pull", "--quiet", reference, about=reference)
                    found = self._inspect(reference)
                if not found:
                    raise _no_image(self.name, reference, "it is not here, and may not be pulled")
                self._digests[reference] = found
            return self._digests[reference]

    def work(
        self,
        work: Work,
        image: str,
        name: str,
        binds: Sequence[Bind],
        limits: Limits,
        *,
        args: Sequence[str] = (),
        defaults: Mapping[str, str] | None = None,
    ) -> Work:
        """``work`` as a container of ``image``: its command, if any, in place of the image's own, ``args`` after it.

        Values of variables are on no command line: the client is told names, and finds them in its environment; those
        that would change the client itself it reads from its standard input.
        """
        environ = dict(defaults or {}) | work.environ
        by_file = {key: value for key, value in environ.items() if _is_the_clients(key)}
        by_name = {key: value for key, value in environ.items() if key not in by_file}
        if bad := next((key for key, value in by_file.items() if "\n" in value), None):
            raise SubmitFailed(f"the variable {bad} cannot have more than one line in a container", field=bad)
        command = [self.program, "run", "--rm", "--name", name, *self._user, "--security-opt", "label=disable"]
        for bind in binds:
            command += ["--mount", _mount(bind)]
        for key in by_name:
            command += ["--env", key]
        if by_file:
            command += ["--env-file", "/dev/stdin"]
        command += _limits(limits, self.name)
        if work.command:
            command += ["--entrypoint", work.command[0]]
        return Work(
            (*command, image, *work.command[1:], *args),
            work.folder,
            work.log,
            dict(os.environ) | by_name,
            work.timeout_s,
            given="".join(f"{key}={value}\n" for key, value in by_file.items()).encode(),
            ends=((self.program, "kill", name), (self.program, "rm", "--force", name)),
        )

    def _inspect(self, reference: str) -> str:
        done = _call(self.program, "image", "inspect", "--format", "{{.Id}}", reference)
        digest = done.stdout.strip()
        return "" if done.returncode else digest if digest.startswith("sha256:") else f"sha256:{digest}"

    def _ask(self, *words: str, about: str) -> str:
        done = subprocess.run([self.program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise _no_image(self.name, about, done.stderr.strip()[-400:])
        return done.stdout.strip()


def find_engine(choice: str) -> tuple[Engine | None, str]:
    """The engine ``choice`` names, of ``auto`` the first that answers; or None, and why."""
    reasons = []
    for name in NAMES if choice == "auto" else (choice,):
        program = shutil.which(name)
        if program is None:
            reasons.append(f"{name} is not installed")
            continue
        try:
            done = _call(program, "info", "--format", "{{json .}}")
            said = json.loads(done.stdout or "{}") if done.returncode == 0 else {}
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            reasons.append(f"{name} does not answer: {error}")
            continue
        if done.returncode == 0 and not (isinstance(said, dict) and said.get("ServerErrors")):
            return Engine(name, program, _user(name, said)), ""
        words = done.stderr.strip() or " ".join(said.get("ServerErrors") or []) or f"exit code {done.returncode}"
        reasons.append(f"{name} does not answer: {words.splitlines()[-1][:200]}")
    return None, "; ".join(reasons)


def _user(name: str, said: Mapping[str, object]) -> tuple[str, ...]:
    """So that files are the caller's: a rootless engine maps the caller to root, or must be told not to."""
    if name == "podman" and os.geteuid() != 0:
        return "--userns", "keep-id"
    rootless = "rootless" in str(said.get("SecurityOptions", ""))
    return ("--user", "0:0") if rootless else ("--user", f"{os.geteuid()}:{os.getegid()}")


def _is_the_clients(key: str) -> bool:
    """Whether the client of an engine may read this variable itself."""
    return key in os.environ or key.startswith(("DOCKER_", "CONTAINER", "PODMAN_", "BUILDAH_", "XDG_", "LD_", "GO"))


def _mount(bind: Bind) -> str:
    fields = ["type=bind", f"source={bind.source}", f"target={bind.target}", *(["readonly"] if bind.read_only else [])]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()


def _limits(limits: Limits, engine: str) -> list[str]:
    words = []
    if limits.cpus is not None:
        words += ["--cpus", f"{limits.cpus:g}"]
    if limits.memory_bytes is not None:
        words += ["--memory", str(limits.memory_bytes)]
    for device in limits.devices if engine == "podman" else ():
        words += ["--device", f"nvidia.com/gpu={device}"]
    if limits.devices and engine == "docker":
        words += ["--gpus", f'"device={",".join(limits.devices)}"']
    return words


def _call(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ANSWER_S
    )


def _no_image(engine: str, reference: str, words: str) -> SubmitFailed:
    return SubmitFailed(
        f"{engine} has no image {reference}: {words}",
        field="image",
        value=reference,
        remedy="Check the name, the registry and its credentials; or load the image first",
    )
