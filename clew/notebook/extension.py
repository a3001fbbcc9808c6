"""``%load_ext clew``: record the session of a notebook. What it needs is imported in a thread, while one types."""

from __future__ import annotations

from typing import Any

from clew.notebook.session import Session

_session: Session | None = None


def load_ipython_extension(shell: Any) -> None:
    """Begin to record what this session reads and writes; ``%clew`` tells how it stands."""
    global _session
    if _session is not None and _session.is_open:
        return
    _session = Session(shell)
    _session.open()
    shell.register_magic_function(_status, "line", "clew")
    shell.register_magic_function(_step, "cell", "clew_step")


def unload_ipython_extension(shell: Any) -> None:
    """Record the end of the session."""
    global _session
    if _session is not None:
        _session.close()
    _session = None


def _status(line: str) -> None:
    """Record what is still to be recorded, and tell where."""
    if _session is not None:
        print(_session.flush())


def _step(line: str, cell: str) -> None:
    """Run a cell as a step: reuse what it made when nothing it depends on has changed."""
    from clew.notebook.cell import run_cell

    if _session is not None:
        run_cell(_session.shell, line, cell)
