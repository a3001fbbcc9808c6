"""Metrics of runs as curves, for the charts of every face: from the tracking store, thinned out evenly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.api.mlflow.history import sampled
from clew.api.mlflow.project import run_key
from clew.api.mlflow.store.database import TrackingStore
from clew.graph.series import Series
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.reader import Reader

MOST_CURVES = 500
"""Told at once."""


def curves(
    reader: Reader, store: TrackingStore, refs: Iterable[NodeRef], metrics: Sequence[str] | None, most_points: int
) -> list[Series]:
    """The metrics of those executions that are runs, two points or more, by metric, then in the order of ``refs``.

    Cost: nothing where nothing was ever tracked here.
    """
    asked = [ref for ref in dict.fromkeys(refs) if ref.kind is Kind.EXECUTION]
    if not asked or not store.exists():
        return []
    prefix = run_key("")
    found = reader.executions_by_id([ref.id for ref in asked])
    keys = {ref: found[ref.id].external_id or "" for ref in asked if ref.id in found}
    told: list[tuple[str, int, Series]] = []
    with store.read() as session:
        for place, (ref, key) in enumerate(keys.items()):
            row = session.one("SELECT number FROM ml_run WHERE id = ?", (key.removeprefix(prefix),))
            if row is None or not key.startswith(prefix):
                continue
            for (name,) in session.fetch("SELECT key FROM ml_latest WHERE run = ? ORDER BY key", row):
                if len(told) >= MOST_CURVES or (metrics is not None and name not in metrics):
                    continue
                points = sampled(session, row[0], name, most_points)
                if len(points) > 1:
                    total = session.fetch(
                        "SELECT COUNT(*) FROM ml_point p JOIN ml_metric m ON m.number = p.metric "
                        "WHERE p.run = ? AND m.name = ?",
                        (row[0], name),
                    )[0][0]
                    told.append((name, place, _curve(ref, name, points, total)))
    return [one for _, _, one in sorted(told, key=lambda item: item[:2])]


def _curve(ref: NodeRef, name: str, points: Sequence[Sequence[float]], total: int) -> Series:
    """By step, where steps tell points apart; else by time."""
    by_step = points[0][3] != points[-1][3]
    kept = points if by_step else sorted(points, key=lambda point: point[2])
    x = [float(point[3] if by_step else point[2]) for point in kept]
    return Series(ref, name, by_step, x, [None if point[1] else float(point[0]) for point in kept], total)
