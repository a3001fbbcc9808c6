"""``clew verify``, ``backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clew.cli.bars import bars
from clew.cli.options import Home, Json


def verify(
    record: Annotated[bool, typer.Option("--record/--no-record", help="Check the record against its log.")] = True,
    bytes: Annotated[
        bool, typer.Option("--bytes/--no-bytes", help="Check every stored byte against its digest.")
    ] = True,
    home: Home = None,
    json: Json = False,
) -> None:
    """Check the record and the stored bytes.

    The tables must say what the log says, and every stored byte be what it was. Exit code 1 on damage.

    [bold]Examples[/bold]

      clew verify

      clew verify --no-bytes --json
    """
    from clew.cli.output import emit_json
    from clew.settings import load
    from clew.upkeep.verify import verify_home
    from clew.wiring import Home as OpenedHome

    opened = OpenedHome(load(home=home, url=""))
    try:
        with bars() as tell:
            found = verify_home(opened, record=record, bytes=bytes, tell=tell)
    finally:
        opened.close()
    if json:
        emit_json(found.as_dict())
    else:
        _print_findings(found)
    if found.damage:
        raise typer.Exit(1)


def backup(
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="A folder that does not exist yet.", show_default=False)
    ],
    home: Home = None,
    json: Json = False,
) -> None:
    """Copy the record and the stored bytes to a folder.

    Consistent as of now, while others read and write. A record on PostgreSQL is backed up with pg_dump. Logs of runs,
    environments and engine snapshots are not copied.

    [bold]Examples[/bold]

      clew backup /backups/clew-monday
    """
    from clew.cli.output import emit, emit_json
    from clew.draw.words import count_text, size_text
    from clew.settings import load
    from clew.upkeep.backup import back_up
    from clew.wiring import Home as OpenedHome

    opened = OpenedHome(load(home=home, url=""))
    try:
        with bars() as tell:
            done = back_up(opened, destination, tell=tell)
    finally:
        opened.close()
    if json:
        emit_json(
            {"destination": str(destination), "seq": done.seq, "files": done.files, "size_bytes": done.size_bytes}
        )
        return
    counts = f"{count_text(done.seq, 'change')}, {count_text(done.files, 'file')}, {size_text(done.size_bytes)}"
    emit(f"{destination}: {counts}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder made by `clew backup`.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a home that is not empty; it is kept beside.")
    ] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make a home from a backup. Stop the server first.

    [bold]Examples[/bold]

      clew restore /backups/clew-monday --home .clew
    """
    from clew.cli.output import emit, emit_json, note
    from clew.draw.words import count_text
    from clew.settings import load
    from clew.upkeep.backup import restore as bring_back

    target = load(home=home, url="").home
    with bars() as tell:
        done = bring_back(source, target, force=force, tell=tell)
    if done.replaced:
        note(f"the home that stood there is now {done.replaced}")
    if json:
        emit_json({"home": str(target), "seq": done.seq, "replaced": str(done.replaced) if done.replaced else None})
        return
    emit(f"{target}: {count_text(done.seq, 'change')} restored")


def _print_findings(found: Any) -> None:
    from clew.cli.output import emit, paint
    from clew.draw.words import count_text, size_text

    if found.changes is not None:
        emit(f"record  {count_text(found.changes, 'change')} replayed and compared")
    if found.blobs is not None:
        emit(f"bytes   {count_text(found.blobs, 'blob')} read, {size_text(found.size_bytes)}")
    for problem in found.damage:
        emit(paint("damaged ", "bold red") + problem)
    if not found.damage:
        emit(paint("everything is as it was recorded", "green"))
