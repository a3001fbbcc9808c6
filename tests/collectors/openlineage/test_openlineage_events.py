"""What events are taken, what of them is refused, and how."""

from __future__ import annotations

from typing import Any

import pytest

from clew.collectors.openlineage.event import parse, read_event
from clew.metadata.errors import Invalid

RUN = "01a2302a-2798-75e8-a4b9-2b014b60c040"
SOUND: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T12:00:00.250Z",
    "producer": "https://example.org/etl",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": RUN.upper(), "facets": {"nominalTime": {"nominalStartTime": "x"}, "none": None}},
    "job": {"namespace": "etl", "name": "daily"},
    "inputs": [{"namespace": "s3a://lake", "name": "raw/", "inputFacets": {"inputStatistics": {"rowCount": 3}}}],
    "outputs": [{"namespace": "postgres://DB:5432", "name": "shop.public.sales"}],
}


def refused(**changed: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        read_event({**SOUND, **changed})
    assert caught.value.remedy
    return caught.value


def test_a_run_event_is_read_whole() -> None:
    event = read_event(SOUND)
    assert (event.state, event.run_id, event.time_ms) == ("COMPLETE", RUN, 1769860800250)
    assert [said.location for said in event.inputs] == ["s3://lake/raw"]
    assert [said.location for said in event.outputs] == ["postgres://db/shop.public.sales"]
    assert event.inputs[0].own == {"inputStatistics": {"rowCount": 3}}
    assert event.run_facets == {"nominalTime": {"nominalStartTime": "x"}}


def test_job_and_dataset_events_are_told_apart() -> None:
    base = {key: SOUND[key] for key in ("eventTime", "producer", "schemaURL")}
    assert read_event({**base, "job": SOUND["job"]}).kind == "job"
    assert read_event({**base, "dataset": {"namespace": "n", "name": "d"}}).kind == "dataset"


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00.250Z",
        "2026-01-31T13:00:00.250+01:00",
        "2026-01-31T12:00:00.250123456Z",
        "2026-01-31T12:00:00.25",
    ],
)
def test_times_of_any_zone_and_precision_are_the_same_moment(time: str) -> None:
    assert read_event({**SOUND, "eventTime": time}).time_ms == 1769860800250


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"eventTime": None}, "eventTime"),
        ({"eventTime": "yesterday"}, "eventTime"),
        ({"eventTime": "2026-01-31"}, "eventTime"),
        ({"eventTime": "1969-01-01T00:00:00Z"}, "eventTime"),
        ({"producer": None}, "producer"),
        ({"schemaURL": 5}, "schemaURL"),
        ({"eventType": "DONE"}, "eventType"),
        ({"run": {"runId": "seven"}}, "run.runId"),
        ({"run": []}, "run"),
        ({"run": {"runId": RUN, "facets": {"sql": "select"}}}, "run.facets.sql"),
        ({"run": {"runId": RUN, "facets": {"parent": {"run": {"runId": RUN}}}}}, "run.facets.parent.job"),
        ({"run": None, "job": None}, "run"),
        ({"job": {"namespace": "", "name": "x"}}, "job.namespace"),
        ({"job": {"namespace": "n", "name": "a\0b"}}, "job.name"),
        ({"job": {"namespace": "n", "name": "x" * 5000}}, "job.name"),
        ({"job": {"namespace": "n", "name": "x", "facets": []}}, "job.facets"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": [{"namespace": "n"}]}, "inputs[0].name"),
        ({"outputs": [{"namespace": "n", "name": "d", "facets": {"schema": 7}}]}, "outputs[0].facets.schema"),
        ({"outputs": [{"namespace": "n", "name": "d", "outputFacets": {"x": []}}]}, "outputs[0].outputFacets.x"),
        ({"dataset": {"namespace": "n", "name": "d"}}, "dataset"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_its_field(changed: dict[str, Any], field: str) -> None:
    assert refused(**changed).field == field


def test_what_is_no_object_and_no_json_is_refused() -> None:
    nothing: list[Any] = []
    for given in (None, 5, nothing, "event"):
        with pytest.raises(Invalid):
            read_event(given)
    with pytest.raises(Invalid, match="not JSON"):
        parse(b'{"eventTime": NaN}')
