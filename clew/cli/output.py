"""What commands print: JSON objects, tables for people, and how values are spelled in both."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clew.draw.words import STATE_STYLE, clean

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 100_000
"""Columns of a table nobody sees on a screen: whole cells for grep and awk."""


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
    emit(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def note(text: str) -> None:
    """Write a remark for people to stderr."""
    print(text, file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether stdout is a terminal that a person watches."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def has_color() -> bool:
    """Whether colours are wanted on stdout (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


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
        stderr=stderr,
        width=None if stream.isatty() or os.environ.get("COLUMNS") else WIDE,
        highlight=False,
        soft_wrap=False,
        emoji=False,
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Print a table: aligned columns, states coloured, no frame; whole cells when piped."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    to_the_right = set(right)
    screen = is_terminal()
    out = Table(box=SIMPLE_HEAD if screen and is_unicode() else None, pad_edge=False, header_style="bold")
    for name in columns:
        out.add_column(
            name,
            justify="right" if name in to_the_right else "left",
            overflow="ellipsis",
            no_wrap=True,
            min_width=min(len(name), 6),
        )
    for row in rows:
        out.add_row(*(Text(clean(str(cell)), style=STATE_STYLE.get(str(cell), "")) for cell in row))
    printed = console()
    with printed.capture() as captured:
        printed.print(out)
    emit("\n".join(line.rstrip() for line in captured.get().splitlines()))


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


def paint(text: str, style: str) -> str:
    """``text`` in colour, where colour is wanted."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if style and text and has_color() else text
