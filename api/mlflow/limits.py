"""MLflow's limits on names, values and batches, with its texts.

Source: mlflow/utils/validation.py.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from clew.api.mlflow.errors import Refused
from clew.api.mlflow.wire import compact

MOST_KEY, MOST_PARAM, MOST_TAG = 250, 6000, 8000
MOST_EXPERIMENT_TAG, MOST_EXPERIMENT_NAME = 20_000, 500
MOST_METRICS, MOST_PARAMS_TAGS = 1000, 100
MOST_TAGS_AT_ONCE = 10_000
"""Tags a run or experiment may be made with; MLflow knows no limit there."""
MOST_DATASET = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
MOST_INPUT_TAG = {"key": 255, "value": 500}
_NAME = re.compile(r"^[/\w.\- :]*$")
_RUN_ID = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")


def invalid(path: str, value: Any, why: str = "") -> Refused:
    """A value that a parameter cannot have, and why."""
    return Refused(f"Invalid value {compact(value)} for parameter '{path}' supplied{': ' + why if why else '.'}")


def check_name(name: str, path: str) -> None:
    """Names of parameters, metrics and tags may become paths of files. Errors: Refused."""
    if not _NAME.match(name):
        raise invalid(
            path,
            name,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
            "and slashes (/).",
        )
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        raise invalid(
            path,
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as "
            f"such. This name would resolve to {plain!r}",
        )


def check_length(what: str, limit: int, value: str) -> None:
    """Errors: Refused."""
    if len(value) > limit:
        raise Refused(f"'{what}' exceeds the maximum length of {limit} characters")


def check_run_id(run_id: str) -> None:
    """Errors: Refused."""
    if not _RUN_ID.match(run_id):
        raise invalid("run_id", run_id)


def check_metric(key: str, value: float, time_ms: int, path: str = "") -> None:
    """Errors: Refused."""
    check_name(key, _join(path, "name"))
    if time_ms < 0:
        raise invalid(
            _join(path, "timestamp"),
            time_ms,
            f"metric '{key}' (value={value}). Timestamp must be a nonnegative long (64-bit integer) ",
        )
    check_length("Metric name", MOST_KEY, key)


def fit_param(key: str, value: str, path: str = "") -> tuple[str, str]:
    """The parameter, with a value that is too long cut off as MLflow does. Errors: Refused."""
    check_name(key, _join(path, "key"))
    check_length("Param key", MOST_KEY, key)
    return key, value[:MOST_PARAM]


def fit_tag(key: str, value: str, path: str = "") -> tuple[str, str]:
    """The tag, with a value that is too long cut off. Errors: Refused."""
    check_name(key, _join(path, "key"))
    check_length(_join(path, "key"), MOST_KEY, key)
    return key, value[:MOST_TAG]


def check_experiment_tag(key: str, value: str) -> None:
    """Errors: Refused."""
    check_name(key, "key")
    check_length("key", MOST_KEY, key)
    check_length("value", MOST_EXPERIMENT_TAG, value)


def check_batch(metrics: int, params: int, tags: int) -> None:
    """Errors: Refused."""
    for what, limit, length in (
        ("metrics", MOST_METRICS, metrics),
        ("params", MOST_PARAMS_TAGS, params),
        ("tags", MOST_PARAMS_TAGS, tags),
        ("metrics, params, and tags", MOST_METRICS, metrics + params + tags),
    ):
        if length > limit:
            raise Refused(
                f"A batch logging request can contain at most {limit} {what}. Got {length} {what}. "
                f"Please split up {what} across multiple requests and try again."
            )


def check_unique(keys: Sequence[str]) -> None:
    """Errors: Refused."""
    seen: set[str] = set()
    twice = [key for key in keys if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise Refused(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one "
            "param value per param key."
        )


def check_dataset(dataset: dict[str, Any], tags: Sequence[dict[str, Any]]) -> None:
    """Errors: Refused."""
    for name, limit in MOST_DATASET.items():
        check_length(name, limit, str(dataset.get(name) or ""))
    for tag in tags:
        for name, limit in MOST_INPUT_TAG.items():
            check_length(name, limit, str(tag.get(name) or ""))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
