"""Compile a Python file with the kfp SDK that its author uses, in a process of that Python."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from clew.metadata.errors import Invalid, InvalidPipeline

_SCRIPT = Path(__file__).with_name("compile_source.py")
_TOLD_LINES = 5


@dataclass(frozen=True, slots=True)
class Source:
    """``FILE.py`` or ``FILE.py:function``."""

    file: Path
    function: str = ""


def source_of(text: str) -> Source | None:
    """The Python file, and the pipeline in it, that ``text`` names; None when it names another kind of file."""
    file, colon, function = text.rpartition(":")
    if colon and file.endswith(".py"):
        return Source(Path(file), function)
    return Source(Path(text)) if text.endswith(".py") else None


def compiled(source: Source, python: Path) -> str:
    """The IR of a pipeline, compiled by ``python``.

    Errors: Invalid when there is no such file or Python, or it has no kfp; InvalidPipeline with what the compiler, or
    the file itself, said.
    """
    if not source.file.is_file():
        raise Invalid(
            f"there is no file {source.file}", field="pipeline", value=str(source.file), remedy="Check the path"
        )
    with tempfile.TemporaryDirectory(prefix="clew-compile-") as folder:
        target = Path(folder) / "pipeline.yaml"
        command = [str(python), str(_SCRIPT), str(source.file.absolute()), source.function, str(target)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise Invalid(
                f"{python} cannot be run: {error.strerror}",
                field="python",
                value=str(python),
                remedy="Name a Python that has kfp with --python",
            ) from error
        if target.is_file():
            return target.read_text("utf-8")
        raise _failed(source, python, target.with_suffix(".json"), done)


def _failed(source: Source, python: Path, report: Path, done: subprocess.CompletedProcess[str]) -> Invalid:
    said = json.loads(report.read_text("utf-8")) if report.is_file() else {}
    kind, message = said.get("kind", ""), said.get("message", "")
    if kind == "no kfp":
        return Invalid(
            f"{python} has no kfp ({message})",
            field="python",
            value=str(python),
            remedy="Install kfp there, activate the virtual environment that has it, or name a Python with --python",
        )
    if kind == "choose":
        names = ", ".join(said["names"])
        return InvalidPipeline(
            f"{source.file}: {message}",
            field="pipeline",
            value=source.function or str(source.file),
            remedy=f"Write {source.file}:NAME with one of {names}"
            if names
            else "Decorate a function with @dsl.pipeline",
        )
    if not message:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()][-_TOLD_LINES:]
        message = "; ".join(lines) or f"it ended with exit code {done.returncode}"
    where = f"{source.file}:{said['line']}" if said.get("line") else str(source.file)
    return InvalidPipeline(
        f"{where} does not compile: {message}",
        field="pipeline",
        value=str(source.file),
        remedy=f"Correct it; {python} compiles it",
    )
