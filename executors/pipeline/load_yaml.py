"""Read YAML as strictly as IR asks for: no key twice, and nothing bottomless, endless, or of billions of values."""

from __future__ import annotations

from typing import Any

import yaml

MOST_VALUES = 5_000_000
"""In one document, aliases counted as often as they stand: ten short lines of them can stand for billions."""
DEEPEST = 200
"""Levels in a document; the SDK writes some twenty, and what reads values goes down level by level."""
_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc, valid-type]
    """PyYAML's safe loader, which takes the last of equal keys; this one refuses the second."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """As that of PyYAML. Errors: yaml.YAMLError."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value[:80]!r} stands there twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> list[Any]:
    """The documents in ``text``.

    Errors: ValueError with what is wrong, and where.
    """
    try:
        documents = list(yaml.load_all(text, Loader=Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"is not YAML{where}: {getattr(error, 'problem', None) or error}") from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:  # of dates and numbers that are none
        raise ValueError(f"is not YAML: a value is not what it is tagged or written as ({error})") from error
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    check_size(documents)
    return documents


_TOO_DEEP = f"is nested more than {DEEPEST} levels deep, or contains itself"


def check_size(value: Any) -> None:
    """Whether ``value`` can be walked through. Errors: ValueError."""
    size, _ = _size(value, 0, {})
    if size > MOST_VALUES:
        raise ValueError(f"stands for more than {MOST_VALUES:,} values")


def _size(value: Any, level: int, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """How many values are in ``value``, and how many levels; each object is looked at once."""
    if not isinstance(value, dict | list):
        return 1, 0
    if (found := known.get(id(value))) is None:
        if level > DEEPEST:
            raise ValueError(_TOO_DEEP)
        size, height = 1, 0
        for inner in value.values() if isinstance(value, dict) else value:
            more, levels = _size(inner, level + 1, known)
            size, height = size + more, max(height, levels)
        found = known[id(value)] = size, height + 1
        if height >= DEEPEST:
            raise ValueError(_TOO_DEEP)
    return found
