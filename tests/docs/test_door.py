"""Every command and option of the shell, every setting, every error code and every name of the SDK is documented."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.cli.app import COMMANDS, command_for
from clew.metadata import errors
from clew.sdk.running import Running
from clew.settings import Settings, names, variable

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text()
CONFIGURATION = (DOCS / "configuration.md").read_text()
SDK = (DOCS / "sdk.md").read_text()
COMMON = {"--home", "--server", "--json", "--help"}


def section(command: str) -> str:
    """What cli.md says of a command."""
    found = re.search(rf"^### clew {command}\n(.*?)(?=^##)", CLI, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/cli.md has no section on clew {command}"
    return found[1]


def parts(command: str) -> dict[str, Any]:
    """A command, or the commands of a group, by what the shell calls them."""
    found = command_for([command]).commands[command]
    return {f"{command} {name}": one for name, one in getattr(found, "commands", {}).items()} or {command: found}


def options(command: str) -> list[str]:
    parameters: list[Any] = [parameter for part in parts(command).values() for parameter in part.params]
    return [
        name
        for parameter in parameters
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("-") and name not in COMMON
    ]


def descendants(cls: type[errors.ClewError]) -> list[type[errors.ClewError]]:
    return [cls, *(one for child in cls.__subclasses__() for one in descendants(child))]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_in_the_page_of_the_command_line(command: str) -> None:
    said = section(command)
    assert [name for name in options(command) if f"`{name}" not in said] == []
    assert [part for part in parts(command) if part != command and f"clew {part}" not in said] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_options_and_an_example(command: str) -> None:
    for part, found in parts(command).items():
        untold = [p.name for p in found.params if not getattr(p, "help", None)]
        assert untold == []
        assert command == "version" or f"clew {part}" in found.help


@pytest.mark.parametrize("name", names())
def test_every_setting_is_in_the_page_of_the_configuration(name: str) -> None:
    (row,) = [line for line in CONFIGURATION.splitlines() if line.startswith(f"| `{name}` ")]
    assert f"`{variable(name)}`" in row
    default = getattr(Settings(), name)
    if default not in ("", False) and name != "debug":
        assert f"`{default:g}`" in row if isinstance(default, float) else f"`{default}`" in row


@pytest.mark.parametrize("name", clew.__all__)
def test_every_name_of_the_facade_is_in_the_page_of_the_sdk(name: str) -> None:
    assert f"clew.{name}" in SDK or f"`{name}" in SDK
    assert inspect.getdoc(getattr(clew, name))


def test_every_method_of_an_execution_is_in_the_page_of_the_sdk() -> None:
    methods = [name for name in vars(Running) if not name.startswith("_")]
    assert [name for name in methods if f"e.{name}" not in SDK and name != "id"] == []


@pytest.mark.parametrize("code", sorted({cls.code for cls in descendants(errors.ClewError)} - {"ERROR"}))
def test_every_error_code_is_documented(code: str) -> None:
    pages = "\n".join(page.read_text() for page in DOCS.glob("*.md"))
    assert f"`{code}`" in pages


def test_exit_codes_of_the_page_are_those_of_the_command() -> None:
    from clew.cli.entry import DONE, FAILED, INTERRUPTED, USAGE

    told = {int(code) for code in re.findall(r"^\| (\d+) \|", CLI, re.MULTILINE)}
    assert told == {DONE, FAILED, USAGE, INTERRUPTED}
