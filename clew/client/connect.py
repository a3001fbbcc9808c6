"""From settings to a client: a server's where a URL is set, else the home's."""

from __future__ import annotations

from clew.client.protocol import Client
from clew.settings import Settings


def connect(settings: Settings, *, create: bool = False) -> Client:
    """A client for what ``settings`` name; with ``create`` a missing home is made.

    Errors: NotFound for a missing home; SourceUnreachable for a server that does not answer, on first use.
    """
    if settings.url:
        from clew.client.remote import RemoteClient

        return RemoteClient(settings)
    from clew.client.embedded import EmbeddedClient
    from clew.wiring import Home

    return EmbeddedClient(Home(settings, create=create))
