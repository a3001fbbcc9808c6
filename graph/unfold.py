"""Paths out of steps: what both engines do once they know which node may follow which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice


def unfold(begin: int, length: int, steps: Mapping[int, Sequence[int]], limit: int) -> tuple[list[list[int]], bool]:
    """Up to ``limit`` paths of ``length`` steps from ``begin``, and whether there are more.

    Shape: ``steps`` holds only nodes on such paths, so that no branch is a dead end.
    Cost:  O(limit x length).
    """
    paths = list(islice(_paths(begin, length, steps), limit + 1))
    return paths[:limit], len(paths) > limit


def _paths(begin: int, length: int, steps: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
    if length == 0:
        yield [begin]
        return
    path, choices = [begin], [iter(steps[begin])]
    while choices:
        following = next(choices[-1], None)
        if following is None:
            choices.pop()
            path.pop()
        elif len(path) == length:
            yield [*path, following]
        else:
            path.append(following)
            choices.append(iter(steps[following]))
