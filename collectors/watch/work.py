"""One piece of work that is watched, as sayings: when it began, what it touched, how it ended."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clew.metadata.change import Change, NodePut
from clew.metadata.digest import of_bytes
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.value import Value

SOURCE_TYPE = "Source"
CODE_MAX_CHARS = 256 * 1024
ERROR_MAX_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Code:
    """The program of the work."""

    text: str
    uri: str
    name: str
    by_content: bool = True
    """Whether equal code is one artifact; else it is the work's own, and grows with it."""


@dataclass(slots=True)
class Work:
    """A notebook's session, a script or a command."""

    type: str
    source: str
    """``notebook`` or ``exec``."""
    name: str
    actor: str
    namespace: str
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    started_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    within: Sequence[int] = ()
    """Ids of the executions it is part of."""

    def saying(
        self,
        state: ExecutionState,
        touches: Sequence[Touch] = (),
        *,
        code: Code | None = None,
        properties: Mapping[str, Value] | None = None,
        ended_ms: int | None = None,
        error: str = "",
        fingerprint: str | None = None,
    ) -> Saying:
        """What is known now. Each may be said several times, in any order."""
        change = Change(actor=self.actor, namespace=self.namespace)
        told: dict[str, Value] = {"display_name": self.name, **(properties or {})}
        if error:
            told["error"] = _clean(error)[:ERROR_MAX_CHARS]
        put = change.execution(
            change.type(NodeType(Kind.EXECUTION, self.type)),
            external_id=self.external_id,
            reuse="external_id",
            state=state,
            started_ms=self.started_ms,
            ended_ms=ended_ms,
            fingerprint=fingerprint,
            custom_properties=told,
        )
        if code is not None:
            change.event(self._code(change, code), put, EventType.INPUT, path=("code",), source=self.source)
        return Saying(change, put, self.external_id, touches, self.source, within=tuple(self.within))

    @property
    def external_id(self) -> str:
        """What names it in the record."""
        return f"{self.source}:{self.key}"

    def _code(self, change: Change, code: Code) -> NodePut:
        data = code.text.encode("utf-8", "replace")
        digest = of_bytes(data)
        return change.artifact(
            change.type(NodeType(Kind.ARTIFACT, SOURCE_TYPE)),
            external_id=f"source:{code.uri}#{digest}" if code.by_content else f"source:{self.external_id}",
            reuse="external_id",
            uri=code.uri,
            state=ArtifactState.LIVE,
            digest=digest,
            size_bytes=len(data),
            custom_properties={"display_name": code.name, "code": data.decode()[:CODE_MAX_CHARS]},
        )


def environment_of(ref: NodeRef) -> dict[str, str]:
    """What tells programs inside that they are part of an execution; MLflow's clients put it on their runs."""
    return {"CLEW_EXECUTION": str(ref), "MLFLOW_RUN_CONTEXT": json.dumps({"clew.execution": str(ref)})}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "")
