"""What a server does about runs while it lives: fires schedules, starts what waits, marks runs whose runner died."""

from __future__ import annotations

import sys
import threading
import time

from clew.executors.runs.find import RunFilter
from clew.executors.runs.kept import RUN_TYPE, Run
from clew.executors.runs.launch import Launcher
from clew.executors.runs.schedules import ScheduleService
from clew.executors.runs.service import RunService
from clew.metadata.errors import ClewError, TypeNotFound

TICK_S = 0.5
CLOSE_LOST_S = 5.0


class Keeper:
    """A thread that looks every half second. Several servers may keep one home, or one record."""

    def __init__(self, runs: RunService) -> None:
        self._runs = runs
        self._schedules = ScheduleService(runs)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clew-keeper", daemon=True)
        self._seen = -1
        self._closed = 0.0
        self._told = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is being done."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def tick(self) -> None:
        """One look. Errors: those of the record."""
        if time.monotonic() - self._closed > CLOSE_LOST_S:
            self._closed = time.monotonic()
            self._runs.close_lost()
            self._seen = -1
        self._schedules.fire_due()
        seq = int(self._runs.record.seq())
        if seq != self._seen:  # a run can only have been asked for by a change
            self._start_waiting()
            self._seen = seq

    def _start_waiting(self) -> None:
        launcher: Launcher = self._runs.launcher
        with self._runs.record.read() as reader:
            try:
                waiting = reader.contexts(type=RUN_TYPE, where=RunFilter(state="PENDING").text(), limit=1000).items
            except TypeNotFound:
                return
        for context in waiting:
            launcher.start(Run(context))

    def _work(self) -> None:
        while not self._stop.wait(TICK_S):
            try:
                self.tick()
                self._told = ""
            except ClewError as error:
                if error.message != self._told:  # once, not twice a second
                    print(f"clew: schedules and runs: {error.message}", file=sys.stderr, flush=True)
                self._told = error.message
