"""``clew version``."""

from __future__ import annotations

from clew.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version of Clew and of what its answers depend on."""
    from clew import __version__
    from clew.cli.output import emit, emit_json

    if not json:
        emit(f"clew {__version__}")
        return
    import platform

    from clew.metadata.store.sqlite import sqlite3

    emit_json({"clew": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version})
