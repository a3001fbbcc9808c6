"""The artifact proxy: clients put files to the server and get them from it, whatever store the home has.

GET, PUT, DELETE  /api/2.0/mlflow-artifacts/artifacts[/PATH]      one file, or a listing
POST              /api/2.0/mlflow-artifacts/mpu/{create,complete,abort}/PATH
PUT               /api/2.0/mlflow-artifacts/mpu/part/UPLOAD/NUMBER
GET               /api/2.0/mlflow-artifacts/presigned/PATH
GET               /get-artifact, /model-versions/get-artifact
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from clew.api.mlflow import files, model_lineage
from clew.api.mlflow.errors import Refused, refusal
from clew.api.mlflow.paths import joined, safe_path, split
from clew.api.mlflow.registry_rows import the_version
from clew.api.mlflow.store.database import TrackingStore
from clew.api.mlflow.streams import received, sent
from clew.api.mlflow.uploads import Uploads
from clew.api.mlflow.wire import Field, decode, need, parse
from clew.api.service import Services
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.errors import ClewError

ROOT = "/api/2.0/mlflow-artifacts"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TEXTS = (".txt", ".log", ".err", ".cfg", ".conf", ".cnf", ".ini", ".properties", ".md", ".csv", ".tsv", ".py", ".js",
          ".yaml", ".yml", ".json", ".jsonl", ".xml", ".toml", ".r", ".MLmodel", "MLmodel", "MLproject")  # fmt: skip
_MOST_CALL_BYTES = 8 << 20


def proxy_routes(services: Services, store: TrackingStore, pool: Executor) -> list[BaseRoute]:
    """The routes; files are read and written in ``pool``."""
    proxy = _Proxy(services, store, pool)
    found: list[BaseRoute] = []
    for prefix in ("/api", "/ajax-api"):
        at = f"{prefix}/2.0/mlflow-artifacts"
        found += [
            Route(f"{at}/artifacts", proxy.told(proxy.listing), methods=["GET"]),
            Route(f"{at}/artifacts/{{path:path}}", proxy.told(proxy.get), methods=["GET", "HEAD"]),
            Route(f"{at}/artifacts/{{path:path}}", proxy.told(proxy.put), methods=["PUT"]),
            Route(f"{at}/artifacts/{{path:path}}", proxy.told(proxy.delete), methods=["DELETE"]),
            Route(f"{at}/mpu/part/{{upload}}/{{part:int}}", proxy.told(proxy.put_part), methods=["PUT"]),
            Route(f"{at}/mpu/create/{{path:path}}", proxy.told(proxy.create), methods=["POST"]),
            Route(f"{at}/mpu/complete/{{path:path}}", proxy.told(proxy.complete), methods=["POST"]),
            Route(f"{at}/mpu/abort/{{path:path}}", proxy.told(proxy.abort), methods=["POST"]),
            Route(f"{at}/presigned/{{path:path}}", proxy.told(proxy.presigned), methods=["GET"]),
            Route(f"{at}{{rest:path}}", proxy.told(_nothing), methods=["GET", "PUT", "POST", "DELETE", "PATCH"]),
        ]
    return [
        *found,
        Route("/get-artifact", proxy.told(proxy.of_run), methods=["GET"]),
        Route("/model-versions/get-artifact", proxy.told(proxy.of_version), methods=["GET"]),
    ]


class _Proxy:
    def __init__(self, services: Services, store: TrackingStore, pool: Executor) -> None:
        self._services, self._store, self._pool = services, store, pool

    def told(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """``answer``, whose errors are told in MLflow's form."""

        async def call(request: Request) -> Response:
            try:
                response = await answer(request)
                assert isinstance(response, Response)
                return response
            except (Refused, ClewError) as error:
                return refusal(error, request.scope.get("clew.request_id", ""))

        return call

    async def listing(self, request: Request) -> Response:
        """What lies in a folder."""
        path = safe_path(request.query_params.get("path", ""), empty_ok=True)
        return _json(await self._read(lambda: self._entries(path, "")))

    async def get(self, request: Request) -> Response:
        """A file's bytes, or a range of them."""
        path = _path(request)
        return await self._send(request, path)

    async def put(self, request: Request) -> Response:
        """Keep a file."""
        path = _path(request)
        blob = await received(request, self._pool, self._blobs.put)
        await self._in_pool(self._place, request, path, blob)
        return _json({})

    async def delete(self, request: Request) -> Response:
        """Forget a file or folder, if it is there."""
        path = _path(request)

        def work() -> None:
            with self._store.write() as tx:
                gone = files.remove(tx, path)
            model_lineage.files_deleted(self._services, self._store, gone)

        await self._in_pool(work)
        return _json({})

    async def create(self, request: Request) -> Response:
        """Begin a multipart upload. Its parts are put to this server, with the caller's own token."""
        given = await _given(request, (need("path"), Field("num_parts", "int")))
        path = self._upload_path(request, given)
        parts = given.get("num_parts", 1)
        upload_id = await self._in_pool(self._uploads.create, path, parts)
        base = f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope.get('root_path', '')}"
        token = request.headers.get("authorization")
        headers = {"Authorization": token} if token else {}
        credentials = [
            {"url": f"{base}{ROOT}/mpu/part/{upload_id}/{part}", "part_number": part, "headers": headers}
            for part in range(1, parts + 1)
        ]
        return _json({"upload_id": upload_id, "credentials": credentials})

    async def put_part(self, request: Request) -> Response:
        """Keep one part."""
        upload, part = str(request.path_params["upload"]), int(request.path_params["part"])
        etag = await received(request, self._pool, lambda stream: self._uploads.put(upload, part, stream))
        return Response(b"", 200, {"ETag": f'"{etag}"'})

    async def complete(self, request: Request) -> Response:
        """Put the parts together."""
        given = await _given(request, (need("path"), need("upload_id"), need("parts", "dicts")))
        path = self._upload_path(request, given)
        parts = sorted((_number(one.get("part_number")), str(one.get("etag") or "")) for one in given["parts"])

        def work() -> None:
            with self._uploads.whole(given["upload_id"], path, parts) as stream:
                blob = self._blobs.put(stream)
            self._place(request, path, blob)
            self._uploads.forget(given["upload_id"])

        await self._in_pool(work)
        return _json({})

    async def abort(self, request: Request) -> Response:
        """Drop the parts."""
        given = await _given(request, (need("path"), need("upload_id")))
        self._upload_path(request, given)
        await self._in_pool(self._uploads.forget, given["upload_id"])
        return _json({})

    async def presigned(self, request: Request) -> Response:
        """Where a file can be got in ranges: here, with the caller's own token."""
        path = _path(request)

        def work() -> Blob:
            with self._store.read() as tx:
                return files.find(tx, path)

        blob = await self._in_pool(work)
        base = f"{request.url.scheme}://{request.headers.get('host', '')}{request.scope.get('root_path', '')}"
        token = request.headers.get("authorization")
        headers = {"Authorization": token} if token else {}
        url = f"{base}{ROOT}/artifacts/{quote(path)}"
        return _json({"url": url, "headers": headers, "file_size": blob.size_bytes})

    async def of_run(self, request: Request) -> Response:
        """A file of a run, by its path in the run's folder."""
        run_id = request.query_params.get("run_id") or request.query_params.get("run_uuid") or ""
        path = safe_path(request.query_params.get("path", ""))

        def work() -> str:
            with self._store.read() as tx:
                return joined(files.proxied(location_of_run(tx, run_id)), path)

        return await self._send(request, await self._in_pool(work))

    async def of_version(self, request: Request) -> Response:
        """A file of a model version."""
        query, path = request.query_params, safe_path(request.query_params.get("path", ""))
        namespace = request.headers.get("x-mlflow-workspace", "").strip() or "default"

        def work() -> str:
            with self._store.read() as tx:
                one = the_version(tx, namespace, query.get("name", ""), query.get("version", ""))
                return joined(files.proxied(one.storage), path)

        return await self._send(request, await self._in_pool(work))

    async def _send(self, request: Request, path: str) -> Response:
        def work() -> tuple[Blob, BinaryIO]:
            with self._store.read() as tx:
                blob = files.find(tx, path)
            return blob, self._blobs.open(blob.digest)

        blob, stream = await self._in_pool(work)
        start, length, status = 0, blob.size_bytes, 200
        name = split(path)[1]
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "accept-ranges": "bytes",
            "etag": f'"{blob.digest}"',
        }
        if asked := request.headers.get("range"):
            found = _range(asked, blob.size_bytes)
            if found is None:
                stream.close()
                return Response(b"", 416, {"content-range": f"bytes */{blob.size_bytes}"})
            start, length = found
            status = 206
            headers["content-range"] = f"bytes {start}-{start + length - 1}/{blob.size_bytes}"
        headers["content-length"] = str(length)
        if request.method == "HEAD":
            stream.close()
            return Response(None, 200, headers, _media_type(name))
        return StreamingResponse(sent(stream, start, length), status, headers, _media_type(name))

    def _place(self, request: Request, path: str, blob: Blob) -> None:
        with self._store.write() as tx:
            files.put(tx, path, blob, time.time_ns() // 1_000_000)
        model_lineage.file_written(self._services, self._store, path, blob)

    def _entries(self, path: str, inside: str) -> dict[str, Any]:
        with self._store.read() as tx:
            found = [one.told(inside) for one in files.entries(tx, path)]
        return {"files": found} if found else {}

    def _upload_path(self, request: Request, given: dict[str, Any]) -> str:
        folder = safe_path(str(request.path_params["path"]), empty_ok=True)
        name = split(safe_path(given["path"].replace("\\", "/").lstrip("/")))[1]
        return joined(folder, name)

    async def _in_pool(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def _read(self, work: Callable[[], Any]) -> Any:
        return await self._in_pool(work)

    @property
    def _blobs(self) -> ArtifactStore:
        if self._services.runs is None:
            raise Refused("This server keeps no artifacts", "NOT_IMPLEMENTED")
        return self._services.runs.store

    @property
    def _uploads(self) -> Uploads:
        if self._services.runs is None:
            raise Refused("This server keeps no artifacts", "NOT_IMPLEMENTED")
        return Uploads(self._services.runs.home / "uploads")


def location_of_run(tx: Any, run_id: str) -> str:
    """Where a run's files are. Errors: Refused."""
    row = tx.one("SELECT artifact_uri FROM ml_run WHERE id = ?", (run_id,))
    if row is None:
        raise Refused(f"Run with id={run_id} not found", "RESOURCE_DOES_NOT_EXIST")
    return str(row[0])


def _path(request: Request) -> str:
    """The path as it came, not as a router tidied it up."""
    raw = request.scope.get("raw_path") or b""
    text = raw.partition(b"?")[0].decode("latin-1")
    given = str(request.path_params["path"])
    if given.startswith("/") or "//" in unquote(text).partition("mlflow-artifacts")[2]:
        raise Refused("Invalid path")
    return safe_path(given)


async def _given(request: Request, fields: tuple[Field, ...]) -> dict[str, Any]:
    if int(request.headers.get("content-length") or 0) > _MOST_CALL_BYTES:
        raise Refused("The request is too long")
    return parse(fields, decode("POST", "", await request.body()), False)


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refused(f"Invalid value {value!r} for parameter 'part_number' supplied.") from None


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Start and length of a range; None where it lies outside, or is none that we serve."""
    match = _RANGE.fullmatch(text.strip())
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, length) if length else None
    start, end = int(match[1]), min(int(match[2] or size - 1), size - 1)
    return (start, end - start + 1) if start <= end else None


def _media_type(name: str) -> str:
    """Texts as plain text, so that a browser never runs what was uploaded."""
    if name.endswith(_TEXTS):
        return "text/plain"
    found = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return (
        found if found.startswith(("image/", "audio/", "video/")) and "svg" not in found else "application/octet-stream"
    )


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


async def _nothing(request: Request) -> Response:
    raise Refused(f"{request.method} {request.url.path} is no endpoint of this server", "ENDPOINT_NOT_FOUND")
