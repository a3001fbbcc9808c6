"""IR that was edited by hand, or by an enemy: one clear error that names the place, at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.executors.pipeline.ir import Interface, ParameterSpec, ParameterType, Retry
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.values import Mismatch, bind, from_text
from clew.metadata.errors import Invalid, InvalidPipeline

Edit = Callable[[dict[str, Any]], object]


def _refused(text: str) -> InvalidPipeline:
    with pytest.raises(InvalidPipeline) as refused:
        parse(text)
    assert refused.value.remedy
    return refused.value


def _edited(compiled: Path, edit: Edit, pipeline: str = "upstream_loop") -> str:
    document: dict[str, Any] = yaml.safe_load((compiled / f"{pipeline}.yaml").read_text())
    edit(document)
    return yaml.safe_dump(document)


def _tasks(document: dict[str, Any]) -> dict[str, Any]:
    tasks: dict[str, Any] = document["root"]["dag"]["tasks"]
    return tasks


def _container(document: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = document["deploymentSpec"]["executors"]["exec-total"]["container"]
    return container


def _retry(**policy: object) -> Edit:
    return lambda document: _tasks(document)["total"].update(retryPolicy=policy)


def _limit(limit: object) -> Edit:
    return lambda document: _tasks(document)["for-loop-1"].update(iteratorPolicy={"parallelismLimit": limit})


def _named(name: str) -> Edit:
    return lambda document: _tasks(document).update({name: _tasks(document)["numbers"]})


def _output(name: str, kind: str, spec: dict[str, Any]) -> Edit:
    return lambda document: document["components"]["comp-total"]["outputDefinitions"].update({kind: {name: spec}})


def _env(name: object, value: object) -> Edit:
    return lambda document: _container(document).update(env=[{"name": name, "value": value}])


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (_retry(maxRetryCount=-1), "retryPolicy.maxRetryCount"),
        (_retry(maxRetryCount=1.5), "retryPolicy.maxRetryCount"),
        (_retry(maxRetryCount=float("inf")), "retryPolicy.maxRetryCount"),
        (_retry(maxRetryCount=10**400), "retryPolicy.maxRetryCount"),
        (_retry(backoffDuration="-5s"), "retryPolicy.backoffDuration"),
        (_retry(backoffDuration="nan"), "retryPolicy.backoffDuration"),
        (_retry(backoffMaxDuration="inf"), "retryPolicy.backoffMaxDuration"),
        (_retry(backoffFactor=-1), "retryPolicy.backoffFactor"),
        (_limit(-3), "iteratorPolicy.parallelismLimit"),
        (_limit(0.5), "iteratorPolicy.parallelismLimit"),
        (_named("../../x"), "root.dag.tasks.../../x"),
        (_named(".."), "root.dag.tasks..."),
        (_named(""), "root.dag.tasks."),
        (_named("x" * 256), "x" * 256),
        (_output("../out", "parameters", {"parameterType": "STRING"}), "outputDefinitions.parameters.../out"),
        (_output("/out", "artifacts", {"artifactType": {"schemaTitle": "a.B"}}), "outputDefinitions.artifacts./out"),
        (_env("A=B", "x"), "env[0].name"),
        (_env("", "x"), "env[0].name"),
        (_env("A", "x\0y"), "env[0].value"),
        (_env("A", {"a": 1}), "env[0].value"),
        (lambda d: d["pipelineInfo"].update(name=" "), "pipelineInfo.name"),
        (lambda d: _tasks(d)["total"].update(triggerPolicy={"strategy": {"a": 1}}), "triggerPolicy.strategy"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_where_it_stands(compiled: Path, edit: Edit, field: str) -> None:
    error = _refused(_edited(compiled, edit))
    assert error.field is not None
    assert error.field.endswith(field)


@pytest.mark.parametrize("items", ["[" * 100_000, "[" * 300 + "]" * 300])
def test_bottomless_items_of_a_loop_are_refused(compiled: Path, items: str) -> None:
    def edit(document: dict[str, Any]) -> None:
        _tasks(document)["for-loop-1"]["parameterIterator"]["items"] = {"raw": items}

    error = _refused(_edited(compiled, edit))
    assert error.field == "root.dag.tasks.for-loop-1.parameterIterator.items.raw"


@pytest.mark.parametrize("text", ["{{channel:task=;name=a;type=String;}}", "{{$.inputs.parameters['nope']}}"])
def test_items_of_a_loop_with_a_placeholder_the_sdk_did_not_fill_are_refused(compiled: Path, text: str) -> None:
    def edit(document: dict[str, Any]) -> None:
        _tasks(document)["for-loop-1"]["parameterIterator"]["items"] = {"raw": json.dumps(["x", f"{text}1"])}

    assert f"{text} stands for nothing" in _refused(_edited(compiled, edit)).message


def _bomb(depth: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, depth)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_bomb(12), "stands for more than"),
        ("a: &a [*a]\n", "contains itself"),
        (f"a: {'[' * 300}{']' * 300}\n", "levels deep"),
        (f"a: {'[' * 50_000}", "nest"),
        ("root: 1\na: 1\nroot: 2\n", "at line 3, column 1: the key 'root' stands there twice"),
        ("a: 2026-99-99\n", "month must be in"),
        ("a: !!int x\n", "is not what it is tagged"),
        ("a: !!timestamp x\n", "is not what it is tagged"),
    ],
)
def test_yaml_that_cannot_be_meant_is_refused_at_once(text: str, message: str) -> None:
    assert message in _refused(text).message


def test_keys_of_merged_mappings_may_be_overridden() -> None:
    assert "this is not KFP v2 IR" in _refused("a: &a {x: 1}\nb: {<<: *a, x: 2}\n").message


def test_two_pipelines_in_one_file_are_told_apart_from_none(compiled: Path) -> None:
    text = (compiled / "sums.yaml").read_text()
    assert "there are 2 documents" in _refused(f"{text}\n---\n{text}").message


@pytest.mark.parametrize(
    ("text", "kind"), [("[" * 100_000, ParameterType.LIST), ("1" + "0" * 400, ParameterType.DOUBLE)]
)
def test_an_argument_that_python_cannot_hold_is_of_the_wrong_type(text: str, kind: ParameterType) -> None:
    with pytest.raises(Mismatch):
        from_text(text, kind)


@pytest.mark.parametrize("given", ["\udcff", '["\\ud800"]'])
def test_an_argument_that_is_no_text_is_refused_before_anything_starts(given: str) -> None:
    inputs = Interface({"x": ParameterSpec(ParameterType.LIST if given.startswith("[") else ParameterType.STRING)})
    with pytest.raises(Invalid, match="text in UTF-8 was expected"):
        bind(inputs, {"x": given})


def test_a_thousand_retries_do_not_overflow() -> None:
    assert Retry(5000, 1.0).wait_before(5000) == 3600.0
    assert Retry(5000).wait_before(5000) == 0.0
