"""``uri = 'x'`` is answered to the letter, by the index of where bytes lie."""

from __future__ import annotations

import pytest

from clew.metadata.change import Change
from clew.metadata.filter.clause import filter_clause
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record

URIS = ("s3://lake/a", "s3a://lake/a", "s3://lake/a/", "s3://lake/b", None)


@pytest.fixture
def filled(record: Record) -> Record:
    change = Change()
    change.type(NodeType(Kind.ARTIFACT, "Dataset"))
    for uri in URIS:
        change.artifact("Dataset", uri=uri)
    record.commit(change)
    return record


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("uri = 's3://lake/a'", [1]),
        ("'s3a://lake/a' = uri", [2]),
        ("NOT (uri = 's3://lake/a')", [2, 3, 4]),
        ("uri = 's3://lake/a' OR id = 5", [1, 5]),
        ("uri = NULL", []),
        ("NOT (uri = NULL)", []),
        ("uri = ''", []),
        ("uri = name", []),
    ],
)
def test_a_uri_is_compared_to_the_letter(filled: Record, where: str, ids: list[int]) -> None:
    with filled.read() as reader:
        assert [artifact.id for artifact in reader.artifacts(where=where).items] == ids


def test_the_index_of_locations_serves_it(sqlite_record: Record) -> None:
    clause, values = filter_clause("uri = 's3://lake/a'", Kind.ARTIFACT, "sqlite")
    with sqlite_record.read() as reader:
        plan = reader.query(f"EXPLAIN QUERY PLAN SELECT id FROM artifact WHERE {clause} ORDER BY id LIMIT 20", values)
    assert any("ix_artifact_location" in str(row) for row in plan)
