"""Secrets, config maps and volumes a run is given for what its pipeline asks of Kubernetes.

``--secret NAME=PATH`` and ``--config-map NAME=PATH``: a folder with a file for each key; a JSON or YAML file, an object
of texts or a manifest of Kubernetes; or a ``.env`` file. Values stay in memory, and nothing here shows them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.executors.pipeline.pod import Kind
from clew.metadata.errors import Invalid, StepFailed

_OPTION = {Kind.SECRET: "--secret", Kind.CONFIG_MAP: "--config-map", Kind.CLAIM: "--volume"}
MOST_BYTES = 1 << 20
"""Kubernetes keeps no more in one secret or config map."""
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_ENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][-.A-Za-z0-9_]*)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class Given:
    """What a run was given, by name."""

    secrets: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    config_maps: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    volumes: Mapping[str, Path] = field(default_factory=dict)


def read_given(
    secrets: Mapping[str, str | Path], config_maps: Mapping[str, str | Path], volumes: Mapping[str, str | Path]
) -> Given:
    """Read what was given.

    Errors: Invalid naming the option, the name and what is wrong; never a value.
    """
    for name, folder in volumes.items():
        if not Path(folder).is_dir():
            raise _wrong("volume", name, folder, "is no folder", "Give --volume CLAIM=FOLDER an existing folder")
    return Given(
        {name: read_keys("secret", name, Path(path)) for name, path in secrets.items()},
        {name: read_keys("config-map", name, Path(path)) for name, path in config_maps.items()},
        {name: Path(folder).resolve() for name, folder in volumes.items()},
    )


def read_keys(option: str, name: str, path: Path) -> dict[str, bytes]:
    """The keys and values at ``path``.

    Errors: Invalid naming ``option``, ``name``, the path and the key; never a value.
    """
    try:
        keys = _folder(option, name, path) if path.is_dir() else _file(option, name, path)
    except OSError as error:
        raise _wrong(option, name, path, f"cannot be read: {error.strerror}") from error
    if bad := next((key for key in keys if not _KEY.fullmatch(key) or key in (".", "..")), None):
        raise _wrong(option, name, path, f"has a key {bad[:80]!r}", "Keys are of letters, digits, - _ and .")
    if sum(map(len, keys.values())) > MOST_BYTES:
        raise _wrong(option, name, path, "is larger than 1 MiB, the most Kubernetes keeps", "Give it as an artifact")
    return keys


def missing_key(kind: Kind, name: str, key: str) -> StepFailed:
    """The error for a key that is not in a secret or config map."""
    return StepFailed(
        f"the {kind} {name!r} has no key {key!r}", field=name, value=key,
        remedy=f"Put it into what {_OPTION[kind]} {name}=PATH names",
    )  # fmt: skip


def missing(kind: Kind, name: str) -> StepFailed:
    """The error for what was not given."""
    where = "FOLDER" if kind is Kind.CLAIM else "FILE_OR_FOLDER"
    return StepFailed(
        f"there is no {kind} {name!r}", field=name, value=name, remedy=f"Give it with {_OPTION[kind]} {name}={where}"
    )


def _folder(option: str, name: str, path: Path) -> dict[str, bytes]:
    """A file for each key, as Kubernetes mounts them: what begins with two dots is its own."""
    files = [file for file in sorted(path.iterdir()) if not file.name.startswith("..")]
    if odd := next((file.name for file in files if not file.is_file()), None):
        raise _wrong(option, name, path, f"holds {odd!r}, which is no file", "Give a folder of files alone")
    if sum(file.stat().st_size for file in files) > MOST_BYTES:
        raise _wrong(option, name, path, "is larger than 1 MiB, the most Kubernetes keeps", "Give it as an artifact")
    return {file.name: file.read_bytes() for file in files}


def _file(option: str, name: str, path: Path) -> dict[str, bytes]:
    raw = path.read_bytes() if path.stat().st_size <= 4 * MOST_BYTES else None
    try:
        if raw is None:
            raise ValueError("it is larger than 1 MiB, the most Kubernetes keeps")
        text = raw.decode("utf-8")
        if path.suffix in (".json", ".yaml", ".yml"):
            return _object(_parsed(path, text))
        return _variables(text)
    except ValueError as error:  # its words must not hold any of the file's
        raise _wrong(option, name, path, f"cannot be used: {_said(error)}") from None


def _said(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON at line {error.lineno}"
    return str(error)


def _parsed(path: Path, text: str) -> Any:
    if path.suffix == ".json":
        return json.loads(text)
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"it is not YAML{f' at line {mark.line + 1}' if mark else ''}") from None


def _object(value: Any) -> dict[str, bytes]:
    if not isinstance(value, dict):
        raise ValueError("it is no object of keys and texts")
    if value.get("kind") in ("Secret", "ConfigMap") and "apiVersion" in value:
        plain = "data" if value["kind"] == "ConfigMap" else "stringData"
        encoded = "binaryData" if value["kind"] == "ConfigMap" else "data"
        return _decoded(value.get(encoded) or {}) | _texts(value.get(plain) or {})
    return _texts(value)


def _texts(value: Any) -> dict[str, bytes]:
    if not isinstance(value, dict):
        raise ValueError("it is no object of keys and texts")
    for key, text in value.items():
        if not isinstance(key, str) or not isinstance(text, str):
            raise ValueError(f"the value of {str(key)[:80]!r} is no text: put it in quotes")
    return {key: text.encode() for key, text in value.items()}


def _decoded(value: Any) -> dict[str, bytes]:
    try:
        return {key: base64.b64decode(text, validate=True) for key, text in _texts(value).items()}
    except binascii.Error:
        raise ValueError("its data are not base64") from None


def _variables(text: str) -> dict[str, bytes]:
    """``KEY=value`` lines; comments, ``export`` and quotes as shells have them, nothing expanded."""
    keys = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not (line := line.strip()) or line.startswith("#"):
            continue
        match = _ENV_LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} is not KEY=value")
        value = match[2]
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        keys[match[1]] = value.encode()
    return keys


def _wrong(option: str, name: str, path: str | Path, what: str, remedy: str = "") -> Invalid:
    how = "Give a folder of files, a JSON or YAML object of texts, or a .env file"
    return Invalid(f"--{option} {name}: {path} {what}", field=option, value=str(path), remedy=remedy or how)
