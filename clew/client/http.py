"""Ask a Clew server by GraphQL over HTTP, and turn its errors back into the tree of metadata/errors.py."""

from __future__ import annotations

from typing import Any, NoReturn

from clew.metadata import errors
from clew.metadata.errors import ClewError, InvalidFilter, PermissionDenied, SourceUnreachable, TimedOut
from clew.settings import Settings


class GraphQL:
    """One server."""

    def __init__(self, settings: Settings) -> None:
        import httpx

        self.url = settings.url.rstrip("/")
        self._timeout_s = settings.timeout_s
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        self._http = httpx.Client(base_url=self.url, timeout=settings.timeout_s, headers=headers, trust_env=False)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The ``data`` of the answer.

        Errors: whatever the server raised, by its code; SourceUnreachable, TimedOut, PermissionDenied.
        """
        answer = self._post({"query": query, "variables": variables})
        if answer.get("errors"):
            _raise(answer["errors"][0])
        data = answer.get("data")
        if not isinstance(data, dict):
            raise self._not_clew("it sent no data")
        return data

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        import httpx

        try:
            response = self._http.post("/graphql", json=body)
        except httpx.TimeoutException as error:
            raise TimedOut(
                f"{self.url} did not answer within {self._timeout_s:g} s",
                field="url",
                value=self.url,
                remedy="Retry, or raise CLEW_TIMEOUT_S",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceUnreachable(
                f"{self.url} cannot be reached: {error}",
                field="url",
                value=self.url,
                remedy="Check --server or CLEW_URL, and that `clew up` runs there",
            ) from error
        if response.status_code in (401, 403):
            raise PermissionDenied(
                f"{self.url} refused the request", field="token", remedy="Set CLEW_TOKEN to the server's token"
            )
        try:
            answer = response.json()
        except ValueError as error:
            raise self._not_clew(f"it answered {response.status_code} without JSON") from error
        if not isinstance(answer, dict):
            raise self._not_clew("its answer is no object")
        return answer

    def _not_clew(self, why: str) -> SourceUnreachable:
        return SourceUnreachable(
            f"{self.url} does not answer like a Clew server: {why}",
            field="url",
            value=self.url,
            remedy="Check --server or CLEW_URL",
        )


def _by_code() -> dict[str, type[ClewError]]:
    found: dict[str, type[ClewError]] = {}
    waiting: list[type[ClewError]] = [errors.ClewError]
    while waiting:
        cls = waiting.pop()
        found[cls.code] = cls
        waiting += cls.__subclasses__()
    return found


def _raise(error: dict[str, Any]) -> NoReturn:
    told = error.get("extensions") or {}
    code, message = str(told.get("code", "")), str(error.get("message", "the server reported an error"))
    field, value, remedy = (str(told.get(name) or "") for name in ("field", "value", "remedy"))
    cls = _by_code().get(code)
    if cls is InvalidFilter:
        position = str(told.get("position", "-1"))
        raise InvalidFilter(
            message,
            field=field or "where",
            value=value,
            remedy=remedy,
            position=int(position) if position.lstrip("-").isdigit() else -1,
        )
    if cls is None:
        raise ClewError(f"the server reported {code}: {message}", field=field, value=value, remedy=remedy)
    raise cls(message, field=field, value=value, remedy=remedy)
