"""What an endpoint is given: the parts of the server, the workspace, and the parsed parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clew.api.mlflow.store.database import TrackingStore
from clew.api.mlflow.wire import Field
from clew.api.service import Services


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one endpoint."""

    services: Services
    store: TrackingStore
    namespace: str
    """The workspace; ``default`` where none is named."""
    given: Mapping[str, Any]
    """Parameters, parsed; those not given are absent."""
    path: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the path."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """The query or body as it came."""
    actor: str = "mlflow"

    def text(self, name: str) -> str:
        """A text; empty where it was not given, as protobuf has it."""
        return str(self.given.get(name, ""))

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number."""
        return int(self.given.get(name, default))

    def items(self, name: str) -> list[Any]:
        """A list; empty where it was not given."""
        return list(self.given.get(name, ()))

    @property
    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        return time.time_ns() // 1_000_000


Answer = Mapping[str, Any]
Function = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the table: what answers a method of a path under ``/api/2.0/mlflow/``."""

    path: str
    """``runs/create``; ``{name}`` is a parameter of the path."""
    methods: tuple[str, ...]
    function: Function
    fields: tuple[Field, ...] = ()
    versions: tuple[str, ...] = ("2.0",)
