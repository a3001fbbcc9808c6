"""The pages: the explorer at ``/`` and under its views' names, GraphiQL at ``GET /graphql``, and their assets.

Nothing is loaded from anywhere else: the Content-Security-Policy allows the server itself only. Where the pages were
not built, a sign stands at ``/`` and a plain query page at ``/graphql``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from clew.api.packing import takes
from clew.api.settings import ApiSettings

FOLDER = Path(__file__).parent / "graphql"
BUILT = Path(__file__).parents[1] / "ui" / "dist"
"""Output of ``npm run build`` in ui; absent until it was built."""

VIEWS = (
    "artifacts", "cache", "compare", "contexts", "executions", "explorer", "home", "log", "runs", "schedules",
    "settings", "types",
)  # fmt: skip
"""First segments of the explorer's own addresses: every path under one is its page, which reads the rest itself."""
PLAIN_FILES = ("plain.css", "plain.js")
LOOSE_FILES = ("licenses.md",)
"""Files beside the built pages that have no digest in their names: what the bundles hold, and whose it is."""

_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Packed copies that the build leaves beside a file, the smallest first."""
_MEDIA = {
    "css": "text/css", "html": "text/html", "ico": "image/x-icon", "js": "text/javascript", "json": "application/json",
    "map": "application/json", "md": "text/markdown", "png": "image/png", "svg": "image/svg+xml", "ttf": "font/ttf",
    "wasm": "application/wasm", "woff": "font/woff", "woff2": "font/woff2",
}  # fmt: skip
"""Said here, since a system's own table may call a script something that browsers refuse to run."""
_IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}  # their names hold their digests
_FRESH = {"cache-control": "no-cache"}


def is_page(path: str) -> bool:
    """Whether ``path`` holds no data: a browser loads it before it can send a token."""
    first, _, rest = path.removeprefix("/").partition("/")
    if path in ("/", "/graphql") or first in VIEWS:
        return True
    return rest != "" if first in ("assets", "graphiql") else first in LOOSE_FILES and not rest


def page_routes(settings: ApiSettings) -> list[BaseRoute]:
    """The routes of pages and their assets. Wrong paths fall through: no page answers for them."""
    pages = _Pages(settings)
    views = [path for view in VIEWS for path in (f"/{view}", f"/{view}/{{rest:path}}")]
    return [
        *(Route(path, pages.explorer, methods=["GET"]) for path in ("/", *views)),
        Route("/graphql", pages.graphiql, methods=["GET"]),
        Route("/assets/{name:path}", pages.asset, methods=["GET"]),
        *(Route(f"/{name}", pages.loose, methods=["GET"]) for name in LOOSE_FILES),
        *(Route(f"/graphiql/{name}", pages.plain, methods=["GET"]) for name in PLAIN_FILES),
    ]


def explorer_policy(embed_from: tuple[str, ...] = ()) -> str:
    """The explorer's Content-Security-Policy.

    Recorded HTML is shown in frames that are sandboxed, run no script and have no origin; this policy holds for what
    is in them too.
    """
    return _policy(("img-src", "'self' data: blob:"), ("frame-src", "'self' data: blob:"), embed_from=embed_from)


def graphiql_policy(embed_from: tuple[str, ...] = ()) -> str:
    """The query page's: it frames nothing."""
    return _policy(("img-src", "'self' data:"), embed_from=embed_from)


def _policy(*own: tuple[str, str], embed_from: tuple[str, ...]) -> str:
    return "; ".join(
        f"{directive} {sources}"
        for directive, sources in (
            ("default-src", "'none'"),
            ("script-src", "'self'"),
            ("style-src", "'self' 'unsafe-inline'"),  # GraphiQL's editor and positioned nodes write styles as they go
            *own,
            ("font-src", "'self' data:"),
            ("connect-src", "'self'"),
            ("worker-src", "'self'"),
            ("base-uri", "'none'"),
            ("form-action", "'none'"),
            ("frame-ancestors", " ".join(embed_from) or "'none'"),
        )
    )


class _Pages:
    """Answers with files: of the built pages, or the plain ones of this package."""

    def __init__(self, settings: ApiSettings) -> None:
        self._built = _Files(settings.pages or BUILT)
        self._assets = _Files((settings.pages or BUILT) / "assets")
        self._plain = _Files(FOLDER)
        self._explorer = _page_headers(explorer_policy(settings.embed_from), settings)
        self._graphiql = _page_headers(graphiql_policy(settings.embed_from), settings)

    async def explorer(self, request: Request) -> Response:
        """The explorer, or a sign that says how to build it."""
        built = self._built.answer(request, "index.html", self._explorer)
        if built is not None:
            return built
        sign = self._plain.answer(request, "front.html", self._explorer, 200 if request.url.path == "/" else 404)
        return _there(sign)

    async def graphiql(self, request: Request) -> Response:
        """GraphiQL, or the plain query page."""
        built = self._built.answer(request, "graphiql.html", self._graphiql)
        return built or _there(self._plain.answer(request, "plain.html", self._graphiql))

    async def asset(self, request: Request) -> Response:
        """A script, style or font of the built pages."""
        return _there(self._assets.answer(request, request.path_params["name"], _IMMUTABLE))

    async def loose(self, request: Request) -> Response:
        """A file beside the built pages."""
        return _there(self._built.answer(request, request.url.path.removeprefix("/"), _FRESH))

    async def plain(self, request: Request) -> Response:
        """The script or style of the plain pages."""
        return _there(self._plain.answer(request, request.url.path.removeprefix("/graphiql/"), _FRESH))


def _page_headers(policy: str, settings: ApiSettings) -> dict[str, str]:
    # X-Frame-Options knows no list of origins: where some may frame the page, the policy alone says which.
    return {**_FRESH, "content-security-policy": policy, **({} if settings.embed_from else {"x-frame-options": "DENY"})}


def _there(response: Response | None) -> Response:
    if response is None:
        raise HTTPException(404)
    return response


class _Files:
    """Files of one folder, packed where a packed copy lies beside them and the caller takes it."""

    def __init__(self, folder: Path) -> None:
        self._static = StaticFiles(directory=folder, check_dir=False)

    def answer(self, request: Request, name: str, headers: Mapping[str, str], status: int = 200) -> Response | None:
        """The file, or 304 where the caller has it; None where there is none. Looks at the disk every time."""
        accepted = request.headers.get("accept-encoding", "")
        for encoding, ending in (*_ENCODINGS, ("", "")):
            if encoding and not takes(accepted, encoding):
                continue
            if (found := self._find(name + ending)) is None:
                continue
            path, facts = found
            response = FileResponse(path, status, media_type=_media(name), stat_result=facts)
            response.headers.update({**headers, "vary": "accept-encoding"})
            if encoding:
                response.headers["content-encoding"] = encoding
            if status == 200 and self._static.is_not_modified(response.headers, request.headers):
                return _unchanged(response)
            return response
        return None

    def _find(self, name: str) -> tuple[str, os.stat_result] | None:
        try:
            path, facts = self._static.lookup_path(name)
        except (OSError, ValueError):  # too long, NUL
            return None
        return (path, facts) if facts is not None and stat.S_ISREG(facts.st_mode) else None


def _unchanged(response: Response) -> Response:
    kept = ("content-security-policy", "x-frame-options")
    answer = NotModifiedResponse(response.headers)
    answer.headers.update({name: response.headers[name] for name in kept if name in response.headers})
    return answer


def _media(name: str) -> str:
    return _MEDIA.get(name.rpartition(".")[2], "application/octet-stream")
