"""The column a layered drawing puts a node in: the longest way to it from a source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

Ref = tuple[int, int]
"""(0 artifact or 1 execution, id)."""
After = dict[Ref, list[Ref]]


def ranks(nodes: Sequence[Ref], edges: Iterable[tuple[int, int, int]]) -> dict[Ref, int]:
    """Length of the longest path to each node, among ``nodes`` and ``edges`` (execution, event type, artifact) alone.

    The answer does not depend on the order of either. Where data goes in a cycle, the node recorded first leads.
    Cost: O(N + E), and the sorting of both where there is a cycle.
    """
    after = _after(nodes, edges)
    order = _sorted(after)
    if len(order) < len(after):
        _break_cycles(after)
        order = _sorted(after)
    found = dict.fromkeys(after, 0)
    for node in order:
        for target in after[node]:
            found[target] = max(found[target], found[node] + 1)
    return found


def _after(nodes: Sequence[Ref], edges: Iterable[tuple[int, int, int]]) -> After:
    after: After = {node: [] for node in nodes}
    for execution, kind, artifact in edges:
        work, data = (1, execution), (0, artifact)
        if work in after and data in after:
            if kind in INPUT_EVENTS:
                after[data].append(work)
            elif kind in OUTPUT_EVENTS:
                after[work].append(data)
    return after


def _sorted(after: After) -> list[Ref]:
    """The nodes, sources first; those in a cycle or behind one are left out."""
    waits = dict.fromkeys(after, 0)
    for targets in after.values():
        for target in targets:
            waits[target] += 1
    order = [node for node, count in waits.items() if not count]
    for node in order:  # grows while it is read
        for target in after[node]:
            waits[target] -= 1
            if not waits[target]:
                order.append(target)
    return order


def _break_cycles(after: After) -> None:
    """Take out the edges that lead back to where a walk in the order of recording came from."""
    done: set[Ref] = set()
    for start in sorted(after, key=_recorded):
        if start in done:
            continue
        on_path = {start}
        stack = [(start, iter(sorted(after[start], key=_recorded)))]
        while stack:
            node, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                on_path.remove(node)
                done.add(node)
            elif target in on_path:
                after[node] = [other for other in after[node] if other != target]
            elif target not in done:
                on_path.add(target)
                stack.append((target, iter(sorted(after[target], key=_recorded))))


def _recorded(node: Ref) -> tuple[int, int]:
    return node[1], node[0]
