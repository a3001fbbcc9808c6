"""Whatever pipeline is drawn, running it gives what evaluating it gives, and running it again runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clew.executors.pipeline.run import RunOptions, run_pipeline
from clew.executors.process import LocalProcesses
from tests.executors.programs import Spelling, evaluate, programs


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # runs are slow: the program found is printed as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(program=programs, n=st.integers(-3, 6))
def test_a_drawn_pipeline_gives_what_direct_evaluation_gives(
    bench: Any, compile_source: Callable[[str], Path], program: tuple[Any, ...], n: int
) -> None:
    source = Spelling().source(program)
    path = compile_source(source)
    with closing(LocalProcesses()) as executor:
        options = RunOptions(home=bench.home, executor=executor)
        first = run_pipeline(bench.record, bench.store, path, {"n": n}, options=options)
        again = run_pipeline(bench.record, bench.store, path, {"n": n}, options=options)
    assert first.outputs == {"Output": evaluate(program, [n])}, f"{first.error}\n{source}"
    assert again.outputs == first.outputs
    assert {t.state for t in again.tasks if t.kind == "container"} <= {"CACHED"}
