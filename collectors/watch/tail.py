"""Read the notes of processes while they run."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from clew.collectors.watch.touched import Touched

_PAUSE_S = 0.05


class Tail:
    """Follows a file of notes in a thread. A last line without its end, of a process that was killed, is left out."""

    def __init__(self, notes: Path, touched: Touched) -> None:
        self._notes = notes
        self._touched = touched
        self._offset = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="clew-notes")

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def finish(self) -> None:
        """Read what is left; nothing more will come."""
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._take()

    def _follow(self) -> None:
        while not self._is_over.wait(_PAUSE_S):
            self._take()
            self._touched.hash_ahead()

    def _take(self) -> None:
        with self._notes.open("rb") as stream:
            stream.seek(self._offset)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                note = json.loads(line.decode("utf-8", "surrogatepass"))
                self._touched.add(note)
            except (ValueError, LookupError, TypeError):  # torn: two processes of a file system that does not append
                continue
