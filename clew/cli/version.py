"""``clew version``."""

from __future__ import annotations

from clew.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version."""
    from clew import __version__
    from clew.cli.output import emit, emit_json

    if not json:
        emit(f"clew {__version__}")
        return
    import platform

    from clew.metadata.store import sqlite

    library = vars(sqlite)["sqlite3"]
    emit_json({"clew": __version__, "python": platform.python_version(), "sqlite": library.sqlite_version})
