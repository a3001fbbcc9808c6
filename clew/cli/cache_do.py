"""``clew cache invalidate``, ``pin``, ``unpin``, ``gc`` and ``audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.cache_ask import home_of
from clew.cli.options import Home, Json, Namespace

if TYPE_CHECKING:
    from clew.executors.cached.collect import Collection

Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for those who ask later.")]
Pinned = Annotated[str, typer.Argument(metavar="ID", help="artifact:N, execution:N or context:N.", show_default=False)]
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def invalidate(
    target: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET", help="execution:N, artifact:N, a fingerprint or a digest.", show_default=False
        ),
    ] = None,
    component: Annotated[
        list[str] | None, typer.Option("--component", metavar="NAME", help="All that this component made.")
    ] = None,
    downstream: Annotated[bool, typer.Option("--downstream", help="Also everything that was made from it.")] = False,
    why: Why = "",
    namespace: Namespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Take results out of the cache, for good: they are never reused again.

    What was recorded stays; who did it, when and why is recorded too.

    [bold]Examples[/bold]

      clew cache invalidate artifact:7 --downstream --why "wrong labels"

      clew cache invalidate --component churn/train --why "trained on the test set"
    """
    from clew.cli.output import emit, emit_json
    from clew.executors.cached.invalidate import invalidate as take_out

    with home_of(home) as opened:
        settings = opened.settings
        done = take_out(
            opened.record,
            target or [],
            components=component or [],
            downstream=downstream,
            why=why,
            actor=settings.author,
            namespace=namespace or settings.namespace,
        )
    if json:
        emit_json(done.as_dict())
        return
    emit(f"{len(done.executions):,} of the recorded executions will not be reused any more (execution:{done.audit})")


def pin(id: Pinned, why: Why = "", namespace: Namespace = None, home: Home = None, json: Json = False) -> None:
    """Keep something, with everything it was made from, whatever is collected.

    [bold]Examples[/bold]

      clew cache pin artifact:42 --why "in production"
    """
    from clew.cli.output import emit, emit_json
    from clew.executors.cached.pins import pin as keep
    from clew.executors.cached.pins import pinnable

    with home_of(home) as opened:
        settings = opened.settings
        held = keep(
            opened.record, pinnable(id), why=why, actor=settings.author, namespace=namespace or settings.namespace
        )
    emit_json({"pinned": id, "by": held}) if json else emit(f"{id} is pinned ({held})")


def unpin(id: Pinned, namespace: Namespace = None, home: Home = None, json: Json = False) -> None:
    """Let something go again that was pinned by hand.

    [bold]Examples[/bold]

      clew cache unpin artifact:42
    """
    from clew.cli.output import emit, emit_json
    from clew.executors.cached.pins import pinnable
    from clew.executors.cached.pins import unpin as let_go

    with home_of(home) as opened:
        settings = opened.settings
        held = let_go(opened.record, pinnable(id), actor=settings.author, namespace=namespace or settings.namespace)
    emit_json({"unpinned": id, "by": held}) if json else emit(f"{id} is not pinned any more ({held})")


def gc(
    max_bytes: Annotated[
        str | None, typer.Option("--max-bytes", metavar="SIZE", help="Drop until no more is held: 500M, 10G, 2Ti.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Drop what was not used for 12h, 30d ...")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be dropped.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make room: drop results that are large and cheap to make again, first.

    Never what is pinned, or bytes that something else needs. Waits for nobody: it is refused while runs are under way.

    [bold]Examples[/bold]

      clew cache gc --max-bytes 10G --dry-run

      clew cache gc --older-than 30d
    """
    from clew.cli.bars import bars
    from clew.cli.output import emit_json
    from clew.executors.cached.collect import Wanted, collect, planned
    from clew.executors.rules import age_s

    wanted = Wanted(
        None if max_bytes is None else _bytes(max_bytes),
        None if older_than is None else age_s(older_than, "older-than"),
    )
    with home_of(home) as opened:
        if dry_run:
            done = planned(opened.record, opened.blobs_in_a_folder(), wanted)
        else:
            with bars() as tell:
                done = collect(
                    opened.record,
                    opened.blobs_in_a_folder(),
                    opened.path,
                    wanted,
                    actor=opened.settings.author,
                    tell=tell,
                )
    if json:
        emit_json({"dry_run": dry_run, **done.as_dict()})
    else:
        _print_collection(done, dry_run)


def audit(
    sample: Annotated[
        str, typer.Option("--sample", metavar="SHARE", help="How many of the reused results to make again: 5%, 0.05.")
    ] = "5%",
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Choose the same ones each time.")] = None,
    namespace: Namespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make a sample of reused results again, aside, and compare the bytes.

    What gives other bytes for the same fingerprint is marked non-deterministic. Exit code 1 if something does.

    [bold]Examples[/bold]

      clew cache audit --sample 5%

      clew cache audit --sample 100% --json
    """
    from clew.cli.bars import bars
    from clew.cli.output import emit, emit_json, paint, table
    from clew.executors.cached.audit import audit as compare
    from clew.executors.pipeline.options import RunOptions

    share = _share(sample)
    with home_of(home) as opened, bars() as tell:
        settings = opened.settings
        options = RunOptions(
            home=opened.path, namespace=namespace or settings.namespace, actor=settings.author, containers="host"
        )
        found = compare(opened.record, opened.blobs, options, share, seed=seed, tell=tell)
    if json:
        emit_json(found.as_dict())
    else:
        if found.checked:
            rows = [[c.execution, c.component, c.verdict, c.detail] for c in found.checked]
            table(["ENTRY", "COMPONENT", "VERDICT", ""], rows, yielding=["COMPONENT", ""])
        same = sum(c.verdict == "same" for c in found.checked)
        emit(f"{same:,} of {len(found.checked):,} made the same again, of {found.of:,} that were reused")
        for name in found.nondeterministic:
            emit(paint("non-deterministic ", "bold red") + name)
    if found.nondeterministic:
        raise typer.Exit(1)


def _print_collection(done: Collection, dry_run: bool) -> None:
    from clew.cli.output import emit, table
    from clew.draw.words import count_text, seconds_text, size_text, time_text

    if done.drops:
        rows = [
            [
                str(d.entry.execution.ref),
                d.entry.component,
                size_text(d.freed_bytes),
                seconds_text(d.entry.cost_ms / 1000),
                time_text(d.entry.used_ms),
            ]
            for d in done.drops[:50]
        ]
        table(["ENTRY", "COMPONENT", "FREED", "COST", "USED"], rows, right=["FREED", "COST"], yielding=["COMPONENT"])
    verb = "would be dropped" if dry_run else "dropped"
    emit(
        f"{count_text(len(done.drops), 'result')} {verb}, {size_text(done.freed_bytes)} freed, "
        f"{size_text(done.held_bytes - done.freed_bytes)} held, {done.pinned:,} pinned"
    )


def _bytes(text: str) -> int:
    """A size: 500, 10G (decimal), 2Gi. Errors: UsageError."""
    from clew.metadata.errors import UsageError

    number = text.rstrip("BbIiKkMmGgTt")
    unit = text[len(number) :].upper().removesuffix("B")
    try:
        if unit in _UNITS and float(number) >= 0:
            return int(float(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        pass
    raise UsageError(
        f"{text[:40]!r} is no size", field="max-bytes", value=text, remedy="Write bytes, or 500M, 10G, 2Gi"
    )


def _share(text: str) -> float:
    from clew.metadata.errors import UsageError

    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if 0 < share <= 1:
            return share
    except ValueError:
        pass
    raise UsageError(f"{text[:40]!r} is no share", field="sample", value=text, remedy="Write 5%, 100% or 0.05")
