"""What the command line gives a run: its pipeline, its parameters, and what is named with ``NAME=VALUE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.metadata.errors import Invalid, UsageError

if TYPE_CHECKING:
    from clew.executors.pipeline.ir import Pipeline


def read_pipeline(text: str | None, python: Path | None) -> Pipeline:
    """The pipeline in a file of IR, or of Python source, compiled. Errors: UsageError, Invalid, InvalidPipeline."""
    from clew.executors.pipeline.load import load, parse
    from clew.executors.runs.compile import compiled, source_of
    from clew.settings import active_python

    if text is None:
        raise UsageError(
            "no pipeline was named", field="pipeline", remedy="Write `clew run PIPELINE.yaml`, or --resume RUN"
        )
    source = source_of(text)
    return load(Path(text)) if source is None else parse(compiled(source, python or active_python()))


def parameters_from(path: Path | None) -> dict[str, Any]:
    """Parameters from a JSON or YAML file. Errors: Invalid."""
    if path is None:
        return {}
    import yaml

    try:
        read = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise Invalid(
            f"cannot read the parameters in {path}: {reason}",
            field="parameters",
            value=str(path),
            remedy="Give a file with a JSON or YAML mapping",
        ) from error
    if not isinstance(read, dict) or not all(isinstance(name, str) for name in read):
        raise Invalid(
            f"{path} holds no mapping of parameters",
            field="parameters",
            value=str(path),
            remedy="Write one `name: value` for each parameter",
        )
    return read


def paths(option: str, spelling: str, texts: list[str] | None) -> dict[str, Path]:
    """``NAME=PATH`` options as a mapping. Errors: UsageError."""
    return {name: Path(path).expanduser() for name, path in pairs(option, spelling, texts).items()}


def pairs(option: str, spelling: str, texts: list[str] | None) -> dict[str, Any]:
    """``NAME=VALUE`` options as a mapping. Errors: UsageError."""
    given: dict[str, Any] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{text[:80]!r} is not NAME=VALUE", field=option, value=text, remedy=f"Write {spelling}")
        if name in given:
            raise UsageError(f"{option} {name!r} is given twice", field=option, value=text, remedy="Give it once")
        given[name] = value
    return given
