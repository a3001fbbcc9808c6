"""What is one, through GraphQL: aliases, what a read gets, versions of a location, equal bytes, coverage."""

from __future__ import annotations

from typing import Any

from clew.api.service import Services
from clew.metadata.change import Change
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType

BYTES = "sha256:" + "5" * 64


def say(services: Services, name: str, *touches: Touch) -> None:
    change = Change()
    change.type(NodeType(Kind.EXECUTION, "Job"))
    put = change.execution("Job", external_id=name, reuse="external_id")
    services.identity.settle([Saying(change, put, name, touches, "openlineage")])


def test_an_alias_moves_reads_and_is_undone(services: Services, asker: Any) -> None:
    one, other = "s3://aliased/files", "hive://meta/aliased.table"
    say(services, "alias-writer", Touch(one, writes=True, time_ms=10, confidence=80))
    say(services, "alias-reader", Touch(other, writes=False, time_ms=20))
    add = """mutation($a: String!, $b: String!) { addAlias(location: $a, sameAs: $b, why: "files", actor: "ann") {
      location sameAs actor reason source undone } }"""
    assert asker.ask(add, a=one, b=other)["addAlias"] == [
        {"location": one, "sameAs": other, "actor": "ann", "reason": "files", "source": "", "undone": False}
    ]
    found = asker.ask(
        "query($u: String!) { resolve(uri: $u) { id events { type source confidence location } } }", u=other
    )
    assert found["resolve"]["events"] == [
        {"type": "OUTPUT", "source": "openlineage", "confidence": 80, "location": one},
        {"type": "INPUT", "source": "openlineage", "confidence": None, "location": other},
    ]
    undo = "mutation($a: String!, $b: String!) { removeAlias(location: $a, sameAs: $b) { location } }"
    assert asker.ask(undo, a=other, b=one)["removeAlias"] == []
    assert [a["undone"] for a in asker.ask("{ aliases(undone: true) { undone } }")["aliases"]] == [True]


def test_versions_of_a_location_and_equal_bytes_are_told(services: Services, asker: Any) -> None:
    here, there = "s3://versions/here", "s3://versions/there"
    say(services, "v1", Touch(here, writes=True, time_ms=1, digest=BYTES))
    say(services, "v2", Touch(here, writes=True, time_ms=2))
    say(services, "v3", Touch(there, writes=True, time_ms=3, digest=BYTES))
    query = """query($u: String!, $t: Int64) { resolve(uri: $u, atMs: $t) {
      externalId versions { externalId } sameContent { externalId } } }"""
    assert asker.ask(query, u=here, t=1)["resolve"] == {
        "externalId": f"{here}#v1",
        "versions": [{"externalId": f"{here}#v2"}, {"externalId": f"{here}#v1"}],
        "sameContent": [{"externalId": f"{there}#v3"}],
    }
    assert asker.ask(query, u="s3://versions/nothing")["resolve"] is None


def test_coverage_is_by_type_and_protocol(services: Services, asker: Any) -> None:
    say(services, "loose")
    rows = asker.ask("{ coverage { seq executions { type source total fromNowhere toNowhere } } }")["coverage"]
    assert {"type": "Job", "source": "", "total": 1, "fromNowhere": 1, "toNowhere": 1} in rows["executions"]
