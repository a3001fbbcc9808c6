"""`@clew.step`: equal calls are reused, unequal ones run, and what comes back is what was stored."""

from __future__ import annotations

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.states import ExecutionState
from clew.sdk import Connection, step

RATE = 2
calls: deque[str] = deque()
"""What ran; a list would be a constant of the module, and count as code."""


@pytest.fixture(autouse=True)
def no_calls() -> None:
    calls.clear()


def states(connection: Connection) -> list[str]:
    return [e.state.name for e in reversed(connection.executions()) if e.state is not None]


def scaled(x: float) -> float:
    return x * RATE


def test_an_equal_call_is_reused_and_returns_the_same(connection: Connection) -> None:
    @step(connection=connection)
    def fit(depth: int, rate: float = 0.1) -> dict[str, Any]:
        calls.append("fit")
        return {"weights": [depth, rate], "name": "tree"}

    assert fit(3) == fit(depth=3, rate=0.1) == {"weights": [3, 0.1], "name": "tree"}
    assert list(calls) == ["fit"]
    assert states(connection) == ["COMPLETE", "CACHED"]


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 2**70, 0.1, "text", [1, [2, None]], {"a": {"b": []}}, b"\x00bytes", (1, b"two"), (), {},
        {"array": np.arange(3), "note": "mixed"}, np.eye(2), np.array(["a", "b"]),
    ],
    ids=repr,
)  # fmt: skip
def test_every_kind_of_result_comes_back_as_it_was(embedded: Connection, value: Any) -> None:
    @step(connection=embedded)
    def make() -> Any:
        calls.append("make")
        return value

    for _ in range(2):
        found = make()
        assert type(found) is type(value)
        np.testing.assert_equal(found, value)
    assert list(calls) == ["make"]


def test_tuples_inside_json_come_back_as_lists_the_first_time_too(embedded: Connection) -> None:
    @step(connection=embedded)
    def make() -> Any:
        return {"pair": (1, 2), "accuracy": np.float64(0.5)}

    assert make() == make() == {"pair": [1, 2], "accuracy": 0.5}


def test_a_file_counts_by_its_content_and_comes_back_with_its_name(embedded: Connection, tmp_path: Path) -> None:
    @step(connection=embedded)
    def upper(source: Path) -> Path:
        calls.append("upper")
        out = tmp_path / "out.txt"
        out.write_text(source.read_text().upper())
        return out

    (tmp_path / "in.txt").write_text("words")
    first = upper(tmp_path / "in.txt")
    (tmp_path / "out.txt").unlink()
    (tmp_path / "sub").mkdir()
    (tmp_path / "in.txt").rename(tmp_path / "sub" / "in.txt")
    again = upper(tmp_path / "sub" / "in.txt")
    assert (first.name, again.read_text(), list(calls)) == ("out.txt", "WORDS", ["upper"])
    (tmp_path / "sub" / "in.txt").write_text("other")
    assert upper(tmp_path / "sub" / "in.txt").read_text() == "OTHER"


def test_a_result_whose_bytes_are_gone_is_made_again(embedded: Connection) -> None:
    @step(connection=embedded)
    def make() -> bytes:
        calls.append("make")
        return b"result"

    make()
    (artifact,) = embedded.artifacts()
    assert artifact.digest is not None
    embedded.store.path(artifact.digest).unlink()
    assert make() == b"result"
    assert list(calls) == ["make", "make"]


def test_a_result_whose_bytes_were_edited_is_made_again(embedded: Connection) -> None:
    @step(connection=embedded)
    def make() -> bytes:
        calls.append("make")
        return b"result"

    make()
    (artifact,) = embedded.artifacts()
    assert artifact.digest is not None
    blob = embedded.store.path(artifact.digest)
    blob.chmod(0o644)
    blob.write_bytes(b"forged")
    assert make() == b"result"
    assert list(calls) == ["make", "make"]


def test_changed_code_runs_again_and_changed_comments_do_not(
    embedded: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(number: int, body: str) -> Callable[[int], int]:
        (tmp_path / f"version_{number}.py").write_text(f"def fit(x):\n{body}\n")
        monkeypatch.syspath_prepend(tmp_path)
        module = importlib.import_module(f"version_{number}")
        module.fit.__module__ = "__main__"  # one module over time, as an editor leaves it
        fit: Callable[[int], int] = step(connection=embedded)(module.fit)
        return fit

    plain = version(1, "    return x + 1")
    commented = version(2, '    """Now with a docstring."""\n\n    return x + 1  # and a comment')
    changed = version(3, "    return x + 2")
    assert [fit(1) for fit in (plain, commented, changed)] == [2, 2, 3]
    assert states(embedded) == ["COMPLETE", "CACHED", "COMPLETE"]


def test_a_constant_or_function_of_the_module_is_part_of_the_code(
    embedded: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    @step(connection=embedded)
    def fit(x: int) -> float:
        calls.append("fit")
        return scaled(x)

    assert (fit(3), fit(3)) == (6, 6)
    monkeypatch.setitem(globals(), "RATE", 5)
    assert fit(3) == 15
    assert len(calls) == 2


def test_steps_are_linked_by_the_content_of_what_they_hand_on(connection: Connection) -> None:
    @step(connection=connection)
    def load() -> Any:
        return np.arange(4)

    @step(connection=connection)
    def fit(data: Any, depth: int) -> dict[str, float]:
        return {"mean": float(data.mean()) * depth}

    @step(connection=connection)
    def report(model: dict[str, float]) -> str:
        return str(model)

    report(fit(load(), depth=2))
    trace = connection.trace(connection.executions(limit=1)[0])
    assert [e.type for e in trace.executions] == ["report", "fit", "load"]


def test_what_went_wrong_is_recorded_and_not_reused(connection: Connection) -> None:
    @step(connection=connection)
    def fit(ok: bool) -> int:
        if not ok:
            raise RuntimeError("no luck")
        return 1

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fit(False)
    assert states(connection) == ["FAILED", "FAILED"]
    assert connection.executions()[0].custom_properties["error"] == "RuntimeError: no luck"


def test_an_interrupted_step_is_canceled(embedded: Connection) -> None:
    @step(connection=embedded)
    def fit() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit()
    assert states(embedded) == ["CANCELED"]


def test_caching_can_be_off_bounded_by_age_and_salted(embedded: Connection) -> None:
    def body() -> int:
        calls.append("run")
        return 1

    never = step(connection=embedded, cache=False)(body)
    young = step(connection=embedded, max_age_s=0.0001)(body)
    salted = step(connection=embedded, salt="other")(body)
    for function, runs in ((never, 2), (young, 2), (salted, 1)):
        calls.clear()
        function()
        time.sleep(0.01)
        function()
        assert len(calls) == runs


def test_packages_are_part_of_what_counts(embedded: Connection) -> None:
    def body() -> int:
        calls.append("run")
        return 1

    for version in ("1", "2", "2"):
        step(connection=embedded, packages={"sklearn": version})(body)()
    assert len(calls) == 2


def test_equal_calls_at_the_same_time_run_once(embedded: Connection) -> None:
    @step(connection=embedded)
    def slow(x: int) -> int:
        calls.append("slow")
        time.sleep(0.3)
        return x

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(slow(7))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, list(calls)) == ([7] * 5, ["slow"])
    assert sorted(states(embedded)) == ["CACHED"] * 4 + ["COMPLETE"]


@pytest.mark.parametrize(
    "value",
    [object(), {1: 2}, {"deep": [object()]}, float("nan"), {1, 2}, np.array([object()]), Path("/no/such/file")],
    ids=repr,
)  # fmt: skip
def test_a_value_that_cannot_be_kept_is_refused_as_argument_and_as_result(embedded: Connection, value: Any) -> None:
    @step(connection=embedded)
    def same(x: Any = None) -> Any:
        return value

    with pytest.raises(Invalid) as caught:
        same(value)
    assert caught.value.remedy
    assert embedded.client.seq() == 0
    with pytest.raises(Invalid):
        same()
    assert states(embedded) == ["FAILED"]


def test_a_coroutine_is_no_step() -> None:
    with pytest.raises(Invalid):

        @step
        async def later() -> None: ...


def test_why_a_step_ran_is_kept(embedded: Connection) -> None:
    @step(connection=embedded)
    def fit(depth: int) -> int:
        return depth

    fit(1)
    fit(2)
    why = embedded.client.why(NodeRef(Kind.EXECUTION, 2))
    assert [(one["part"], one["before"], one["after"]) for one in why["changed"]] == [("parameters.depth", 1, 2)]


def test_a_step_belongs_to_its_project_and_keeps_its_own_face(embedded: Connection) -> None:
    @step(connection=embedded, type="Train", project="churn", run="r1")
    def fit(x: int) -> int:
        """Fit."""
        return x

    fit(1)
    assert (fit.__name__, fit.__doc__) == ("fit", "Fit.")
    (made,) = embedded.executions(type="Train")
    assert made.state is ExecutionState.COMPLETE
    assert {c.name for c in embedded.client.detail(made.ref).contexts if c.type in ("Project", "Run")} == {
        "churn",
        "r1",
    }


def test_an_ignored_argument_does_not_count(embedded: Connection) -> None:
    @step(connection=embedded, ignore=("how",))
    def fit(x: int, how: str = "quietly") -> int:
        return x

    assert (fit(1), fit(1, how="loudly"), fit(2)) == (1, 1, 2)
    assert states(embedded) == ["COMPLETE", "CACHED", "COMPLETE"]
    with pytest.raises(Invalid, match="no argument 'noise'"):
        step(connection=embedded, ignore=("noise",))(lambda x: x)
