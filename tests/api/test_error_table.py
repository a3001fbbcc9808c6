"""Every error has one spelling on every face."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clew.api.errors import SPELLINGS, RequestError, http_status, told
from clew.metadata import errors

GRPC = {
    "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "ABORTED",
    "FAILED_PRECONDITION", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}  # fmt: skip


def _tree(root: type[errors.ClewError]) -> Iterator[type[errors.ClewError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


CLASSES = [cls for cls in _tree(errors.ClewError) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_of_the_tree_is_in_the_table(cls: type[errors.ClewError]) -> None:
    assert cls.code in SPELLINGS
    assert SPELLINGS[cls.code].grpc in GRPC
    assert 400 <= http_status(cls("it failed")) <= 599


def test_codes_are_unique() -> None:
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("family", "status"),
    [(errors.NotFound, 404), (errors.Conflict, 409), (errors.Invalid, 400), (errors.ExecutorError, 500)],
)
def test_a_family_shares_its_http_status(family: type[errors.ClewError], status: int) -> None:
    assert {http_status(cls("it failed")) for cls in _tree(family)} == {status}


def test_the_table_agrees_with_the_tree_drawn_in_the_docstring() -> None:
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        words = line.split()
        if len(words) >= 3 and words[2].isdigit():
            drawn[words[1]] = int(words[2])
    assert drawn
    assert {code: SPELLINGS[code].http for code in drawn} == drawn


def test_a_surprise_tells_only_the_request_id() -> None:
    said = told(KeyError("secret /home/ann"), "abc123")
    assert said["code"] == "INTERNAL"
    assert "secret" not in str(said)
    assert "abc123" in said["remedy"]


def test_an_error_tells_code_field_value_and_remedy() -> None:
    error = errors.Invalid("no", field="id", value="x", remedy="Write artifact:N")
    assert told(error) == {
        "code": "INVALID",
        "message": "no",
        "field": "id",
        "value": "x",
        "remedy": "Write artifact:N",
    }


def test_a_request_error_carries_its_own_status() -> None:
    assert http_status(RequestError("no", status=415)) == 415
