"""Build the arrays from the record's tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from clew.graph.embedded.csr import CODE_OF_TYPE, EMPTY, I64, IS_EDGE, IS_INPUT, MAX_NODES, U32, Edges, extended
from clew.graph.embedded.numbering import Classes, Numbering
from clew.graph.embedded.view import Base
from clew.graph.embedded.walk import ClassArray
from clew.metadata.errors import Unsupported
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader

SMALL_CLASSES = 1 << 16


def load(reader: Reader) -> tuple[Base, tuple[Numbering, Numbering], Classes]:
    """Everything the reader's snapshot holds.

    Cost: about 3 s a million edges and their nodes, most of it in the database's driver.
    Errors: Unsupported beyond 2^30 nodes of one kind.
    """
    classes = Classes()
    artifacts, artifact_class, artifact_created = _nodes(reader, Kind.ARTIFACT, classes)
    executions, execution_class, execution_created = _nodes(reader, Kind.EXECUTION, classes)
    csr = extended(EMPTY, (artifacts.size, executions.size), _edges(reader, artifacts, executions))
    both = (
        class_array(artifact_class, len(classes.known)),
        class_array(execution_class, len(classes.known)),
    )
    return Base(csr, both, (artifact_created, execution_created)), (artifacts, executions), classes


def class_array(numbers: U32, known: int) -> ClassArray:
    """Class numbers in 16 bits, while that many suffice."""
    return numbers.astype(np.uint16) if known <= SMALL_CLASSES else numbers


def pack_edges(numbering: tuple[Numbering, Numbering], execution: I64, type_: I64, artifact: I64) -> Edges:
    """Ids of events as (execution index, entry, is_input); events that are no edge are dropped."""
    edge = IS_EDGE[type_] == 1
    if not edge.all():
        execution, type_, artifact = execution[edge], type_[edge], artifact[edge]
    entry = (numbering[0].indices(artifact) << 2) | CODE_OF_TYPE[type_]
    return numbering[1].indices(execution).astype(np.uint32), entry.astype(np.uint32), IS_INPUT[type_]


def check_size(numbering: Numbering) -> None:
    """Errors: Unsupported when a kind has too many nodes for 32-bit entries."""
    if numbering.size > MAX_NODES:
        raise Unsupported(
            f"the embedded engine holds at most {MAX_NODES:,} nodes of a kind",
            field="nodes",
            value=numbering.size,
            remedy="Use the SQL engine for this record",
        )


class _Seen(dict[tuple[int, int | None, str], int]):
    """Numbers of classes; one that is missing is given by the classes."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes

    def __missing__(self, of: tuple[int, int | None, str]) -> int:
        self[of] = self._classes.number(*of)
        return self[of]


def _nodes(reader: Reader, kind: Kind, classes: Classes) -> tuple[Numbering, U32, I64]:
    seen = _Seen(classes)
    ids, numbers, created = [], [], []
    for rows in reader.node_rows(kind):
        columns: Sequence[Any] = list(zip(*rows, strict=True))
        ids.append(np.array(columns[0], np.int64))
        numbers.append(np.fromiter(map(seen.__getitem__, zip(*columns[1:4], strict=True)), np.uint32, len(rows)))
        created.append(np.array(columns[4], np.int64))
    all_ids = np.concatenate([*ids, np.zeros(0, np.int64)])
    numbering = Numbering.of_ids(all_ids)
    check_size(numbering)
    indices = np.arange(numbering.direct, numbering.size)
    inside = all_ids < numbering.direct
    at = np.concatenate([all_ids[inside], indices])
    number, time = np.zeros(numbering.size, np.uint32), np.zeros(numbering.size, np.int64)
    number[at], time[at] = np.concatenate([*numbers, np.zeros(0, np.uint32)]), np.concatenate([*created, all_ids[:0]])
    return numbering, number, time


def _edges(reader: Reader, artifacts: Numbering, executions: Numbering) -> Edges:
    parts: list[Edges] = [(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0, np.uint8))]
    for rows in reader.edge_rows():
        flat = np.fromiter(chain.from_iterable(rows), np.int64, 3 * len(rows)).reshape(-1, 3)
        parts.append(pack_edges((artifacts, executions), flat[:, 0], flat[:, 1], flat[:, 2]))
    executions_, entries, inputs = zip(*parts, strict=True)
    return np.concatenate(executions_), np.concatenate(entries), np.concatenate(inputs)
