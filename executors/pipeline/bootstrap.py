"""Read the shell command the kfp SDK compiles for a lightweight Python component: its source and its packages.

    sh -c '<install pip>; python3 -m pip install --quiet 'pkg' && ... 'kfp==2.17.3' '--no-deps' && "$0" "$@"'
    sh -ec '<write "$0" to ephemeral_component.py>; python3 -m kfp.dsl.executor_main ... "$@"' '<source>'
    --executor_input '{{$}}' --function_to_execute f

The packages are installed once for all steps that want the same ones (environment.py), and the source is run as the
shell would have run it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import lru_cache

from clew.executors.pipeline.ir import Container

_MAIN = re.compile(r"-m kfp\.(dsl|components)\.executor_main\b")
"""What runs a function; SDKs up to 2.0 called it by the second name."""
_OLD_SDK = re.compile(r"kfp==2\.[0-4](?!\d)[\w.]*")
_WITH_VALUE = frozenset({"--index-url", "--extra-index-url", "--trusted-host", "-i", "--find-links", "-f"})
_OLD_PYTHON = re.compile(r"""; *python_version *< *["']3\.([0-9]|10|11)["'] *$""")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class PackageSet:
    """What a Python step needs installed."""

    kfp: str
    """Requirement of the SDK, installed without its dependencies; empty: any version will do."""
    packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Index options of pip."""
    python: str = ""
    """Version of Python; empty: that which runs Clew."""


@dataclass(frozen=True, slots=True)
class Lightweight:
    """A Python function with its source in the pipeline."""

    source: str
    function: str
    args: tuple[str, ...]
    packages: PackageSet

    @property
    def more_args(self) -> list[str]:
        """Arguments beyond those every such component has."""
        usual = ["--executor_input", "{{$}}", "--function_to_execute", self.function]
        return [] if list(self.args) == usual else list(self.args)


def read(container: Container) -> Lightweight | None:
    """The lightweight component in ``container``; None for any other program."""
    command = container.command
    for i, word in enumerate(command[:-1]):
        if "--component_module_path" in word and _MAIN.search(word):
            args = command[i + 2 :] + container.args
            return Lightweight(command[i + 1], _function(args), args, _packages(" ".join(command[:i])))
    return None


def _function(args: tuple[str, ...]) -> str:
    flag = "--function_to_execute"
    return args[args.index(flag) + 1] if flag in args[:-1] else ""


@lru_cache(1024)
def _packages(script: str) -> PackageSet:
    """The packages a script installs. Most components of a pipeline share one script."""
    kfp, packages, options = "", dict[str, None](), dict[tuple[str, str], None]()
    for words in _pip_installs(script):
        waiting = iter(words)
        for word in waiting:
            if word in _WITH_VALUE:
                options[word, next(waiting, "")] = None
            elif word.startswith("-") or not applies(word):
                continue
            elif name(word) == "kfp":
                kfp = runs_here(word)
            else:
                packages[word] = None
    return PackageSet(kfp, tuple(packages), tuple(word for pair in options for word in pair))


def runs_here(kfp: str) -> str:
    """A requirement of the SDK, or nothing, which any version meets, where it is one that knows no local paths.

    Source: ``Artifact.path`` gives None for a path of this machine up to kfp 2.4.
    """
    return "" if _OLD_SDK.fullmatch(kfp) else kfp


def _pip_installs(script: str) -> list[list[str]]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars="&|;")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # not a shell script after all
        return []
    installs = []
    for i in range(len(words) - 1):
        if words[i : i + 2] == ["pip", "install"]:
            rest = words[i + 2 :]
            end = next((j for j, word in enumerate(rest) if set(word) <= set("&|;")), len(rest))
            installs.append(rest[:end])
    return installs


def name(requirement: str) -> str:
    """The distribution a requirement names, in its canonical spelling; empty for a path or URL."""
    match = _NAME.match(requirement)
    bare = match is not None and "://" not in requirement.partition("@")[0] and "/" not in requirement.partition("@")[0]
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match and bare else ""


def applies(requirement: str) -> bool:
    """Whether a requirement's marker, if any, holds for this interpreter."""
    if ";" not in requirement:
        return True
    if _OLD_PYTHON.search(requirement):  # in every default component; spares the import
        return False
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(requirement.partition(";")[2]).evaluate()
    except InvalidMarker:
        return True
