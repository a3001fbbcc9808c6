"""``clew env``: the Python environments of steps."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Json
from clew.metadata.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from clew.executors.pipeline.built import Listed

env = typer.Typer(
    help="List and remove the Python environments of steps.", no_args_is_help=True, rich_markup_mode="rich"
)
_UNIT_S = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SHOWN_KEY = 12


@env.command()
def ls(home: Home = None, json: Json = False) -> None:
    """List the environments, the last used first.

    [bold]Examples[/bold]

      clew env ls

      clew env ls --json | jq '.[].size_bytes'
    """
    from clew.cli.output import emit_json, note, table
    from clew.draw.words import count_text, size_text, time_text
    from clew.executors.pipeline.built import listed

    folder = _folder(home)
    found = listed(folder)
    if json:
        emit_json([one.as_dict() for one in found])
        return
    if not found:
        note(f"there are no environments in {folder}: steps ran on the Python that runs Clew")
        return
    table(
        ("KEY", "PYTHON", "PACKAGES", "SIZE", "USED", "STATE"),
        [
            (
                one.key[:_SHOWN_KEY],
                one.built.python if one.built else "",
                " ".join([*one.built.packages, one.built.kfp]).strip() if one.built else "",
                size_text(one.size_bytes),
                time_text(one.used_ms),
                _state(one),
            )
            for one in found
        ],
    )
    note(f"{count_text(len(found), 'environment')}, {size_text(sum(one.size_bytes for one in found))} in {folder}")


@env.command()
def show(
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="An environment, or how its key begins.", show_default=False)
    ],
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what an environment was made of, and what lies in it.

    [bold]Examples[/bold]

      clew env show 3f2a
    """
    from clew.cli.output import emit_json, fields, heading
    from clew.draw.words import seconds_text, size_text, time_text
    from clew.executors.pipeline.built import named

    one = named(_folder(home), key)
    if json:
        emit_json(one.as_dict())
        return
    said: list[tuple[str, object]] = [("key", one.key), ("path", one.path), ("state", _state(one))]
    said += [("size", size_text(one.size_bytes)), ("used", time_text(one.used_ms))]
    if one.built:
        built = one.built
        said += [("built", f"{time_text(built.built_ms)}, in {seconds_text(built.seconds)}"), ("python", built.python)]
        said += [("asked", " ".join([*built.packages, built.kfp])), ("index", " ".join(built.options))]
    fields((name, value) for name, value in said if value)
    if one.built:
        heading("installed")
        fields(sorted(one.built.installed.items()))


@env.command()
def prune(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Those not used for so long: 12h, 30d, 8w.")
    ] = None,
    unused: Annotated[bool, typer.Option("--unused", help="Those no run used but the one that built them.")] = False,
    all: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Remove environments; they are built again when a step wants them. Those in use stay.

    [bold]Examples[/bold]

      clew env prune --older-than 30d --dry-run

      clew env prune --all
    """
    from clew.cli.output import emit, emit_json, note
    from clew.draw.words import count_text, size_text
    from clew.executors.pipeline.built import listed, remove

    if not (older_than or unused or all):
        raise UsageError(
            "nothing says which environments to remove",
            field="older-than",
            remedy="Give --older-than AGE, --unused or --all",
        )
    before_ms = time.time() * 1000 - _age_s(older_than) * 1000 if older_than else 0.0
    chosen = [
        one
        for one in listed(_folder(home))
        if all or (unused and one.is_unused) or (older_than is not None and one.used_ms < before_ms)
    ]
    gone = [one for one in chosen if not one.in_use and (dry_run or remove(one))]
    kept = [one for one in chosen if one not in gone]
    freed = sum(one.size_bytes for one in gone)
    if json:
        emit_json(
            {
                "removed": [one.key for one in gone],
                "in_use": [one.key for one in kept],
                "size_bytes": freed,
                "dry_run": dry_run,
            }
        )
        return
    for one in gone:
        emit(f"{one.key[:_SHOWN_KEY]}  {size_text(one.size_bytes)}")
    emit(f"{'would remove' if dry_run else 'removed'} {count_text(len(gone), 'environment')}, {size_text(freed)}")
    if kept:
        note(f"{count_text(len(kept), 'environment')} in use stay")


def _folder(home: str | None) -> Path:
    from clew.settings import load

    return load(home=home, url="").environments_folder


def _state(one: Listed) -> str:
    return "in use" if one.in_use else "" if one.built else "not whole"


def _age_s(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text.strip())
    if match is None:
        raise UsageError(
            f"{text[:80]!r} is no age", field="older-than", value=text, remedy="Write a number and m, h, d or w: 30d"
        )
    return float(match[1]) * _UNIT_S[match[2]]
