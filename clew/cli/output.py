"""What commands print: JSON objects, tables for people, and how values are spelled in both."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from clew.draw.words import STATE_STYLE, clean, value_json

if TYPE_CHECKING:
    from rich.console import Console

GAP = 3
"""Columns of the screen between two columns of a table."""
MIN_CELL = 8
"""Width to which a column may be shortened before it is left out."""


def emit(text: str) -> None:
    """Write ``text`` and a newline to stdout; leave quietly when the reader is gone."""
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def emit_json(value: Any) -> None:
    """Write ``value`` as JSON: indented for a terminal, one line for a program."""
    indent = 2 if sys.stdout.isatty() else None
    try:
        emit(json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False))
    except ValueError:  # inf or nan somewhere: JSON has no such numbers
        emit(json.dumps(_sayable(value), ensure_ascii=False, indent=indent, allow_nan=False))


def _sayable(value: Any) -> Any:
    """``value`` with the numbers JSON cannot say as text, wherever they stand."""
    if isinstance(value, dict):
        return {key: _sayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(item) for item in value]
    return value_json(value) if isinstance(value, float) else value


def note(text: str) -> None:
    """Write a remark for people to stderr."""
    print(text, file=sys.stderr, flush=True)


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether ``stream`` (stdout) is a terminal that a person watches."""
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def has_color(stream: TextIO | None = None) -> bool:
    """Whether colours are wanted on ``stream`` (stdout; https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_unicode() -> bool:
    """Whether stdout can show box-drawing characters."""
    try:
        "├─└│⤴".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def console(*, stderr: bool = False) -> Console:
    """A Rich console that respects NO_COLOR, pipes and the width of the screen."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        emoji=False,
    )


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Iterable[str] = (),
    yielding: Iterable[str] = (),
    droppable: Iterable[str] = (),
) -> None:
    """Print a table: a Rich table that fits the screen; plain aligned columns of whole cells when piped.

    Where the screen is narrow, the columns ``yielding`` are shortened, and those ``droppable`` left out, last first:
    an id is never cut.
    """
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(columns)]
    if is_terminal():
        _rich_table(columns, cells, widths, set(right), set(yielding), list(droppable))
        return
    for row in [list(columns), *cells]:
        padded = (
            cell.rjust(w) if name in right else cell.ljust(w)
            for name, cell, w in zip(columns, row, widths, strict=True)
        )
        emit("  ".join(padded).rstrip())


def _rich_table(
    columns: Sequence[str],
    cells: list[list[str]],
    widths: list[int],
    right: set[str],
    yielding: set[str],
    droppable: list[str],
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    printed = console()
    fitted = _fit(dict(zip(columns, widths, strict=True)), yielding, droppable, printed.width - 2)
    out = Table(box=SIMPLE_HEAD if is_unicode() else None, pad_edge=False, header_style="bold")
    for name, width in fitted.items():
        out.add_column(
            name, justify="right" if name in right else "left", no_wrap=True, overflow="ellipsis", width=width
        )
    for row in cells:
        named = zip(columns, row, strict=True)
        out.add_row(*(Text(cell, style=STATE_STYLE.get(cell, "")) for name, cell in named if name in fitted))
    with printed.capture() as captured:
        printed.print(out)
    emit("\n".join(line.rstrip() for line in captured.get().strip("\n").splitlines()))


def _fit(widths: dict[str, int], yielding: set[str], droppable: list[str], room: int) -> dict[str, int]:
    """Widths that fit ``room``: columns left out while shortening cannot be enough, then the widest shortened first."""
    fitted = dict(widths)
    may_shrink = yielding | set(droppable)
    for name in reversed(droppable):
        least = sum((min(w, MIN_CELL) if n in may_shrink else w) + GAP for n, w in fitted.items())
        if least > room:
            fitted.pop(name, None)
    while sum(w + GAP for w in fitted.values()) > room:
        widest = max((n for n in fitted if n in may_shrink), key=lambda n: fitted[n], default=None)
        if widest is None or fitted[widest] <= MIN_CELL:
            break
        fitted[widest] -= 1
    return fitted


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Print name-value lines, the names aligned; empty values are left out."""
    shown = [(name, clean(str(value))) for name, value in pairs if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        emit(f"{paint(name.ljust(width), 'bright_black')}  {paint(value, STATE_STYLE.get(value, ''))}")


def heading(text: str) -> None:
    """Print a section's title."""
    emit("\n" + paint(text, "bold"))


_ANSI = {
    "": "",
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
    "bright_black": "90",
    "bold red": "1;31",
    "blue": "34",
}


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """``text`` in colour, where colour is wanted on ``stream`` (stdout)."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style and text and has_color(stream) else text
