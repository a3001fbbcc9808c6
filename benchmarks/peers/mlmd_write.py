"""The peer: ml-metadata writing the unit of work through its public client. Runs in a venv of its own (Python 3.11).

    python mlmd_write.py FILE put|subgraph STEPS [--wal] [--processes P] [--preload STEPS]

``put`` calls put_execution once a step, ``subgraph`` put_lineage_subgraph once for 64 steps. Preloaded rows are written
straight into its tables, as its own calls leave them. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import time

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

RAW_ARTIFACTS = 1000
STEPS_A_RUN = 10
STEPS_A_CALL = 64
ARTIFACT_PROPERTIES = {"accuracy": pb.DOUBLE, "rows": pb.INT, "split": pb.STRING}
EXECUTION_PROPERTIES = {"image": pb.STRING, "lr": pb.DOUBLE, "epochs": pb.INT, "node": pb.STRING}


class Peer:
    """One store and the ids a driver needs."""

    def __init__(self, file: str, tag: str) -> None:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = file
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(config)
        self.tag = tag
        self.random = random.Random(tag)
        self.artifact_types = [
            self.store.put_artifact_type(pb.ArtifactType(name=f"Made{k}", properties=ARTIFACT_PROPERTIES))
            for k in range(2)
        ]
        self.raw_type = self.store.put_artifact_type(pb.ArtifactType(name="Raw"))
        self.execution_types = [
            self.store.put_execution_type(pb.ExecutionType(name=f"Step{k}", properties=EXECUTION_PROPERTIES))
            for k in range(8)
        ]
        self.context_type = self.store.put_context_type(pb.ContextType(name="Run"))
        self.contexts: list[pb.Context] = []

    def seed_raw(self) -> None:
        """The data sets every run reads."""
        if not self.store.get_artifacts_by_id([1]):
            self.store.put_artifacts(
                [
                    pb.Artifact(type_id=self.raw_type, uri=f"s3://raw/{i}", name=f"raw{i}", state=pb.Artifact.LIVE)
                    for i in range(1, RAW_ARTIFACTS + 1)
                ]
            )

    def load_raw(self) -> None:
        """Fetch them: a put of an input must carry the artifact as it is."""
        self.raw = self.store.get_artifacts_by_id(range(1, RAW_ARTIFACTS + 1))
        self.last = self.raw[:2]

    def make_contexts(self, steps: int) -> None:
        """The runs the steps belong to, one for ten."""
        self.contexts = [
            pb.Context(type_id=self.context_type, name=f"run-{self.tag}-{r}") for r in range(steps // STEPS_A_RUN + 1)
        ]
        ids = self._retry(lambda: self.store.put_contexts(self.contexts))
        _take_ids(self.contexts, ids)

    def execution(self, i: int) -> pb.Execution:
        """The execution of step ``i``."""
        e = pb.Execution(
            type_id=self.execution_types[i % 8], name=f"step-{self.tag}-{i}", last_known_state=pb.Execution.COMPLETE
        )
        e.properties["image"].string_value = f"registry/img:{i % 50}"
        e.properties["lr"].double_value = 0.001 * i
        e.properties["epochs"].int_value = i % 100
        e.properties["node"].string_value = f"w{i % 64}"
        return e

    def outputs(self, i: int) -> list[pb.Artifact]:
        """The two artifacts step ``i`` makes."""
        made = []
        for k in range(2):
            a = pb.Artifact(
                type_id=self.artifact_types[k],
                uri=f"s3://bucket/{self.tag}/{i // STEPS_A_RUN}/step/{i}/out{k}",
                name=f"art-{self.tag}-{i}-{k}",
                state=pb.Artifact.LIVE,
            )
            a.properties["accuracy"].double_value = 0.5 + i * 1e-7
            a.properties["rows"].int_value = i * 3
            a.properties["split"].string_value = f"train{i % 5}"
            made.append(a)
        return made

    def put(self, i: int) -> None:
        """Publish step ``i`` with put_execution."""
        context = self.contexts[i // STEPS_A_RUN]
        made = self.outputs(i)
        inputs = [*self.last, self.raw[self.random.randrange(2, RAW_ARTIFACTS)]]
        pairs = [(a, pb.Event(type=pb.Event.INPUT)) for a in inputs] + [
            (a, pb.Event(type=pb.Event.OUTPUT)) for a in made
        ]
        execution = self.execution(i)
        _, ids, _ = self._retry(
            lambda: self.store.put_execution(execution, pairs, [context], reuse_context_if_already_exist=True)
        )
        _take_ids(made, ids[3:])
        self.last = made

    def put_many(self, first: int, count: int) -> None:
        """Publish ``count`` steps with one put_lineage_subgraph."""
        artifacts, edges = list(self.last), []
        place = {a.id: k for k, a in enumerate(artifacts)}
        before = (0, 1)
        executions = [self.execution(i) for i in range(first, first + count)]
        for n, i in enumerate(range(first, first + count)):
            raw = self.raw[self.random.randrange(2, RAW_ARTIFACTS)]
            if raw.id not in place:
                place[raw.id] = len(artifacts)
                artifacts.append(raw)
            edges += [(n, k, pb.Event(type=pb.Event.INPUT)) for k in (*before, place[raw.id])]
            before = (len(artifacts), len(artifacts) + 1)
            artifacts += self.outputs(i)
            edges += [(n, k, pb.Event(type=pb.Event.OUTPUT)) for k in before]
        context = pb.Context(type_id=self.context_type, name=f"bulk-{self.tag}-{first}")
        _, ids, _ = self.store.put_lineage_subgraph(executions, artifacts, [context], edges, True)
        self.last = artifacts[-2:]
        _take_ids(self.last, ids[-2:])

    @staticmethod
    def _retry(call):
        """Where several write one file it may answer that the database is locked; trying again is the caller's."""
        for _ in range(2000):
            try:
                return call()
            except (errors.AbortedError, errors.InternalError, errors.AlreadyExistsError) as error:
                if "locked" not in str(error).lower() and not isinstance(error, errors.AbortedError):
                    raise
        raise RuntimeError("ml-metadata stayed locked")


def _take_ids(nodes, ids) -> None:
    for node, id_ in zip(nodes, ids, strict=True):
        node.id = id_


def preload(file: str, peer: Peer, steps: int) -> None:
    """Write ``steps`` steps as rows, as the client's own calls would leave them."""
    c = sqlite3.connect(file, isolation_level=None)
    c.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; BEGIN")
    now, a0 = 1_700_000_000_000, RAW_ARTIFACTS + 1
    n = range(steps)
    c.executemany(
        "INSERT INTO Context VALUES(?,?,?,NULL,?,?)",
        ((r + 1, peer.context_type, f"run-pre-{r}", now, now) for r in range(steps // STEPS_A_RUN + 1)),
    )
    c.executemany(
        "INSERT INTO Execution VALUES(?,?,3,?,NULL,?,?)",
        ((i + 1, peer.execution_types[i % 8], f"step-pre-{i}", now + i, now + i) for i in n),
    )
    c.executemany(
        "INSERT INTO ExecutionProperty VALUES(?,?,0,?,?,?,NULL,NULL,NULL)",
        (
            (i + 1, *row)
            for i in n
            for row in (
                ("image", None, None, f"registry/img:{i % 50}"), ("lr", None, 0.001 * i, None),
                ("epochs", i % 100, None, None), ("node", None, None, f"w{i % 64}"),
            )
        ),
    )  # fmt: skip
    c.executemany(
        "INSERT INTO Artifact VALUES(?,?,?,2,?,NULL,?,?)",
        (
            (
                a0 + 2 * i + k, peer.artifact_types[k], f"s3://bucket/pre/{i // 10}/step/{i}/out{k}",
                f"art-pre-{i}-{k}", now + i, now + i,
            )
            for i in n
            for k in (0, 1)
        ),
    )  # fmt: skip
    c.executemany(
        "INSERT INTO ArtifactProperty VALUES(?,?,0,?,?,?,NULL,NULL,NULL)",
        (
            (a0 + 2 * i + k, *row)
            for i in n
            for k in (0, 1)
            for row in (
                ("accuracy", None, 0.5 + i * 1e-7, None), ("rows", i * 3, None, None),
                ("split", None, None, f"train{i % 5}"),
            )
        ),
    )  # fmt: skip
    c.executemany(
        "INSERT INTO Event(artifact_id, execution_id, type, milliseconds_since_epoch) VALUES(?,?,?,?)",
        (
            (a, i + 1, kind, now + i)
            for i in n
            for a, kind in (
                (a0 + 2 * i - 2 if i else 1, 3), (a0 + 2 * i - 1 if i else 2, 3), (3 + i * 7919 % 997, 3),
                (a0 + 2 * i, 4), (a0 + 2 * i + 1, 4),
            )
        ),
    )  # fmt: skip
    c.executemany(
        "INSERT INTO Association(context_id, execution_id) VALUES(?,?)", ((i // STEPS_A_RUN + 1, i + 1) for i in n)
    )
    c.executemany(
        "INSERT INTO Attribution(context_id, artifact_id) VALUES(?,?)",
        ((i // STEPS_A_RUN + 1, a0 + 2 * i + k) for i in n for k in (0, 1)),
    )
    c.execute("COMMIT")
    c.close()


def worker(args: argparse.Namespace) -> None:
    """Write ``steps`` steps after the parent's word; print when ready and when done."""
    peer = Peer(args.file, args.tag)
    peer.load_raw()
    if args.mode == "put":
        peer.make_contexts(args.steps)
        peer.put(0)
    print("ready", flush=True)
    sys.stdin.readline()
    cpu = time.process_time()
    latencies = []
    if args.mode == "subgraph":
        for first in range(0, args.steps, STEPS_A_CALL):
            peer.put_many(first, min(STEPS_A_CALL, args.steps - first))
    else:
        for i in range(1, args.steps + 1):
            at = time.perf_counter()
            peer.put(i)
            latencies.append(time.perf_counter() - at)
    p50 = sorted(latencies)[len(latencies) // 2] * 1e3 if latencies else 0.0
    print(json.dumps({"cpu_us": (time.process_time() - cpu) / args.steps * 1e6, "p50_ms": p50}), flush=True)


def main() -> None:
    """Prepare the file, run the workers, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("mode", choices=["put", "subgraph"])
    parser.add_argument("steps", type=int)
    parser.add_argument("--wal", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--preload", type=int, default=0)
    parser.add_argument("--tag", default="")
    args = parser.parse_args()
    if args.tag:
        worker(args)
        return
    new = not os.path.exists(args.file)
    if new:
        peer = Peer(args.file, "seed")
        peer.seed_raw()
        preload(args.file, peer, args.preload)
        del peer
    c = sqlite3.connect(args.file)
    c.execute("PRAGMA journal_mode=" + ("WAL" if args.wal else "DELETE"))
    c.close()
    each = max(1, args.steps // args.processes)
    base = f"{time.time_ns():x}"
    command = [sys.executable, __file__, args.file, args.mode, str(each)]
    children = []
    for k in range(args.processes):
        child = subprocess.Popen(
            [*command, "--tag", f"{base}.{k}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            raise SystemExit("a worker did not start")
        children.append(child)
    start = time.perf_counter()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    reports = [json.loads(child.stdout.readline()) for child in children]
    took = time.perf_counter() - start
    for child in children:
        child.communicate()
    steps = each * args.processes
    c = sqlite3.connect(args.file)
    (events,) = c.execute("SELECT count(*) FROM Event").fetchone()
    print(json.dumps({
        "steps": steps, "seconds": round(took, 6), "steps_per_s": round(steps / took, 1), "events": events,
        "cpu_us": round(sum(r["cpu_us"] for r in reports) / len(reports), 1), "p50_ms": round(reports[0]["p50_ms"], 3),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
