from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import PackageSet, applies, name, read
from clew.executors.pipeline.load import load, parse
from clew.metadata.errors import Invalid, InvalidPipeline


def _document(compiled: Path, pipeline: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((compiled / f"{pipeline}.yaml").read_text(), yaml.CSafeLoader)
    return document


def _check(error: InvalidPipeline) -> None:
    assert error.remedy
    assert error.message


def _refused(document: object) -> InvalidPipeline:
    with pytest.raises(InvalidPipeline) as refused:
        parse(yaml.safe_dump(document))
    assert refused.value.remedy
    return refused.value


def test_every_sample_is_read_or_refused_with_a_reason(compiled: Path) -> None:
    refused = set()
    for path in compiled.glob("*.yaml"):
        try:
            load(path)
        except InvalidPipeline:
            refused.add(path.stem)
    assert refused == set()


def test_tasks_stand_in_the_order_of_their_dependencies(compiled: Path) -> None:
    body = load(compiled / "words.yaml").root.body
    assert isinstance(body, ir.Dag)
    assert list(body.tasks) == ["write", "shout", "count-words"]


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1\n- 2\n", "root: 3", "\x00", "pipelineInfo: {name: x}\nroot: {dag: []}"]
)
def test_what_is_no_pipeline_is_refused(text: str) -> None:
    with pytest.raises(InvalidPipeline):
        parse(text)


def test_yaml_that_does_not_parse_names_the_line() -> None:
    with pytest.raises(InvalidPipeline, match="at line 3, column 1"):
        parse("a: 1\nb: [\n")


def test_a_file_that_is_not_there_is_invalid(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot read"):
        load(tmp_path / "nope.yaml")


def test_a_wrong_place_is_named_by_its_path(compiled: Path) -> None:
    document = _document(compiled, "words")
    document["root"]["dag"]["tasks"]["shout"]["componentRef"]["name"] = "comp-nope"
    error = _refused(document)
    assert error.field == "root.dag.tasks.shout.componentRef"
    assert "comp-nope" in error.message


def test_a_task_that_waits_for_itself_is_refused(compiled: Path) -> None:
    document = _document(compiled, "words")
    document["root"]["dag"]["tasks"]["write"]["dependentTasks"] = ["count-words"]
    assert "circle" in _refused(document).message


def test_a_pipeline_inside_itself_is_refused(compiled: Path) -> None:
    document = _document(compiled, "nested")
    document["components"]["comp-inner-sums"]["dag"]["tasks"]["add"]["componentRef"]["name"] = "comp-inner-sums"
    assert "contains itself" in _refused(document).message


def test_an_output_that_is_not_declared_is_refused(compiled: Path) -> None:
    document = _document(compiled, "words")
    source = document["root"]["dag"]["tasks"]["shout"]["inputs"]["artifacts"]["data"]["taskOutputArtifact"]
    source["outputArtifactKey"] = "nope"
    assert "no output artifact 'nope'" in _refused(document).message


@pytest.mark.parametrize("executor", ["resolver", "customJob"])
def test_executors_we_have_not_are_refused_by_name(compiled: Path, executor: str) -> None:
    document = _document(compiled, "words")
    document["deploymentSpec"]["executors"]["exec-write"] = {executor: {"x": 1}}
    assert executor in _refused(document).message


@pytest.mark.parametrize("place", ["", "root.dag", "root.dag.tasks.write", "components.comp-write"])
def test_a_construct_nobody_knows_is_refused_not_dropped(compiled: Path, place: str) -> None:
    document = _document(compiled, "words")
    inner = document
    for key in filter(None, place.split(".")):
        inner = inner[key]
    inner["quantumPolicy"] = {"x": 1}
    error = _refused(document)
    assert error.field == f"{place}.quantumPolicy".lstrip(".")
    assert "'quantumPolicy'" in error.message


@pytest.mark.parametrize("setting", ["initContainers", "hostNetwork"])
def test_kubernetes_settings_that_change_what_a_step_sees_are_refused(compiled: Path, setting: str) -> None:
    text = (compiled / "sums.yaml").read_text()
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-add": {setting: [{"x": 1}]}}}}}}
    with pytest.raises(InvalidPipeline, match=setting):
        parse(f"{text}\n---\n{yaml.safe_dump(platform)}")


def test_kubernetes_hints_are_of_no_effect_and_deadlines_are_kept(compiled: Path) -> None:
    text = (compiled / "crashes.yaml").read_text()
    settings = {"exec-crash": {"nodeSelector": {"labels": {"a": "b"}}, "activeDeadlineSeconds": 7}}
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": settings}}}}
    root = parse(f"{text}\n---\n{yaml.safe_dump(platform)}").root.body
    assert isinstance(root, ir.Dag)
    container = root.tasks["crash"].component.body
    assert isinstance(container, ir.Container)
    assert container.timeout_s == 7.0


def test_whole_doubles_in_lists_of_the_ir_are_ints(compiled: Path) -> None:
    spec = load(compiled / "loops.yaml").root.inputs.parameters["items"]
    assert spec.default == [1, 2]
    assert all(type(item) is int for item in spec.default)


_DAMAGED = ["loop", "nested", "imports", "tries_again", "passes_on", "oneof_artifact", "guarded"]
_JUNK: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=5)
    | st.sampled_from([[], {}, {"a": 1}, {1: 2}, [None], 10**400, "-5s", "[1", "{{$.inputs.parameters['zz']}}"])
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_pipeline_is_read_or_refused_never_worse(compiled: Path, data: st.DataObject) -> None:
    text = (compiled / f"{data.draw(st.sampled_from(_DAMAGED))}.yaml").read_text()
    documents = list(yaml.load_all(text, yaml.CSafeLoader))
    place: Any = data.draw(st.sampled_from(documents))
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.integers(0, 4)) == 0:
            break
        place = inner
    if data.draw(st.booleans()):
        place[key] = data.draw(_JUNK)
    else:
        del place[key]
    try:
        parse(yaml.dump_all(documents, Dumper=yaml.CSafeDumper))
    except InvalidPipeline as refused:
        _check(refused)


def test_a_lightweight_component_is_read_from_its_shell_command(compiled: Path) -> None:
    body = load(compiled / "sums.yaml").root.body
    assert isinstance(body, ir.Dag)
    container = body.tasks["add"].component.body
    assert isinstance(container, ir.Container)
    lightweight = read(container)
    assert lightweight is not None
    assert (lightweight.function, lightweight.more_args) == ("add", [])
    assert "def add(a: int, b: int) -> int:" in lightweight.source
    assert lightweight.packages.kfp.startswith("kfp==")
    assert lightweight.packages.packages == ()


def test_packages_and_index_options_are_read_and_versions_for_old_pythons_left_out() -> None:
    script = (
        "if ! [ -x x ]; then python3 -m ensurepip || apt-get install python3-pip; fi\n"
        "python3 -m pip install --quiet --index-url https://a/simple --trusted-host a 'x[y]>=1' \"it's\" && "
        "python3 -m pip install 'kfp==2.10' '--no-deps' 'typing-extensions>=3; python_version<\"3.9\"' && \"$0\" \"$@\""
    )
    words = ("sh", "-c", script, "sh", "-ec", "python3 -m kfp.dsl.executor_main --component_module_path x", "SOURCE")
    found = read(ir.Container("python:3.11", words, ("--function_to_execute", "f"), {}))
    assert found is not None
    options = ("--index-url", "https://a/simple", "--trusted-host", "a")
    assert found.packages == PackageSet("kfp==2.10", ("x[y]>=1", "it's"), options)


@pytest.mark.parametrize("module", ["kfp.dsl.executor_main", "kfp.components.executor_main"])
@pytest.mark.parametrize(
    ("pin", "kept"), [("2.0.1", ""), ("2.4.0", ""), ("2.5.0", "kfp==2.5.0"), ("2.40", "kfp==2.40")]
)
def test_components_of_sdks_that_know_no_local_paths_run_on_one_that_does(pin: str, kept: str, module: str) -> None:
    script = f'python3 -m pip install --quiet \'kfp=={pin}\' && "$0" "$@"'
    main = f'python3 -m {module} --component_module_path "$p" "$@"'
    found = read(ir.Container("python:3.7", ("sh", "-c", script, "sh", "-ec", main, "SOURCE"), (), {}))
    assert found is not None
    assert found.packages == PackageSet(kept)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("Foo_Bar==1", "foo-bar"),
        ("x[y]>=1", "x"),
        ("git+https://h/x.git", ""),
        ("./wheel", ""),
        ("k @ https://h/k", "k"),
    ],
)
def test_the_distribution_a_requirement_names(requirement: str, expected: str) -> None:
    assert name(requirement) == expected


def test_markers_decide_whether_a_requirement_applies() -> None:
    assert applies("a")
    assert not applies('a; python_version<"3.9"')
    assert applies('a; python_version>="3.9"')
