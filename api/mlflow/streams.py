"""Bytes between a request and the artifact store, in pieces: neither side ever holds a file in memory."""

from __future__ import annotations

import asyncio
import io
import queue
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from typing import Any, BinaryIO, TypeVar, cast

from starlette.requests import ClientDisconnect, Request

from clew.api.mlflow.errors import Refused

PIECE_BYTES = 1 << 20
_WAITING = 4
"""Pieces between the socket and the disk."""
_PATIENCE_S = 600.0
T = TypeVar("T")


async def received(request: Request, pool: Executor, keep: Callable[[BinaryIO], T]) -> T:
    """What ``keep`` makes of the request's body, which it reads in a thread while it comes in.

    Errors: those of ``keep``; Refused when the client goes away, and then ``keep`` has failed.
    """
    loop = asyncio.get_running_loop()
    pieces = _pieces(request)
    first = await anext(pieces, b"")
    second = await anext(pieces, b"") if first else b""
    if not second:  # a small file: one thread, no queue
        return await loop.run_in_executor(pool, keep, cast("BinaryIO", io.BytesIO(first)))
    passing = _Passing()
    kept = loop.run_in_executor(pool, passing.feed, keep)
    try:
        for piece in (first, second):
            await _push(loop, pool, passing, piece)
        async for piece in pieces:
            await _push(loop, pool, passing, piece)
            if kept.done():
                break
        await _push(loop, pool, passing, b"")
    except BaseException:
        passing.break_off()
        await asyncio.wait([kept])
        kept.exception()
        raise
    return await kept


def sent(stream: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    """``length`` bytes of ``stream`` from ``start`` on, in pieces; it is closed at the end."""
    with stream:
        if start:
            _skip(stream, start)
        left = length
        while left > 0 and (piece := stream.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    piece = bytearray()
    try:
        async for chunk in request.stream():
            piece += chunk
            if len(piece) >= PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
    except ClientDisconnect as error:
        raise Refused("The client went away before its file was here", "BAD_REQUEST") from error
    if piece:
        yield bytes(piece)


async def _push(loop: asyncio.AbstractEventLoop, pool: Executor, passing: _Passing, piece: bytes) -> None:
    while not passing.offer(piece):
        if passing.is_over:
            return
        await asyncio.sleep(0.005)


class _Passing(io.RawIOBase):
    """A stream that one side fills and the other reads."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._left = b""
        self._ended = False
        self.is_over = False
        """Whether nobody reads any more."""

    def feed(self, keep: Callable[[BinaryIO], T]) -> T:
        """Let ``keep`` read."""
        try:
            return keep(cast("BinaryIO", self))
        finally:
            self.is_over = True

    def offer(self, piece: bytes) -> bool:
        """Add a piece, empty at the end; False where there is no room now."""
        try:
            self._queue.put_nowait(piece)
        except queue.Full:
            return False
        return True

    def break_off(self) -> None:
        """Let the reader fail."""
        while True:
            try:
                self._queue.put_nowait(None)
                return
            except queue.Full:
                with_room: Any = self._queue
                try:
                    with_room.get_nowait()
                except queue.Empty:
                    continue

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size``; waits for them. Errors: OSError when the other side broke off."""
        if not self._left and not self._ended:
            try:
                piece = self._queue.get(timeout=_PATIENCE_S)
            except queue.Empty:
                raise OSError(0, "no more bytes came") from None
            if piece is None:
                raise OSError(0, "the sender broke off")
            self._ended, self._left = not piece, piece
        if size < 0:
            size = len(self._left)
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def _skip(stream: BinaryIO, start: int) -> None:
    if stream.seekable():
        stream.seek(start)
        return
    while start > 0 and (piece := stream.read(min(PIECE_BYTES, start))):
        start -= len(piece)
