"""The session of a notebook as one execution: its cells, what they read and wrote, how it ended."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from clew.collectors.watch.imports import AfterImport
from clew.collectors.watch.libraries import patches
from clew.collectors.watch.notes import Note, Notes
from clew.collectors.watch.opens import Filter, Opens
from clew.collectors.watch.wraps import Wrapper

if TYPE_CHECKING:
    from clew.client.protocol import Client
    from clew.client.report import Reporter
    from clew.collectors.watch.touched import Touched
    from clew.collectors.watch.work import Code, Work
    from clew.metadata.ids import NodeRef
    from clew.notebook.keeper import Keeper
    from clew.settings import Settings

LATEST_S = 5.0
"""After which cells that read and wrote nothing are recorded too."""
_GATHER_S = 0.05
_BEGUN_S = 20.0
_END_S = 60.0


class Session:
    """Notes what happens, cheaply, in the thread of the cells; a thread of its own records it."""

    def __init__(self, shell: Any) -> None:
        from clew.settings import load

        self.shell = shell
        self.is_open = False
        self.problem = ""
        """Why the last report could not be made."""
        self._settings: Settings = load()
        self._noted: deque[Note] = deque()
        self._notes = Notes(self._noted.append)
        self._cells: list[tuple[str, str]] = []
        self._failed_cells = 0
        self._told_cells = 0
        self._wake, self._begun, self._turn = threading.Event(), threading.Event(), threading.Condition()
        self._asked = self._done = 0
        self._is_over = False
        self._ref: NodeRef | None = None
        self._counts = [0, 0]
        self._thread = threading.Thread(target=self._record, name="clew-session", daemon=True)

    def open(self) -> None:
        """Begin to note, and to record."""
        filter = Filter([str(self._settings.home.absolute())])
        Opens(self._notes, filter).install()
        self._imports = AfterImport(patches(Wrapper(self._notes, filter.keeps), self._wait_until_begun))
        self._imports.install()
        self.shell.events.register("post_run_cell", self._after_cell)
        atexit.register(self.close)
        self.is_open = True
        self._thread.start()

    def close(self) -> None:
        """Record the end."""
        if not self.is_open:
            return
        self.is_open = self._notes.is_on = False
        self._imports.uninstall()
        self.shell.events.unregister("post_run_cell", self._after_cell)
        atexit.unregister(self.close)
        self._is_over = True
        self._wake.set()
        self._thread.join(_END_S)

    def flush(self) -> str:
        """Wait until everything is recorded, and tell of it."""
        with self._turn:
            self._asked += 1
            mine = self._asked
            self._wake.set()
            self._turn.wait_for(lambda: self._done >= mine, _END_S)
        place = self._settings.url or str(self._settings.home)
        where = f"{self._ref} in {place}" if self._ref else f"waits for {place}"
        return f"{where}: {self._counts[0]} read, {self._counts[1]} written" + (
            f"; {self.problem}" if self.problem else ""
        )

    @property
    def ref(self) -> NodeRef | None:
        """The execution; None until it is recorded, or while the server is away."""
        return self._ref

    def _after_cell(self, result: Any) -> None:
        code = getattr(getattr(result, "info", None), "raw_cell", "") or ""
        error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
        self._cells.append((code, f"{type(error).__name__}: {error}"[:500] if error is not None else ""))
        if self._noted:
            self._wake.set()

    def _wait_until_begun(self) -> None:
        """MLflow is there: from now on what it logs says which execution it is part of."""
        self._begun.wait(_BEGUN_S)

    def _record(self) -> None:
        self._notes.quiet.depth = 1  # what this thread reads is not the notebook's
        try:
            recorder = _Recorder(self._settings, self._cell_name())
        except Exception as error:
            self.problem = f"nothing is recorded: {error}"
            print(f"clew: {self.problem}", file=sys.stderr)
            self._begun.set()
            return
        try:
            self._ref = recorder.begin()
        except Exception as error:
            self.problem = str(error)
        self._begun.set()
        while not self._is_over:
            self._wake.wait(LATEST_S)
            if not self._is_over:
                time.sleep(_GATHER_S)
            self._wake.clear()
            asked = self._asked
            if self._noted or len(self._cells) > self._told_cells or asked > self._done:
                self._tell(recorder, is_over=False)
            with self._turn:
                self._done = asked
                self._turn.notify_all()
        self._tell(recorder, is_over=True)
        recorder.close()

    def _tell(self, recorder: _Recorder, *, is_over: bool) -> None:
        self._told_cells = len(self._cells)
        notes = [self._noted.popleft() for _ in range(len(self._noted))]
        self._notes.forget()
        try:
            ref, read, written = recorder.tell(notes, list(self._cells), is_over=is_over)
            self._ref = ref or self._ref
            self._counts[0] += read
            self._counts[1] += written
            self.problem = ""
        except Exception as error:  # the notebook goes on; `%clew` tells
            self.problem = str(error)

    def _cell_name(self) -> str:
        told = self.shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or ""
        return str(told)


class _Recorder:
    """Reports one session. Used by its thread only."""

    def __init__(self, settings: Settings, path: str) -> None:
        from clew.client.connect import connect
        from clew.client.report import Reporter
        from clew.collectors.watch.touched import Touched
        from clew.collectors.watch.work import Work
        from clew.executors.hashed import Hashed
        from clew.notebook.keeper import Keeper
        from clew.notebook.outer import outer_execution

        self._path = path
        self._settings = settings
        self._client: Client = connect(settings, create=True)
        self._reporter: Reporter = Reporter(self._client, settings)
        self._touched: Touched = Touched(Hashed(settings.home.absolute() / "hashed").digest_of, threads=0)
        self._work: Work = Work(
            "Notebook",
            "notebook",
            os.path.basename(path) or "notebook",
            settings.author,
            settings.namespace,
            within=outer_execution(os.environ),
        )
        self._keeper: Keeper = Keeper(settings, self._work)

    def begin(self) -> NodeRef | None:
        """Record that it runs, and tell programs inside."""
        from clew.collectors.watch.around import git_of, machine, packages_in
        from clew.collectors.watch.work import environment_of
        from clew.metadata.states import ExecutionState

        self._reporter.send()
        (ref,) = self._reporter.settle([self._work.saying(ExecutionState.RUNNING, properties=self._kernel())])
        if ref is not None:
            os.environ.update(environment_of(ref))
        properties = git_of(os.getcwd()) | machine() | {"packages": packages_in(sys.path)}
        self._reporter.settle([self._work.saying(ExecutionState.RUNNING, properties=properties)])
        return ref

    def tell(
        self, notes: list[Note], cells: list[tuple[str, str]], *, is_over: bool
    ) -> tuple[NodeRef | None, int, int]:
        """Record what is new; how much was read and written."""
        from clew.metadata.states import ExecutionState

        for note in notes:
            self._touched.add(note)
        touches = self._touched.touches()
        code = self._code(cells)
        failed = [(number, error) for number, (_, error) in enumerate(cells, 1) if error]
        told: dict[str, Any] = {"cells": len(cells), "cells_failed": len(failed)}
        if failed:
            told["last_error"] = f"cell {failed[-1][0]}: {failed[-1][1]}"
        state = ExecutionState.COMPLETE if is_over else ExecutionState.RUNNING
        ended = time.time_ns() // 1_000_000 if is_over else None
        self._reporter.send()
        if is_over and code is not None:
            self._keep(code)
        (ref,) = self._reporter.settle([self._work.saying(state, touches, code=code, properties=told, ended_ms=ended)])
        return ref, sum(not touch.writes for touch in touches), sum(touch.writes for touch in touches)

    def close(self) -> None:
        """The end is recorded."""
        self._keeper.dismiss()
        self._client.close()

    def _code(self, cells: list[tuple[str, str]]) -> Code | None:
        from clew.collectors.watch.work import Code

        text = "".join(f"# %%\n{code.rstrip()}\n\n" for code, _ in cells if code.strip())
        if not text:
            return None
        uri = f"notebook:{self._path or 'session'}#{self._work.key[:12]}"
        return Code(text, uri, os.path.basename(self._path) or "cells", by_content=False)

    def _keep(self, code: Code) -> None:
        import io

        from clew.client.embedded import EmbeddedClient

        if isinstance(self._client, EmbeddedClient):
            self._client.home.blobs.put(io.BytesIO(code.text.encode("utf-8", "replace")))

    def _kernel(self) -> dict[str, Any]:
        told: dict[str, Any] = {"python": sys.version.split()[0], "python.executable": sys.executable}
        for name in ("IPython", "ipykernel"):
            if name in sys.modules:
                told[name.lower()] = str(getattr(sys.modules[name], "__version__", ""))
        return told | {"folder": os.getcwd()} | ({"notebook": self._path} if self._path else {})
