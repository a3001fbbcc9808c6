"""One round through the API on SQLite and on PostgreSQL: record, list, filter, walk, the past, the log."""

from __future__ import annotations

from typing import Any

from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record

STEP = {
    "key": "round-1",
    "types": [
        {"kind": "ARTIFACT", "name": "Table", "properties": [{"name": "rows", "kind": "INT"}]},
        {"kind": "EXECUTION", "name": "Clean"},
        {"kind": "CONTEXT", "name": "Project"},
    ],
    "contexts": [{"ref": "p", "type": "Project", "name": "churn"}],
    "artifacts": [
        {"ref": "raw", "type": "Table", "uri": "s3a://lake/raw/", "contexts": ["p"]},
        {
            "ref": "clean",
            "type": "Table",
            "state": "LIVE",
            "properties": [{"name": "rows", "value": "9007199254740993", "kind": "INT"}],
            "customProperties": [
                {"name": "nul", "value": "a\0b"},
                {"name": "nan", "value": "NaN:fff8000000000123", "kind": "DOUBLE"},
            ],
        },
    ],
    "executions": [
        {"type": "Clean", "inputs": [{"artifact": "raw"}], "outputs": [{"artifact": "clean"}], "contexts": ["p"]}
    ],
}


def test_a_round_through_the_api(record: Record, asker_with: Any) -> None:
    engine = SqlEngine(record)
    asker = asker_with(Services(record, engine))
    mutation = "mutation($c: ChangeInput!) { record(change: $c) { seq replayed ids } }"
    first = asker.ask(mutation, c=STEP)["record"]
    assert asker.ask(mutation, c=STEP)["record"] == {**first, "replayed": True}
    project, raw, clean, run = first["ids"]
    asker.ask(mutation, c={"artifacts": [{"id": clean, "state": "DELETED"}]})
    found = asker.ask(
        """query($clean: ID!, $seq: Int64) {
          artifacts(where: "properties.rows.int_value > 9007199254740992", filter: {state: [DELETED]}) {
            totalCount nodes { id customProperties { name kind value } producer { id } } }
          artifactsAt(uri: "s3://lake/raw") { id }
          contexts { nodes { id artifacts { totalCount nodes { id } } executions { nodes { id } } } }
          lineage(of: [$clean]) { nodes { depth node { id state } } edges { type } }
          then: node(id: $clean, asOf: {seq: $seq}) { state history { state } }
          changes { nodes { seq touched } }
        }""",
        clean=clean,
        seq=first["seq"],
    )
    custom = {given["name"]: given["value"] for given in found["artifacts"]["nodes"][0]["customProperties"]}
    assert custom == {"nul": "a\0b", "nan": "NaN:fff8000000000123"}
    assert (found["artifacts"]["totalCount"], found["artifacts"]["nodes"][0]["producer"]) == (1, {"id": run})
    assert found["artifactsAt"] == [{"id": raw}]
    assert found["contexts"]["nodes"] == [
        {"id": project, "artifacts": {"totalCount": 1, "nodes": [{"id": raw}]}, "executions": {"nodes": [{"id": run}]}}
    ]
    assert [(node["depth"], node["node"]["id"]) for node in found["lineage"]["nodes"]] == [
        (0, clean),
        (1, run),
        (2, raw),
    ]
    assert found["lineage"]["nodes"][0]["node"]["state"] == "DELETED"
    assert found["then"]["state"] == "LIVE"
    assert [change["seq"] for change in found["changes"]["nodes"]] == [1, 2]
    engine.close()
