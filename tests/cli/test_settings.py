"""Settings: where they come from, which one wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from clew.metadata.errors import Invalid
from clew.settings import Settings, load, names, variable


def test_the_defaults_need_nothing() -> None:
    assert load({}) == Settings()


def test_the_call_beats_the_environment_beats_the_homes_file_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / "clew.toml").write_text('port = 1\nhost = "127.0.0.2"\nnamespace = "file"\n')
    settings = load({"CLEW_HOME": str(tmp_path), "CLEW_PORT": "2", "CLEW_NAMESPACE": "environment"}, port=3)
    assert (settings.port, settings.namespace, settings.host, settings.engine) == (
        3,
        "environment",
        "127.0.0.2",
        "auto",
    )


def test_what_is_none_or_empty_is_not_given() -> None:
    assert load({"CLEW_PORT": ""}, port=None).port == 8420


def test_every_setting_has_a_variable() -> None:
    assert {variable(name) for name in names()} >= {"CLEW_HOME", "CLEW_URL", "CLEW_RECORD_URL", "CLEW_TOKEN"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("port", "70000"),
        ("grpc_port", "-1"),
        ("engine", "neo4j"),
        ("url", "localhost:8420"),
        ("record_url", "clew.db"),
        ("namespace", "x" * 300),
        ("max_parallel", "-1"),
        ("timeout_s", "0"),
        ("timeout_s", "nan"),
        ("debug", "maybe"),
        ("token", "a\0b"),
        ("embed_from", "kubeflow.example"),
        ("embed_from", "https://kubeflow.example/path"),
        ("embed_from", "https://a.example; script-src *"),
        ("embed_from", "https://*.example"),
        ("embed_from", "*"),
    ],
)
def test_a_bad_value_is_refused_naming_setting_and_source(name: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        load({variable(name): value})
    assert caught.value.field == name
    assert variable(name) in caught.value.message


@pytest.mark.parametrize("text", ["port = ", "colour = 1", 'home = "elsewhere"', 'url = "http://x"', "port = true"])
def test_a_bad_file_in_the_home_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "clew.toml").write_text(text)
    with pytest.raises(Invalid, match=r"clew\.toml"):
        load({}, home=tmp_path)


def test_the_author_is_the_operating_systems_user_unless_named() -> None:
    assert load({"CLEW_ACTOR": "ann"}).author == "ann"
    assert load({}).author
