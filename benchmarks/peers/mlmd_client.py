"""Time the original client against two servers in turn: mlmd_client.py OURS THEIRS --preload N [N] --seconds S.

Runs in the client's own Python. Both empty stores get the same data (of two sizes, when two are given): steps of
pipelines in runs of 10 executions and 20 artifacts, a chain of 41 nodes and a tree of 1,001. Then every call is timed
on one and the other by turns, so that what else the machine does falls on both. Prints JSON: name -> {"ours": ms,
"theirs": ms} medians, and calls a second of many threads.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import threading
import time

import ml_metadata
from ml_metadata import ListOptions, OrderByField
from ml_metadata.proto import metadata_store_pb2 as pb

KINDS = {"rows": pb.INT, "auc": pb.DOUBLE, "owner": pb.STRING}
WALK = pb.LineageSubgraphQueryOptions


def connect(port):
    config = pb.MetadataStoreClientConfig(host="127.0.0.1", port=port)
    config.channel_arguments.max_receive_message_length = 256 << 20
    return ml_metadata.MetadataStore(config)


class Side:
    """One server, the ids of what it holds, and its own source of numbers: the same on both sides."""

    def __init__(self, port):
        self.port, self.store, self.random, self.serial = port, connect(port), random.Random(7), 0
        self.dataset, self.model = (
            self.store.put_artifact_type(pb.ArtifactType(name=name, properties=KINDS)) for name in ("Dataset", "Model")
        )
        self.train = self.store.put_execution_type(pb.ExecutionType(name="Train", properties={"step": pb.INT}))
        self.run_type = self.store.put_context_type(pb.ContextType(name="Run", properties={"team": pb.STRING}))
        self.ids, self.contexts, self.known = [], [], []
        self.chain = self.tree = 0

    def artifact(self, type_id=None):
        self.serial = n = self.serial + 1
        made = pb.Artifact(type_id=type_id or self.dataset, uri=f"s3://lake/{n}/data", state=pb.Artifact.LIVE)
        made.properties["rows"].int_value = n
        made.properties["auc"].double_value = n * 7919 % 10000 / 10000
        made.properties["owner"].string_value = f"user{n % 50}"
        made.custom_properties["tag"].string_value = f"t{n % 1000}"
        return made

    def execution(self):
        made = pb.Execution(type_id=self.train, last_known_state=pb.Execution.COMPLETE)
        made.properties["step"].int_value = self.serial
        return made

    def context(self):
        self.serial += 1
        made = pb.Context(type_id=self.run_type, name=f"run-{self.serial}")
        made.properties["team"].string_value = f"team{self.serial % 20}"
        return made

    def run(self):
        executions, artifacts, edges = [self.execution() for _ in range(10)], [], []
        for i in range(10):
            edges += [(i, len(artifacts) - 1 - k, event(pb.Event.INPUT, k)) for k in range(min(3, len(artifacts)))]
            for k in range(2):
                artifacts.append(self.artifact(self.dataset if k else self.model))
                edges.append((i, len(artifacts) - 1, event(pb.Event.OUTPUT, k)))
        return executions, artifacts, [self.context()], edges

    def preload(self, artifacts):
        while len(self.ids) < artifacts:
            _, ids, contexts = self.store.put_lineage_subgraph(*self.run())
            self.ids += ids
            self.contexts += contexts
        executions, made = [self.execution() for _ in range(20)], [self.artifact() for _ in range(21)]
        edges = [
            edge
            for i in range(20)
            for edge in ((i, i, event(pb.Event.INPUT, 0)), (i, i + 1, event(pb.Event.OUTPUT, 0)))
        ]
        self.chain = self.store.put_lineage_subgraph(executions, made, [self.context()], edges)[1][0]
        executions, made, edges, before = [], [self.artifact()], [], [0] * 50
        for level in range(20):
            here = executions if level % 2 == 0 else made
            now = list(range(len(here), len(here) + 50))
            here += [self.artifact() if here is made else self.execution() for _ in range(50)]
            kind = pb.Event.OUTPUT if here is made else pb.Event.INPUT
            pairs = zip(*((before, now) if here is made else (now, before)), strict=True)
            edges += [(e, a, event(kind, 0)) for e, a in pairs]
            before = now
        self.tree = self.store.put_lineage_subgraph(executions, made, [self.context()], edges)[1][0]
        self.known = self.store.get_artifacts_by_id(self.random.sample(self.ids, min(500, len(self.ids))))

    def step(self, context=None):
        pairs = [(a, event(pb.Event.INPUT, k)) for k, a in enumerate(self.random.sample(self.known, 3))]
        pairs += [(self.artifact(self.model), event(pb.Event.OUTPUT, k)) for k in range(2)]
        return self.execution(), pairs, [context or self.context()]

    def keep_answers(self):
        walks = {"chain": self.walk(self.chain, 40, WALK.DOWNSTREAM), "tree": self.walk(self.tree, 20, WALK.DOWNSTREAM)}
        self.answers = {name: graph.SerializeToString() for name, graph in walks.items()}

    def walk(self, artifact, hops, direction):
        start = WALK.StartingNodes(filter_query=f"id = {artifact}")
        return self.store.get_lineage_subgraph(WALK(starting_artifacts=start, max_num_hops=hops, direction=direction))


EMPTY = "empty"
"""A call that finds nothing: what the wire and the client cost."""


def event(kind, position):
    steps = [pb.Event.Path.Step(key=f"port{position}"), pb.Event.Path.Step(index=0)]
    return pb.Event(type=kind, path=pb.Event.Path(steps=steps))


def listing(order, ascending, where=None, limit=20):
    options = ListOptions(limit=limit, order_by=order, is_asc=ascending, filter_query=where)
    return lambda side: side.store.get_artifacts(list_options=options)


def nothing(side):
    return side


def one(side):
    return [side.random.choice(side.ids)]


def many(side):
    return side.random.sample(side.ids, 100)


def uri(side):
    return f"s3://lake/{side.random.randrange(len(side.ids))}/data"


def context(side):
    return side.random.choice(side.contexts)


def ask(prepare, method):
    return prepare, lambda side, asked: getattr(side.store, method)(asked)


def plain(call):
    return nothing, lambda side, _: call(side)


def reread(of):
    """What the client alone does with an answer like this: parse it, and copy it into the one it hands on."""

    def call(side):
        graph = pb.LineageGraph.FromString(side.answers[of])
        copy = pb.LineageGraph()
        for field, value in graph.ListFields():
            getattr(copy, field.name).extend(value)

    return plain(call)


def calls():
    """name -> (what prepares a call, the call): both take a side."""
    by_time, by_id, by_update = OrderByField.CREATE_TIME, OrderByField.ID, OrderByField.UPDATE_TIME
    models, owned = "type = 'Model' AND state = LIVE", "properties.owner.string_value = 'user5'"
    found = {
        "empty: a name of an unknown type": plain(lambda s: s.store.get_artifact_by_type_and_name("None", "none")),
        "read: get_artifacts_by_id, 1": ask(one, "get_artifacts_by_id"),
        "read: get_artifacts_by_id, 100": ask(many, "get_artifacts_by_id"),
        "read: get_artifacts_by_uri": ask(uri, "get_artifacts_by_uri"),
        "read: get_artifacts_by_context": ask(context, "get_artifacts_by_context"),
        "read: get_events_by_artifact_ids, 100": ask(many, "get_events_by_artifact_ids"),
        "read: type and name": plain(lambda s: s.store.get_artifact_by_type_and_name("Dataset", "none")),
        "read: get_artifact_type": plain(lambda s: s.store.get_artifact_type("Dataset")),
        "read: newest 20": plain(listing(by_time, False)),
        "read: filter uri": (uri, lambda s, u: listing(by_id, True, f"uri = '{u}'")(s)),
        "read: filter context id": (context, lambda s, c: listing(by_id, True, f"contexts_a.id = {c}", 100)(s)),
        "list: type and state, by id desc": plain(listing(by_id, False, models)),
        "list: rows > 0, by create time desc": plain(listing(by_time, False, "properties.rows.int_value > 0")),
        "list: owner (2 %), by update time desc": plain(listing(by_update, False, owned)),
        "lineage: chain of 41": plain(lambda s: s.walk(s.chain, 40, WALK.DOWNSTREAM)),
        "lineage: tree of 1,001": plain(lambda s: s.walk(s.tree, 20, WALK.DOWNSTREAM)),
        "floor: the client's own part of that chain": reread("chain"),
        "floor: the client's own part of that tree": reread("tree"),
        "write: put_artifacts, 1": ask(lambda s: [s.artifact()], "put_artifacts"),
        "write: put_execution": (lambda s: s.step(), lambda s, asked: s.store.put_execution(*asked)),
        "write: put_lineage_subgraph": (lambda s: s.run(), lambda s, asked: s.store.put_lineage_subgraph(*asked)),
    }
    return found


def measure(sides, prepare, call, seconds):
    told = {"ours": [], "theirs": []}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(told["theirs"]) < 5:
        for name, side in sides.items():
            asked = prepare(side)
            began = time.perf_counter()
            call(side, asked)
            told[name].append((time.perf_counter() - began) * 1e3)
    return {name: statistics.median(times) for name, times in told.items()}


def at_once(side, threads, seconds, call):
    """Calls a second of many clients, each with a channel of its own."""
    stores = [connect(side.port) for _ in range(threads)]
    until, counts, lock = time.perf_counter() + seconds, itertools.count(), threading.Lock()

    def work(store):
        while time.perf_counter() < until:
            with lock:
                asked = side.step() if call == "put_execution" else ([side.random.choice(side.ids)],)
            if call == EMPTY:
                store.get_artifact_by_type_and_name("None", "none")
            else:
                getattr(store, call)(*asked)
            next(counts)

    workers = [threading.Thread(target=work, args=(store,)) for store in stores]
    [w.start() for w in workers]
    [w.join() for w in workers]
    return next(counts) / seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours", type=int)
    parser.add_argument("theirs", type=int)
    parser.add_argument("--preload", type=int, nargs="+", default=[2000])
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    sides = {"ours": Side(args.ours), "theirs": Side(args.theirs)}
    for side, artifacts in zip(sides.values(), 2 * args.preload, strict=False):
        side.preload(artifacts)
        side.keep_answers()
    told = {}
    for name, (prepare, call) in calls().items():
        told[name] = measure(sides, prepare, call, args.seconds)
        print(name, told[name], file=sys.stderr, flush=True)
    for call, threads in itertools.product((EMPTY, "get_artifacts_by_id", "put_execution"), (4, 16)):
        rates = {name: [] for name in sides}
        for _ in range(2):
            for name, side in sides.items():
                rates[name].append(at_once(side, threads, args.seconds, call))
        told[f"threads: {threads}, {call}"] = {name: max(found) for name, found in rates.items()}
        print(f"{threads} {call}", rates, file=sys.stderr, flush=True)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
