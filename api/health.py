"""Whether the server lives, whether it can serve, and what it counts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from clew.api.errors import told
from clew.api.graphql.operation import Stream
from clew.api.metrics import Metrics
from clew.api.service import Services
from clew.metadata.errors import ArtifactNotFound
from clew.metadata.ids import INT64_MAX, Kind, NodeRef

log = logging.getLogger("clew.api")
CHECK_S = 5.0
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health:
    """``/healthz``, ``/readyz``, ``/metrics``."""

    def __init__(self, services: Services, stream: Stream, metrics: Metrics) -> None:
        self.services, self.stream, self.metrics = services, stream, metrics

    async def healthz(self, request: Request) -> Response:
        """200 while the process answers; looks at nothing else."""
        return _json(200, {"status": "ok", "version": self.services.version})

    async def readyz(self, request: Request) -> Response:
        """200 when record and engine answer, else 503 and what is wrong."""
        checks = {
            "record": await self._check(lambda: {"seq": int(self.services.record.seq())}),
            "engine": await self._check(self._engine),
        }
        ready = all(check["ok"] for check in checks.values())
        return _json(200 if ready else 503, {"ready": ready, "checks": checks})

    async def metrics_text(self, request: Request) -> Response:
        """Prometheus's text format."""
        text = await self.stream.run(lambda: self.metrics.scrape(self.services))
        return Response(text, media_type=PROMETHEUS)

    def _engine(self) -> dict[str, Any]:
        """Ask it for a node that cannot be: that it knows of none shows that it follows the record and answers."""
        engine = self.services.engine
        with suppress(ArtifactNotFound):
            engine.trace([NodeRef(Kind.ARTIFACT, INT64_MAX)], max_nodes=1)
        seq = self.services.engine_seq()
        return {"name": engine.name} if seq is None else {"name": engine.name, "seq": seq}

    async def _check(self, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        began = time.perf_counter()
        try:
            found = await asyncio.wait_for(self.stream.run(look), CHECK_S)
        except TimeoutError:
            return {"ok": False, "code": "TIMED_OUT", "message": f"no answer within {CHECK_S:g} s"}
        except Exception as error:
            log.warning("not ready: %s", error)
            return {"ok": False, **{key: told(error)[key] for key in ("code", "message")}}
        return {"ok": True, "ms": round((time.perf_counter() - began) * 1000, 3), **found}


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json", headers={"cache-control": "no-store"})
