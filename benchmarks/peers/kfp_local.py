"""The peer: a compiled pipeline run by ``kfp.local`` as the kfp SDK ships it, in a process of its own.

    python benchmarks/peers/kfp_local.py PIPELINE.yaml ROOT

Its fastest settings: the subprocess runner without a virtual environment a task, caching on. The last line it prints
is the seconds the run took, its imports not counted.
"""

from __future__ import annotations

import sys
import time
import warnings

warnings.simplefilter("ignore")


def main(pipeline: str, root: str) -> None:
    """Run it once."""
    from kfp import components, local

    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=root, enable_caching=True)
    run = components.load_component_from_file(pipeline)
    started = time.perf_counter()
    run()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
