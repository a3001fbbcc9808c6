from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.executors.code import component_code, normalised
from clew.executors.fingerprint import Content, changes, fingerprint, function_fingerprint
from clew.metadata.errors import Invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(parameters: dict[str, Any], chance: random.Random) -> None:
    keys = list(parameters)
    chance.shuffle(keys)
    shuffled = {key: parameters[key] for key in keys}
    assert fingerprint({"parameters": parameters}).digest == fingerprint({"parameters": shuffled}).digest


@given(JSON, JSON)
def test_different_parameters_differ(a: Any, b: Any) -> None:
    same = repr(a) == repr(b) or (repr(_sorted(a)) == repr(_sorted(b)))
    assert (fingerprint({"p": a}).digest == fingerprint({"p": b}).digest) == same


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (1, True), ("1", 1), (None, ""), ([1], [[1]])])
def test_values_of_different_kinds_differ(a: Any, b: Any) -> None:
    assert fingerprint({"p": a}).digest != fingerprint({"p": b}).digest


def test_an_input_counts_by_its_bytes_its_metadata_and_its_file_name() -> None:
    def of(*content: Any) -> str:
        return fingerprint({}, {"data": [Content(*content)]}).digest

    first = of("sha256:a", "system.Dataset", "out", {"rows": 1})
    assert first == of("sha256:a", "system.Dataset", "out", {"rows": 1})
    assert len({first, of("sha256:b", "system.Dataset", "out", {"rows": 1})}) == 2
    assert len({first, of("sha256:a", "system.Dataset", "out", {"rows": 2})}) == 2
    assert len({first, of("sha256:a", "system.Dataset", "x.csv", {"rows": 1})}) == 2


def test_an_input_of_unknown_bytes_makes_the_fingerprint_unfit_for_reuse() -> None:
    assert "'data'" in fingerprint({}, {"data": [Content(None, "system.Dataset", "x")]}).unknown


@pytest.mark.parametrize(
    "edited",
    [
        "def f(x):\n    # why\n    return x + 1",
        'def f(x):\n    """Doc."""\n    return x + 1',
        "\n\ndef f( x ):\n  return (x+1)\n",
    ],
)
def test_comments_docstrings_and_layout_do_not_count(edited: str) -> None:
    assert component_code(edited, "f") == component_code("def f(x):\n    return x + 1\n", "f")


@pytest.mark.parametrize(
    "edited", ["def f(x):\n    return x + 2", "def f(y):\n    return y + 1", "def f(x=0):\n    return x + 1"]
)
def test_meaning_counts(edited: str) -> None:
    assert component_code(edited, "f") != component_code("def f(x):\n    return x + 1\n", "f")


def test_a_docstring_that_the_code_reads_counts() -> None:
    a, b = (f'def f():\n    """{text}"""\n    return f.__doc__' for text in "ab")
    assert component_code(a, "f") != component_code(b, "f")


@pytest.mark.parametrize("reads", ["inspect.getdoc(f)", "help(f)", 'getattr(f, "__doc__")'])
def test_a_docstring_counts_however_it_is_read(reads: str) -> None:
    a, b = (f'def f():\n    """{text}"""\n    return {reads}' for text in "ab")
    assert component_code(a, "f") != component_code(b, "f")


@pytest.mark.parametrize(
    "reads",
    [
        "inspect.getsource(f)",
        "sys._getframe().f_lineno",
        "open(__file__).read()",
        "traceback.format_exc()",
        "inspect.stack()",
    ],
)
def test_of_code_that_may_read_itself_every_letter_counts(reads: str) -> None:
    plain, commented = f"def f():\n    return {reads}", f"def f():\n    # why\n    return {reads}"
    assert component_code(plain, "f") != component_code(commented, "f")
    assert normalised(commented) == commented


@pytest.mark.parametrize("uses", ["np.stack(x)", "inspect.signature(x)", "parser.add_argument('x', help='y')"])
def test_code_that_only_sounds_so_counts_by_meaning(uses: str) -> None:
    plain, commented = f"def f(x):\n    return {uses}", f'def f(x):\n    """Doc."""\n    # why\n    return {uses}'
    assert component_code(plain, "f") == component_code(commented, "f")


def test_text_that_is_no_python_counts_to_the_letter() -> None:
    assert normalised("if if") == "if if"


def test_normalising_twice_is_normalising_once() -> None:
    source = Path(json.__file__).read_text()
    assert normalised(normalised(source)) == normalised(source)


def test_changes_name_each_part_that_differs() -> None:
    before = {"code": "a", "parameters": {"depth": 1, "rate": 0.5}, "gone": 1}
    after = {"code": "a", "parameters": {"depth": 2, "rate": 0.5}, "new": 1}
    assert changes(before, after) == [
        {"part": "gone", "before": 1, "after": None},
        {"part": "new", "before": None, "after": 1},
        {"part": "parameters.depth", "before": 1, "after": 2},
    ]


@given(st.dictionaries(st.text(), JSON))
def test_nothing_differs_from_itself(parts: dict[str, Any]) -> None:
    assert changes(parts, parts) == []


def test_long_values_are_kept_by_their_digest_only() -> None:
    parts = fingerprint({"parameters": {"text": "x" * 1000, "n": 1}}).parts
    assert parts["parameters"]["n"] == 1
    assert parts["parameters"]["text"].startswith("sha256:")


@pytest.fixture
def module(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Any]:
    def load(source: str) -> Any:
        path = tmp_path / f"steps_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("steps", path)
        assert spec is not None
        assert spec.loader is not None
        loaded = importlib.util.module_from_spec(spec)
        sys.modules["steps"] = loaded
        request.addfinalizer(lambda: sys.modules.pop("steps", None))
        spec.loader.exec_module(loaded)
        return loaded

    return load


BASE = (
    "import math\nSCALE = 2\n\ndef helper(x):\n    return x * SCALE\n\ndef step(x):\n    return helper(math.sqrt(x))\n"
)


def test_a_function_counts_with_what_it_uses_in_its_module(module: Callable[[str], Any]) -> None:
    base = function_fingerprint(module(BASE).step, {"x": 1}).digest
    assert function_fingerprint(module("# moved\n" + BASE).step, {"x": 1}).digest == base
    assert function_fingerprint(module(BASE + "\nUNUSED = 3\n").step, {"x": 1}).digest == base
    assert function_fingerprint(module(BASE.replace("SCALE = 2", "SCALE = 3")).step, {"x": 1}).digest != base
    assert function_fingerprint(module(BASE.replace("x * SCALE", "x + SCALE")).step, {"x": 1}).digest != base
    assert function_fingerprint(module(BASE).step, {"x": 2}).digest != base
    assert function_fingerprint(module(BASE).step, {"x": 1}, packages={"numpy": "2"}).digest != base
    assert function_fingerprint(module(BASE).step, {"x": 1}, salt="s").digest != base


def test_a_function_without_source_is_refused() -> None:
    scope: dict[str, Any] = {}
    exec("def f():\n    return 1\n", scope)
    with pytest.raises(Invalid, match="source"):
        function_fingerprint(scope["f"], {})
