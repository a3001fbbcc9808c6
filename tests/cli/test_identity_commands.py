"""clew alias and clew coverage: what is one, and where lineage has holes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.metadata.change import Change
from clew.metadata.identity import Identity, Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record

Clew = Callable[..., Any]
TABLE, FILES = "hive://meta/shop.orders", "s3://lake/orders"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which a table is read by one name and written by another."""
    home = tmp_path / "home"
    with Record.open(home) as record:
        for name, touch in (("w", Touch(FILES, writes=True, time_ms=1)), ("r", Touch(TABLE, writes=False, time_ms=2))):
            change = Change()
            change.type(NodeType(Kind.EXECUTION, "Job"))
            put = change.execution("Job", external_id=name, reuse="external_id")
            Identity(record).settle([Saying(change, put, name, [touch], "openlineage")])
    return home


def test_an_alias_is_added_listed_and_undone(clew: Clew, home: Path) -> None:
    assert clew("alias", "ls", "--home", home).out == "no two locations are one\n"
    assert clew("alias", "add", TABLE, "s3a://lake/orders/", "--why", "its files", "--home", home).code == 0
    assert "r" in clew("trace", FILES, "--down", "--home", home).out
    (said,) = clew("alias", "ls", "--json", "--home", home).json()["items"]
    assert (said["location"], said["same_as"], said["reason"], said["undone"]) == (TABLE, FILES, "its files", False)
    assert FILES in clew("alias", "ls", "--home", home).out
    assert clew("alias", "undo", FILES, TABLE, "--home", home, "--json").json()["changed"]
    assert clew("alias", "ls", "--json", "--home", home).json()["items"] == []
    assert "undone" in clew("alias", "ls", "--all", "--home", home).out
    again = clew("alias", "undo", FILES, TABLE, "--home", home)
    assert again.code == 1
    assert "clew alias ls" in again.err


def test_coverage_tells_what_nobody_made(clew: Clew, home: Path) -> None:
    told = clew("coverage", "--home", home, "--json").json()
    assert told["executions"] == [
        {"type": "Job", "source": "openlineage", "total": 2, "from_nowhere": 1, "to_nowhere": 1}
    ]
    assert told["artifacts"] == [
        {"type": "Dataset", "source": "openlineage", "total": 2, "from_nowhere": 1, "to_nowhere": 1}
    ]
    shown = clew("coverage", "--home", home).out
    assert "NOT MADE" in shown
    assert "1 (50 %)" in shown
