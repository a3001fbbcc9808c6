"""The process of a run that was asked for: ``python -m clew.cli.work RUN LEASE``. Started by executors/runs/launch.py.

``LEASE`` is the descriptor of the run's locked file, inherited. The home and its record come from the environment.
"""

from __future__ import annotations

import os
import sys

from clew.metadata.errors import ClewError


def main(run: str, descriptor: int) -> int:
    """Run it; the exit code of ``clew run``."""
    from clew.cli.progress import progress
    from clew.executors.pipeline.lease import Lease
    from clew.executors.pipeline.options import RunOptions
    from clew.executors.pipeline.run import run_pipeline
    from clew.executors.runs.cancel import close_unbegun
    from clew.executors.runs.find import run_named
    from clew.executors.runs.launch import stored
    from clew.settings import load
    from clew.wiring import Home

    os.set_inheritable(descriptor, False)  # steps must not hold the lease of a run whose runner is gone
    settings = load(url="")
    opened = Home(settings)
    lease = Lease(opened.path / "locks" / "runs", run, inherited=descriptor)
    options = RunOptions(
        home=opened.path,
        namespace=settings.namespace,
        actor=settings.author,
        environments=settings.environments_folder,
        cache_at_most=settings.cache,
    )
    try:
        with opened.record.read() as reader:
            found = run_named(reader, run, settings.namespace)
        try:
            again = stored(opened.blobs, found, options)
            with progress() as observer:
                result = run_pipeline(
                    opened.record,
                    opened.blobs,
                    again.pipeline,
                    again.parameters,
                    options=again.options,
                    observer=observer,
                    run=run,
                    lease=lease,
                )
        except ClewError as error:
            close_unbegun(opened.record, found, "FAILED", error.message, actor=settings.author)
            raise
    finally:
        opened.close()
    return {"COMPLETE": 0, "CANCELED": 130}.get(result.state, 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], int(sys.argv[2])))
    except ClewError as failed:
        sys.exit(f"clew: {failed.message}")
