"""Aliases: two locations that are one. Recorded as contexts, so that who said so, and who undid it, is in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clew.metadata import digest
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Context, NodeType
from clew.metadata.reader import Reader
from clew.metadata.text import NAME_LIMIT_BYTES
from clew.metadata.value import Value

TYPE = "clew.Alias"


@dataclass(frozen=True, slots=True)
class Alias:
    """Somebody said that two locations are one."""

    location: str
    same_as: str
    namespace: str
    actor: str
    reason: str
    source: str
    """The protocol that said so; "" where a person did."""
    undone: bool
    context_id: int
    said_ms: int
    changed_ms: int

    @property
    def pair(self) -> tuple[str, str]:
        """Both, in order."""
        return pair(self.location, self.same_as)


def pair(location: str, same_as: str) -> tuple[str, str]:
    """Both, in order."""
    return (location, same_as) if location <= same_as else (same_as, location)


def put(change: Change, location: str, same_as: str, *, reason: str, source: str, typed: bool) -> NodePut:
    """Add to ``change`` that two locations are one."""
    if not typed:
        change.type(NodeType(Kind.CONTEXT, TYPE, description="Two locations that are one"))
    told: dict[str, Value] = {
        "location": location, "same_as": same_as, "reason": reason, "source": source, "actor": change.actor,
        "undone": False,
    }  # fmt: skip
    return change.context(TYPE, name=_name(*pair(location, same_as)), custom_properties=told, reuse="name")


def every(reader: Reader, namespace: str | None = None) -> Iterator[Alias]:
    """All aliases ever said, undone ones too, oldest first."""
    try:
        chunks = reader.every(Kind.CONTEXT, type=TYPE, namespace=namespace)
        for chunk in chunks:
            yield from map(_alias, chunk)
    except TypeNotFound:
        return


def _alias(node: Context) -> Alias:
    told = node.custom_properties
    texts = {name: str(told.get(name, "")) for name in ("location", "same_as", "actor", "reason", "source")}
    return Alias(
        namespace=node.namespace,
        undone=told.get("undone") is True,
        context_id=node.id,
        said_ms=node.created_ms,
        changed_ms=node.updated_ms,
        **texts,
    )


def _name(location: str, same_as: str) -> str:
    name = f"{location} = {same_as}"
    return name if len(name.encode()) <= NAME_LIMIT_BYTES else digest.of_struct("alias", [location, same_as])


class Aliases:
    """Which locations are one, by namespace, as of one moment."""

    def __init__(self, aliases: Iterator[Alias]) -> None:
        self._classes: dict[tuple[str, str], frozenset[str]] = {}
        self.undone: set[tuple[str, str, str]] = set()
        for alias in aliases:
            if alias.undone:
                self.undone.add((alias.namespace, *alias.pair))
            else:
                self.join(alias.namespace, alias.location, alias.same_as)

    def members(self, namespace: str, location: str) -> frozenset[str]:
        """Every name of ``location``."""
        return self._classes.get((namespace, location)) or frozenset((location,))

    def join(self, namespace: str, location: str, same_as: str) -> None:
        """Two locations are one."""
        members = self.members(namespace, location) | self.members(namespace, same_as)
        for member in members:
            self._classes[namespace, member] = members
