"""The twenty things a cache must do to be trusted, each shown on real runs."""

from __future__ import annotations

import importlib.util
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.executors import images, marks
from clew.executors.cached.audit import audit
from clew.executors.cached.collect import Wanted, collect, planned
from clew.executors.cached.entries import entries
from clew.executors.cached.invalidate import invalidate
from clew.executors.cached.pins import pin, unpin
from clew.executors.cached.stats import stats
from clew.executors.explain import Explanation, explain
from clew.executors.occupied import in_use
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult, TaskResult
from clew.executors.rules import Rulebook, Scope, of_mapping
from clew.metadata.change import Change
from clew.metadata.errors import Conflict, NotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Execution, NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState
from clew.sdk import connect
from clew.sdk.steps import step

FUNCTIONS = Path(__file__).with_name("functions.py")


def task(result: RunResult, name: str) -> TaskResult:
    return next(t for t in result.tasks if t.name == name)


def number(result: RunResult, name: str) -> int:
    return int((task(result, name).execution or "").partition(":")[2])


def execution(bench: Any, result: RunResult, name: str) -> Execution:
    with bench.record.read() as reader:
        found: Execution = reader.execution(number(result, name))
        return found


def why(bench: Any, result: RunResult, name: str) -> Explanation:
    with bench.record.read() as reader:
        return explain(reader, number(result, name))


def edited(bench: Any, pipeline: str, before: str, after: str) -> str:
    text = (bench.compiled / f"{pipeline}.yaml").read_text()
    assert before in text
    target: Path = bench.compiled / f"{pipeline}_{abs(hash((before, after)))}.yaml"
    target.write_text(text.replace(before, after))
    return target.stem


def variable(name: str, value: str) -> str:
    """Lines of IR that give a container an environment variable, to stand behind its image."""
    return f"\n        env:\n        - name: {name}\n          value: '{value}'"


def marked(bench: Any, tmp_path: Path, pipeline: str = "twins") -> tuple[str, Path]:
    """A folder in which each real run of a ``notes_run`` step leaves a file."""
    (tmp_path / "marks").mkdir(exist_ok=True)
    return pipeline, tmp_path / "marks"


def test_point_01_inputs_count_by_their_bytes_not_by_address_or_id(bench: Any, tmp_path: Path, states: Any) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "raw.txt").write_text("one two")
    bench.run("imports", uri=(tmp_path / "a" / "raw.txt").as_uri())
    moved = bench.run("imports", uri=(tmp_path / "b" / "raw.txt").as_uri())
    assert states(moved) == {"importer": "COMPLETE", "count-words": "CACHED"}
    (tmp_path / "b" / "raw.txt").write_text("one 2 three")
    assert set(states(bench.run("imports", uri=(tmp_path / "b" / "raw.txt").as_uri())).values()) == {"COMPLETE"}


def test_point_01_a_directory_counts_by_everything_in_it(bench: Any, tmp_path: Path) -> None:
    def looked_at(name: str, text: str) -> RunResult:
        folder = tmp_path / name / "set"
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "a.txt").write_text(text)
        result: RunResult = bench.run("looks_inside", uri=folder.as_uri())
        return result

    assert looked_at("a", "x").outputs == {"Output": 1}
    assert task(looked_at("b", "x"), "walk").cached
    assert not task(looked_at("c", "y"), "walk").cached


def test_point_02_equal_bytes_from_a_step_that_ran_again_stop_the_wave(bench: Any, states: Any) -> None:
    bench.run("words", text="a b")
    other = edited(bench, "words", "open(data.path).read().upper()", "open(data.path).read().swapcase()")
    assert states(bench.run(other, text="a b")) == {"write": "CACHED", "shout": "COMPLETE", "count-words": "CACHED"}


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("image: python:3.11", "image: python:3.11-slim", "image"),
        (
            "image: python:3.11",
            "image: python:3.11\n        env:\n        - name: SEED\n          value: '1'",
            "environment",
        ),
        ("'kfp==", "'packaging' 'kfp==", "packages"),
    ],
)
def test_point_03_image_environment_and_packages_count(bench: Any, before: str, after: str, part: str) -> None:
    bench.run("documented")
    changed = bench.run(edited(bench, "documented", before, after))
    assert not task(changed, "document").cached
    assert {d.part.partition(".")[0] for d in why(bench, changed, "document").changed} == {part}


def test_point_03_a_secret_counts_by_its_version(bench: Any, tmp_path: Path) -> None:
    uses = {"secretName": "db", "keyToEnv": [{"secretKey": "token", "envVar": "TOKEN"}]}
    platform = {"kubernetes": {"deploymentSpec": {"executors": {"exec-document": {"secretAsEnv": [uses]}}}}}
    text = (bench.compiled / "documented.yaml").read_text()
    (bench.compiled / "secretive.yaml").write_text(f"{text}---\n{yaml.safe_dump({'platforms': platform})}")
    secret = tmp_path / "db.json"
    options = {"secrets": {"db": secret}}
    secret.write_text('{"token": "one"}')
    bench.run("secretive", options=options)
    assert task(bench.run("secretive", options=options), "document").cached
    secret.write_text('{"token": "two"}')
    changed = bench.run("secretive", options=options)
    assert not task(changed, "document").cached
    assert [d.part.partition(".")[0] for d in why(bench, changed, "document").changed] == ["secrets"]


def test_point_03_an_image_counts_by_its_digest_where_that_can_be_had(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "bin" / "docker"
    runtime.parent.mkdir()

    def is_now(digit: str) -> None:
        runtime.write_text(f"#!/bin/sh\necho sha256:{digit * 64}\n")
        runtime.chmod(runtime.stat().st_mode | stat.S_IXUSR)
        images.resolved.cache_clear()

    monkeypatch.setenv("PATH", f"{runtime.parent}:/usr/bin:/bin")
    options = {"containers": "host"}
    is_now("a")
    bench.run("shells", options=options)
    assert task(bench.run("shells", options=options), "shell").cached
    is_now("b")
    moved = bench.run("shells", options=options)
    assert [d.part for d in why(bench, moved, "shell").changed] == ["image"]
    written = bench.run(edited(bench, "shells", "image: alpine", f"image: alpine@sha256:{'b' * 64}"), options=options)
    assert task(written, "shell").cached
    images.resolved.cache_clear()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a comment", "# another"),
        ("# a comment", "'''A docstring.'''"),
        ("return len(text)", "return   (len( text ))"),
        ("kfp==", "kfp==9."),
    ],
)
def test_point_04_comments_layout_docstrings_and_the_sdk_pin_do_not_count(bench: Any, before: str, after: str) -> None:
    bench.run("documented")
    assert task(bench.run(edited(bench, "documented", before, after)), "document").cached


def test_point_04_a_changed_constant_counts(bench: Any) -> None:
    bench.run("documented")
    changed = bench.run(edited(bench, "documented", "return len(text)", "return 1 + len(text)"))
    assert [d.part for d in why(bench, changed, "document").changed] == ["code"]


def test_point_04_the_sdk_pin_does_not_count_in_a_shell_command_either(bench: Any) -> None:
    options = {"containers": "host"}
    pinned = edited(bench, "shells", "mkdir -p", "true kfp==2.1.0; mkdir -p")
    upgraded = edited(bench, "shells", "mkdir -p", "true kfp==2.17.3; mkdir -p")
    bench.run(pinned, options=options)
    assert task(bench.run(upgraded, options=options), "shell").cached


def test_point_05_an_ignored_input_does_not_count(bench: Any) -> None:
    options = {"rules": {"task": {"document": {"ignore": ["text"]}}}}
    bench.run("documented", text="abc", options=options)
    again = bench.run("documented", text="longer", options=options)
    assert (task(again, "document").cached, again.outputs) == (True, {"Output": 3})
    assert why(bench, again, "document").parts["ignored"] == ["text"]
    assert not task(bench.run("documented", text="other"), "document").cached


def test_point_05_a_component_says_itself_which_inputs_to_ignore(bench: Any) -> None:
    variables = variable("CLEW_CACHE_IGNORE", "text")
    pipeline = edited(bench, "documented", "image: python:3.11", f"image: python:3.11{variables}")
    bench.run(pipeline, text="abc")
    again = bench.run(pipeline, text="longer")
    assert task(again, "document").cached
    assert "environment" not in why(bench, again, "document").parts


def test_point_06_results_grow_stale_by_task_and_by_run(bench: Any, states: Any) -> None:
    bench.run("words")
    time.sleep(0.05)
    one = bench.run("words", options={"rules": {"task": {"shout": {"max_age": "10ms"}}}})
    assert states(one) == {"write": "CACHED", "shout": "COMPLETE", "count-words": "CACHED"}
    assert "old" in why(bench, one, "shout").reason
    every = bench.run("words", options={"rules": {"max_age": 0.01}})
    assert set(states(every).values()) == {"COMPLETE"}
    assert set(states(bench.run("words", options={"rules": {"max_age": "1h"}})).values()) == {"CACHED"}


@pytest.mark.parametrize("harm", ["delete", "edit"])
def test_point_07_a_deleted_or_edited_output_is_a_miss_not_an_error(bench: Any, states: Any, harm: str) -> None:
    path = Path(task(bench.run("words"), "write").outputs["out"]["uri"].removeprefix("file://"))
    if harm == "edit":
        path.chmod(0o644)
        path.write_text("tampered")
    else:
        path.unlink()
    second = bench.run("words")
    assert states(second) == {"write": "COMPLETE", "shout": "CACHED", "count-words": "CACHED"}
    assert re.search("deleted" if harm == "delete" else "edited", why(bench, second, "write").reason)


def test_point_08_equal_steps_under_way_at_once_run_once(bench: Any, tmp_path: Path) -> None:
    pipeline, folder = marked(bench, tmp_path)
    runs = [threading.Thread(target=bench.run, args=(pipeline,), kwargs={"folder": str(folder)}) for _ in "abc"]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(list(folder.iterdir())) == 1


_RUN_ELSEWHERE = """
import sys
from pathlib import Path
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.run import run_pipeline
from clew.metadata.blobs.local import LocalStore
from clew.metadata.record import Record

url, home, pipeline, folder = sys.argv[1:]
with Record.open(url) as record:
    options = RunOptions(home=Path(home), step_timeout_s=60)
    result = run_pipeline(record, LocalStore(Path(home) / "blobs"), Path(pipeline), {"folder": folder}, options=options)
print(result.state, sorted(t.state for t in result.tasks))
"""


@pytest.mark.postgres
def test_point_08_homes_that_share_a_database_run_equal_steps_once(
    bench: Any, tmp_path: Path, fresh_postgres_url: str
) -> None:
    pipeline, folder = marked(bench, tmp_path)
    source = str(bench.compiled / f"{pipeline}.yaml")
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", _RUN_ELSEWHERE, fresh_postgres_url, str(tmp_path / name), source, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("host-a", "host-b")
    ]
    told = [host.communicate(timeout=120)[0] for host in hosts]
    assert all(line.startswith("COMPLETE") for line in told)
    assert len(list(folder.iterdir())) == 1


def test_point_09_each_decision_is_stored_with_what_changed(bench: Any) -> None:
    first = bench.run("words", text="a b c")
    second = bench.run("words", text="a b d")
    told = why(bench, second, "write")
    assert [(d.part, d.before, d.after) for d in told.changed] == [("parameters.text", "a b c", "a b d")]
    assert told.compared_with is not None
    assert told.compared_with.id == number(first, "write")
    stored = execution(bench, second, "write").custom_properties["clew.cache_decision"]
    assert isinstance(stored, dict)
    assert stored["outcome"] == "miss"


def test_point_12_entries_and_what_they_saved_are_counted(bench: Any) -> None:
    first = bench.run("words")
    for _ in range(3):
        bench.run("words")
    bench.run("words", text="other")
    with bench.record.read() as reader:
        listed = {int(e.execution.id): e for e in entries(reader)}
        numbers = stats(reader)
        by_hits = entries(reader, order="hits", limit=3)
    made = listed[number(first, "write")]
    assert (made.component, made.hits, made.size_bytes) == ("words/comp-write", 3, 5)
    assert (made.saved_ms, made.saved_bytes) == (3 * made.cost_ms, 15)
    assert {e.hits for e in by_hits} == {3}
    assert (numbers.total.hits, numbers.total.ran) == (9, 6)
    assert numbers.total.saved_bytes == 30
    assert numbers.total.saved_ms == sum(e.saved_ms for e in listed.values())
    assert {t.name: t.hits for t in numbers.components}["words/comp-write"] == 3


@pytest.mark.parametrize(
    ("mode", "reuses", "gives"),
    [
        ("on", True, True),
        ("read", True, False),
        ("write", False, True),
        ("refresh", False, True),
        ("off", False, False),
    ],
)
def test_point_13_a_run_reads_and_writes_the_cache_as_its_mode_says(
    bench: Any, states: Any, mode: str, reuses: bool, gives: bool
) -> None:
    def reused(text: str, **options: Any) -> bool:
        found = set(states(bench.run("words", text=text, options=options)).values())
        assert found in ({"CACHED"}, {"COMPLETE"})
        return found == {"CACHED"}

    reused("known")
    assert reused("known", cache=mode) == reuses
    reused("new", cache=mode)
    assert reused("new") == gives


def test_point_13_the_stricter_of_home_pipeline_run_and_task_wins(bench: Any, states: Any) -> None:
    bench.run("words")

    def of(**levels: Any) -> dict[str, str]:
        result: dict[str, str] = states(bench.run("words", options=levels))
        return result

    off = {"mode": "off"}
    assert set(of(rules={"pipeline": {"words": off}}).values()) == {"COMPLETE"}
    assert set(of(rules={"pipeline": {"other": off}}).values()) == {"CACHED"}
    assert of(rules={"task": {"sh*": off}})["shout"] == "COMPLETE"
    (bench.home / "cache.toml").write_text('mode = "off"')
    assert set(of(cache="on").values()) == {"COMPLETE"}
    (bench.home / "cache.toml").write_text('[pipeline."other"]\nmode = "off"')
    assert set(of(cache="on").values()) == {"CACHED"}
    both = Rulebook(of_mapping({"mode": "read"}, "a")).and_(Rulebook(of_mapping({"mode": "write"}, "b")))
    assert both.of("p", ("t",)).off


def test_point_13_what_is_refreshed_makes_older_results_not_count(bench: Any) -> None:
    bench.run("words")
    refreshed = bench.run("words", options={"cache": "refresh"})
    Path(task(refreshed, "write").outputs["out"]["uri"].removeprefix("file://")).unlink()
    assert task(bench.run("words"), "write").state == "COMPLETE"


def scoped(scope: Scope, **options: Any) -> dict[str, Any]:
    return {"rules": {"scope": scope.word}} | options


def test_point_14_a_pipeline_keeps_to_itself_where_it_is_told_to(bench: Any) -> None:
    other = edited(bench, "documented", "name: documented", "name: renamed")
    bench.run("documented")
    assert task(bench.run(other), "document").cached
    assert not task(bench.run(other, options=scoped(Scope.PIPELINE), text="x"), "document").cached
    assert task(bench.run(other, options=scoped(Scope.PIPELINE), text="x"), "document").cached
    assert not task(bench.run("documented", text="x"), "document").cached  # the one that made it keeps it


def test_point_14_projects_share_inside_only(bench: Any) -> None:
    one, two = scoped(Scope.PROJECT, project="one"), scoped(Scope.PROJECT, project="two")
    bench.run("documented", options=one)
    assert not task(bench.run("documented", options=two), "document").cached
    assert task(bench.run("documented", options=one), "document").cached


def test_point_14_namespaces_share_only_where_both_sides_say_global(bench: Any) -> None:
    bench.run("documented")
    wide = scoped(Scope.GLOBAL, namespace="other")
    assert not task(bench.run("documented", options=wide), "document").cached  # it was not made for others
    assert task(bench.run("documented", options=scoped(Scope.GLOBAL, namespace="third")), "document").cached
    assert not task(bench.run("documented", options={"namespace": "fourth"}), "document").cached


def artifact(result: RunResult, name: str, output: str = "out") -> str:
    return str(task(result, name).outputs[output]["artifact"])


def test_point_10_what_will_be_reused_is_told_before_it_runs(bench: Any, states: Any) -> None:
    bench.run("sums", a=1, b=2)
    planned_tasks = {t.name: (t.verdict, t.reason) for t in bench.plan("sums", a=1, b=3).tasks}
    assert planned_tasks["add"][0] == "run"
    assert "parameters.b" in planned_tasks["add"][1]
    assert {planned_tasks[n] for n in ("add-2", "add-3")} == {("wait", "add has to run before")}
    assert set(states(bench.run("sums", a=1, b=3)).values()) == {"COMPLETE"}
    assert {t.verdict for t in bench.plan("sums", a=1, b=3).tasks} == {"hit"}
    assert set(states(bench.run("sums", a=1, b=3)).values()) == {"CACHED"}


def test_point_11_an_invalidated_result_is_never_reused_again_and_it_is_kept_who_and_why(
    bench: Any, states: Any
) -> None:
    first, second = bench.run("words"), bench.run("words")
    done = invalidate(
        bench.record, [str(task(second, "shout").execution)], why="bad caps", actor="ann", namespace="default"
    )
    third = bench.run("words")
    assert states(third) == {"write": "CACHED", "shout": "COMPLETE", "count-words": "CACHED"}
    reason = why(bench, third, "shout").reason
    assert "invalidated by ann: bad caps" in reason
    assert set(states(bench.run("words")).values()) == {"CACHED"}  # what ran since may be
    with bench.record.read() as reader:
        audit_entry = reader.execution(done.audit)
    assert audit_entry.type == "clew.CacheInvalidation"
    assert {k: audit_entry.custom_properties[k] for k in ("actor", "why")} == {"actor": "ann", "why": "bad caps"}
    assert {number(first, "shout"), number(second, "shout")} <= set(done.executions)


@pytest.mark.parametrize("way", ["artifact", "digest", "fingerprint", "component", "bare component"])
def test_point_11_results_are_invalidated_by_what_names_them(bench: Any, states: Any, way: str) -> None:
    first = bench.run("words")
    targets = {
        "artifact": [artifact(first, "write")],
        "digest": [task(first, "write").outputs["out"]["digest"]],
        "fingerprint": [str(task(first, "write").fingerprint)],
    }.get(way, [])
    components = {"component": ["words/comp-write"], "bare component": ["comp-write"]}.get(way, [])
    invalidate(bench.record, targets, components=components, why="", actor="ann", namespace="default")
    assert states(bench.run("words")) == {"write": "COMPLETE", "shout": "CACHED", "count-words": "CACHED"}


def test_point_11_a_lineage_subtree_is_invalidated_with_what_was_made_from_it(bench: Any, states: Any) -> None:
    first = bench.run("words")
    invalidate(
        bench.record, [artifact(first, "write")], downstream=True, why="tainted", actor="ann", namespace="default"
    )
    assert set(states(bench.run("words")).values()) == {"COMPLETE"}
    with pytest.raises(NotFound, match="any more"):
        invalidate(bench.record, [artifact(first, "write")], why="", actor="ann", namespace="default")


def blobs(bench: Any) -> set[str]:
    return set(bench.store.digests())


def test_point_15_what_is_cheap_and_large_is_dropped_first(bench: Any) -> None:
    big, small = bench.run("sized", size=200_000), bench.run("sized", size=1_000)
    plan = planned(bench.record, bench.store, Wanted(max_bytes=50_000))
    assert [d.entry.execution.id for d in plan.drops] == [number(big, "fill")]
    done = collect(bench.record, bench.store, bench.home, Wanted(max_bytes=50_000), actor="ann")
    assert done.freed_bytes >= 200_000
    assert not Path(task(big, "fill").outputs["out"]["uri"].removeprefix("file://")).exists()
    assert task(big, "fill").outputs["out"]["digest"] not in blobs(bench)
    again = bench.run("sized", size=200_000)
    assert (task(again, "fill").cached, "make room" in why(bench, again, "fill").reason) == (False, True)
    assert task(bench.run("sized", size=1_000), "fill").cached
    assert task(small, "fill").outputs["out"]["digest"] in blobs(bench)


def test_point_15_nothing_is_dropped_that_a_deployed_context_was_made_from(bench: Any) -> None:
    result = bench.run("words")
    change = Change()
    change.type(NodeType(Kind.CONTEXT, "Deployment"))
    serving = change.context("Deployment", name="prod", custom_properties={"deployed": True})
    change.attribute(serving, int(artifact(result, "shout", "loud").partition(":")[2]))
    bench.record.commit(change)
    done = collect(bench.record, bench.store, bench.home, Wanted(max_bytes=0), actor="ann")
    assert (done.drops, done.pinned) == ([], 2)
    assert {t.state for t in bench.run("words").tasks} == {"CACHED"}


def test_point_15_a_pin_by_hand_keeps_ancestors_until_it_is_taken_off(bench: Any) -> None:
    ref = NodeRef.parse(artifact(bench.run("words"), "shout", "loud"))
    pin(bench.record, ref, why="paper", actor="ann", namespace="default")
    assert planned(bench.record, bench.store, Wanted(max_bytes=0)).drops == []
    unpin(bench.record, ref, actor="ann", namespace="default")
    assert len(planned(bench.record, bench.store, Wanted(max_bytes=0)).drops) == 2
    with pytest.raises(NotFound, match="not pinned"):
        unpin(bench.record, ref, actor="ann", namespace="default")


def test_point_15_bytes_that_something_else_needs_stay(bench: Any) -> None:
    one, two = bench.run("words", text="same"), bench.run("shared", text="same")
    digest = task(one, "write").outputs["out"]["digest"]
    assert task(two, "own-place").outputs["Output"]["digest"] == digest
    pin(bench.record, NodeRef.parse(artifact(two, "own-place", "Output")), why="", actor="", namespace="default")
    collect(bench.record, bench.store, bench.home, Wanted(max_bytes=0), actor="ann")
    assert digest in blobs(bench)
    assert task(bench.run("shared", text="same"), "own-place").cached
    assert not task(bench.run("words", text="same"), "write").cached


def test_point_15_a_file_that_a_live_folder_holds_stays(bench: Any) -> None:
    alone, folder = bench.run("shared", text="a"), bench.run("folders")  # the folder holds a file of just that text
    digest = task(alone, "own-place").outputs["Output"]["digest"]
    kept = artifact(folder, "make-folder")
    pin(bench.record, NodeRef.parse(kept), why="", actor="", namespace="default")
    done = collect(bench.record, bench.store, bench.home, Wanted(max_bytes=0), actor="ann")
    assert [d.entry.component for d in done.drops] == ["shared/comp-own-place"]
    assert digest in blobs(bench)
    assert task(bench.run("folders"), "make-folder").cached
    unpin(bench.record, NodeRef.parse(kept), actor="", namespace="default")
    collect(bench.record, bench.store, bench.home, Wanted(max_bytes=0), actor="ann")
    assert digest not in blobs(bench)
    assert not Path(task(folder, "make-folder").outputs["out"]["uri"].removeprefix("file://")).exists()


def test_point_15_what_was_used_lately_outlives_an_age_and_runs_under_way_stop_it(bench: Any) -> None:
    bench.run("words")
    assert planned(bench.record, bench.store, Wanted(older_than_s=3600)).drops == []
    with in_use(bench.home), pytest.raises(Conflict, match="under way"):
        collect(bench.record, bench.store, bench.home, Wanted(older_than_s=0), actor="ann")
    time.sleep(0.01)
    assert len(collect(bench.record, bench.store, bench.home, Wanted(older_than_s=0), actor="ann").drops) == 2
    assert len(bench.run("words").tasks) == 3  # and it runs again


@pytest.fixture
def weighing(bench: Any) -> Iterator[Any]:
    subprocess.run([sys.executable, str(FUNCTIONS), str(bench.compiled)], check=True, timeout=120)
    spec = importlib.util.spec_from_file_location("functions_of_both", FUNCTIONS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with connect(bench.home) as connection:
        yield step(connection=connection)(module.weigh)


def test_point_16_what_a_function_returned_satisfies_a_task_of_the_same_source(bench: Any, weighing: Any) -> None:
    assert weighing(3, "abc") == 9.0
    result = bench.run("weighing")
    assert (task(result, "weigh").cached, result.outputs) == (True, {"Output": 9.0})
    origin = why(bench, result, "weigh").origin
    assert origin is not None
    assert origin.type == "weigh"


def test_point_16_what_a_task_returned_satisfies_a_call_of_the_same_function(bench: Any, weighing: Any) -> None:
    made = number(bench.run("weighing", n=4), "weigh")
    assert weighing(4, "abc") == 11.0
    assert weighing(4, "abc") == 11.0  # also from the one that was reused
    with bench.record.read() as reader:
        called = reader.executions(type="weigh").items
    assert [e.state for e in called] == [ExecutionState.CACHED] * 2
    assert {e.custom_properties["cached_execution_id"] for e in called} == {str(made)}


def test_point_17_the_audit_makes_reused_results_again_and_marks_what_differs(bench: Any) -> None:
    for _ in range(2):
        bench.run("words")
        bench.run("chancy")
    found = audit(bench.record, bench.store, RunOptions(home=bench.home, actor="ann"), 1.0)
    verdicts = {c.component: c.verdict for c in found.checked}
    assert verdicts == {
        "words/comp-write": "same",
        "words/comp-shout": "same",
        "words/comp-count-words": "same",
        "chancy/comp-roll": "differs",
    }
    assert found.nondeterministic == ["chancy/comp-roll"]
    assert not list((bench.home / "runs").glob("audit-*"))
    told = why(bench, bench.run("chancy"), "roll")
    assert told.outcome == "hit"
    assert "gave other bytes" in told.nondeterministic
    strict = bench.run("chancy", options={"rules": {"nondeterministic": "miss"}})
    assert "non-deterministic" in why(bench, strict, "roll").reason
    with bench.record.read() as reader:
        assert [t.name for t in stats(reader).components if t.nondeterministic] == ["chancy/comp-roll"]


def test_point_17_a_sample_is_a_share_of_what_was_reused(bench: Any) -> None:
    for _ in range(2):
        bench.run("words")
    options = RunOptions(home=bench.home)
    assert len(audit(bench.record, bench.store, options, 0.05).checked) == 1
    chosen = [c.execution for c in audit(bench.record, bench.store, options, 0.5, seed=7).checked]
    assert chosen == [c.execution for c in audit(bench.record, bench.store, options, 0.5, seed=7).checked]


def test_point_18_a_failure_is_remembered_only_where_one_asks_for_it(bench: Any) -> None:
    first = bench.run("crashes")
    assert not first.tasks[0].cached
    remembered = bench.run("crashes", options={"rules": {"failures": "1m"}})
    again = execution(bench, remembered, "crash")
    assert (again.state, again.custom_properties["cached_execution_id"]) == (
        ExecutionState.FAILED,
        str(number(first, "crash")),
    )
    assert why(bench, remembered, "crash").outcome == "failed"
    assert "flood gates" in str(again.custom_properties["clew.error"])
    time.sleep(0.05)
    anew = bench.run("crashes", options={"rules": {"failures": "10ms"}})
    assert why(bench, anew, "crash").outcome == "miss"
    assert why(bench, bench.run("crashes"), "crash").outcome == "miss"


def test_point_19_a_hit_is_an_execution_of_its_own_linked_to_its_origin(bench: Any) -> None:
    first, second = bench.run("words"), bench.run("words")
    made, reused = execution(bench, first, "write"), execution(bench, second, "write")
    assert (reused.state, reused.custom_properties["cached_execution_id"]) == (ExecutionState.CACHED, str(made.id))
    assert made.started_ms is not None
    assert made.ended_ms is not None
    assert reused.custom_properties[marks.SAVED_MS] == made.ended_ms - made.started_ms
    assert reused.custom_properties[marks.SAVED_BYTES] == len("a b c")
    with bench.record.read() as reader:
        outputs = [
            {e.artifact_id for e in reader.events_of_executions([x.id]) if e.type is EventType.OUTPUT}
            for x in (made, reused)
        ]
    assert outputs[0] == outputs[1]


def test_point_20_nothing_is_visible_before_it_is_complete_and_hashed(bench: Any) -> None:
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        with Record.open(bench.home) as record:
            while not over.is_set():
                with record.read() as reader:
                    for page in reader.every(Kind.ARTIFACT):
                        for artifact in page:
                            if artifact.digest is None and artifact.size_bytes != 0:
                                seen.append(f"{artifact} has no digest")
                            path = Path((artifact.uri or "").removeprefix("file://"))
                            if artifact.digest and not path.exists():
                                seen.append(f"{artifact} is not there")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        bench.run("loop")
        bench.run("folders")
    finally:
        over.set()
        watcher.join()
    assert seen == []
