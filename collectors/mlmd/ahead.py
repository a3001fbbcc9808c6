"""Read a store in a process of its own, a batch ahead: reading costs as much as a third of recording what was read.

The reader keeps its one snapshot as long as the process lives, for the move and for the proof. It ends when its pipes
do, whatever became of the process that started it.
"""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

from clew.collectors.mlmd.source import Batch, Source, SourceEvent, SourceNode, Types
from clew.metadata.errors import SourceUnreachable
from clew.metadata.ids import Kind

STOP_TIMEOUT_S = 10.0
PIPE_BYTES = 1 << 20
"""Room for a batch, so that the reader need not wait for it to be fetched before it begins with the next."""
_END = "end"


class Ahead:
    """A source, read by another process. Opened by ``opener`` (``module:function``) with one argument."""

    def __init__(self, opener: str, where: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "clew.collectors.mlmd.ahead"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the process that leads
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._answers = self._process.stdin, self._process.stdout
        with suppress(AttributeError, OSError):  # only Linux can, and only as far as the system lets it
            fcntl.fcntl(self._answers, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            self.name: str = self._ask((opener, where))
        except BaseException:
            self.close()
            raise

    def types(self) -> Types:
        """All types."""
        read: Types = self._ask("types")
        return read

    def count(self, kind: Kind) -> int | None:
        """How many nodes of a kind there are."""
        counted: int | None = self._ask(("count", kind))
        return counted

    def batches(self, kind: Kind) -> Iterator[Batch]:
        """All nodes of a kind, by ascending id; to be read to the end before anything else is asked."""
        self._send(("batches", kind))
        while (answer := self._receive()) != _END:
            nodes, links, events, lost = answer
            # Plain tuples travel at half the cost.
            yield Batch(list(map(SourceNode._make, nodes)), links, list(map(SourceEvent._make, events)), lost)

    def close(self) -> None:
        """End the process."""
        for pipe in (self._asks, self._answers):
            try:
                pipe.close()
            except OSError:  # it ended first, with something left to tell it
                continue
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, question: object) -> Any:
        self._send(question)
        return self._receive()

    def _send(self, question: object) -> None:
        try:
            pickle.dump(question, self._asks)
            self._asks.flush()
        except OSError as error:
            raise self._ended() from error

    def _receive(self) -> Any:
        try:
            answer = pickle.load(self._answers)
        except (EOFError, pickle.UnpicklingError) as error:
            raise self._ended() from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ended(self) -> SourceUnreachable:
        return SourceUnreachable(
            "the process that reads the store has ended",
            field="from",
            remedy="Run again: what was moved stays, and the run goes on behind it",
        )


def main() -> None:
    """Answer questions on stdin until there are no more."""
    asks, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nobody else may speak into the pipe
    source: Source | None = None
    gc.disable()  # nothing that is read refers to itself
    try:
        while True:
            question = pickle.load(asks)
            try:
                if source is None:
                    module, _, function = question[0].partition(":")
                    source = getattr(import_module(module), function)(question[1])
                    _tell(answers, source.name)
                elif question == "types":
                    _tell(answers, source.types())
                elif question[0] == "count":
                    _tell(answers, source.count(question[1]))
                else:
                    for batch in source.batches(question[1]):
                        nodes, events = list(map(tuple, batch.nodes)), list(map(tuple, batch.events))
                        _tell(answers, (nodes, batch.links, events, batch.lost))
                    _tell(answers, _END)
            except BrokenPipeError:
                raise
            except Exception as error:
                _tell(answers, error)
    except (EOFError, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), answers.fileno())  # Python flushes it once more at exit
    finally:
        if source is not None:
            source.close()


def _tell(answers: BinaryIO, answer: object) -> None:
    pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()


if __name__ == "__main__":
    main()
