"""``clew import mlflow``: move in from any MLflow backend, read by MLflow's own client."""

from __future__ import annotations

import time
from pathlib import Path

from clew.cli.bars import bars


def move_in(
    uri: str,
    registry: str,
    *,
    label: str | None,
    namespace: str | None,
    proof: bool,
    report: Path | None,
    python: str | None,
    artifacts: bool,
    home: str | None,
    json: bool,
) -> None:
    """Move a backend into the tracking store and the record, and print what was compared.

    Errors: UsageError where no Python has mlflow; SourceUnreachable with what its client said.
    """
    from clew.api.mlflow.model_lineage import catch_up
    from clew.api.mlflow.move import Mover
    from clew.api.mlflow.move_source import find_python, read
    from clew.api.mlflow.store.database import TrackingStore
    from clew.api.service import Services
    from clew.cli.mlmd import alone, finish, label_of
    from clew.cli.output import note
    from clew.collectors.mlmd.report import check_writable, place_of
    from clew.settings import load
    from clew.wiring import Home

    reader = find_python(python)
    settings = load(home=home, url="", namespace=namespace)
    shown = uri.rpartition("@")[2]
    opened = Home(settings, create=True)
    try:
        name = label_of(label or shown[:200])
        place = report or place_of(settings.home.absolute(), "import-mlflow", name)
        record = opened.record
        check_writable(place)
        services = Services(
            record=record, engine=opened.asked_once(), runs=opened.run_service(), identity=opened.identity
        )
        store = TrackingStore(record)
        with alone(opened), bars() as tell:
            began = time.monotonic()
            mover = Mover(services, store, settings.namespace, tell, keep_files=artifacts)
            for told, taken in read(reader, uri, registry, files=artifacts):
                mover.take(told)
                taken()
            catch_up(services, store)
            seconds = time.monotonic() - began
        store.close()
        moved = mover.moved
        moved.proof.seq = record.seq()
        told_all = {
            "from": shown,
            "as": name,
            "namespace": settings.namespace,
            "home": str(settings.home),
            "record": record.id,
            "ids": "kept",
            "added": {what: count for what, count in moved.added.items() if count},
            "updated": {},
            "seconds": round(seconds, 3),
        }
    except KeyboardInterrupt:
        note("interrupted: what was moved stays; the same command goes on behind it")
        raise
    finally:
        opened.close()
    finish(told_all, moved.proof if proof else None, place, json=json)
