"""Settings: what can be set, how it is checked, and where it comes from. The environment is read here and nowhere else.

A setting is taken from the first place that names it: the command line or call, the environment (``CLEW_*``),
the home's ``clew.toml``, the default. ``docs/configuration.md`` describes each; a test holds the two together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from clew.metadata.errors import Invalid

HOME_FILE = "clew.toml"
ENGINES = ("auto", "embedded", "sql")
CACHE_MODES = ("on", "read", "write", "refresh", "off")
DEFAULT_HOME = Path(".clew")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default. Made by :func:`load`, which checks them."""

    home: Path = DEFAULT_HOME
    """Folder of the record, the bytes and the runs."""
    url: str = ""
    """URL of a Clew server to ask instead of opening a home."""
    record_url: str = ""
    """Database of the record (postgresql://...); empty: record.db in the home."""
    namespace: str = "default"
    """Namespace of what is recorded when the caller names none."""
    actor: str = ""
    """Who is recorded as the author of changes; empty: the operating system's user."""
    host: str = "127.0.0.1"
    """Address `clew up` listens on; other than loopback needs a token."""
    port: int = 8420
    """HTTP port of `clew up`; 0 takes a free one."""
    grpc_port: int = 8421
    """gRPC port of `clew up`: ML Metadata's service; 0 takes a free one."""
    grpc_tls_key: str = ""
    """File with the private key of the gRPC port (PEM); empty: no TLS."""
    grpc_tls_certificate: str = ""
    """File with the certificate that goes with the key, and its chain."""
    grpc_tls_client_authority: str = ""
    """File with the authority whose certificates clients must show (mTLS); empty: they need none."""
    token: str = ""
    """Bearer token a server demands and a client sends; empty: none."""
    embed_from: str = ""
    """Origins whose pages may show the explorer in a frame, with spaces between; empty: none."""
    engine: str = "auto"
    """Graph engine of `clew up`: auto, embedded (numba) or sql."""
    cache: str = "on"
    """What runs may do with the cache at most: on, read, write, refresh or off."""
    max_parallel: int = 0
    """Steps that run at once in `clew run`; 0: two a processor, at least four."""
    artifacts: str = ""
    """Where artifact bytes are kept: a folder, s3://, gs:// or az://; empty: ``blobs`` in the home."""
    environments: str = ""
    """Folder of the Python environments of steps, which homes may share; empty: ``envs`` in the home."""
    timeout_s: float = 30.0
    """Seconds a client waits for a server's answer."""
    spool_mb: int = 256
    """MiB that reports may take on disk while the server is away."""
    debug: bool = False
    """Show the traceback of an unexpected error."""

    @property
    def environments_folder(self) -> Path:
        """``environments``, or the home's own."""
        return (Path(self.environments).expanduser() if self.environments else self.home / "envs").absolute()

    @property
    def author(self) -> str:
        """``actor``, or the operating system's user."""
        return self.actor or _os_user()


def load(environ: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from ``given`` (None: not given), the environment, the home's ``clew.toml`` and the defaults.

    Errors: Invalid naming the setting and where it was set.
    """
    environ = os.environ if environ is None else environ
    chosen: dict[str, Any] = {}
    for name in names():
        if text := environ.get(variable(name), ""):
            chosen[name] = _read(name, text, variable(name))
    for name, value in given.items():
        if value is not None:
            chosen[name] = _read(name, value, "--" + name.replace("_", "-"))
    home = chosen.get("home", Settings().home)
    if not chosen.get("url"):
        chosen = _from_home(home) | chosen
    return Settings(**chosen)


def is_debug(environ: Mapping[str, str] | None = None) -> bool:
    """Whether tracebacks are wanted; readable also when the settings themselves are bad."""
    return (os.environ if environ is None else environ).get("CLEW_DEBUG", "").lower() in ("1", "true", "yes", "on")


def active_python(environ: Mapping[str, str] | None = None) -> Path:
    """The Python of the virtual environment that is active, else the one that runs us."""
    import sys

    active = (os.environ if environ is None else environ).get("VIRTUAL_ENV", "")
    python = Path(active) / "bin" / "python"
    return python if active and python.exists() else Path(sys.executable)


def names() -> list[str]:
    """Names of all settings."""
    return [f.name for f in fields(Settings)]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return "CLEW_" + name.upper()


def _from_home(home: Path) -> dict[str, Any]:
    path = home / HOME_FILE
    if not path.is_file():
        return {}
    import tomllib  # costs 5 ms, and most homes have no such file

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(
            f"{path} cannot be read: {error}", field=str(path), remedy="Correct or remove the file"
        ) from error
    for name in table:
        if name not in names() or name in ("home", "url"):
            raise Invalid(
                f"{path} sets {name!r}, which is not a setting of a home",
                field=name,
                value=table[name],
                remedy="See docs/configuration.md for the settings",
            )
    return {name: _read(name, value, str(path)) for name, value in table.items()}


def _read(name: str, value: object, source: str) -> Any:
    """``value`` as the setting's own kind, checked."""
    kind = type(getattr(_DEFAULTS, name))
    try:
        if kind is bool:
            return _bool(value)
        if isinstance(value, bool):
            raise ValueError("true and false are not numbers or text")
        read = Path(str(value)).expanduser() if isinstance(getattr(_DEFAULTS, name), Path) else kind(value)
        _check(name, read)
        return read
    except (TypeError, ValueError) as error:
        raise Invalid(
            f"{source} is not a good {name}: {str(value)[:80]!r} ({error})",
            field=name,
            value=str(value),
            remedy="See docs/configuration.md",
        ) from error


def _bool(value: object) -> bool:
    text = str(value).lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError("write 1 or 0")


def _check(name: str, value: Any) -> None:
    if name in ("port", "grpc_port") and not 0 <= value <= 65535:
        raise ValueError("a port is 0 to 65535")
    if name == "max_parallel" and not 0 <= value <= 4096:
        raise ValueError("write 0 to 4096")
    if name == "spool_mb" and not 1 <= value <= 1_048_576:
        raise ValueError("write 1 to 1048576")
    if name == "timeout_s" and not 0 < value <= 86400:
        raise ValueError("write seconds above 0, up to a day")
    if name == "cache" and value not in CACHE_MODES:
        raise ValueError("write one of " + ", ".join(CACHE_MODES))
    if name == "engine" and value not in ENGINES:
        raise ValueError("write one of " + ", ".join(ENGINES))
    if name == "url" and value and not value.startswith(("http://", "https://")):
        raise ValueError("write http://HOST:PORT")
    if name == "record_url" and value and "://" not in value:
        raise ValueError("write postgresql://USER@HOST/DATABASE")
    if name == "namespace" and (not value or "\0" in value or len(value) > 255):
        raise ValueError("write 1 to 255 characters")
    if name == "embed_from" and not all(map(_is_origin, value.split())):
        raise ValueError("write origins as https://HOST or https://HOST:PORT, with spaces between")
    if name in ("host", "token", "actor") and "\0" in value:
        raise ValueError("it holds NUL")


def _is_origin(text: str) -> bool:
    """Whether ``text`` is one origin, and nothing that a policy would read as more."""
    return re.fullmatch(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", text) is not None


def _os_user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may run as a user without a name
        return f"uid-{os.getuid()}"


_DEFAULTS = Settings()
