"""What steps ask of the machine counts, is limited, and is refused by name when it could never be had."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from clew.executors.memory import MemoryWatch
from clew.executors.pipeline.capacity import Capacity, Pool, this_machine
from clew.executors.pipeline.resources import Demand, quantity
from clew.executors.pipeline.turns import PATIENCE, Turns
from clew.executors.protocol import Silent
from clew.metadata.errors import InvalidPipeline


@pytest.fixture(scope="module")
def compiled_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resources")
    script = Path(__file__).with_name("resource_pipelines.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture
def machine(bench: Any, compiled_here: Path, tmp_path: Path) -> Any:
    bench.compiled = compiled_here
    bench.marks = tmp_path / "marks"
    bench.marks.mkdir()
    return bench


def _spans(machine: Any) -> dict[str, tuple[float, float]]:
    read = {path.name: path.read_text().split() for path in machine.marks.iterdir()}
    return {name: (float(began), float(ended)) for name, (began, ended) in read.items()}


def _overlap(spans: dict[str, tuple[float, float]]) -> bool:
    return any(a[0] < b[1] and b[0] < a[1] for a, b in itertools.combinations(spans.values(), 2))


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", 0.5), ("2", 2.0), (".5", 0.5), ("1Gi", 2.0**30), ("2G", 2e9), ("1e3", 1000.0), ("64Ki", 65536.0)],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: str, number: float) -> None:
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "many", "1 GB", "-1", "1GiB"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None


def test_steps_that_ask_for_all_processors_run_one_after_the_other(machine: Any) -> None:
    all_of_them = f"{this_machine().cpus:g}"
    options = {"max_parallel": 3, "cache": "off"}
    machine.run("demanding", folder=str(machine.marks), cpu=all_of_them, options=options)
    assert not _overlap(_spans(machine))
    machine.run("demanding", folder=str(machine.marks), cpu="1m", options=options)
    assert _overlap(_spans(machine))


def test_ignored_resources_count_for_nothing(machine: Any) -> None:
    options = {"max_parallel": 3, "cache": "off", "ignore_resources": True}
    assert machine.run("demanding", folder=str(machine.marks), cpu="5000", options=options).state == "COMPLETE"
    assert _overlap(_spans(machine))


@pytest.mark.parametrize(
    ("pipeline", "given", "words"),
    [
        ("written", {}, "4000 processors, and this machine has"),
        ("demanding", {"memory": "9Ti"}, "of memory, and this machine has"),
        ("computed", {}, "999 GiB of memory, and this machine has"),
    ],
)
def test_what_can_never_be_had_is_told_and_recorded_and_the_step_runs_with_what_there_is(
    machine: Any, pipeline: str, given: dict[str, str], words: str
) -> None:
    told: list[str] = []

    class Listening(Silent):
        def preparing(self, message: str) -> None:
            told.append(message)

    result = machine.run(pipeline, folder=str(machine.marks), observer=Listening(), **given)
    assert result.state == "COMPLETE"
    assert any(words in message and "it is run with what there is" in message for message in told)
    with machine.record.read() as reader:
        kept = [e.custom_properties.get("clew.short_of", "") for e in reader.executions(limit=100).items]
    assert any(words in str(text) for text in kept)


def test_what_is_no_amount_is_refused_before_anything_starts(machine: Any) -> None:
    with pytest.raises(InvalidPipeline) as refused:
        machine.run("demanding", folder=str(machine.marks), memory="a lot")
    assert all(word in str(refused.value) for word in ("'mark'", "'a lot' is no memory request"))
    assert machine.record.seq() == 0


def test_a_step_over_its_memory_limit_is_stopped_with_all_it_started(machine: Any) -> None:
    began = time.monotonic()
    result = machine.run("hungry", mebibytes=400)
    assert "more than the 200 MiB of memory" in result.error
    assert time.monotonic() - began < 15


def test_accelerators_that_are_not_there_are_done_without_and_those_declared_are_handed_out(machine: Any) -> None:
    assert machine.run("accelerated", options={"accelerators": 0, "cache": "off"}).state == "COMPLETE"
    result = machine.run("accelerated", options={"accelerators": 2, "cache": "off", "max_parallel": 2})
    assert sorted(task.outputs["Output"] for task in result.tasks) == ["0", "1"]


def test_a_large_loop_does_not_keep_other_branches_waiting(machine: Any) -> None:
    items = [f"item-{i}" for i in range(16)]
    machine.run("crowded", folder=str(machine.marks), items=items, options={"max_parallel": 2})
    ends = sorted((ended, name) for name, (_, ended) in _spans(machine).items())
    assert {name for _, name in ends[:8]} > {"a", "b"}


def test_an_environment_that_is_being_built_keeps_no_other_branch_waiting(machine: Any, tmp_path: Path) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes the connection of uv, and never answers
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
    text = (machine.compiled / "building.yaml").read_text().replace("http://index.example/simple", url)
    machine.compiled = tmp_path
    (tmp_path / "building.yaml").write_text(text)
    results: list[Any] = []
    run = threading.Thread(target=lambda: results.append(machine.run("building", folder=str(machine.marks))))
    run.start()
    deadline = time.monotonic() + 30
    while not (machine.marks / "b").exists():
        assert time.monotonic() < deadline
        assert run.is_alive()
        time.sleep(0.05)
    silent.close()
    run.join(120)
    assert [result.state for result in results] == ["FAILED"]


def test_queues_take_turns() -> None:
    turns = Turns[str]()
    for item in ("a1", "a2", "a3", "b1", "c1"):
        turns.add(item[0], item)
    assert [turns.take(lambda item: True) for _ in range(6)] == ["a1", "b1", "c1", "a2", "a3", None]


def test_what_does_not_fit_is_passed_over_but_not_for_ever() -> None:
    turns = Turns[str]()
    turns.add("large", "L")
    small = (f"s{i}" for i in range(10 * PATIENCE))
    turns.add("small", next(small))
    passed = 0
    while turns.take(lambda item: item != "L") is not None:
        turns.add("small", next(small))
        passed += 1
    assert passed == PATIENCE
    assert turns.take(lambda item: True) == "L"


def test_a_pool_gives_what_is_left_and_takes_it_back() -> None:
    pool = Pool.full(Capacity(2, 100, ("0", "1")))
    devices = pool.take(Demand(1.5, 60, 1))
    assert not pool.fits(Demand(1))
    assert not pool.fits(Demand(0, 50))
    assert not pool.fits(Demand(accelerators=2))
    assert pool.fits(Demand(0.5, 40, 1))
    pool.give_back(Demand(1.5, 60, 1), devices)
    assert pool.fits(Demand(2, 100, 2))


def test_one_thread_watches_the_memory_of_all_and_ends_with_the_last() -> None:
    stopped: list[int] = []
    processes = [subprocess.Popen(["sleep", "30"], start_new_session=True) for _ in range(2)]
    watches = [
        MemoryWatch(process.pid, most, lambda pid=process.pid: stopped.append(pid))  # type: ignore[misc]
        for process, most in zip(processes, (1, 1 << 40), strict=True)
    ]
    deadline = time.monotonic() + 10
    while not stopped and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sum(thread.name == "clew-memory" for thread in threading.enumerate()) == 1
    assert ([watch.end() for watch in watches], stopped) == ([True, False], [processes[0].pid])
    for process in processes:
        process.kill()
        process.wait()
    while any(thread.name == "clew-memory" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
