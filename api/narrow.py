"""Narrow what a walk reached to what a filter text admits. Totals stay true: everything reached is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from clew.graph.protocol import Trace
from clew.metadata.errors import InvalidFilter, LimitExceeded
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader

MOST = 100_000
"""Reached nodes a filter text is tried on."""
CHUNK = 500
_KINDS = (Kind.ARTIFACT, Kind.EXECUTION)


def narrow(reader: Reader, trace: Trace, where: str, max_nodes: int, check: Callable[[], None]) -> Trace:
    """``trace`` with only the nodes that ``where`` admits. It must be whole: walked with ``max_nodes=MOST``.

    A kind of node that lacks what ``where`` names is not shown.
    Cost: one statement for each 500 nodes reached.
    Errors: InvalidFilter when it fits neither kind; LimitExceeded when more than MOST were reached.
    """
    began = time.perf_counter()
    if len(trace.ids) < trace.total_nodes:
        raise LimitExceeded(
            f"where would have to be tried on {trace.total_nodes} nodes, the limit is {MOST}",
            field="where",
            value=trace.total_nodes,
            remedy="Narrow the walk with depth or filter",
        )
    admitted = _admitted(reader, trace, where, check)
    nodes = list(zip(map(int, trace.kinds), map(int, trace.ids), map(int, trace.depths), strict=True))
    shown = [(kind, id, depth) for kind, id, depth in nodes if (kind, id) in admitted]
    listed = shown[:max_nodes]
    between = [edge for edge in trace.edges if {(1, int(edge[0])), (0, int(edge[2]))} <= admitted]
    visible = {(kind, id) for kind, id, _ in listed}
    return replace(
        trace,
        kinds=[kind for kind, _, _ in listed],
        ids=[id for _, id, _ in listed],
        depths=[depth for _, _, depth in listed],
        edges=[edge for edge in between if {(1, int(edge[0])), (0, int(edge[2]))} <= visible],
        total_nodes=len(shown),
        total_edges=len(between),
        partial=trace.partial or len(listed) < len(shown),
        took_ms=trace.took_ms + (time.perf_counter() - began) * 1000,
    )


def _admitted(reader: Reader, trace: Trace, where: str, check: Callable[[], None]) -> set[tuple[int, int]]:
    admitted: set[tuple[int, int]] = set()
    misfits: list[InvalidFilter] = []
    for number, kind in enumerate(_KINDS):
        ids = [int(id) for of, id in zip(trace.kinds, trace.ids, strict=True) if of == number]
        try:
            reader.count(kind, where=f"({where}\n) AND id IN (0)")  # does it fit this kind at all?
            for chunk in _chunks(ids):
                check()
                text = f"({where}\n) AND id IN ({', '.join(map(str, chunk))})"
                page = reader.artifacts if kind is Kind.ARTIFACT else reader.executions
                admitted |= {(number, row.id) for row in page(where=text, limit=len(chunk)).items}
        except InvalidFilter as error:
            error.position = max(-1, error.position - 1)  # of the text as it was given, without our bracket
            misfits.append(error)
    if len(misfits) == len(_KINDS):
        raise misfits[0]
    return admitted


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    source = iter(ids)
    while chunk := list(islice(source, CHUNK)):
        yield chunk
