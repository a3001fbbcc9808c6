"""What the calls of ``clew.kfp.Client`` stand on, and the arguments that have no counterpart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from clew.client.connect import connect
from clew.client.runs import Runs
from clew.client.schedules import Schedules
from clew.metadata.errors import Invalid, Unsupported
from clew.settings import load


class Connected:
    """A home (``host`` is a folder; CLEW_HOME, ``.clew``) or a server (``host`` is its URL; CLEW_URL)."""

    def __init__(
        self,
        host: str | Path | None = None,
        namespace: str | None = None,
        existing_token: str | None = None,
    ) -> None:
        named: dict[str, Any] = {"namespace": namespace, "token": existing_token}
        if host is not None:
            is_url = isinstance(host, str) and host.startswith(("http://", "https://"))
            named |= {"url": host} if is_url else {"home": host, "url": ""}
        self._settings = load(**named)
        self._client = connect(self._settings, create=True)
        self._runs = Runs(self._client)
        self._schedules = Schedules(self._client)

    def close(self) -> None:
        """Release the record."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def package_of(path: str | None) -> str:
    """The package that was named. Errors: Invalid when none was."""
    if not path:
        raise Invalid(
            "no pipeline was named", field="pipeline_package_path", remedy="Give the YAML that the kfp SDK compiled"
        )
    return path


def refuse(**given: object) -> None:
    """Errors: Unsupported for an argument that is given and has no counterpart here."""
    for name, value in given.items():
        if value is not None:
            raise Unsupported(f"Clew has no {name}", field=name, value=str(value), remedy=f"Leave {name} out")


def newest_first(sort_by: str) -> None:
    """Errors: Unsupported for another order than that of our listings."""
    if sort_by not in ("", "created_at desc"):
        raise Unsupported(
            f"listings are newest first, not by {sort_by!r}",
            field="sort_by",
            value=sort_by,
            remedy="Leave it out, or write 'created_at desc'",
        )


def offset_of(page_token: str) -> int:
    """The place a page token tells. Errors: Invalid."""
    if page_token and not (page_token.isascii() and page_token.isdigit()):
        raise Invalid(f"{page_token[:40]!r} is no page token of this listing", field="page_token", value=page_token)
    return int(page_token or 0)
