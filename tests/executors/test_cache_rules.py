from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.executors.rulebook import read_rulebook, rulebook_of
from clew.executors.rules import MODES, Rules, Scope, age_s, of_environ, of_mapping
from clew.metadata.errors import Invalid

RULES = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(MODES),
        "max_age": st.sampled_from(["1s", "5m", 10]),
        "scope": st.sampled_from([scope.word for scope in Scope]),
        "ignore": st.lists(st.sampled_from(["a", "b"]), unique=True),
        "failures": st.sampled_from(["1h", "2d"]),
        "nondeterministic": st.sampled_from(["reuse", "miss"]),
    },
).map(lambda table: of_mapping(table, "here"))


def meaning(rules: Rules) -> tuple[Any, ...]:
    """Without the words for it."""
    return (
        bool(rules.unread), bool(rules.unwritten), rules.refreshes, rules.max_age_s, rules.scope, rules.ignore,
        rules.failures_s, rules.no_nondeterministic,
    )  # fmt: skip


@given(RULES, RULES, RULES)
def test_levels_may_be_combined_in_any_order(a: Rules, b: Rules, c: Rules) -> None:
    assert meaning(a.and_(b).and_(c)) == meaning(c.and_(a.and_(b)))
    assert meaning(a.and_(a)) == meaning(a)


@given(RULES, RULES)
def test_no_level_allows_what_another_forbids(a: Rules, b: Rules) -> None:
    both = a.and_(b)
    assert bool(both.unread) == bool(a.unread or b.unread)
    assert bool(both.unwritten) == bool(a.unwritten or b.unwritten)
    assert both.max_age_s is None or all(x is None or both.max_age_s <= x for x in (a.max_age_s, b.max_age_s))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("12h", 43200), ("7d", 604800), ("1.5h", 5400), (30, 30), ("0", 0)]
)
def test_an_age_is_a_number_and_a_unit(text: Any, seconds: float) -> None:
    assert age_s(text) == seconds


@pytest.mark.parametrize(
    ("table", "field", "remedy"),
    [
        ({"mode": "sometimes"}, "mode", "on, read"),
        ({"max_age": "soon"}, "max_age", "7d"),
        ({"max_age": "-1s"}, "max_age", "7d"),
        ({"max_age": True}, "max_age", "7d"),
        ({"failures": "1 fortnight"}, "failures", "7d"),
        ({"scope": "galaxy"}, "scope", "pipeline, project"),
        ({"ignore": "seed"}, "ignore", '["seed"]'),
        ({"ignore": [1]}, "ignore", '["seed"]'),
        ({"nondeterministic": "maybe"}, "nondeterministic", "reuse or miss"),
        ({"ttl": 1}, "ttl", "max_age"),
        ({"task": []}, "task", '[task."NAME"]'),
        ({"task": {"train": {"mode": 7}}}, "mode", "on, read"),
    ],
)
def test_a_bad_rule_is_named_with_its_value_and_what_may_stand_there(table: Any, field: str, remedy: str) -> None:
    with pytest.raises(Invalid, match="here") as caught:
        rulebook_of(table, "here")
    assert caught.value.field == field
    assert remedy in caught.value.remedy


def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("mode = ")
    for path in (tmp_path / "bad.toml", tmp_path / "absent.toml", tmp_path):
        with pytest.raises(Invalid, match=str(path)):
            read_rulebook(path)


def test_a_component_carries_its_rules_in_its_environment() -> None:
    rules = of_environ({"CLEW_CACHE_MAX_AGE": "1h", "CLEW_CACHE_IGNORE": "a, b", "OTHER": "x"})
    assert (rules.max_age_s, rules.ignore) == (3600, frozenset({"a", "b"}))
    with pytest.raises(Invalid, match="environment"):
        of_environ({"CLEW_CACHE_TTL": "1h"})


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"task": {"nope": {"mode": "off"}}}, "task"),
        ({"task": {"write": {"ignore": ["nope"]}}}, "ignore"),
        ({"mode": "perhaps"}, "mode"),
    ],
)
def test_what_a_run_says_about_tasks_it_does_not_have_is_refused_before_it_begins(
    bench: Any, rules: Any, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        bench.run("words", options={"rules": rules})
    assert caught.value.field == field
    with bench.record.read() as reader:
        assert reader.seq == 0
