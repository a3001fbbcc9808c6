"""The lattice states move in: late and repeated reports change nothing."""

from __future__ import annotations

import itertools

from clew.metadata.states import (
    FINAL_STATES,
    INPUT_EVENTS,
    OUTPUT_EVENTS,
    ArtifactState,
    EventType,
    ExecutionState,
    advance_artifact,
    advance_execution,
)


def test_a_finished_execution_stays_as_it_finished() -> None:
    for old, new in itertools.product(FINAL_STATES, [None, *ExecutionState]):
        assert advance_execution(old, new) == old


def test_an_execution_never_goes_back() -> None:
    order = [None, ExecutionState.NEW, ExecutionState.RUNNING, ExecutionState.COMPLETE]
    for early, late in itertools.combinations(order, 2):
        assert advance_execution(late, early) == late
        assert advance_execution(early, late) == late


def test_a_repeated_report_changes_nothing() -> None:
    for state in ExecutionState:
        assert advance_execution(state, state) == state
    for artifact_state in ArtifactState:
        assert advance_artifact(artifact_state, artifact_state) == artifact_state


def test_reports_before_the_end_commute() -> None:
    open_states = [None, ExecutionState.UNKNOWN, ExecutionState.NEW, ExecutionState.RUNNING]
    for a, b in itertools.permutations([ExecutionState.NEW, ExecutionState.RUNNING], 2):
        for start in open_states:
            assert advance_execution(advance_execution(start, a), b) == advance_execution(
                advance_execution(start, b), a
            )


def test_an_artifact_that_was_live_is_never_pending_again() -> None:
    for old in set(ArtifactState) - {ArtifactState.UNKNOWN, ArtifactState.PENDING}:
        assert advance_artifact(old, ArtifactState.PENDING) == old
        assert advance_artifact(old, ArtifactState.UNKNOWN) == old
        assert advance_artifact(old, None) == old


def test_a_deleted_artifact_may_be_live_again() -> None:
    assert advance_artifact(ArtifactState.DELETED, ArtifactState.LIVE) == ArtifactState.LIVE


def test_every_event_type_is_an_input_or_an_output_but_unknown() -> None:
    assert set(EventType) - {EventType.UNKNOWN} == INPUT_EVENTS | OUTPUT_EVENTS
    assert not INPUT_EVENTS & OUTPUT_EVENTS
