"""Who runs next: steps wait in one queue for each loop or graph, and the queues take turns.

So a loop of a thousand items does not keep a branch beside it waiting. A step that is too large for what is free now is
passed over, but not for ever: after a while nothing smaller goes before it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
PATIENCE = 32
"""How often a step may be passed over."""


class Turns(Generic[Item]):
    """Queues that take turns. For one thread."""

    def __init__(self) -> None:
        self._queues: OrderedDict[Hashable, deque[Item]] = OrderedDict()
        self._passed: dict[int, int] = {}

    def add(self, queue: Hashable, item: Item) -> None:
        """One more at the end of ``queue``."""
        self._queues.setdefault(queue, deque()).append(item)

    def take(self, fits: Callable[[Item], bool]) -> Item | None:
        """The next one there is room for; its queue goes to the end. None when there is none."""
        for queue in list(self._queues):
            item = self._queues[queue][0]
            if fits(item):
                self._queues[queue].popleft()
                self._passed.pop(id(item), None)
                self._queues.move_to_end(queue)
                if not self._queues[queue]:
                    del self._queues[queue]
                return item
            self._passed[id(item)] = self._passed.get(id(item), 0) + 1
            if self._passed[id(item)] > PATIENCE:
                return None
        return None

    def clear(self) -> list[Item]:
        """Take all out, in no order that matters."""
        left = list(self)
        self._queues.clear()
        self._passed.clear()
        return left

    def __iter__(self) -> Iterator[Item]:
        return (item for queue in self._queues.values() for item in queue)
