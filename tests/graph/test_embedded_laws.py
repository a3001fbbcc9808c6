"""The law of the embedded engine: whatever was written, folded, restarted or damaged, it answers by brute force."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clew.graph.contract import agrees, finds_paths
from clew.graph.embedded import EmbeddedEngine
from clew.graph.embedded.snapshot import NAME
from clew.graph.loom import Loom
from clew.graph.protocol import EVERYTHING, Direction, NodeFilter
from clew.graph.sql import SqlEngine
from clew.metadata.change import Change, NodePut
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.record import Record
from clew.metadata.states import EventType

ARTIFACTS = st.integers(0, 14).map(lambda i: f"a{i}")
EXECUTIONS = st.integers(0, 9).map(lambda i: f"e{i}")
EVENTS = st.sampled_from([event.name for event in EventType if event is not EventType.UNKNOWN])
SPANS = st.lists(st.tuples(ARTIFACTS, EVENTS, EXECUTIONS), min_size=1, max_size=12)
FILTERS = st.one_of(
    st.just(EVERYTHING),
    st.builds(
        NodeFilter,
        kinds=st.sets(st.sampled_from([Kind.ARTIFACT, Kind.EXECUTION])).map(tuple),
        artifact_states=st.sets(st.integers(0, 3), max_size=2).map(tuple),
        execution_states=st.sets(st.integers(0, 3), max_size=2).map(tuple),
        namespaces=st.sets(st.sampled_from(["default", "other"]), max_size=1).map(tuple),
        ends_only=st.booleans(),
    ),
)


class EngineFollowsRecord(RuleBasedStateMachine):
    """Writes, folds, restarts and damages in any order; after each step any question has the oracle's answer."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.record = Record.open(self.home)
        self.engine = EmbeddedEngine(self.record, self.home / "graph", compact_after=10**9)
        self.loom = Loom(self.record)
        self.has_snapshot = False

    @initialize(spans=SPANS)
    def begin(self, spans: list[tuple[str, str, str]]) -> None:
        self.write(spans, "default")

    @rule(spans=SPANS, namespace=st.sampled_from(["default", "other"]))
    def write(self, spans: list[tuple[str, str, str]], namespace: str) -> None:
        steps = []
        for artifact, event, execution in spans:
            named = f"{artifact}/{event}"
            reads = event in ("INPUT", "DECLARED_INPUT", "INTERNAL_INPUT")
            steps.append(f"{named} > {execution} >" if reads else f"> {execution} > {named}")
        self.loom.weave(*steps, namespace=namespace)

    @precondition(lambda self: self.loom.oracle.events)
    @rule(data=st.data(), again=st.integers(0, 2))
    def withdraw(self, data: st.DataObject, again: int) -> None:
        named = {ref: name for name, ref in self.loom.names.items()}
        known = st.sampled_from(sorted(self.loom.oracle.events))
        events = [
            (named[NodeRef(Kind.EXECUTION, e)], EventType(kind), named[NodeRef(Kind.ARTIFACT, a)])
            for e, kind, a in data.draw(st.lists(known, min_size=1, max_size=3, unique=True))
        ]
        self.loom.withdraw(*events, again=again)

    @rule(data=st.data(), state=st.integers(0, 3))
    def change_a_state(self, data: st.DataObject, state: int) -> None:
        self.loom.state(data.draw(st.sampled_from(sorted(self.loom.names))), state)

    @rule(kind=st.sampled_from([Kind.ARTIFACT, Kind.EXECUTION]), gap=st.sampled_from([1, 2, 1000, 100_000, 10**12]))
    def import_a_node_far_away(self, kind: Kind, gap: int) -> None:
        highest = max((ref.id for ref in self.loom.oracle.nodes if ref.kind is kind), default=0)
        if highest > 2**50:
            return
        change = Change()
        self.loom._types(change)
        put = change.node(
            NodePut(kind, "Data" if kind is Kind.ARTIFACT else "Run", insert_id=highest + gap, created_ms=1)
        )
        self.loom._commit(change, {f"far{len(self.loom.names)}": put})

    @rule()
    def compact(self) -> None:
        self.engine.projection.fresh()
        self.engine.projection.compact()
        self.has_snapshot = True

    @rule()
    def restart(self) -> None:
        self.engine.close()
        self.engine = EmbeddedEngine(self.record, self.home / "graph", compact_after=10**9)

    @precondition(lambda self: self.has_snapshot)
    @rule(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def flip_a_bit_of_the_snapshot(self, where: float, bit: int) -> None:
        self.engine.close()
        data = bytearray((self.home / "graph" / NAME).read_bytes())
        data[int(where * len(data))] ^= 1 << bit
        self._replace_snapshot(bytes(data))

    @precondition(lambda self: self.has_snapshot)
    @rule(kept=st.floats(0, 1, exclude_max=True))
    def tear_the_snapshot(self, kept: float) -> None:
        self.engine.close()
        data = (self.home / "graph" / NAME).read_bytes()
        self._replace_snapshot(data[: int(kept * len(data))])

    @invariant()
    def every_answer_is_the_oracles(self) -> None:
        names = sorted(self.loom.names)
        for i, direction in enumerate(Direction):
            seeds = [self.loom[names[(7 * i + len(names)) % len(names)]]]
            agrees(self.engine, self.loom.oracle, seeds, direction)

    @rule(
        data=st.data(), direction=st.sampled_from(list(Direction)), depth=st.none() | st.integers(0, 6), where=FILTERS
    )
    def ask(self, data: st.DataObject, direction: Direction, depth: int | None, where: NodeFilter) -> None:
        seeds = data.draw(st.lists(st.sampled_from(self._refs()), min_size=1, max_size=3))
        for engine in (self.engine, SqlEngine(self.record)):
            agrees(engine, self.loom.oracle, seeds, direction, depth, where)

    @rule(data=st.data())
    def ask_for_paths(self, data: st.DataObject) -> None:
        a, b = data.draw(st.sampled_from(self._refs())), data.draw(st.sampled_from(self._refs()))
        for engine in (self.engine, SqlEngine(self.record)):
            finds_paths(engine, self.loom.oracle, a, b)

    def teardown(self) -> None:
        self.engine.close()
        self.record.close()
        shutil.rmtree(self.home)

    def _refs(self) -> list[NodeRef]:
        return sorted(self.loom.oracle.nodes)

    def _replace_snapshot(self, data: bytes) -> None:
        replacement = self.home / "graph" / "replacement"
        replacement.write_bytes(data)  # a new file: the running engine has the old one mapped
        replacement.replace(self.home / "graph" / NAME)
        self.engine = EmbeddedEngine(self.record, self.home / "graph", compact_after=10**9)


EngineFollowsRecord.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTheEngineAnswersByBruteForce = EngineFollowsRecord.TestCase
