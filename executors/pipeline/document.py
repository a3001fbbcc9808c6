"""A place in a YAML document: reads typed values and says where it stands when one is missing or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from clew.metadata.errors import InvalidPipeline

_KIND = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Place:
    """A value and its path from the top of the document (``root.dag.tasks.train``)."""

    value: Any
    path: str = ""

    def fail(self, message: str, remedy: str = "Compile the pipeline again with the kfp SDK") -> InvalidPipeline:
        """The error for this place."""
        return InvalidPipeline(
            f"{self.path or 'document'}: {message}", field=self.path, value=self.value, remedy=remedy
        )

    def get(self, key: str) -> Place:
        """The place under ``key``; its value is None where the key is absent."""
        return Place(self.mapping().get(key), f"{self.path}.{key}" if self.path else key)

    def need(self, key: str) -> Place:
        """The place under ``key``, which must be there."""
        place = self.get(key)
        if place.value is None:
            raise self.fail(f"{key!r} is missing")
        return place

    def has(self, key: str) -> bool:
        """Whether ``key`` is there."""
        return key in self.mapping()

    def mapping(self) -> dict[str, Any]:
        """The value as a mapping; absent is empty."""
        return self._as(dict) if self.value is not None else {}

    def text(self) -> str:
        """The value as text."""
        result: str = self._as(str)
        return result

    def flag(self) -> bool:
        """The value as a boolean; absent is False."""
        return self.value is not None and bool(self._as(bool))

    def number(self, default: float = 0.0) -> float:
        """The value as a number."""
        if self.value is None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail(f"a number was expected, not {_kind(self.value)}")
        try:
            return float(self.value)
        except OverflowError:
            raise self.fail("the number is too large") from None

    def count(self) -> int:
        """The value as a whole number of things; absent is 0."""
        number = self.number()
        if not (0 <= number < 2**31 and number.is_integer()):
            raise self.fail(f"a whole number from 0 to {2**31 - 1} was expected, not {self.value!r}")
        return int(number)

    def only(self, *keys: str) -> None:
        """Refuse what is none of ``keys``: a construct we do not know must not be dropped in silence."""
        for key, place in self.items():
            if key not in keys and place.value is not None:
                raise place.fail(f"{key!r} cannot be run here yet", "Compile the pipeline without it")

    def items(self) -> Iterator[tuple[str, Place]]:
        """Key and place of each entry of a mapping."""
        for key in self.mapping():
            if not isinstance(key, str):
                raise self.fail(f"the key {key!r} is not text")
            yield key, self.get(key)

    def elements(self) -> Iterator[Place]:
        """The place of each element of a list; absent is empty."""
        if self.value is not None:
            for i, value in enumerate(self._as(list)):
                yield Place(value, f"{self.path}[{i}]")

    def one_of(self, *keys: str) -> tuple[str, Place]:
        """The one key among ``keys`` that is there."""
        present = [key for key in keys if self.has(key)]
        if len(present) != 1:
            raise self.fail(f"exactly one of {', '.join(keys)} was expected, found {', '.join(present) or 'none'}")
        return present[0], self.need(present[0])

    def _as(self, kind: type) -> Any:
        if not isinstance(self.value, kind):
            raise self.fail(f"{_KIND[kind]} was expected, not {_kind(self.value)}")
        return self.value


def _kind(value: object) -> str:
    return "nothing" if value is None else _KIND.get(type(value), type(value).__name__)
