"""Conditions, branches, loops and exit tasks: the right tasks run, and what they hand on is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.executors.pipeline.arguments import for_later
from clew.executors.pipeline.load import load, parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.pipeline.status import final_status, in_the_words_of
from clew.executors.runs.task import RunTask
from clew.metadata.errors import Invalid, InvalidPipeline
from clew.metadata.states import ExecutionState


def _ran(result: RunResult) -> set[str]:
    """The steps that ran or were reused."""
    return {t.name for t in result.tasks if t.kind == "container" and t.state in ("COMPLETE", "CACHED")}


def _edited(bench: Any, pipeline: str, edit: Any, **given: Any) -> RunResult:
    """Run a pipeline whose IR was changed where the SDK has no word for it."""
    document = yaml.safe_load((bench.compiled / f"{pipeline}.yaml").read_text())
    edit(document)
    source = bench.home / f"{pipeline}.yaml"
    source.write_text(yaml.safe_dump(document))
    return run_pipeline(bench.record, bench.store, source, given, options=RunOptions(home=bench.home))


@pytest.mark.parametrize(("n", "branch"), [(1, "one"), (2, "two"), (9, "many")])
def test_one_branch_runs_and_the_value_of_that_one_is_taken(bench: Any, n: int, branch: str) -> None:
    result = bench.run("if_elif_else", n=n)
    assert (result.state, result.outputs) == ("COMPLETE", {"Output": branch})
    assert len(_ran(result)) == 2
    assert sorted(t.state for t in result.tasks if "/condition-" in t.name and t.kind == "dag") == [
        "COMPLETE", "SKIPPED", "SKIPPED",
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "text"), [(1, "small"), (2, "big")])
def test_the_artifact_of_the_branch_that_ran_is_taken(bench: Any, n: int, text: str) -> None:
    assert bench.run("oneof_artifact", n=n).outputs == {"Output": text}


def test_values_of_every_kind_are_compared(bench: Any) -> None:
    assert len(_ran(bench.run("compares"))) == 8
    assert len(_ran(bench.run("compares", i=2, f=3.5, s="that", b=False))) == 4


def test_conditions_nest(bench: Any, tmp_path: Path) -> None:
    bench.run("nested_conditions", n=1, m=2, folder=str(tmp_path))
    bench.run("nested_conditions", n=2, m=1, folder=str(tmp_path))
    assert {p.name for p in tmp_path.iterdir()} >= {"first"}
    assert not (tmp_path / "both").exists()


def test_a_task_that_was_not_triggered_is_recorded_as_canceled_by_convention(bench: Any) -> None:
    result = bench.run("if_only", n=2)
    assert (result.state, result.outputs) == ("COMPLETE", {"Output": "apart"})
    skipped = next(t for t in result.tasks if t.name == "condition-1")
    with bench.record.read() as reader:
        execution = reader.execution(int(str(skipped.execution).partition(":")[2]))
    assert execution.state is ExecutionState.CANCELED
    assert execution.custom_properties["clew.skipped"] == "the condition is false"
    assert "int(inputs.parameter_values['pipelinechannel--n']) == 1" in execution.custom_properties["clew.condition"]
    assert RunTask(execution).state == "SKIPPED"  # as a run's tasks are shown
    assert RunTask(execution).skipped.startswith("the condition is false: int(")


def test_what_waits_for_a_task_that_was_not_triggered_is_not_triggered_either(bench: Any) -> None:
    def wait(document: dict[str, Any]) -> None:
        document["root"]["dag"]["tasks"]["give-2"]["dependentTasks"] = ["condition-1"]
        document["root"]["dag"].pop("outputs")
        document["root"].pop("outputDefinitions")

    result = _edited(bench, "if_only", wait, n=2)
    assert {t.name: t.state for t in result.tasks} == {"condition-1": "SKIPPED", "give-2": "SKIPPED"}
    assert result.state == "COMPLETE"


def test_a_loop_collects_what_ran_and_nothing_for_what_did_not(bench: Any) -> None:
    assert bench.run("conditional_in_loop", limit=2).outputs == {"Output": 7}
    assert bench.run("conditional_in_loop", limit=9).outputs == {"Output": 0}


def test_a_branch_is_chosen_by_what_a_loop_gave(bench: Any) -> None:
    assert bench.run("loop_then_condition").outputs == {"Output": "high"}
    assert bench.run("loop_then_condition", threshold=6).outputs == {"Output": "low"}


def test_loops_run_over_what_a_task_returned(bench: Any) -> None:
    assert bench.run("upstream_loop", n=4).outputs == {"Output": 6}
    assert bench.run("upstream_loop", n=0).outputs == {"Output": 0}
    assert bench.run("struct_loop").outputs == {"Output": 4}


def test_loops_in_loops_give_lists_of_lists_and_artifacts_flat(bench: Any) -> None:
    assert bench.run("loops_in_loops").outputs == {"Output": 60}
    assert bench.run("artifacts_of_loops").outputs == {"Output": "c+d+c+d"}


def test_loops_run_over_artifacts(bench: Any) -> None:
    assert bench.run("loop_over_artifacts").outputs == {"Output": "a+b+c"}


def test_a_loop_runs_over_a_bare_step(bench: Any) -> None:
    def bare(document: dict[str, Any]) -> None:
        task = document["root"]["dag"]["tasks"]["number"]
        task["inputs"] = {}
        task["parameterIterator"] = {"itemInput": "n", "items": {"raw": "[1, 2, 3]"}}

    result = _edited(bench, "level_five", bare, n=0)
    assert [t.outputs["Output"] for t in result.tasks if t.kind == "container"] == [1, 2, 3]


@pytest.mark.parametrize(("wanted", "output"), [(3, [1, 2]), (4, None)])
def test_inputs_that_a_task_gives_and_its_component_does_not_declare_count_for_condition_and_items(
    bench: Any, wanted: int, output: Any
) -> None:
    def edit(document: Any) -> None:
        task = document["root"]["dag"]["tasks"]["number"]
        task["parameterIterator"] = {"itemInput": "n", "items": {"inputParameter": "all"}}
        values = {"all": [1, 2], "three": 3}
        task["inputs"] = {"parameters": {name: {"runtimeValue": {"constant": v}} for name, v in values.items()}}
        task["triggerPolicy"] = {"condition": f"inputs.parameter_values['three'] == {wanted}"}

    assert _edited(bench, "level_five", edit, n=9).outputs.get("Output") == output


def test_a_placeholder_may_stand_for_another_constant(bench: Any) -> None:
    def edit(document: Any) -> None:
        parameters = {"n": "{{$.inputs.parameters['seven']}}", "seven": 7}
        document["root"]["dag"]["tasks"]["number"]["inputs"] = {
            "parameters": {name: {"runtimeValue": {"constant": v}} for name, v in parameters.items()}
        }

    assert _edited(bench, "level_five", edit, n=9).outputs["Output"] == 7


@pytest.mark.parametrize("fails", [False, True])
def test_an_exit_task_runs_in_every_run_and_is_told_how_it_went(bench: Any, tmp_path: Path, fails: bool) -> None:
    for _ in range(2):
        result = bench.run("guarded", folder=str(tmp_path), fails=fails)
        told = json.loads((tmp_path / "status.json").read_text())
        (tmp_path / "status.json").unlink()
        state, job, task, code, message = told
        assert (state, task) == ("FAILED" if fails else "COMPLETE", "exit-handler-1")
        assert job == f"guarded-{result.run[:8]}"
        assert ("on purpose" in str(message), code == 2) == (fails, fails)
        assert result.state == ("FAILED" if fails else "COMPLETE")


def test_an_exit_task_that_reads_succeeded_is_told_succeeded(bench: Any, tmp_path: Path) -> None:
    assert bench.run("exits_succeeded", folder=str(tmp_path)).state == "COMPLETE"
    assert (tmp_path / "succeeded").exists()


def test_the_word_for_success_is_the_one_the_component_asks_for() -> None:
    status = final_status("t", "CACHED", "")
    assert in_the_words_of("if s.state == 'SUCCEEDED': pass", status)["state"] == "SUCCEEDED"
    assert in_the_words_of("s.state in ('SUCCEEDED', 'COMPLETE')", status)["state"] == "COMPLETE"
    assert in_the_words_of("print(s)", status)["state"] == "COMPLETE"
    assert in_the_words_of("s.state == 'SUCCEEDED'", final_status("t", "FAILED", "x"))["state"] == "FAILED"


def test_a_pipeline_can_be_an_exit_task(bench: Any, tmp_path: Path) -> None:
    assert bench.run("exit_pipeline", folder=str(tmp_path)).state == "FAILED"
    assert (tmp_path / "FAILED").exists()


def test_a_task_that_ignores_failures_runs_with_its_defaults_and_the_run_still_failed(
    bench: Any, tmp_path: Path
) -> None:
    result = bench.run("ignores_failure", folder=str(tmp_path))
    outputs = {t.name: t.outputs for t in result.tasks}
    assert (result.state, outputs["maybe"]) == ("FAILED", {"Output": "None b 1"})
    bench.run("cleans_up", folder=str(tmp_path))
    assert (tmp_path / "cleaned").exists()


def test_optional_inputs_are_absent_defaulted_or_given_through_nested_pipelines(bench: Any) -> None:
    assert bench.run("optionals").outputs == {"Output": "None inner None+None inner 3"}
    assert bench.run("optionals", a="A").outputs == {"Output": "None inner None+A inner 3"}


def test_pipelines_nest_five_deep(bench: Any) -> None:
    result = bench.run("five_deep", n=7)
    assert result.outputs == {"Output": 7}
    assert "level-two/level-three/level-four/level-five/number" in _ran(result)


def test_steps_and_graphs_are_tried_again(bench: Any, tmp_path: Path) -> None:
    assert bench.run("tries_again", marker=str(tmp_path / "step")).outputs == {"Output": 1}
    assert bench.run("graph_tries_again", marker=str(tmp_path / "graph")).outputs == {"Output": 1}


def test_a_condition_that_cannot_be_decided_fails_its_task_and_guesses_nothing(bench: Any) -> None:
    def compare(document: dict[str, Any]) -> None:
        document["root"]["dag"]["tasks"]["condition-1"]["triggerPolicy"]["condition"] = (
            "inputs.parameter_values['pipelinechannel--give-Output'] > 3"
        )

    result = _edited(bench, "unresolvable", compare)
    assert result.state == "FAILED"
    assert "cannot be evaluated" in result.error


def test_a_condition_on_what_is_no_input_is_refused_before_anything_starts(bench: Any) -> None:
    def name(document: dict[str, Any]) -> None:
        document["root"]["dag"]["tasks"]["condition-1"]["triggerPolicy"]["condition"] = (
            "inputs.parameter_values['nope'] == 3"
        )

    with pytest.raises(InvalidPipeline, match="names 'nope', which is no input of it") as refused:
        _edited(bench, "unresolvable", name)
    assert refused.value.field == "root.dag.tasks.condition-1.triggerPolicy.condition"
    assert bench.record.seq() == 0


def test_a_condition_that_is_no_cel_is_refused_before_anything_starts(bench: Any) -> None:
    document = yaml.safe_load((bench.compiled / "unresolvable.yaml").read_text())
    document["root"]["dag"]["tasks"]["condition-1"]["triggerPolicy"]["condition"] = "x =="
    with pytest.raises(InvalidPipeline, match="not CEL") as refused:
        parse(yaml.safe_dump(document))
    assert refused.value.field == "root.dag.tasks.condition-1.triggerPolicy.condition"


def test_an_output_of_two_branches_that_both_ran_fails(bench: Any) -> None:
    def both(document: dict[str, Any]) -> None:
        branches = document["components"]["comp-condition-branches-1"]["dag"]["tasks"]
        for task in branches.values():
            task.pop("triggerPolicy")

    result = _edited(bench, "if_elif_else", both, n=1)
    assert result.state == "FAILED"
    assert "3 of them ran" in result.error


def test_a_parameter_may_be_one_of_some_values(bench: Any) -> None:
    def list_them(document: dict[str, Any]) -> None:
        for interface in (document["root"], document["components"]["comp-pick-one"]):
            interface["inputDefinitions"]["parameters"]["kind"]["literals"] = ["small", "large"]

    assert _edited(bench, "literal", list_them, kind="large").outputs == {"Output": "large"}
    with pytest.raises(Invalid, match="one of 'small', 'large' was expected"):
        _edited(bench, "literal", list_them, kind="tiny")


def test_a_status_is_given_as_an_argument(bench: Any, tmp_path: Path) -> None:
    status = {"state": "FAILED", "error": {"code": 9, "message": "m"}, "pipelineTaskName": "t"}
    assert bench.run("bare_status", folder=str(tmp_path), status=json.dumps(status)).state == "COMPLETE"
    assert json.loads((tmp_path / "status.json").read_text()) == ["FAILED", None, "t", 9, "m"]


def test_artifacts_are_given_as_arguments_by_path_uri_or_reference(bench: Any, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("given")
    first = bench.run("takes_data", data=str(data))
    assert first.outputs == {"Output": "n:given"}
    assert bench.run("takes_data", data=json.dumps({"uri": data.as_uri()})).outputs == first.outputs
    with bench.record.read() as reader:
        (artifact,) = reader.artifacts_at(data.as_uri())
        assert artifact.type == "system.Dataset"
        assert len(reader.events_of_artifacts([artifact.id])) == 4  # two runs and the step of each
    by_reference = bench.run("takes_data", data=f"artifact:{artifact.id}", note="m")
    assert by_reference.outputs == {"Output": "m:given"}
    assert {t.name: t.state for t in by_reference.tasks}["read"] == "CACHED"
    assert bench.run("bare_read", data=str(data)).outputs == {"Output": "given"}


def test_artifact_arguments_of_a_run_that_starts_elsewhere_no_longer_hang_on_a_folder(
    bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    inputs = load(bench.compiled / "takes_data.yaml").root.inputs
    here = (tmp_path / "d.txt").as_uri()
    for given, kept in [
        ("d.txt", here),
        ("artifact:3", "artifact:3"),
        ("s3://b/k", "s3://b/k"),
        ('{"uri": "d.txt", "metadata": {"n": 1}}', {"uri": here, "metadata": {"n": 1}}),
        ('["d.txt", "artifact:1"]', [here, "artifact:1"]),
    ]:
        assert for_later(inputs, {"data": given, "note": "x"}) == {"data": kept}


def test_a_changed_file_given_as_an_argument_is_another_artifact(bench: Any, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    for text in ("one", "two"):
        data.write_text(text)
        assert bench.run("takes_data", data=str(data)).outputs == {"Output": f"n:{text}"}


def test_an_optional_artifact_may_be_left_out(bench: Any, tmp_path: Path) -> None:
    assert bench.run("maybe_data").outputs == {"Output": "none"}
    (tmp_path / "x").write_text("x")
    assert bench.run("maybe_data", data=str(tmp_path / "x")).outputs == {"Output": "x"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "is not given"),
        ({"data": "artifact:99"}, "99"),
        ({"data": "artifact:x"}, "artifact:N was expected"),
        ({"data": "/no/such/file"}, "cannot be read"),
        ({"data": ["/a", "/b"]}, "one artifact was expected"),
        ({"data": {"path": "/a"}}, "an object with uri and metadata"),
    ],
)
def test_a_bad_artifact_argument_is_refused_by_name_and_no_run_is_made(
    bench: Any, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        bench.run("takes_data", **given)
    assert refused.value.field == "data"
    assert refused.value.remedy
    assert bench.record.seq() == 0


def test_a_resolver_finds_the_newest_artifacts_that_fit(bench: Any) -> None:
    def resolve(document: dict[str, Any]) -> None:
        document["deploymentSpec"]["executors"]["exec-make"] = {
            "resolver": {"outputArtifactQueries": {"out": {"filter": query}}}
        }
        component = document["components"]["comp-make"]
        component.pop("inputDefinitions")
        document["root"]["dag"]["tasks"]["make"].pop("inputs")

    for text in ("old", "new"):
        bench.run("one_artifact", text=text)
    query = 'in_context("one-artifact") AND artifact_type="system.Dataset" AND state=LIVE'
    assert _edited(bench, "one_artifact", resolve, text="x").outputs == {"Output": "new"}
    query = 'artifact_type="system.Model"'
    result = _edited(bench, "one_artifact", resolve, text="x")
    assert "no artifact of 'one-artifact' is what the resolver asks for" in result.error
    query = "size > 3"
    with pytest.raises(InvalidPipeline, match="not a condition on artifacts"):
        _edited(bench, "one_artifact", resolve, text="x")


def test_what_a_step_writes_to_a_path_of_its_own_choice_is_brought_home(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    for state in ("COMPLETE", "CACHED"):
        result = bench.run("custom_path", path=str(path))
        assert result.outputs == {"Output": "from elsewhere"}
        assert {t.name: t.state for t in result.tasks}["elsewhere"] == state
        path.unlink(missing_ok=True)


def test_any_value_can_be_read_as_its_json_text(bench: Any) -> None:
    assert bench.run("mixed_types").outputs == {"Output": "[1, 2]+[3]"}


@pytest.mark.parametrize(
    "text", ["{{$.inputs.parameters['nope']}}", "{{$.nope}}", "{{channel:task=a;name=b;type=int;}}"]
)
def test_a_placeholder_that_can_never_stand_for_anything_is_refused_before_anything_starts(
    bench: Any, text: str
) -> None:
    def constant(document: dict[str, Any]) -> None:
        document["root"]["dag"]["tasks"]["make"]["inputs"]["parameters"]["text"] = {"runtimeValue": {"constant": text}}

    with pytest.raises(InvalidPipeline, match="stands for nothing") as refused:
        _edited(bench, "one_artifact", constant)
    assert refused.value.field == "root.dag.tasks.make.inputs.parameters.text"

    def word(document: dict[str, Any]) -> None:
        document["deploymentSpec"]["executors"]["exec-shell"]["container"]["args"] = [text]

    with pytest.raises(InvalidPipeline, match="stands for nothing") as refused:
        _edited(bench, "shells", word)
    assert refused.value.field == "deploymentSpec.executors.exec-shell.container.args[0]"
    assert bench.record.seq() == 0


def test_a_task_is_told_its_own_settings_and_bears_only_those_that_also_apply_to_it(bench: Any) -> None:
    source = bench.home / "passes_on.yaml"
    apart = "podAffinity: [{matchPodLabels: {app: x}, topologyKey: host, weight: 3, anti: true}]"
    text = (bench.compiled / "passes_on.yaml").read_text()
    source.write_text(text.replace("tolerations:", f"{apart}\n          tolerations:"))  # the SDK has no word for it
    options = RunOptions(home=bench.home)
    result = run_pipeline(bench.record, bench.store, source, {"claim": "shared"}, options=options)
    told = json.loads(result.outputs["Output"])
    assert told.pop("affinity") == {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
            }
        },
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 3,
                    "podAffinityTerm": {"topologyKey": "host", "labelSelector": {"matchLabels": {"app": "x"}}},
                }
            ]
        },
    }
    assert told == {
        "resources": {"requests": {"cpu": "900"}, "limits": {"memory": "64Gi"}},  # more than any machine has
        "env": [{"name": "MODE", "value": "fast"}],
        "own": "fast",
        "node_selector": {"disk": "ssd"},
        "tolerations": [{"effect": "NoSchedule", "key": "k", "operator": "Equal", "value": "v"}],
        "volumes": [{"name": "shared", "persistentVolumeClaim": {"claimName": "shared"}}],  # which nobody gave
        "volume_mounts": [{"name": "shared", "mountPath": "/mnt/data"}],
    }
