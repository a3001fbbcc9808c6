"""Compiled packages and filters as ``kfp.Client`` takes them, as Clew takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clew.executors.runs.find import property_field, quoted
from clew.metadata.errors import Invalid, Unsupported

_FIELDS = {
    "display_name": f"{property_field('display_name')}.string_value",
    "name": f"{property_field('display_name')}.string_value",
    "state": f"{property_field('clew.state')}.string_value",
    "run_id": "name",
    "id": "name",
}
_OPERATIONS = {"EQUALS": "{field} = {text}", "NOT_EQUALS": "{field} != {text}", "IS_SUBSTRING": "{field} LIKE {like}"}
_NUMBERS = {1: "EQUALS", 2: "NOT_EQUALS", 8: "IS_SUBSTRING"}


def spec_of(path: str, enable_caching: bool | None = None, cache_key: str | None = None) -> str:
    """The IR in a file; with caching switched on or off, or keyed, for each of its tasks, as kfp does it.

    Errors: Invalid, InvalidPipeline.
    """
    from clew.executors.pipeline.load import load

    text = load(Path(path)).source
    if enable_caching is None and cache_key is None:
        return text
    import yaml

    documents = list(yaml.safe_load_all(text))
    for document in documents:
        for component in [document.get("root"), *document.get("components", {}).values()]:
            for task in ((component or {}).get("dag") or {}).get("tasks", {}).values():
                options = task.setdefault("cachingOptions", {})
                if enable_caching is not None:
                    options["enableCache"] = enable_caching
                if cache_key is not None:
                    options["cacheKey"] = cache_key
    changed: str = yaml.safe_dump_all(documents, sort_keys=False)
    return changed


def predicates(text: str | None) -> str | None:
    """KFP's JSON of predicates as a filter. Errors: Invalid when malformed; Unsupported for what has no counterpart."""
    if not text:
        return None
    try:
        said = json.loads(text)["predicates"]
        parts = [_predicate(one) for one in said]
    except (ValueError, TypeError, LookupError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(
            "filter is no JSON of predicates",
            field="filter",
            value=text,
            remedy='Write {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": "x"}]}',
        ) from error
    return " AND ".join(parts) or None


def _predicate(said: dict[str, Any]) -> str:
    operation = _NUMBERS.get(said["operation"], said["operation"])
    key = said["key"]
    value = str(said.get("stringValue", said.get("string_value", "")))
    if operation not in _OPERATIONS or key not in _FIELDS:
        raise Unsupported(
            f"runs cannot be filtered by {operation} of {key}",
            field="filter",
            value=f"{operation} {key}",
            remedy=f"Use {', '.join(_OPERATIONS)} of {', '.join(_FIELDS)}",
        )
    if key == "state":
        value = {"SUCCEEDED": "COMPLETE"}.get(value, value)
    return _OPERATIONS[operation].format(field=_FIELDS[key], text=quoted(value), like=quoted(f"%{value}%"))
