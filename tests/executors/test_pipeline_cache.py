from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from clew.executors.explain import Explanation, explain
from clew.executors.pipeline.result import TaskResult
from clew.executors.policy import AllOf, Always, AnyOf, MaxAge, Never
from clew.metadata.blobs.tree import digest_of_path
from clew.metadata.change import Change
from clew.metadata.errors import NotFound
from clew.metadata.states import ArtifactState, ExecutionState


def _path(task: Any, output: str = "out") -> Path:
    return Path(task.outputs[output]["uri"].removeprefix("file://"))


def _task(result: Any, name: str) -> TaskResult:
    found: TaskResult = next(t for t in result.tasks if t.name == name)
    return found


def _id(result: Any, name: str) -> int:
    return int((_task(result, name).execution or "").partition(":")[2])


def _origin(bench: Any, result: Any, name: str) -> str:
    origin = _why(bench, result, name).origin
    assert origin is not None
    return str(origin.ref)


def _why(bench: Any, result: Any, name: str) -> Explanation:
    with bench.record.read() as reader:
        return explain(reader, _id(result, name))


def _edited(bench: Any, pipeline: str, before: str, after: str) -> str:
    """``pipeline`` with its text changed, under another file name."""
    text = (bench.compiled / f"{pipeline}.yaml").read_text()
    assert before in text
    target: Path = bench.compiled / f"{pipeline}_edited.yaml"
    target.write_text(text.replace(before, after))
    return target.stem


@pytest.mark.parametrize("pipeline", ["words", "loop", "nested", "folders", "kinds"])
def test_an_unchanged_pipeline_is_reused_whole(bench: Any, pipeline: str) -> None:
    first, second = bench.run(pipeline), bench.run(pipeline)
    assert all(t.cached for t in second.tasks)
    assert second.outputs == first.outputs
    assert second.saved_seconds > 0


def test_a_reused_execution_is_recorded_as_kfp_does(bench: Any) -> None:
    first, second = bench.run("words"), bench.run("words")
    with bench.record.read() as reader:
        made, reused = (reader.execution(_id(r, "write")) for r in (first, second))
        outputs = [{e.artifact_id for e in reader.events_of_executions([x.id])} for x in (made, reused)]
    assert (made.state, reused.state) == (ExecutionState.COMPLETE, ExecutionState.CACHED)
    assert reused.custom_properties["cached_execution_id"] == str(made.id)
    assert reused.custom_properties["cache_fingerprint"] == made.fingerprint
    assert outputs[0] == outputs[1]


def test_a_reused_execution_can_itself_be_reused_and_names_the_origin(bench: Any) -> None:
    first, _, third = bench.run("words"), bench.run("words"), bench.run("words")
    assert _origin(bench, third, "write") == _task(first, "write").execution


def test_only_what_depends_on_a_change_runs_again(bench: Any, states: Any) -> None:
    bench.run("sums", a=1, b=2)
    assert states(bench.run("sums", a=1, b=3)) == {"add": "COMPLETE", "add-2": "COMPLETE", "add-3": "COMPLETE"}
    assert states(bench.run("loop", offset=0))["largest"] == "COMPLETE"
    changed = states(bench.run("loop", offset=5))
    assert (changed["largest"], changed["for-loop-2#0/square"], changed["add"]) == ("CACHED", "CACHED", "COMPLETE")


def test_the_same_bytes_from_a_step_that_ran_again_stop_the_wave(bench: Any, states: Any) -> None:
    bench.run("words", text="a b")
    edited = _edited(bench, "words", "open(data.path).read().upper()", "open(data.path).read().swapcase()")
    assert states(bench.run(edited, text="a b")) == {"write": "CACHED", "shout": "COMPLETE", "count-words": "CACHED"}


@pytest.mark.parametrize(
    ("before", "after"),
    [("# a comment", "# another"), ("return len(text)", "return   (len( text ))"), ("kfp==", "kfp==9.")],
)
def test_comments_layout_and_the_sdk_pin_do_not_count(bench: Any, before: str, after: str, tmp_path: Path) -> None:
    bench.run("documented")
    edited = _edited(bench, "documented", before, after)
    if "kfp" in before:  # only the fingerprint: there is no such kfp to run with
        assert _task(bench.run(edited), "document").cached
    else:
        assert _task(bench.run(edited), "document").cached


def test_code_counts(bench: Any) -> None:
    bench.run("documented")
    result = bench.run(_edited(bench, "documented", "return len(text)", "return 1 + len(text)"))
    assert result.outputs == {"Output": 4}
    assert [d.part for d in _why(bench, result, "document").changed] == ["code"]


@pytest.mark.parametrize("harm", ["delete", "edit", "delete blob", "edit blob"])
def test_bytes_changed_behind_our_back_are_a_miss_never_an_error(bench: Any, states: Any, harm: str) -> None:
    first = bench.run("words")
    path = _path(_task(first, "write"))
    blob = bench.store.path(_task(first, "write").outputs["out"]["digest"])
    victim = blob if "blob" in harm else path
    if "delete" in harm:
        victim.unlink()
    else:
        victim.chmod(0o644)
        victim.write_text("tampered")
    second = bench.run("words")
    assert states(second) == {"write": "COMPLETE", "shout": "CACHED", "count-words": "CACHED"}
    assert "output 'out'" in _why(bench, second, "write").reason
    assert _path(_task(second, "write")).read_text() == "a b c"
    assert all(t.cached for t in bench.run("words").tasks)


@pytest.mark.parametrize("harm", ["delete", "edit", "delete blob", "edit manifest"])
def test_a_folder_with_a_file_changed_behind_our_back_is_made_anew(bench: Any, states: Any, harm: str) -> None:
    made = _task(bench.run("folders"), "make-folder")
    file = next(f for f in sorted(_path(made).rglob("*")) if f.is_file())
    blob = bench.store.path(digest_of_path(file).digest)
    assert file.samefile(blob)
    victim = {"delete blob": blob, "edit manifest": bench.store.path(made.outputs["out"]["digest"])}.get(harm, file)
    if "delete" in harm:
        victim.unlink()
    else:
        victim.chmod(0o644)
        victim.write_text("tampered")
    assert states(bench.run("folders"))["make-folder"] == "COMPLETE"
    assert states(bench.run("folders"))["make-folder"] == "CACHED"


def test_an_artifact_that_is_not_live_is_a_miss(bench: Any, states: Any) -> None:
    first = bench.run("words")
    change = Change()
    change.artifact(
        id=int(_task(first, "write").outputs["out"]["artifact"].partition(":")[2]), state=ArtifactState.DELETED
    )
    bench.record.commit(change)
    second = bench.run("words")
    assert states(second)["write"] == "COMPLETE"
    assert "DELETED" in _why(bench, second, "write").reason


def test_a_changed_file_at_an_imported_address_is_seen(bench: Any, tmp_path: Path, states: Any) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("one two")
    assert bench.run("imports", uri=raw.as_uri()).outputs == {"Output": 2}
    assert all(t.cached for t in bench.run("imports", uri=raw.as_uri()).tasks)
    raw.write_text("one two three")
    changed = bench.run("imports", uri=raw.as_uri())
    assert (changed.outputs, set(states(changed).values())) == ({"Output": 3}, {"COMPLETE"})
    assert [d.part for d in _why(bench, changed, "importer").changed] == ["bytes"]


def test_a_file_moved_elsewhere_with_the_same_name_is_the_same_input(bench: Any, tmp_path: Path, states: Any) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "raw.txt").write_text("one two")
    bench.run("imports", uri=(tmp_path / "a" / "raw.txt").as_uri())
    moved = bench.run("imports", uri=(tmp_path / "b" / "raw.txt").as_uri())
    assert states(moved) == {"importer": "COMPLETE", "count-words": "CACHED"}


def test_what_lies_at_an_address_we_cannot_read_is_never_reused(bench: Any, tmp_path: Path) -> None:
    (source := bench.compiled / "remote.yaml").write_text((bench.compiled / "imports.yaml").read_text())
    results = [bench.run(source.stem, uri="https://example.org/raw.csv") for _ in range(2)]
    assert not any(t.cached for r in results for t in r.tasks)


def test_equal_tasks_under_way_at_once_run_once(bench: Any, tmp_path: Path, states: Any) -> None:
    (tmp_path / "marks").mkdir()
    result = bench.run("twins", folder=str(tmp_path / "marks"))
    assert sorted(states(result).values()) == ["CACHED", "COMPLETE"]
    assert len(list((tmp_path / "marks").iterdir())) == 1


def test_equal_tasks_of_two_runs_at_once_run_once(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    runs = [
        threading.Thread(target=bench.run, args=("twins",), kwargs={"folder": str(tmp_path / "marks")}) for _ in "ab"
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert len(list((tmp_path / "marks").iterdir())) == 1
    assert [file.name for file in (bench.home / "locks" / "steps").iterdir()] == ["claims"]


def test_a_task_whose_caching_is_off_runs_each_time(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    results = [bench.run("uncached", folder=str(tmp_path / "marks")) for _ in range(2)]
    assert len(list((tmp_path / "marks").iterdir())) == 2
    assert _why(bench, results[1], "notes-run").outcome == "off"


def test_a_key_of_the_users_own_stands_for_all_inputs(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    bench.run("keyed", folder=str(tmp_path / "marks"), text="a")
    assert _task(bench.run("keyed", folder=str(tmp_path / "marks"), text="b"), "notes-run").cached


def test_no_cache_neither_takes_nor_gives_and_refresh_only_gives(bench: Any, states: Any) -> None:
    assert set(states(bench.run("words", options={"cache": "off"})).values()) == {"COMPLETE"}
    assert set(states(bench.run("words")).values()) == {"COMPLETE"}
    refreshed = bench.run("words", options={"cache": "refresh"})
    assert set(states(refreshed).values()) == {"COMPLETE"}
    assert _origin(bench, bench.run("words"), "write") == _task(refreshed, "write").execution


def test_a_salt_sets_runs_apart(bench: Any, states: Any) -> None:
    bench.run("words")
    assert "CACHED" not in states(bench.run("words", options={"salt": "x"})).values()


def test_namespaces_share_nothing(bench: Any, states: Any) -> None:
    bench.run("words")
    assert "CACHED" not in states(bench.run("words", options={"namespace": "other"})).values()


def test_a_policy_says_how_old_a_result_may_be(bench: Any, states: Any) -> None:
    bench.run("words")
    assert states(bench.run("words", options={"policy": MaxAge(3600)}))["write"] == "CACHED"
    stale = bench.run("words", options={"policy": MaxAge(0)})
    assert states(stale)["write"] == "COMPLETE"
    assert "old" in _why(bench, stale, "write").reason


def test_policies_compose(bench: Any) -> None:
    bench.run("words")
    with bench.record.read() as reader:
        earlier = reader.executions(type="system.ContainerExecution").items[0]
    assert AllOf(Always(), Never("no")).refuses(earlier, 0) == "no"
    assert AnyOf(Always(), Never("no")).refuses(earlier, 0) == ""
    assert AnyOf(Never("a"), Never("b")).refuses(earlier, 0) == "a and b"


def test_a_miss_names_what_changed_against_the_nearest_execution(bench: Any) -> None:
    bench.run("words", text="a b c")
    why = _why(bench, bench.run("words", text="a b d"), "write")
    assert [(d.part, d.before, d.after) for d in why.changed] == [("parameters.text", "a b c", "a b d")]
    assert why.outcome == "miss"
    assert "parameters.text" in why.reason
    assert why.as_dict()["compared_with"].startswith("execution:")


def test_the_first_run_of_a_component_says_so(bench: Any) -> None:
    assert _why(bench, bench.run("words"), "write").reason == "this component has not run before"


def test_iterations_are_compared_with_earlier_runs_not_with_each_other(bench: Any) -> None:
    first = bench.run("loop")
    assert _why(bench, first, "for-loop-2#2/square").compared_with is None
    edited = _edited(bench, "loop", "return n * n", "return n * n + 0")
    why = _why(bench, bench.run(edited), "for-loop-2#2/square")
    assert why.compared_with is not None
    assert (why.compared_with.id, [d.part for d in why.changed]) == (_id(first, "for-loop-2#2/square"), ["code"])


def test_an_execution_without_a_decision_cannot_be_explained(bench: Any) -> None:
    result = bench.run("nested")
    with bench.record.read() as reader, pytest.raises(NotFound, match="no cache decision"):
        explain(reader, _id(result, "inner-sums"))
