"""What commands print: JSON objects, tables for people, and how values are spelled in both."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

STATE_STYLE = {
    "COMPLETE": "green",
    "LIVE": "green",
    "CACHED": "cyan",
    "REFERENCE": "cyan",
    "RUNNING": "yellow",
    "NEW": "yellow",
    "PENDING": "yellow",
    "FAILED": "bold red",
    "DELETED": "red",
    "MARKED_FOR_DELETION": "red",
    "ABANDONED": "red",
    "CANCELED": "magenta",
    "SKIPPED": "bright_black",
}
"""Rich styles of states; the word itself always stands beside the colour."""
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
        "├─└│→".encode(sys.stdout.encoding or "ascii")
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


def clean(text: str) -> str:
    """``text`` on one line, control characters spelled out: a recorded name must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def time_text(ms: int | None) -> str:
    """A time in the user's zone, to the second; empty for None."""
    if ms is None:
        return ""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):  # a recorded time may lie beyond year 9999
        return f"{ms} ms"


def seconds_text(seconds: float | None) -> str:
    """A duration as people say it: 0.42 s, 3.1 s, 4 min 12 s, 2 h 5 min."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size_text(size_bytes: int | None) -> str:
    """A size: 312 B, 4.1 KiB, 2.0 GiB."""
    if size_bytes is None:
        return ""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{size_bytes} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def count_text(count: int, noun: str) -> str:
    """``1 node``, ``1,234 nodes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
