"""``%%clew_step``: a cell as a step, whose results are reused when its code and what it reads have not changed."""

from __future__ import annotations

import argparse
import ast
import builtins
import linecache
import shlex
import types
from typing import Any, NoReturn

from clew.metadata.errors import Invalid, UsageError

USAGE = "%%clew_step [NAME] -o VARIABLE,... [-i VARIABLE,...] [--type T] [--max-age S] [--no-cache] [--salt TEXT]"


def run_cell(shell: Any, line: str, cell: str) -> None:
    """Run ``cell`` as the step that ``line`` describes, in the notebook's variables.

    The variables it reads are its inputs and count by content; those named with ``-o`` are set to what it made, the
    others it sets are its own.
    Errors: UsageError for the line; Invalid for a cell that is no Python, or a value a step cannot take or return.
    """
    from clew.sdk.steps import step

    given = _parsed(line)
    outputs = _names(given.outputs, "-o")
    name = given.name or "cell"
    body = _parse(shell.transform_cell(cell))
    inputs = _names(given.inputs, "-i") if given.inputs else _read_by(body, shell.user_ns)
    if given.inputs and (more := [n for n in _read_by(body, shell.user_ns) if n not in inputs]):
        raise UsageError(
            f"the cell reads {', '.join(more)} too", field="-i", value=given.inputs, remedy="Name it, or leave -i out"
        )
    if missing := [n for n in inputs if n not in shell.user_ns]:
        raise UsageError(f"there is no variable {missing[0]!r}", field="-i", value=missing[0])
    function = _function(shell, name, body, inputs, outputs)
    decorated = step(type=given.type or name, cache=not given.no_cache, max_age_s=given.max_age, salt=given.salt)(
        function
    )
    shell.user_ns.update(decorated(**{n: shell.user_ns[n] for n in inputs}))


class _Line(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, field="line", remedy=f"Write {USAGE}")


def _parsed(line: str) -> argparse.Namespace:
    parser = _Line("%%clew_step", add_help=False)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("-o", "--outputs", required=True)
    parser.add_argument("-i", "--inputs", default="")
    parser.add_argument("--type", default="")
    parser.add_argument("--max-age", type=float)
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("--salt", default="")
    try:
        given = parser.parse_args(shlex.split(line))
    except ValueError as error:
        raise UsageError(f"%%clew_step: {error}", field="line", value=line, remedy=f"Write {USAGE}") from error
    if given.name and not given.name.isidentifier():
        raise UsageError(f"{given.name!r} is no name", field="name", value=given.name, remedy=f"Write {USAGE}")
    return given


def _names(text: str, option: str) -> list[str]:
    found = [name for name in text.replace(",", " ").split() if name]
    for name in found:
        if not name.isidentifier():
            raise UsageError(f"{name!r} is no variable", field=option, value=text, remedy=f"Write {USAGE}")
    return found


def _parse(code: str) -> ast.Module:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise Invalid(f"the cell is no Python: {error}", field="cell", remedy="Correct it") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
            raise Invalid("a step cannot await", field="cell", remedy="Put it into a cell of its own")
    return tree


def _read_by(tree: ast.Module, variables: dict[str, Any]) -> list[str]:
    """The variables that the cell reads before it sets them: data, not modules, functions and classes."""
    code = compile(ast.Module([_definition("cell", tree, [], [])], []), "<cell>", "exec")
    read: set[str] = set()
    waiting = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    while waiting:
        inner = waiting.pop()
        read |= {name for name in inner.co_names if name in variables and not hasattr(builtins, name)}
        waiting += [constant for constant in inner.co_consts if isinstance(constant, types.CodeType)]
    loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    # A name that the cell reads and then sets (``x = x + 1``) is a local of the function: it must be given to it.
    both = {name for name in loaded if name in variables and _is_set_later(tree, name)}
    return sorted(name for name in (read & loaded) | both if _is_data(variables[name]))


def _is_set_later(tree: ast.Module, name: str) -> bool:
    """Whether the first thing that the cell does with ``name`` is to read it, and it sets it too."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    if not any(isinstance(node.ctx, ast.Store) for node in names):
        return False
    for statement in tree.body:
        uses = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name]
        if uses:
            return isinstance(statement, ast.AugAssign) or any(isinstance(node.ctx, ast.Load) for node in uses)
    return False


def _is_data(value: Any) -> bool:
    return not isinstance(value, types.ModuleType | type) and not callable(value)


def _definition(name: str, tree: ast.Module, inputs: list[str], outputs: list[str]) -> ast.FunctionDef:
    returned = ast.Return(
        ast.Dict([ast.Constant(output) for output in outputs], [ast.Name(output, ast.Load()) for output in outputs])
    )
    arguments = ast.arguments([], [ast.arg(one) for one in inputs], None, [], [], None, [])
    definition = ast.FunctionDef(name, arguments, [*tree.body, returned], [])
    return ast.fix_missing_locations(definition)


def _function(shell: Any, name: str, tree: ast.Module, inputs: list[str], outputs: list[str]) -> Any:
    """The cell as a function of its inputs, over the notebook's names, with a source that can be read."""
    source = ast.unparse(_definition(name, tree, inputs, outputs)) + "\n"
    place = f"<clew_step {name} {abs(hash(source)):x}>"
    linecache.cache[place] = (len(source), None, source.splitlines(True), place)
    made: dict[str, Any] = {}
    exec(compile(source, place, "exec"), shell.user_ns, made)  # the user's own cell, in the user's own notebook
    return made[name]
