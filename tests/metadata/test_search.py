"""Search: what a person remembers of a node finds it, the best first, on both databases, in bounded time."""

from __future__ import annotations

import pytest

from clew.metadata.change import Change
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind
from clew.metadata.namespaces import Namespaces
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.search import search

DIGEST = "sha256:" + "ab12" * 16


@pytest.fixture
def filled(record: Record) -> Record:
    change = Change()
    model, work = change.type(NodeType(Kind.ARTIFACT, "Model")), change.type(NodeType(Kind.EXECUTION, "Work"))
    run = change.type(NodeType(Kind.CONTEXT, "Run"))
    change.artifact(model, name="churn", uri="s3a://lake/models/churn/1", digest=DIGEST, external_id="mlflow-7")
    change.artifact(model, name="Churn-large", uri="s3://lake/models/churn/2")
    change.artifact(model, name="final churn", uri="s3://lake/reports/100%_done")
    change.artifact(model, uri="/data/raw_2026.csv")
    change.execution(work, name="train churn model", fingerprint="sha256:" + "cd34" * 16)
    change.execution(work, custom_properties={"display_name": 'Prepare \\ "it" é', "note": "table"})
    change.context(run, name="0123abcd", custom_properties={"display_name": "Nightly of Monday"})
    record.commit(change)
    other = Change(namespace="team-b")
    other.artifact("Model", name="churn", uri="<img src=x onerror=alert(1)>")
    record.commit(other)
    return record


def found(record: Record, text: str, **options: object) -> list[tuple[str, str, bool]]:
    with record.read() as reader:
        answer = search(reader, text, **options)  # type: ignore[arg-type]
    assert not answer.partial
    return [(str(hit.node.ref), hit.matched, hit.exact) for hit in answer.hits]


def test_exact_comes_first_then_what_begins_so_then_what_contains_it_newest_first(filled: Record) -> None:
    assert found(filled, "churn") == [
        ("artifact:5", "name", True),
        ("artifact:1", "name", True),
        ("artifact:2", "name", False),
        ("artifact:3", "name", False),
        ("execution:1", "name", False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("artifact:2", ("artifact:2", "id", True)),
        (" execution:1 ", ("execution:1", "id", True)),
        ("mlflow-7", ("artifact:1", "externalId", True)),
        ("MLFLOW", ("artifact:1", "externalId", False)),
        ("s3://lake/models/churn/1/", ("artifact:1", "uri", True)),
        ("s3://lake/rep", ("artifact:3", "uri", False)),
        ("%", ("artifact:3", "uri", False)),
        ("100%_d", ("artifact:3", "uri", False)),
        ("/data/raw_2026.csv", ("artifact:4", "uri", True)),
        ("RAW_2026", ("artifact:4", "uri", False)),
        (DIGEST, ("artifact:1", "digest", True)),
        ("ab12ab12", ("artifact:1", "digest", False)),
        ("SHA256:CD34CD34", ("execution:1", "fingerprint", False)),
        ("model train", ("execution:1", "name", False)),
        ("0123abcd", ("context:1", "name", True)),
        ("prep", ("execution:2", "displayName", False)),
        ('Prepare \\ "it" é', ("execution:2", "displayName", True)),
        ('"it"', ("execution:2", "displayName", False)),
        ("nightly", ("context:1", "displayName", False)),
        ("Nightly of Monday", ("context:1", "displayName", True)),
        ("onerror=alert(1)>", ("artifact:5", "uri", False)),
    ],
)
def test_what_is_remembered_of_a_node_finds_it(filled: Record, text: str, expected: tuple[str, str, bool]) -> None:
    assert found(filled, text) == [expected]


@pytest.mark.parametrize("text", ["", "  \n", "nothing of that", "10_", "!", "artifact:99", "99999999999999999999"])
def test_what_nothing_has_finds_nothing(filled: Record, text: str) -> None:
    assert found(filled, text) == []


def test_a_bare_number_is_an_id_of_any_kind(filled: Record) -> None:
    ids = [ref for ref, matched, _ in found(filled, "1") if matched == "id"]
    assert sorted(ids) == ["artifact:1", "context:1", "execution:1"]


def test_kinds_and_namespace_narrow_and_limit_cuts(filled: Record) -> None:
    assert found(filled, "churn", kinds=[Kind.EXECUTION]) == [("execution:1", "name", False)]
    assert found(filled, "churn", namespace="team-b") == [("artifact:5", "name", True)]
    assert found(filled, "churn", limit=1) == [("artifact:5", "name", True)]
    assert found(filled, "churn", kinds=[]) == found(filled, "churn", limit=0) == []


def test_where_there_is_no_time_to_look_the_answer_says_so_and_holds_what_indexes_know(filled: Record) -> None:
    with filled.read() as reader:
        hurried = search(reader, "churn", budget_s=-1)
    assert hurried.partial
    assert [str(hit.node.ref) for hit in hurried.hits][:2] == ["artifact:5", "artifact:1"]


def test_of_many_with_one_beginning_the_newest_are_found(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.metadata.search._AT_MOST", 10)
    monkeypatch.setattr("clew.metadata.search._FIRST_WINDOW", 7)
    change = Change()
    work = change.type(NodeType(Kind.EXECUTION, "Work"))
    for number in range(50):
        change.execution(work, name=f"step-{number:03}")
    record.commit(change)
    assert [ref for ref, _, _ in found(record, "step", limit=3)] == ["execution:50", "execution:49", "execution:48"]
    assert found(record, "ep-000") == [("execution:1", "name", False)]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 9000])
def test_what_is_no_text_of_ours_is_refused(filled: Record, text: str) -> None:
    with filled.read() as reader, pytest.raises(Invalid):
        search(reader, text)


def test_namespaces_are_known_and_new_ones_are_noticed(filled: Record) -> None:
    namespaces = Namespaces()
    with filled.read() as reader:
        assert namespaces.of(reader) == ["default", "team-b"]
    change = Change(namespace="team-a")
    change.artifact("Model")
    filled.commit(change)
    with filled.read() as reader:
        assert namespaces.of(reader) == ["default", "team-a", "team-b"]
