"""The victim of ``make torture``: a process that writes until it is killed, and notes what it was promised.

    python benchmarks/torture_writer.py URL NOTES TAG THREADS [GRAPH_FOLDER]

Before a change is committed its tag goes to NOTES (``I tag``), after the receipt came its place (``A tag seq ids``):
both reach the kernel in one write each, so a killed process has noted everything it knew. A change follows from its
tag alone: whoever reads NOTES can say it again. Ends when its standard input is closed.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from clew.metadata.change import Change
from clew.metadata.errors import Unavailable
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

SHARED_ARTIFACTS = 20
SHARED_CONTEXTS = 5
KINDS = ("step", "step", "step", "keyed", "keyed", "update", "reuse", "type")
SHAPES: dict[str, list[Counter[str]]] = {
    "step": [Counter(artifact=2, execution=1, event=5, association=1, attribution=2)],
    "keyed": [Counter(artifact=2, execution=1, event=5, association=1, attribution=2)],
    "update": [Counter(artifact=1, event=1, execution=1)],
    "reuse": [Counter(context=1, execution=1, association=1)],
    "type": [Counter(type=1)],
}
"""The operations each kind of change must have in the log: all of them, or it is half there."""


def seed(record: Record) -> None:
    """What every change refers to."""
    change = Change(actor="seed", key="seed")
    for kind, name in ((Kind.ARTIFACT, "Data"), (Kind.EXECUTION, "Step"), (Kind.CONTEXT, "Run")):
        change.type(NodeType(kind, name))
    for n in range(SHARED_ARTIFACTS):
        change.artifact("Data", name=f"shared {n}")
    for n in range(SHARED_CONTEXTS):
        change.context("Run", name=f"shared {n}")
    record.commit(change)


def kind_of(tag: str) -> str:
    """Which kind of change ``tag`` stands for."""
    return random.Random(tag).choice(KINDS)


def change_of(tag: str, *, keyed: bool = False) -> Change:
    """The change that ``tag`` stands for."""
    kind, rng = kind_of(tag), random.Random(tag + "/")
    change = Change(actor=tag, key=tag if keyed or kind != "step" else None)
    if kind in ("step", "keyed"):
        context = rng.randint(1, SHARED_CONTEXTS)
        run = change.execution(
            "Step", name=tag, state=ExecutionState.COMPLETE, custom_properties={"seed": rng.random()}
        )
        for artifact in rng.sample(range(1, SHARED_ARTIFACTS + 1), 3):
            change.event(artifact, run, EventType.INPUT, path=("in", artifact))
        for n in range(2):
            made = change.artifact(
                "Data", name=f"{tag}/{n}", state=ArtifactState.LIVE, custom_properties={"n": n, "t": tag}
            )
            change.event(made, run, EventType.OUTPUT)
            change.attribute(context, made)
        change.associate(context, run)
    elif kind == "update":
        artifact = rng.randint(1, SHARED_ARTIFACTS)
        change.artifact(id=artifact, custom_properties={"last": tag, "x": rng.random()})
        change.event(artifact, change.execution("Step"), EventType.INPUT)
    elif kind == "reuse":
        run = change.context("Run", name=f"shared {rng.randrange(SHARED_CONTEXTS)}", reuse="name")
        change.nodes[0].custom_properties = {"last": tag}
        change.associate(run, change.execution("Step", name=tag))
    else:
        change.type(NodeType(Kind.ARTIFACT, "Data", properties={tag: PropertyType.INT}))
    return change


def main() -> None:
    """Write from several threads until told to stop, or killed."""
    url, notes, tag, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    record = Record.open(url)
    seed(record)
    out = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    stop = threading.Event()
    workers = [threading.Thread(target=_write, args=(record, out, f"{tag}.{k}", stop)) for k in range(threads)]
    if len(sys.argv) > 5:
        workers.append(threading.Thread(target=_follow, args=(record, Path(sys.argv[5]), stop)))
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for worker in workers:
        worker.join()
    record.close()


def _write(record: Record, out: int, tag: str, stop: threading.Event) -> None:
    for n in range(1_000_000_000):
        if stop.is_set():
            return
        name = f"{tag}.{n}"
        os.write(out, f"I {name}\n".encode())
        receipt = _commit(record, change_of(name, keyed=record.store.dialect != "sqlite"), stop)
        if receipt is None:
            return
        os.write(out, f"A {name} {receipt.seq} {','.join(map(str, receipt.node_ids)) or '-'}\n".encode())


def _commit(record: Record, change: Change, stop: threading.Event):  # type: ignore[no-untyped-def]
    """The receipt; said again under its key for as long as the database is away."""
    while not stop.is_set():
        try:
            return record.commit(change)
        except Unavailable:
            if change.key is None:
                raise
            time.sleep(0.02)
    return None


def _follow(record: Record, folder: Path, stop: threading.Event) -> None:
    """Keep an engine at work that writes its snapshot again and again, to be killed amid that too."""
    from clew.graph.embedded.engine import EmbeddedEngine
    from clew.graph.protocol import Direction
    from clew.metadata.ids import NodeRef

    engine = EmbeddedEngine(record, folder, compact_after=50)
    while not stop.is_set():
        engine.trace([NodeRef(Kind.ARTIFACT, 1)], Direction.DOWN)
        time.sleep(0.002)
    engine.close()


if __name__ == "__main__":
    main()
