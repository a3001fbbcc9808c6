"""Members of many contexts, loaded together, are what each context's own listing says."""

from __future__ import annotations

from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.members import member_counts, member_pages
from clew.metadata.node import NodeType
from clew.metadata.record import Record


def _crowd(record: Record) -> tuple[list[int], int]:
    change = Change()
    group = change.type(NodeType(Kind.CONTEXT, "Group"))
    data, work = change.type(NodeType(Kind.ARTIFACT, "Data")), change.type(NodeType(Kind.EXECUTION, "Work"))
    contexts = [change.context(group, name=f"g{n}") for n in range(4)]
    for size, context in enumerate(contexts):
        for _ in range(size * 2):
            change.attribute(context, change.artifact(data))
            change.associate(context, change.execution(work))
    receipt = record.commit(change)
    ids = [receipt.id(context) for context in contexts]
    later = Change()
    later.attribute(ids[0], later.artifact("Data"))
    record.commit(later)
    return ids, receipt.seq


def test_pages_and_counts_of_members_agree_with_each_contexts_own_listing(record: Record) -> None:
    ids, before = _crowd(record)
    for as_of in (None, before):
        with record.read(as_of=as_of) as reader:
            for kind, listed in ((Kind.ARTIFACT, reader.artifacts), (Kind.EXECUTION, reader.executions)):
                for limit in (1, 3, 100):
                    expected = {id: listed(context_id=id, limit=limit) for id in ids}
                    assert member_pages(reader, kind, ids, limit) == expected
                assert member_counts(reader, kind, ids) == {id: reader.count(kind, context_id=id) for id in ids}


def test_no_contexts_have_no_members(record: Record) -> None:
    with record.read() as reader:
        assert member_pages(reader, Kind.ARTIFACT, [], 5) == {}
        assert member_counts(reader, Kind.EXECUTION, []) == {}
