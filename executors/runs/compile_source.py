"""Run by the author's own Python, which need not have Clew: compile a pipeline of a file to IR.

    python compile_source.py FILE.py [FUNCTION] TARGET.yaml

Where that fails, TARGET.json says why. Imports nothing of ours, and of the SDK only what every version 2 has.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
import warnings
from types import ModuleType
from typing import Any


def main(file: str, function: str, target: str) -> int:
    """Compile; the exit code."""
    warnings.simplefilter("ignore")
    report = os.path.splitext(target)[0] + ".json"
    try:
        from kfp import compiler
        from kfp.dsl.base_component import BaseComponent
        from kfp.dsl.graph_component import GraphComponent
    except ImportError as error:
        return _fail(report, kind="no kfp", message=str(error))
    try:
        module = _load(file)
    except BaseException as error:  # a file may raise anything, SystemExit too
        return _fail(report, kind="file", **_told(error, file))
    found = {name: one for name, one in vars(module).items() if isinstance(one, GraphComponent)}
    if function:
        chosen = getattr(module, function, None)
        if not isinstance(chosen, BaseComponent):
            return _fail(report, kind="choose", message=f"it has no pipeline {function!r}", names=sorted(found))
    elif len({id(one) for one in found.values()}) != 1:
        several = "it has several pipelines" if found else "it has no pipeline"
        return _fail(report, kind="choose", message=several, names=sorted(found))
    else:
        chosen = next(iter(found.values()))
    try:
        compiler.Compiler().compile(chosen, target)
    except Exception as error:
        return _fail(report, kind="compiler", **_told(error, file))
    return 0


def _load(file: str) -> ModuleType:
    sys.path[0] = os.path.dirname(file)
    name = os.path.splitext(os.path.basename(file))[0]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _told(error: BaseException, file: str) -> dict[str, Any]:
    """What went wrong, and in which line of the author's file."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return {"message": f"{type(error).__name__}: {error.msg}", "line": error.lineno}
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return {"message": f"{type(error).__name__}: {error}"[:500], "line": lines[-1] if lines else None}


def _fail(report: str, **said: Any) -> int:
    with open(report, "w", encoding="utf-8") as out:
        json.dump(said, out)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
