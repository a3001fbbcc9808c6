"""How the faces are served. A pure value: only ``clew/`` reads the environment and makes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from clew.metadata.errors import UsageError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one GraphQL operation may ask for. Beyond it: LIMIT_EXCEEDED, naming the limit and both numbers."""

    depth: int = 20
    """Nested selections."""
    aliases: int = 64
    tokens: int = 5000
    """Lexical tokens in the document."""
    cost: int = 1_000_000
    """Fields the answer may hold at worst: lists count by their ``first`` or ``maxNodes``."""
    time_s: float = 20.0
    page: int = 1000
    """Largest ``first``."""
    nodes: int = 20_000
    """Largest ``maxNodes`` of a lineage answer."""
    body_bytes: int = 16 << 20
    subscriptions: int = 20
    """Open subscriptions on one WebSocket."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """One server's settings."""

    token: str | None = None
    """Bearer token every request must carry; None means no authentication, which only loopback may have."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names, beside the loopback's, under which the server may be called."""
    allowed_origins: tuple[str, ...] = ()
    """Browser origins, beside the server's own, that may call it (``https://lineage.example``)."""
    embed_from: tuple[str, ...] = ()
    """Origins whose pages may show ours in a frame (``https://kubeflow.example``); none by default."""
    pages: Path | None = None
    """Folder of the built pages; None: where this package keeps them."""
    threads: int = 64
    """Operations that run at once; concurrent writers share commits, so more than cores."""
    poll_s: float = 0.05
    """How often a subscription looks for changes of other processes."""
    limits: Limits = field(default_factory=Limits)


LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_bind(host: str, settings: ApiSettings) -> None:
    """Refuse to listen beyond the loopback without authentication.

    Errors: UsageError.
    """
    if host.strip("[]") in LOOPBACK or host.startswith("127.") or settings.token:
        return
    raise UsageError(
        f"refusing to listen on {host} without authentication",
        field="host",
        value=host,
        remedy="Set CLEW_TOKEN to a secret that clients send as a bearer token, or listen on 127.0.0.1",
    )
