"""One pulse for all listeners: looks at the record's ``seq`` now and then, while somebody waits for it to move.

Other processes write to the same record, so nobody calls us; a look costs one statement, however many listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor


class Pulse:
    """Wakes listeners when the log has grown."""

    def __init__(self, seq: Callable[[], int], pool: Executor, poll_s: float) -> None:
        self._seq, self._pool, self._poll_s = seq, pool, poll_s
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._task: asyncio.Task[None] | None = None

    async def beyond(self, seq: int) -> None:
        """Wait until the log holds a change behind ``seq``. Errors: those of ``Record.seq``."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = seq
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._beat())
        try:
            await future
        finally:
            self._waiting.pop(future, None)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                now = await loop.run_in_executor(self._pool, self._seq)
            except Exception as error:
                self._fail(error)
                return
            for future, seq in list(self._waiting.items()):
                if now > seq and not future.done():
                    future.set_result(None)
            await asyncio.sleep(self._poll_s)

    def _fail(self, error: Exception) -> None:
        for future in list(self._waiting):
            if not future.done():
                future.set_exception(error)
