"""What a pipeline asks of Kubernetes is given by this machine, or refused by name."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.runs.again import resumed
from clew.metadata.errors import InvalidPipeline


@pytest.fixture(scope="module")
def compiled_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("platform")
    script = Path(__file__).with_name("platform_pipelines.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture
def platform(bench: Any, compiled_here: Path) -> Any:
    bench.compiled = compiled_here
    return bench


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """Options that give every secret, config map and claim the pipelines ask for."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "user").write_text("me")
    (tmp_path / "fixed").mkdir()
    (tmp_path / "fixed" / "z").touch()
    (tmp_path / "s.env").write_text("k=hello\n")
    (tmp_path / "config.json").write_text('{"a.txt": "conf", "c": "1"}')
    return {
        "secrets": {"first": tmp_path / "s.env", "spare": tmp_path / "s.env", "files": tmp_path / "files"},
        "config_maps": {"config": tmp_path / "config.json"},
        "volumes": {"fixed": tmp_path / "fixed"},
    }


def _task(result: RunResult, name: str) -> Any:
    return next(task for task in result.tasks if task.name == name)


def _properties(bench: Any, result: RunResult, name: str) -> Any:
    with bench.record.read() as reader:
        return reader.execution(int(_task(result, name).execution.partition(":")[2])).custom_properties


def _secret(folder: Path, value: str, name: str = "one") -> dict[str, Any]:
    path = folder / "secret.env"
    path.write_text(f"token={value}")
    return {"secrets": {name: path}}


def test_keys_files_and_fields_are_where_the_step_asked_for_them(platform: Any, given: Any) -> None:
    result = platform.run("keys", options=given)
    assert result.outputs["Output"] == {
        "A": "hello", "B": "hello", "C": "conf", "NONE": None, "NAMESPACE": "default", "LABEL": "search",
        "IP": "127.0.0.1", "/etc/clew-test/secret/user": "me", "/etc/clew-test/config/a.txt": "conf",
        "/clew-test-scratch": [], "/etc/clew-test/none": [],
    }  # fmt: skip
    assert not Path("/etc/clew-test").exists()
    assert not Path("/clew-test-scratch").exists()


def test_what_only_means_something_in_a_cluster_is_recorded(platform: Any, given: Any) -> None:
    recorded = _properties(platform, platform.run("keys", options=given), "look")["clew.pod"]
    assert recorded["labels"] == {"team": "search"}
    assert recorded["annotations"] == {"note": "n"}
    assert recorded["nodeSelector"] == {"labels": {"zone": "a"}}
    assert set(recorded) >= {"tolerations", "securityContext", "imagePullPolicy"}


def test_the_value_of_a_secret_is_on_no_command_line_and_nowhere_in_the_home(platform: Any, tmp_path: Path) -> None:
    value = "pass-" + "q7" * 8
    (tmp_path / "quiet.yaml").write_text(f"token: {value}")
    options = {"secrets": {"quiet": tmp_path / "quiet.yaml"}}
    assert platform.run("quiet", options=options).outputs == {"Output": 2 * len(value)}
    platform.run("quiet", options=options)
    held = [p for p in platform.home.rglob("*") if p.is_file() and value.encode() in p.read_bytes()]
    assert held == []


def test_a_step_is_reused_while_its_secret_has_the_same_value_whatever_its_name(platform: Any, tmp_path: Path) -> None:
    def cached(name: str, value: str) -> bool:
        result = platform.run("variable", name=name, options=_secret(tmp_path, value, name))
        assert result.outputs["Output"] == {"TOKEN": value}
        return bool(_task(result, "look").cached)

    assert [cached("one", "a"), cached("one", "a"), cached("two", "a"), cached("one", "b")] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_record_does_not_let_a_secret_be_guessed(platform: Any, tmp_path: Path) -> None:
    result = platform.run("variable", options=_secret(tmp_path, "1234"))
    parts = _properties(platform, result, "look")["clew.fingerprint_parts"]["secrets"]
    assert parts["TOKEN"].startswith("hmac-sha256:")
    key = platform.home / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    again = platform.run("variable", options=_secret(tmp_path, "1234"))
    assert not _task(again, "look").cached


def test_a_changed_config_map_is_a_miss(platform: Any, given: Any) -> None:
    states = [_task(platform.run("settings", options=given), "look").cached for _ in range(2)]
    given["config_maps"]["config"].write_text('{"c": "2"}')
    assert [*states, _task(platform.run("settings", options=given), "look").cached] == [False, True, False]


@pytest.mark.parametrize(
    ("pipeline", "left_out", "words"),
    [
        ("variable", ("secrets", "one"), ["'look'", "secret 'one'", "--secret one="]),
        ("settings", ("config_maps", "config"), ["'look'", "config map 'config'", "--config-map config="]),
        ("keyed", ("volumes", "fixed"), ["'put'", "volume claim 'fixed'", "--volume fixed="]),
    ],
)
def test_what_was_not_given_is_refused_before_anything_starts(
    platform: Any, given: Any, pipeline: str, left_out: tuple[str, str], words: list[str]
) -> None:
    given[left_out[0]].pop(left_out[1], None)
    with pytest.raises(InvalidPipeline) as refused:
        platform.run(pipeline, options=given)
    assert all(word in str(refused.value) for word in words)
    assert platform.record.seq() == 0
    assert not (platform.home / "runs").exists()


def test_a_missing_key_is_refused_by_name_before_anything_starts(platform: Any, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"other": "secret-value"}')
    with pytest.raises(InvalidPipeline, match="no key 'token'") as refused:
        platform.run("variable", options={"secrets": {"one": tmp_path / "s.json"}})
    assert "secret-value" not in str(refused.value)


def test_a_name_that_a_step_computes_is_looked_up_when_it_has(platform: Any, tmp_path: Path) -> None:
    options = _secret(tmp_path, "x")
    good = platform.run("computed", options=options)
    assert _task(good, "for-loop-2#0/look").outputs == {"Output": {"TOKEN": "x"}}
    bad = platform.run("computed", name="else", options=options)
    assert (bad.state, "there is no secret 'else'" in bad.error) == ("FAILED", True)


def test_claims_are_made_shared_between_steps_and_deleted(platform: Any, given: Any) -> None:
    result = platform.run("claims", options=given)
    assert result.outputs["Output"] == {"/clew-test-here/f": "hello", "/clew-test-given": ["z"]}
    assert _task(result, "createpvc").outputs == {"name": f"{result.run}-x"}
    assert list((platform.home / "runs" / result.run / "claims").iterdir()) == []
    again = platform.run("claims", options=given)
    assert not any(task.cached for task in again.tasks)  # what lies in a volume is no input


def test_a_cache_key_of_the_users_own_holds_with_a_volume_too(platform: Any, given: Any) -> None:
    assert [_task(platform.run("keyed", options=given), "put").cached for _ in range(2)] == [False, True]


def test_a_deleted_claim_is_gone(platform: Any) -> None:
    result = platform.run("gone")
    assert (result.state, "there is no volume claim 'mine'" in result.error) == ("FAILED", True)


def test_a_folder_given_for_a_claim_survives_its_deletion(platform: Any, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    result = platform.run("gone", options={"volumes": {"mine": tmp_path / "kept"}})
    assert "there is a volume claim 'mine' already" in result.error
    assert (tmp_path / "kept").is_dir()


def test_files_of_a_config_map_cannot_be_written(platform: Any, given: Any) -> None:
    assert platform.run("sealed", options=given).outputs == {"Output": "Read-only file system"}


def test_steps_share_the_workspace_by_its_placeholder_and_by_its_path(platform: Any) -> None:
    result = platform.run("workspace")
    assert result.outputs == {"Output": "shared"}
    assert not Path("/kfp-workspace").exists()
    assert not any(task.cached for task in platform.run("workspace").tasks)


def test_a_resumed_run_goes_on_with_the_claims_and_the_workspace(platform: Any, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    first = platform.run("goes-on", flag=str(flag))
    assert first.state == "FAILED"
    flag.touch()
    options = RunOptions(home=platform.home)
    again = resumed(platform.record, platform.store, first.run, options)
    result = run_pipeline(platform.record, platform.store, again.pipeline, again.parameters, options=again.options)
    assert (result.state, result.outputs) == ("COMPLETE", {"Output": "kept shared"})
    states = {task.name: task.state for task in result.tasks}
    assert (states["createpvc"], states["put"]) == ("CACHED", "CACHED")


def test_an_importer_brings_a_copy_to_the_workspace(platform: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("x")
    for uri, content in ((tmp_path / "data" / "a.txt", "x"), (tmp_path / "data", ["a.txt"])):
        result = platform.run("brought", uri=uri.as_uri())
        path, seen = result.outputs["Output"]
        assert seen == content
        assert path.startswith(str(platform.home / "runs" / result.run / "workspace"))
        assert _task(result, "importer").outputs["artifact"]["uri"] == uri.as_uri()
    elsewhere = platform.run("brought", uri="s3://nowhere/x")
    assert (elsewhere.state, "--look" in elsewhere.error) == ("FAILED", True)


def test_a_pipeline_past_its_own_deadline_fails(platform: Any) -> None:
    _add(platform, "slow", {"pipelineConfig": {"activeDeadlineSeconds": 1}}, "late")
    began = time.monotonic()
    result = platform.run("late")
    assert (result.state, "longer than the 1 s" in result.error) == ("FAILED", True)
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"initContainers": [{"image": "x"}]}, ["exec-sleep", "initContainers"]),
        ({"fieldPathAsEnv": [{"name": "A", "fieldPath": "spec.nothing"}]}, ["fieldPath", "spec.nothing"]),
        ({"emptyDirMounts": [{"mountPath": "relative"}]}, ["mountPath", "absolute path"]),
        ({"emptyDirMounts": [{"mountPath": "/a"}, {"mountPath": "/a/"}]}, ["two volumes", "/a"]),
        ({"pvcMount": [{"constant": "c", "mountPath": "/a", "subPath": "../x"}]}, ["subPath", "inside"]),
        ({"secretAsEnv": [{"keyToEnv": []}]}, ["secretAsEnv[0]", "secretName"]),
        ({"activeDeadlineSeconds": "soon"}, ["activeDeadlineSeconds", "seconds"]),
    ],
)
def test_settings_that_cannot_be_honoured_are_refused_by_place(
    platform: Any, settings: dict[str, Any], words: list[str]
) -> None:
    _add(platform, "slow", {"deploymentSpec": {"executors": {"exec-sleep": settings}}}, "refused")
    with pytest.raises(InvalidPipeline) as refused:
        platform.run("refused")
    assert all(word in refused.value.message for word in words)


def _add(platform: Any, pipeline: str, spec: dict[str, Any], name: str) -> None:
    text = (platform.compiled / f"{pipeline}.yaml").read_text()
    document = yaml.safe_dump({"platforms": {"kubernetes": spec}})
    (platform.compiled / f"{name}.yaml").write_text(f"{text}\n---\n{document}")
