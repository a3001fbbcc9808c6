"""Run by the user's Python, which holds papermill and no Clew: execute a notebook, tell how it goes as lines of JSON.

    python drive.py   with {notebook, out, parameters, kernel, folder, environ, timeout_s} as JSON on standard input

Lines: {"cells": N}; {"cell": I}; at the end {"failed": {cell, error, text}} or {"done": true}; {"interrupted": true}.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Execute what standard input names."""
    given = json.loads(sys.stdin.readline())
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the notebook or papermill prints is no line of ours

    def tell(**line: Any) -> None:
        lines.write(json.dumps(line) + "\n")
        lines.flush()

    try:
        import papermill
        from papermill.engines import NBClientEngine, papermill_engines
        from papermill.exceptions import PapermillExecutionError
    except ImportError as error:
        tell(missing=error.name or "papermill")
        return

    class Told(NBClientEngine):  # type: ignore[misc, unused-ignore]
        """papermill's own engine, which tells of each cell."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: Any, **kwargs: Any) -> Any:
            begin = nb_man.cell_start
            tell(cells=len(nb_man.nb.cells))

            def cell_start(cell: Any, cell_index: Any = None, **more: Any) -> Any:
                tell(cell=cell_index)
                return begin(cell, cell_index=cell_index, **more)

            nb_man.cell_start = cell_start
            return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)

    papermill_engines.register("clew", Told)
    os.environ.update(given["environ"])  # the kernel is watched, not papermill
    try:
        papermill.execute_notebook(
            given["notebook"],
            given["out"],
            parameters=given["parameters"],
            engine_name="clew",
            kernel_name=given["kernel"] or None,
            cwd=given["folder"],
            progress_bar=False,
            execution_timeout=given["timeout_s"],
        )
        tell(done=True)
    except PapermillExecutionError as error:
        tell(failed={"cell": error.cell_index, "count": error.exec_count, "error": f"{error.ename}: {error.evalue}"})
    except KeyboardInterrupt:
        tell(interrupted=True)
    except Exception as error:  # no kernel, a notebook of another kind, a kernel that died
        tell(failed={"cell": None, "count": None, "error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
