"""A small process that outlives the one that started it, and records the end which that could not record itself.

Run as a file: what it is to say comes on standard input, one line of JSON. If a second line comes, all is well; if the
input ends without one, the work was killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.collectors.watch.work import Work
    from clew.settings import Settings


class Keeper:
    """The process, as seen by the one it watches over."""

    def __init__(self, settings: Settings, work: Work) -> None:
        from dataclasses import asdict

        given = asdict(settings) | {"home": str(settings.home.absolute())}
        ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        told = {"path": [ours, *sys.path], "settings": given, "work": asdict(work)}
        environ = {name: v for name, v in os.environ.items() if not name.startswith(("PYTHON", "CLEW_", "COV_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=environ,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        self._process.stdin.flush()

    def dismiss(self) -> None:
        """The end is recorded: nothing is left to do."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"done\n")
            self._process.stdin.close()
        except OSError:  # it was killed before us
            return
        self._process.wait()


def _bury(told: dict[str, Any]) -> None:
    sys.path[:] = told["path"]
    from pathlib import Path

    from clew.client.connect import connect
    from clew.client.report import Reporter
    from clew.collectors.watch.work import Work
    from clew.metadata.states import ExecutionState
    from clew.settings import Settings

    settings = Settings(**(told["settings"] | {"home": Path(told["settings"]["home"])}))
    client = connect(settings, create=True)
    saying = Work(**told["work"]).saying(
        ExecutionState.FAILED, ended_ms=time.time_ns() // 1_000_000, error="its process was killed"
    )
    Reporter(client, settings).settle([saying])
    client.close()


if __name__ == "__main__":
    first = sys.stdin.readline()
    if first and not sys.stdin.readline():
        _bury(json.loads(first))
