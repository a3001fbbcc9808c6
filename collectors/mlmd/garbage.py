"""Python's collector of garbage, told that there is little."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLD = 1_000_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Let Python look for cycles seldom: batches hold none, and every look walks all of their nodes.

    It costs a quarter of a move and half of a proof otherwise.
    """
    before = gc.get_threshold()
    gc.set_threshold(THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
