"""Who may call: host, origin and token are checked before a request reaches any face.

A server on the loopback is reachable from every web page the user opens. Two checks keep pages out: the Host header
must be one of ours (a page that rebinds its name to 127.0.0.1 still sends its own name), and an Origin, where a browser
sends one, must be the server's own or an allowed one. Behind a token, hosts are free unless named.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from clew.api.errors import UNAUTHENTICATED, RequestError
from clew.api.pages import is_page
from clew.api.settings import LOOPBACK, ApiSettings
from clew.metadata.errors import PermissionDenied

OPEN_PATHS = ("/healthz", "/readyz", "/health", "/version")
"""Answered without a token: they tell nothing of the record."""


class Guard:
    """The checks, for HTTP requests and WebSocket handshakes alike."""

    def __init__(self, settings: ApiSettings) -> None:
        self.settings = settings
        self._hosts = {*LOOPBACK, *(host.lower() for host in settings.allowed_hosts)}
        self._any_host = settings.token is not None and not settings.allowed_hosts
        self._origins = {origin.lower().rstrip("/") for origin in settings.allowed_origins}

    def check(self, kind: str, method: str, path: str, headers: Headers) -> None:
        """Let the request pass. Errors: PermissionDenied (403), RequestError (401)."""
        host = headers.get("host", "")
        self._check_host(host)
        self._check_origin(headers.get("origin"), host)
        is_open = path in OPEN_PATHS or (method in ("GET", "HEAD") and is_page(path))
        if kind == "http" and not is_open:
            self.check_token(headers.get("authorization"))

    def check_token(self, authorization: str | None) -> None:
        """Compare the bearer token in constant time, or Basic's password, as MLflow's client sends it.

        Errors: RequestError (401).
        """
        token = self.settings.token
        if token is None:
            return
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() == "basic":
            scheme, given = "bearer", _password(given)
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise RequestError(
                "a token is needed" if not given else "the token is not the right one",
                status=401,
                code=UNAUTHENTICATED,
                field="Authorization",
                remedy="Send the server's CLEW_TOKEN as `Authorization: Bearer ...`",
            )

    def _check_host(self, host: str) -> None:
        if self._any_host or _name(host) in self._hosts:
            return
        raise PermissionDenied(
            f"this server does not answer to the host name {host[:80]!r}",
            field="Host",
            value=host,
            remedy="Call it as localhost, or allow the name in the server's settings",
        )

    def _check_origin(self, origin: str | None, host: str) -> None:
        if origin is None or origin.lower().rstrip("/") in self._origins:
            return
        if origin != "null" and urlsplit(origin).netloc.lower() == host.lower():
            return
        raise PermissionDenied(
            f"pages of {origin[:80]!r} may not call this server",
            field="Origin",
            value=origin,
            remedy="Allow the origin in the server's settings",
        )


def _password(given: str) -> str:
    """The password of Basic credentials; whoever has the server's token may call himself what he likes."""
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
