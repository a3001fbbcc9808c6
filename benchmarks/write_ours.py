"""Our side of the write benchmark: the unit of work through ``Record.commit``, everything on.

    python benchmarks/write_ours.py URL one|threads|bulk STEPS [--preload STEPS] [--profile]

One step: 1 execution (4 properties), 2 artifacts (3 properties each), 3 input and 2 output events, 1 association and
2 attributions to a context. ``one``: one caller, a step a change; ``threads``: 64 callers; ``bulk``: one caller,
64 steps a change. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import threading
import time

from clew.metadata.change import Change, NodeArg, NodePut
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

RAW_ARTIFACTS = 1000
STEPS_A_RUN = 10
STEPS_A_CALL = 64
CALLERS = 64
ARTIFACT_PROPERTIES = {"accuracy": PropertyType.DOUBLE, "rows": PropertyType.INT, "split": PropertyType.STRING}
EXECUTION_PROPERTIES = {
    "image": PropertyType.STRING,
    "lr": PropertyType.DOUBLE,
    "epochs": PropertyType.INT,
    "node": PropertyType.STRING,
}


class Producer:
    """One caller: it publishes step after step, each reading what the one before it made."""

    def __init__(self, record: Record, tag: str, steps: int) -> None:
        self.record = record
        self.tag = tag
        self.random = random.Random(tag)
        self.last: tuple[NodeArg, NodeArg] = (1, 2)
        runs = Change(actor="bench")
        puts = [runs.context("Run", name=f"run-{tag}-{r}") for r in range(steps // STEPS_A_RUN + 1)]
        receipt = record.commit(runs)
        self.contexts = [receipt.id(put) for put in puts] if len(puts) < 100 else list(receipt.node_ids)

    def add_step(self, change: Change, i: int) -> tuple[NodePut, NodePut]:
        """Say step ``i`` in ``change``; return its two outputs."""
        tag, context = self.tag, self.contexts[i // STEPS_A_RUN]
        run = change.execution(
            f"Step{i % 8}",
            name=f"step-{tag}-{i}",
            state=ExecutionState.COMPLETE,
            properties={
                "image": f"registry/img:{i % 50}",
                "lr": 0.001 * i + 0.001,
                "epochs": i % 100,
                "node": f"w{i % 64}",
            },
        )
        made = [
            change.artifact(
                f"Made{k}",
                name=f"art-{tag}-{i}-{k}",
                uri=f"s3://bucket/{tag}/{i // STEPS_A_RUN}/step/{i}/out{k}",
                state=ArtifactState.LIVE,
                properties={"accuracy": 0.5 + i * 1e-7, "rows": i * 3, "split": f"train{i % 5}"},
            )
            for k in (0, 1)
        ]
        for artifact in (*self.last, self.random.randrange(3, RAW_ARTIFACTS)):
            change.event(artifact, run, EventType.INPUT)
        for artifact in made:
            change.event(artifact, run, EventType.OUTPUT)
            change.attribute(context, artifact)
        change.associate(context, run)
        return made[0], made[1]

    def publish(self, i: int) -> None:
        """Record step ``i`` as one change."""
        change = Change(actor="bench")
        first, second = self.add_step(change, i)
        receipt = self.record.commit(change)
        self.last = (receipt.id(first), receipt.id(second))

    def publish_many(self, first: int, count: int) -> None:
        """Record ``count`` steps as one change."""
        change = Change(actor="bench")
        for i in range(first, first + count):
            self.last = self.add_step(change, i)
        receipt = self.record.commit(change)
        self.last = (receipt.node_ids[-2], receipt.node_ids[-1])


def seed(record: Record) -> None:
    """Types, and the data sets every run reads."""
    change = Change(actor="bench")
    for k in range(2):
        change.type(NodeType(Kind.ARTIFACT, f"Made{k}", properties=ARTIFACT_PROPERTIES))
    change.type(NodeType(Kind.ARTIFACT, "Raw"))
    for k in range(8):
        change.type(NodeType(Kind.EXECUTION, f"Step{k}", properties=EXECUTION_PROPERTIES))
    change.type(NodeType(Kind.CONTEXT, "Run"))
    record.commit(change)
    with record.read() as reader:
        if reader.count(Kind.ARTIFACT):
            return
    raw = Change(actor="bench")
    for i in range(1, RAW_ARTIFACTS + 1):
        raw.artifact("Raw", uri=f"s3://raw/{i}", name=f"raw{i}", state=ArtifactState.LIVE)
    record.commit(raw)


def run_one(producer: Producer, steps: int) -> list[float]:
    """A step a change; the time each commit took."""
    took = []
    for i in range(steps):
        at = time.perf_counter()
        producer.publish(i)
        took.append(time.perf_counter() - at)
    return took


def run_threads(producers: list[Producer], steps: int) -> list[float]:
    """The same from many threads at once."""
    results: list[list[float]] = [[] for _ in producers]
    start = threading.Barrier(len(producers) + 1)

    def caller(k: int) -> None:
        start.wait()
        results[k] = run_one(producers[k], steps)

    threads = [threading.Thread(target=caller, args=(k,)) for k in range(len(producers))]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    if any(len(r) != steps for r in results):
        raise SystemExit("a caller failed")
    return [t for r in results for t in r]


def measure(record: Record, mode: str, steps: int) -> dict[str, float]:
    """Run one mode and return its figures."""
    tag = f"{time.time_ns():x}"
    callers = CALLERS if mode == "threads" else 1
    each = max(1, steps // callers)
    producers = [Producer(record, f"{tag}.{k}", each) for k in range(callers)]
    cpu, start = _cpu_s(), time.perf_counter()
    if mode == "bulk":
        latencies = []
        for first in range(0, each, STEPS_A_CALL):
            at = time.perf_counter()
            producers[0].publish_many(first, min(STEPS_A_CALL, each - first))
            latencies.append(time.perf_counter() - at)
    elif mode == "threads":
        latencies = run_threads(producers, each)
    else:
        latencies = run_one(producers[0], each)
    took = time.perf_counter() - start
    done = each * callers
    latencies.sort()
    return {
        "steps": done,
        "seconds": round(took, 6),
        "steps_per_s": round(done / took, 1),
        "cpu_us": round((_cpu_s() - cpu) / done * 1e6, 1),
        "p50_ms": round(latencies[len(latencies) // 2] * 1e3, 3),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1e3, 3),
    }


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Open the record, preload when asked, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("mode", choices=["one", "threads", "bulk"])
    parser.add_argument("steps", type=int)
    parser.add_argument("--preload", type=int, default=0)
    parser.add_argument("--profile", action="store_true", help="print the top of cProfile instead")
    args = parser.parse_args()
    record = Record.open(args.url)
    seed(record)
    if args.preload:
        producer = Producer(record, f"preload{time.time_ns():x}", args.preload)
        for first in range(0, args.preload, 500):
            producer.publish_many(first, min(500, args.preload - first))
    if args.profile:
        import cProfile

        cProfile.runctx("measure(record, args.mode, args.steps)", globals(), locals(), sort="tottime")
    elif args.steps:
        print(json.dumps(measure(record, args.mode, args.steps)))
    record.close()


if __name__ == "__main__":
    main()
