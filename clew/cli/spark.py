"""``clew spark``: scripts of pyspark, recorded."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Server
from clew.metadata.errors import Unavailable

if TYPE_CHECKING:
    from clew.wiring import Home as OpenedHome

spark = typer.Typer(
    help="Run scripts of pyspark, recorded with what they read and write.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@spark.callback()
def of_spark() -> None:
    """Run scripts of pyspark, recorded with what they read and write."""


@spark.command()
def submit(
    script: Annotated[Path, typer.Argument(metavar="SCRIPT", help="The script.", show_default=False)],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGS", help="Its arguments; put `--` before options.")
    ] = None,
    listener: Annotated[
        str, typer.Option("--listener", metavar="python|jar", help="Who tells: our listener, or OpenLineage's jar.")
    ] = "python",
    jar: Annotated[
        str, typer.Option("--jar", metavar="FILE", help="OpenLineage's jar; else Spark fetches it from Maven.")
    ] = "",
    python: Annotated[str, typer.Option("--python", metavar="PYTHON", help="A Python that holds pyspark.")] = "python3",
    master: Annotated[
        str, typer.Option("--master", metavar="URL", help="Spark's master, as local[2]; else the script's own.")
    ] = "",
    home: Home = None,
    server: Server = None,
) -> None:
    """Run a script of pyspark on this machine, and record what it reads and writes.

    Exits with the script's code.

    [bold]Examples[/bold]

      clew spark submit etl.py

      clew spark submit etl.py --listener jar -- --day 2026-01-31
    """
    from clew.collectors.spark import bootstrap
    from clew.executors.spark.submit import SparkJob, submit
    from clew.settings import load
    from clew.wiring import Home as OpenedHome

    settings = load(home=home, url=server)
    job = SparkJob(
        script,
        Path(bootstrap.__file__),
        tuple(arguments or ()),
        listener,
        jar,
        python,
        master,
        settings.namespace,
        settings.author,
    )
    if settings.url:
        raise typer.Exit(submit(job, settings.url, settings.token))
    opened = OpenedHome(settings, create=True)
    try:
        with _served(opened) as url:
            code = submit(job, url, record=opened.record)
    finally:
        opened.close()
    raise typer.Exit(code)


@contextmanager
def _served(opened: OpenedHome) -> Iterator[str]:
    """URL at which the home takes what is told, while the script runs."""
    import uvicorn

    from clew.api.app import create_app
    from clew.api.service import Services
    from clew.graph.sql import SqlEngine

    app = create_app(Services(opened.record, SqlEngine(opened.record), identity=opened.identity))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False, server_header=False))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, name="clew-spark", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise Unavailable("the server that takes what Spark tells did not start", remedy="See the lines above")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
