"""The pages: GraphiQL where it was built, our own plain query page where not, and a sign at ``/``.

Nothing is loaded from anywhere else: the Content-Security-Policy allows the server itself only.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "graphql"
BUILT = FOLDER / "graphiql"
"""Output of ``npm run build`` in ui/graphiql; absent until it was built."""

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # GraphiQL's editor writes style elements as it goes
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_PAGE = {"content-security-policy": CSP, "cache-control": "no-cache"}
_ASSET = {"cache-control": "public, max-age=31536000, immutable"}  # their names hold their digests


async def query_page(request: Request) -> Response:
    """The page at ``GET /graphql``."""
    built = BUILT / "index.html"
    return FileResponse(built if built.is_file() else FOLDER / "plain.html", headers=_PAGE)


async def front_page(request: Request) -> Response:
    """The page at ``/``."""
    return FileResponse(FOLDER / "front.html", headers=_PAGE)


async def plain_script(request: Request) -> Response:
    """The plain query page's script."""
    return FileResponse(FOLDER / "plain.js", headers=_PAGE)


async def plain_style(request: Request) -> Response:
    """The plain pages' style."""
    return FileResponse(FOLDER / "plain.css", headers=_PAGE)


def page_routes() -> list[BaseRoute]:
    """The routes of pages and their assets."""
    return [
        Route("/", front_page, methods=["GET"]),
        Route("/graphiql/plain.js", plain_script, methods=["GET"]),
        Route("/graphiql/plain.css", plain_style, methods=["GET"]),
        Mount("/graphiql", _Assets(directory=BUILT, check_dir=False)),
    ]


class _Assets(StaticFiles):
    def file_response(self, *arguments: object, **options: object) -> Response:
        response = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        response.headers.update(_ASSET)
        return response
