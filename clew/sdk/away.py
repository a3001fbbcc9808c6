"""Executions that are reported while the server is away: as sayings, which wait in the spool."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clew.client.report import Reporter
from clew.metadata.change import Change, NodePut
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.states import EventType, ExecutionState
from clew.metadata.value import Value
from clew.sdk.files import Found, Given, look

if TYPE_CHECKING:
    from clew.sdk.connection import Connection

Read = tuple[tuple[int | str, ...], Found, str]
Made = tuple[tuple[int | str, ...], Found, str, dict[str, Value]]
SOURCE = "sdk"


class Away:
    """An execution that began while the server was away: one report, when it ends."""

    def __init__(
        self, connection: Connection, begun: Change, put: NodePut, inputs: Mapping[str, Sequence[Given]]
    ) -> None:
        self._connection = connection
        self._put = put
        self._key = f"{SOURCE}:{uuid.uuid4().hex}"
        put.external_id, put.reuse = self._key, "external_id"
        # What it read is told by location: artifacts made for the change that failed are left out of this one.
        self._change = Change(
            actor=begun.actor, namespace=begun.namespace,
            types=[type for type in begun.types if type.type.kind is not Kind.ARTIFACT],
            nodes=[node for node in begun.nodes if node.kind is not Kind.ARTIFACT],
            associations=begun.associations, parents=begun.parents,
        )  # fmt: skip
        self._reads: list[Read] = []
        for name, several in inputs.items():
            for place, given in enumerate(several):
                path = (name,) if len(several) == 1 else (name, place)
                found = look(connection, given, reuse=True, field=f"inputs.{name}")
                self._reads.append((path, found, "Dataset"))

    def end(
        self,
        state: ExecutionState,
        ended_ms: int,
        values: Mapping[str, Value],
        reads: Sequence[Read],
        made: Sequence[Made],
    ) -> None:
        """Report it whole. Errors: SpoolFull."""
        self._put.state, self._put.ended_ms, self._put.custom_properties = state, ended_ms, values
        touches = _touches(self._change, self._put, [*self._reads, *reads], made)
        Reporter(self._connection.client, self._connection.settings).settle(
            [Saying(self._change, self._put, self._key, touches, SOURCE)]
        )


def later(
    connection: Connection,
    namespace: str,
    execution: int,
    state: ExecutionState,
    values: Mapping[str, Value],
    reads: Sequence[Read],
    made: Sequence[Made],
) -> None:
    """Report the end of an execution whose server went away after it began. Errors: SpoolFull."""
    change = Change(actor=connection.settings.author, namespace=namespace)
    put = change.execution(id=execution, state=state, ended_ms=_now_ms(), custom_properties=values)
    touches = _touches(change, put, reads, made)
    Reporter(connection.client, connection.settings).settle(
        [Saying(change, put, f"{SOURCE}:{execution}", touches, SOURCE)]
    )


def _touches(change: Change, put: NodePut, reads: Sequence[Read], made: Sequence[Made]) -> list[Touch]:
    """What has an address, as touches; what is an artifact already, as events of ``change``."""
    told: list[tuple[tuple[int | str, ...], Found, str, Mapping[str, Value], bool]] = [
        *((path, found, type, {"display_name": str(path[0])}, False) for path, found, type in reads),
        *((path, found, type, properties, True) for path, found, type, properties in made),
    ]
    touches = []
    for path, found, type, properties, writes in told:
        if found.ref is not None:
            event = EventType.OUTPUT if writes else EventType.INPUT
            change.event(found.ref.id, put, event, path=path, source=SOURCE)
            continue
        touches.append(
            Touch(
                found.uri, writes, _now_ms(), type, path=path, digest=found.digest, size_bytes=found.size_bytes,
                custom_properties=properties,
            )
        )  # fmt: skip
    return touches


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
