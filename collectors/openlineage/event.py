"""An event as it was sent, checked: what is wrong is told by field, value and remedy.

Source: OpenLineage 2.0.2 (RunEvent, JobEvent, DatasetEvent). Kind where senders differ in what does no harm: null for
what is left out, times without a zone (UTC), states in lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from clew.metadata.errors import Invalid
from clew.metadata.location import of_dataset
from clew.metadata.text import NAME_LIMIT_BYTES, check_text

RUN, JOB, DATASET = "run", "job", "dataset"
STATES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
MOST_DATASETS = 10_000
"""Inputs or outputs of one event."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Facets = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DatasetSaid:
    """What an event says of one dataset."""

    namespace: str
    name: str
    location: str
    """Canonical: by it, datasets of other spellings and protocols meet."""
    facets: Facets = field(default_factory=dict)
    own: Facets = field(default_factory=dict)
    """Facets of this reading or writing: ``inputFacets``, ``outputFacets``."""


@dataclass(frozen=True, slots=True)
class EventSaid:
    """One event, sound in form."""

    kind: str
    time_ms: int
    producer: str
    state: str = ""
    run_id: str = ""
    run_facets: Facets = field(default_factory=dict)
    job_namespace: str = ""
    job_name: str = ""
    job_facets: Facets = field(default_factory=dict)
    inputs: tuple[DatasetSaid, ...] = ()
    outputs: tuple[DatasetSaid, ...] = ()
    dataset: DatasetSaid | None = None


def parse(body: bytes) -> Any:
    """JSON of ``body``. Errors: Invalid."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"the body is not JSON: {error}", field="body", remedy="Send one OpenLineage event as UTF-8 JSON"
        ) from error


def read_event(given: Any) -> EventSaid:
    """The event in ``given``, which is JSON. Errors: Invalid naming the field."""
    if not isinstance(given, dict):
        raise _wrong("event", given, "is no object", "Send an object with eventTime, producer, schemaURL and run, job")
    kind = _kind_of(given)
    time_ms = _time_of(given.get("eventTime"))
    producer = _text(given.get("producer"), "producer", "Name what sends the events, as a URI")
    _text(given.get("schemaURL"), "schemaURL", "Name the schema of the event: https://openlineage.io/spec/2-0-2/...")
    if kind == DATASET:
        return EventSaid(kind, time_ms, producer, dataset=_dataset(given["dataset"], "dataset", ""))
    state, run_id, run_facets = "", "", {}
    if kind == RUN:
        run = _object(given["run"], "run")
        state = _state_of(given.get("eventType"))
        run_id, run_facets = run_id_of(run.get("runId"), "run.runId"), _facets(run.get("facets"), "run.facets")
        if "job" not in given:
            raise _wrong("job", None, "is missing", "A run event tells its job: namespace and name")
        _check_parent(run_facets)
    job = _object(given["job"], "job")
    return EventSaid(
        kind, time_ms, producer, state, run_id, run_facets,
        _name(job.get("namespace"), "job.namespace"), _name(job.get("name"), "job.name"),
        _facets(job.get("facets"), "job.facets"),
        _datasets(given.get("inputs"), "inputs", "inputFacets"),
        _datasets(given.get("outputs"), "outputs", "outputFacets"),
    )  # fmt: skip


def run_id_of(given: Any, field: str) -> str:
    """A run's id, in lower case. Errors: Invalid."""
    if isinstance(given, str) and _UUID.fullmatch(given):
        return given.lower()
    raise _wrong(field, given, "is no UUID", "Give the run a UUID, the same in all of its events")


def _kind_of(given: dict[str, Any]) -> str:
    named = [name for name in (RUN, DATASET) if given.get(name) is not None]
    if len(named) == 2:
        raise _wrong("dataset", given["dataset"], "stands beside run", "Send a run event or a dataset event")
    if named:
        return named[0]
    if given.get("job") is not None:
        return JOB
    raise _wrong("run", None, "is missing, as are job and dataset", "Send a run, a job or a dataset event")


def _state_of(given: Any) -> str:
    if given is None:
        return "OTHER"
    if isinstance(given, str) and given.upper() in STATES:
        return given.upper()
    raise _wrong("eventType", given, "is no state of a run", f"Use one of {', '.join(STATES)}")


def _time_of(given: Any) -> int:
    remedy = "Give the time as ISO 8601 with date, time and zone: 2026-01-31T12:00:00.000Z"
    if not isinstance(given, str):
        raise _wrong("eventTime", given, "is missing" if given is None else "is no text", remedy)
    try:
        if not _TIME.match(given):
            raise ValueError
        moment = datetime.fromisoformat(given)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        time_ms = int((moment - _EPOCH).total_seconds() * 1000 + 0.0005)
    except (ValueError, OverflowError) as error:
        raise _wrong("eventTime", given, "is no time", remedy) from error
    if time_ms < 0:
        raise _wrong("eventTime", given, "is before 1970", remedy)
    return time_ms


def _datasets(given: Any, field: str, own: str) -> tuple[DatasetSaid, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise _wrong(field, given, "is no list", "Give a list of datasets")
    if len(given) > MOST_DATASETS:
        raise _wrong(field, len(given), f"has more than {MOST_DATASETS} datasets", "Send them in several events")
    return tuple(_dataset(item, f"{field}[{place}]", own) for place, item in enumerate(given))


def _dataset(given: Any, field: str, own: str) -> DatasetSaid:
    given = _object(given, field)
    namespace, name = _name(given.get("namespace"), f"{field}.namespace"), _name(given.get("name"), f"{field}.name")
    return DatasetSaid(
        namespace, name, located(namespace, name, f"{field}.name"),
        _facets(given.get("facets"), f"{field}.facets"),
        _facets(given.get(own), f"{field}.{own}") if own else {},
    )  # fmt: skip


def located(namespace: str, name: str, field: str = "name") -> str:
    """Canonical location of a dataset. Errors: Invalid naming ``field`` where it is none or too long."""
    location = _of_dataset(namespace, name)
    if len(location.encode()) > NAME_LIMIT_BYTES - 100:  # versions are named after it and a run
        raise _wrong(field, name, f"with its namespace is longer than {NAME_LIMIT_BYTES - 100} bytes", "Shorten it")
    return location


_of_dataset = lru_cache(20_000)(of_dataset)


def _facets(given: Any, field: str) -> Facets:
    if given is None:
        return {}
    kept = {}
    for name, facet in _object(given, field).items():
        if facet is None:
            continue
        if not isinstance(facet, dict):
            raise _wrong(f"{field}.{name}", facet, "is no object", "A facet is an object with _producer, _schemaURL")
        if not name or "\0" in name:
            raise _wrong(field, name, "names a facet with nothing or NUL", "Give every facet a name")
        kept[name] = facet
    return kept


def _check_parent(facets: Facets) -> None:
    parent = facets.get("parent")
    if parent is not None:
        run_id_of(_object(parent.get("run"), "run.facets.parent.run").get("runId"), "run.facets.parent.run.runId")
        job = _object(parent.get("job"), "run.facets.parent.job")
        _name(job.get("namespace"), "run.facets.parent.job.namespace")
        _name(job.get("name"), "run.facets.parent.job.name")
        if parent.get("root") is not None:
            root = _object(_object(parent["root"], "run.facets.parent.root").get("run"), "run.facets.parent.root.run")
            run_id_of(root.get("runId"), "run.facets.parent.root.run.runId")


def _object(given: Any, field: str) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    raise _wrong(field, given, "is missing" if given is None else "is no object", "Give an object")


def _name(given: Any, field: str) -> str:
    text = _text(given, field, "Give a text")
    check_text(text, field, NAME_LIMIT_BYTES // 3 if field.endswith("namespace") else NAME_LIMIT_BYTES // 2)
    return text


def _text(given: Any, field: str, remedy: str) -> str:
    if not isinstance(given, str) or not given:
        problem = "is missing" if given is None else "is empty" if given == "" else "is no text"
        raise _wrong(field, given, problem, remedy)
    return given


def _wrong(field: str, value: object, problem: str, remedy: str) -> Invalid:
    shown = "" if value is None else value if isinstance(value, str) else f"{value!r:.200}"
    return Invalid(f"{field} {problem}", field=field, value=shown, remedy=remedy)
