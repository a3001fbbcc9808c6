from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult, TaskResult
from clew.executors.pipeline.run import run_pipeline
from clew.metadata.change import Change
from clew.metadata.errors import Invalid, InvalidPipeline, Unavailable
from clew.metadata.identity import Identity, Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record


def test_values_flow_from_task_to_task_as_ints(bench: Any) -> None:
    result = bench.run("sums", a="4")
    assert (result.state, result.outputs) == ("COMPLETE", {"Output": 4 + 2 + 10 + 6})


def test_artifacts_flow_from_task_to_task(bench: Any) -> None:
    assert bench.run("words", text="one two").outputs == {"Output": 2}


def test_nested_pipelines_run_and_their_tasks_are_named_by_path(bench: Any, states: Any) -> None:
    result = bench.run("nested", n=1)
    assert result.outputs == {"Output": 2}
    assert states(result)["inner-sums-2/write"] == "COMPLETE"


def test_a_loop_collects_its_outputs_in_order(bench: Any) -> None:
    result = bench.run("loop", offset=1)
    assert result.outputs == {"Output": 10}
    loop = next(t for t in result.tasks if t.name == "for-loop-2")
    assert loop.outputs["pipelinechannel--square-Output"] == [1, 9, 4]
    assert [t.name for t in result.tasks if t.name.endswith("/square")] == [f"for-loop-2#{i}/square" for i in range(3)]


def test_loops_nest_and_their_items_have_fields(bench: Any) -> None:
    result = bench.run("loops", items="[5, 6]")
    written = sorted(Path(t.outputs["out"]["uri"].removeprefix("file://")).read_text() for t in _named(result, "write"))
    assert written == ["1-x", "2-y"]
    assert sorted(t.outputs["Output"] for t in _named(result, "add")) == [6, 6, 7, 7]


def test_an_empty_loop_is_complete(bench: Any, states: Any) -> None:
    result = bench.run("loops", items=[])
    assert result.state == "COMPLETE"
    assert not _named(result, "add")


def test_a_run_of_nothing_but_an_empty_loop_ends(bench: Any) -> None:
    assert bench.run("hollow").state == "COMPLETE"


def test_a_loop_over_what_is_no_list_fails(bench: Any) -> None:
    with pytest.raises(Invalid):
        bench.run("hollow", items="7")


def test_each_kind_of_parameter_arrives_as_its_type(bench: Any) -> None:
    result = bench.run("kinds")
    assert json.loads(result.outputs["Output"]) == [
        7, 2.0, "<7> and 2.0", True, [1, 2.5], {"k": 1, "inner": [1, 2.5]}, None, 4,
    ]  # fmt: skip
    assert isinstance(json.loads(result.outputs["Output"])[5]["k"], int)


def test_artifacts_can_be_named_in_every_way_the_sdk_has(bench: Any) -> None:
    result = bench.run("ways")
    outputs = {task.name: task.outputs for task in result.tasks}
    assert result.outputs == {"Output": "t mine.txt {'a': 1} None"}
    assert outputs["by-path"]["n"] == 7
    assert Path(outputs["by-path"]["o"]["uri"].removeprefix("file://")).read_text() == "tt"


def test_loops_in_loops_are_collected_flat_and_equal_tasks_in_them_run_once(bench: Any) -> None:
    result = bench.run("ways")
    assert next(t for t in result.tasks if t.name == "how-many").outputs == {"Output": 6}
    assert sorted(t.state for t in _named(result, "own-place-2")) == ["CACHED"] * 3 + ["COMPLETE"] * 3
    with bench.record.read() as reader:
        execution = reader.execution(int(str(_named(result, "how-many")[0].execution).partition(":")[2]))
    assert len(execution.custom_properties["clew.input_artifacts"]["items"]) == 6


def test_an_importer_brings_a_local_file_in_with_its_digest(bench: Any, tmp_path: Path) -> None:
    raw = tmp_path / "a b.txt"
    raw.write_text("x y z")
    result = bench.run("imports", uri=raw.as_uri(), note="hello")
    (imported,) = [t for t in result.tasks if t.kind == "importer"]
    assert result.outputs == {"Output": 3}
    with bench.record.read() as reader:
        artifact = reader.artifact(int(imported.outputs["artifact"]["artifact"].partition(":")[2]))
    assert (artifact.uri, artifact.size_bytes) == (raw.as_uri(), 5)
    assert artifact.custom_properties["note"] == "hello"


def test_a_step_is_told_what_it_is_part_of_and_is_reused_all_the_same(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:8420")
    first = bench.run("told")
    (task,) = first.tasks
    said = f"{task.execution} {json.dumps({'clew.execution': task.execution})} http://127.0.0.1:8420"
    assert first.outputs == {"Output": said}
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert [t.cached for t in bench.run("told").tasks] == [True]


def test_an_importer_reads_what_another_protocol_said_was_written_there(bench: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw.txt"
    raw.write_text("x y z")
    change = Change()
    change.type(NodeType(Kind.EXECUTION, "Job"))
    job = change.execution("Job", external_id="job", reuse="external_id")
    touch = Touch(str(raw), writes=True, time_ms=1)
    Identity(bench.record).settle([Saying(change, job, "job", [touch], "openlineage")])
    for _ in range(2):  # the second time it is reused
        result = bench.run("imports", uri=raw.as_uri(), note="hello")
        (imported,) = [t for t in result.tasks if t.kind == "importer"]
        with bench.record.read() as reader:
            events = reader.events_of_executions([int(imported.execution.partition(":")[2])])
            (version,) = reader.find_external(Kind.ARTIFACT, [f"file://{raw}#job"])
        assert [(e.type.name, e.source) for e in events] == [("OUTPUT", "kfp"), ("INPUT", "kfp")]
        assert events[1].artifact_id == version.id


def test_a_directory_is_an_artifact_like_any_other(bench: Any) -> None:
    result = bench.run("folders")
    assert next(t for t in result.tasks if t.name == "add").outputs == {"Output": 2}
    assert next(t for t in result.tasks if t.name == "make-folder").outputs["out"]["digest"].startswith("tree:")
    assert all(t.cached for t in bench.run("folders").tasks)


def test_metadata_of_every_kind_reaches_the_next_step_and_comes_back_from_the_record(bench: Any) -> None:
    expected = {"list": [1, 2.5, None], "dict": {"list": [1]}, "yes": True, "text": "x"}
    first, second = bench.run("annotated"), bench.run("annotated")
    assert json.loads(first.outputs["Output"]) == expected
    assert all(task.cached for task in second.tasks)
    third = bench.run("annotated", options={"salt": "other"})
    assert json.loads(third.outputs["Output"]) == expected


def test_values_longer_than_a_command_line_takes_reach_a_step(bench: Any) -> None:
    assert bench.run("documented", text="x" * 300_000).outputs == {"Output": 300_000}


def test_a_home_that_cannot_be_written_ends_in_one_typed_error(bench: Any) -> None:
    (bench.home / "runs").write_text("in the way")
    with pytest.raises(Unavailable) as failed:
        bench.run("sums")
    assert str(bench.home) in failed.value.message or "home" in failed.value.message


@pytest.mark.postgres
def test_a_pipeline_runs_and_is_reused_on_postgresql(bench: Any, empty_postgres_url: str) -> None:
    with Record.open(empty_postgres_url) as record:
        bench.record = record
        first, second = bench.run("loop"), bench.run("loop")
    assert first.outputs == second.outputs == {"Output": 9}
    assert all(task.cached for task in second.tasks)


def test_a_failed_task_is_tried_again_as_often_as_the_pipeline_says(bench: Any, tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    result = bench.run("retries", marker=str(tmp_path / "marks"))
    assert result.outputs == {"Output": 2}


def test_a_container_runs_on_this_machine_only_when_told(bench: Any) -> None:
    with pytest.raises(InvalidPipeline) as refused:
        bench.run("shells", options={"containers": "refuse"})
    assert "'shell'" in refused.value.message
    assert "--containers host" in refused.value.remedy
    assert bench.run("shells", options={"containers": "host"}).outputs == {"Output": "hi|<hi>|none"}


def test_what_cannot_be_run_is_refused_before_anything_starts(bench: Any) -> None:
    document = yaml.safe_load((bench.compiled / "sums.yaml").read_text())
    document["deploymentSpec"]["executors"]["exec-add"] = {"customJob": {"customJob": {}}}
    source = bench.home / "custom.yaml"
    source.write_text(yaml.safe_dump(document))
    with pytest.raises(InvalidPipeline) as refused:
        run_pipeline(bench.record, bench.store, source, {}, options=RunOptions(home=bench.home))
    assert "exec-add" in refused.value.message
    assert str(source) in refused.value.message
    assert "Google Cloud" in refused.value.remedy
    assert not (bench.home / "runs").exists()
    assert bench.record.seq() == 0


@pytest.mark.parametrize(
    ("given", "field"), [({"nope": 1}, "nope"), ({"a": "one"}, "a"), ({"a": 1.5}, "a"), ({"b": True}, "b")]
)
def test_a_bad_parameter_is_refused_by_name_before_anything_starts(
    bench: Any, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        bench.run("sums", **given)
    assert (refused.value.field, bench.record.seq()) == (field, 0)
    assert refused.value.remedy


def test_a_missing_parameter_is_refused_by_name(bench: Any) -> None:
    with pytest.raises(Invalid, match="'uri' has no value"):
        bench.run("imports")


def test_the_result_is_the_object_clew_run_prints(bench: Any) -> None:
    shown = bench.run("sums").as_dict()
    assert list(shown) == ["run", "state", "outputs", "tasks"]
    assert list(shown["tasks"][0]) == [
        "name", "kind", "state", "cached", "seconds", "fingerprint", "execution", "outputs",
    ]  # fmt: skip
    json.dumps(shown)


def test_a_step_sees_nothing_of_the_callers_environment_it_should_not_depend_on(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    bench.run("sums")
    assert all("s3cret" not in log.read_text() for log in bench.home.glob("runs/*/*/log.txt"))


def _named(result: RunResult, name: str) -> list[TaskResult]:
    return [task for task in result.tasks if task.name.rpartition("/")[2] == name]
