"""Write tables.py from grammar.lark: ``python -m clew.metadata.filter.generate``.

Lark makes the LALR(1) tables here, when the grammar changes, and not each time a command starts: building them takes
80 ms, loading them 1 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.lexer import Lexer

HERE = Path(__file__).parent
HEAD = '''"""LALR(1) tables of the filter language. Generated from grammar.lark by generate.py; do not edit.

``RULES[r]`` is (alias or "", origin, length). ``STATES[s]`` maps a token to the state it shifts to, the origin of a
rule to the state that follows it, and "", for any other token, to ``-r - 1``: reduce by rule ``r``. State 0 starts.
"""

# fmt: off
# ruff: noqa: E501
'''


def generate() -> str:
    """The text of tables.py."""
    lark = Lark((HERE / "grammar.lark").read_text(), parser="lalr", lexer=_NoLexer)
    table: Any = lark.parser.parser._parse_table
    numbers = {rule: number for number, rule in enumerate(lark.rules)}
    rules = tuple((rule.alias or "", str(rule.origin.name), len(rule.expansion)) for rule in lark.rules)
    order = _in_order_of_reach(table)
    states = tuple(_row(table.states[state], order, numbers) for state in order)
    end = order[table.end_states["start"]]
    return f"{HEAD}ACCEPTED = {end}\nRULES = {_spell(rules)}\nSTATES: tuple[dict[str, int], ...] = {_spell(states)}\n"


def _row(row: dict[str, Any], order: dict[Any, int], numbers: dict[Any, int]) -> dict[str, int]:
    shifts = {name: order[target] for name, (action, target) in sorted(row.items()) if action.name == "Shift"}
    reductions = {-numbers[target] - 1 for action, target in row.values() if action.name != "Shift"}
    if len(reductions) > 1:
        raise ValueError(f"a state can reduce by several rules: {row}")
    return shifts | {"": next(iter(reductions))} if reductions else shifts


def _in_order_of_reach(table: Any) -> dict[Any, int]:
    """Each state and its number: breadth first from the start, so that equal grammars give equal tables."""
    reached = [table.start_states["start"]]
    for state in reached:
        for _, (action, target) in sorted(table.states[state].items(), key=lambda item: item[0]):
            if action.name == "Shift" and target not in reached:
                reached.append(target)
    return {state: number for number, state in enumerate(reached)}


class _NoLexer(Lexer):
    """Lark must be given a lexer; ours is lexer.py, and this one is never run."""

    def __init__(self, conf: object) -> None:
        del conf

    def lex(self, lexer_state: object, parser_state: object) -> Iterator[Token]:
        """Nothing."""
        return iter(())


def _spell(rows: tuple[object, ...]) -> str:
    return "(\n" + "".join(f"    {row!r},\n" for row in rows) + ")"


if __name__ == "__main__":
    (HERE / "tables.py").write_text(generate())
