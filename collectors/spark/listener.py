"""Listens to a session of classic pyspark, by a callback from the JVM.

from clew.collectors.spark.listener import listen
listen(spark, "http://127.0.0.1:8420")
"""

from __future__ import annotations

import atexit
import logging
import os
import time
import uuid
from contextlib import suppress
from typing import Any

from clew.collectors.spark.plan import Query, read_query
from clew.collectors.spark.report import Application, Sender, application_event, parent_of, query_events

log = logging.getLogger("clew.spark")
DRAIN_MS = 10_000
_CALLS = ("rdd",)
"""Queries that only look for a schema."""


class Listener:
    """Spark's QueryExecutionListener."""

    def __init__(self, app: Application, sender: Sender) -> None:
        self._app, self._sender = app, sender

    def onSuccess(self, call: str, execution: Any, took_ns: int) -> None:
        """A query is done."""
        self._tell(call, execution, took_ns / 1e9, "")

    def onFailure(self, call: str, execution: Any, error: Any) -> None:
        """A query has failed."""
        self._tell(call, execution, 0.0, str(error.getMessage() or error.toString()))

    def _tell(self, call: str, execution: Any, took_s: float, error: str) -> None:
        ended_s = time.time()
        try:
            query = read_query(execution)
        except Exception as problem:  # whatever py4j or an unknown Spark raises: the job must go on
            log.warning("a query of Spark cannot be read: %s", str(problem)[:500])
            query = Query()
        if call not in _CALLS and (query.inputs or query.outputs or error):
            self._sender.send(query_events(self._app, query, call, ended_s, took_s, error))

    class Java:
        """What py4j is to make of it."""

        implements = ["org.apache.spark.sql.util.QueryExecutionListener"]  # noqa: RUF012


def listen(session: Any, url: str, *, token: str = "", parent: str = "") -> Application | None:
    """Tell the server at ``url`` what the session reads and writes, until it stops.

    ``parent`` is what it is part of, as ``NAMESPACE/NAME/RUNID``; else what the environment says. A session that is
    listened to already stays so.
    Errors: TypeError for a session of Spark Connect, whose plans are made elsewhere.
    """
    if not hasattr(session, "_jsparkSession"):
        raise TypeError("a session of Spark Connect has no JVM here: use the OpenLineage jar on its server")
    if getattr(session, "_clew_listener", None) is not None:
        return None
    from pyspark.java_gateway import ensure_callback_server_started

    context = session.sparkContext
    ensure_callback_server_started(context._gateway)
    app = Application(context.appName, session.version, parent=parent_of(parent or _around()))
    sender = Sender(url, token)
    listener = session._clew_listener = Listener(app, sender)
    session._jsparkSession.listenerManager().register(listener)
    sender.send([application_event(app, "START", context.startTime / 1000)])
    _at_the_end(session, context, app, sender)
    return app


def _around() -> str:
    """What the process says it is part of: an execution of Clew, or what OpenLineage's clients are told."""
    execution = os.environ.get("CLEW_EXECUTION", "")
    if execution:
        return f"clew/{execution}/{uuid.uuid5(uuid.NAMESPACE_URL, execution)}"
    return os.environ.get("OPENLINEAGE_PARENT_ID", "")


def _at_the_end(session: Any, context: Any, app: Application, sender: Sender) -> None:
    """Have what is still on its way told before the session stops, however it does."""
    stop = session.stop
    done: list[bool] = []

    def finish() -> None:
        if not done:
            done.append(True)
            with suppress(Exception):
                context._jsc.sc().listenerBus().waitUntilEmpty(DRAIN_MS)
            sender.send([application_event(app, "COMPLETE")])

    def stop_after() -> None:
        finish()
        stop()

    session.stop = stop_after
    atexit.register(finish)
