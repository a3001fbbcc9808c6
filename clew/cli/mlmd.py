"""``clew import mlmd`` and ``clew export mlmd``: move in from ML Metadata, and out again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.bars import bars
from clew.cli.options import Home, Json
from clew.metadata.errors import Conflict, UsageError

if TYPE_CHECKING:
    from clew.collectors.mlmd.proof import Proof
    from clew.collectors.mlmd.source import Source
    from clew.wiring import Home as OpenedHome

LABEL_LIMIT = 200
SHOWN = 20
"""Differences that are printed; the report has more."""


class What(StrEnum):
    """What kind of store it is."""

    MLMD = "mlmd"


class Moved(StrEnum):
    """What kind of store is moved in."""

    MLMD = "mlmd"
    MLFLOW = "mlflow"


FROM = Annotated[Moved, typer.Argument(metavar="mlmd|mlflow", help="The kind of store: mlmd (ML Metadata) or mlflow.")]
WHAT = Annotated[What, typer.Argument(metavar="mlmd", help="The kind of store: mlmd (ML Metadata).")]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Where the report goes (else beside the home).")
]


def import_(
    what: FROM,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="URL",
            help="sqlite:///FILE, mysql://USER:PASSWORD@HOST/DATABASE or grpc://HOST:PORT; any tracking URI of MLflow.",
        ),
    ],
    label: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Name of the store in the log (else file or server).")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace to record in.")
    ] = None,
    proof: Annotated[bool, typer.Option("--proof/--no-proof", help="Compare both sides at the end.")] = True,
    report: Report = None,
    python: Annotated[
        str | None, typer.Option("--python", metavar="PATH", help="mlflow: a Python that has it (else one on PATH).")
    ] = None,
    artifacts: Annotated[
        bool, typer.Option("--artifacts", help="mlflow: the files of runs and models as well.")
    ] = False,
    registry: Annotated[
        str, typer.Option("--registry", metavar="URI", help="mlflow: the model registry, where it is another.")
    ] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Move a whole store of ML Metadata or MLflow into the record, and prove it.

    Ids are kept when the record is empty (MLflow's runs and models always keep theirs). Run again after an
    interruption, or when the store has grown: what is there is not moved twice. Exit code 1 when the proof finds a
    difference.

    [bold]Examples[/bold]

      clew import mlmd --from sqlite:///metadata.db

      clew import mlmd --from grpc://metadata-grpc-service:8080 --home /srv/clew

      clew import mlflow --from sqlite:///mlflow.db --artifacts
    """
    if what is Moved.MLFLOW:
        from clew.cli.mlflow import move_in

        move_in(
            source, registry, label=label, namespace=namespace, proof=proof, report=report, python=python,
            artifacts=artifacts, home=home, json=json,
        )  # fmt: skip
        return
    from clew.cli.output import note
    from clew.collectors.mlmd.compare import prove
    from clew.collectors.mlmd.mapping import Into, alias
    from clew.collectors.mlmd.move import move
    from clew.collectors.mlmd.report import check_writable, place_of
    from clew.metadata.ids import Kind
    from clew.settings import load
    from clew.wiring import Home as OpenedHome

    settings = load(home=home, url="", namespace=namespace)
    store = _open_source(source)
    opened = OpenedHome(settings, create=True)
    try:
        name = label_of(label or store.name)
        place = report or place_of(settings.home.absolute(), "import-mlmd", name)
        check_writable(place)
        into = Into(opened.record, name, settings.namespace)
        with alone(opened), bars() as tell:
            began = time.monotonic()
            moved = move(store, into, tell)
            seconds = time.monotonic() - began
            found = prove(store, into, moved, tell) if proof else None
        told = {
            "from": store.name,
            "as": name,
            "namespace": settings.namespace,
            "home": str(settings.home),
            "record": into.record.id,
            "ids": "kept" if moved.keeps_ids else "mapped",
            "added": dict(moved.added),
            "updated": dict(moved.updated),
            "seconds": round(seconds, 3),
        }
    except KeyboardInterrupt:
        note("interrupted: what was moved stays; the same command goes on behind it")
        raise
    finally:
        opened.close()
        store.close()
    if not moved.keeps_ids and not json:
        old = alias(name, Kind.ARTIFACT, 1)
        note(f"the record was not empty: nodes have new ids, and their old ones as external ids ({old})")
    finish(told, found, place, json=json)


def export(
    what: WHAT,
    target: Annotated[str, typer.Option("--to", metavar="URL", help="sqlite:///FILE, a file that does not exist yet.")],
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Only of this namespace.")
    ] = None,
    report: Report = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Write a store that the original ML Metadata library opens.

    SQLite, schema version 10 (that of ml-metadata 1.17.1), with the same ids. It is compared with the record; exit code
    1 when the store could not take something.

    [bold]Examples[/bold]

      clew export mlmd --to sqlite:///metadata.db
    """
    from clew.cli.output import note
    from clew.collectors.mlmd.export import export_store
    from clew.collectors.mlmd.report import check_writable, place_of
    from clew.collectors.mlmd.sqlite import path_of
    from clew.draw.words import count_text
    from clew.settings import load
    from clew.wiring import Home as OpenedHome

    if not target.startswith("sqlite://"):
        raise UsageError(f"{target[:80]!r} is no SQLite file", field="to", value=target, remedy="Write sqlite:///FILE")
    settings = load(home=home, url="", namespace=namespace)
    path = path_of(target)
    place = report or place_of(settings.home.absolute(), "export-mlmd", path.name)
    opened = OpenedHome(settings)
    try:
        record = opened.record
        check_writable(place)
        began = time.monotonic()
        with bars() as tell:
            exported = export_store(record, settings.namespace, path, tell)
        told: dict[str, Any] = {
            "to": str(path),
            "namespace": settings.namespace,
            "home": str(settings.home),
            "record": record.id,
            "written": exported.written,
            "seconds": round(time.monotonic() - began, 3),
        }
    finally:
        opened.close()
    if exported.elsewhere:
        note(f"{count_text(exported.elsewhere, 'node')} of other namespaces stay in the record only")
    finish(told, exported.proof, place, json=json)


def _open_source(url: str) -> Source:
    """The store at ``url``, read by a process of its own. Errors: UsageError; those of the source."""
    from clew.collectors.mlmd.ahead import Ahead
    from clew.collectors.mlmd.sqlite import path_of

    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme == "sqlite":
        return Ahead("clew.collectors.mlmd.sqlite:open_sqlite", path_of(url))
    if scheme in ("mysql", "mariadb"):
        return Ahead("clew.collectors.mlmd.mysql:open_mysql", url)
    if scheme == "grpc":
        return Ahead("clew.api.mlmd.source:open_wire", url)
    raise UsageError(
        f"{scheme or url[:80]!r} is nothing a store can be read from",
        field="from",
        value=url.rpartition("@")[2],
        remedy="Write sqlite:///FILE, mysql://USER:PASSWORD@HOST/DATABASE or grpc://HOST:PORT",
    )


def label_of(text: str) -> str:
    """The name of a store in the log. Errors: UsageError."""
    if not text or len(text) > LABEL_LIMIT or not text.isprintable():
        raise UsageError(
            f"{text[:80]!r} is no name for a store",
            field="as",
            value=text,
            remedy=f"Give 1 to {LABEL_LIMIT} printable characters",
        )
    return text


@contextmanager
def alone(home: OpenedHome) -> Iterator[None]:
    """Hold the home's import lock: two imports at once would move the same nodes twice."""
    import fcntl

    folder = home.path / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / "import.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(
                "another import into this home is under way",
                field="home",
                value=str(home.settings.home),
                remedy="Wait until it has ended",
            ) from error
        yield


def finish(told: dict[str, Any], proof: Proof | None, place: Path, *, json: bool) -> None:
    """Keep the report, print it, and tell by the exit code whether both sides are equal."""
    from clew.cli.output import emit_json, note
    from clew.collectors.mlmd.report import write_report

    told["proof"] = None if proof is None else proof.as_dict()
    write_report(place, told)
    told["report"] = str(place)
    if json:
        emit_json(told)
    else:
        _print(told, proof)
        note(f"report: {place}")
    if proof is not None and not proof.ok:
        raise typer.Exit(1)


def _print(told: dict[str, Any], proof: Proof | None) -> None:
    from clew.cli.output import emit, paint, table
    from clew.draw.words import count_text

    for verb in ("added", "updated", "written"):
        counts = ", ".join(count_text(n, what.replace("_", " ")) for what, n in told.get(verb, {}).items() if n)
        if counts or (verb == "added" and verb in told):
            emit(f"{verb}  {counts or 'nothing: everything was there'}")
    if proof is None:
        return
    rows = [(what, type, t.store, t.record, t.equal, t.kept or "") for (what, type), t in proof.tallies.items()]
    numbers = ("store", "record", "equal", "kept here")
    table(("compared", "type", *numbers), rows, right=numbers, yielding=("type",))
    for where, field, store, record in proof.differences[:SHOWN]:
        emit(f"{paint('differs', 'bold red')}  {where}  {field}: {store} in the store, {record} in the record")
    for where, what in proof.lost[:SHOWN]:
        emit(f"{paint('lost', 'bold red')}  {where}  {what}")
    rest = proof.difference_count + proof.lost_count - min(SHOWN, len(proof.differences)) - min(SHOWN, len(proof.lost))
    if rest:
        emit(f"... and {rest} more")
    if proof.ok:
        emit(paint("both sides are equal", "green"))
