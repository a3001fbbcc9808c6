"""Call sequences generated from a seed, sent to two servers, and what they answer made comparable."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

API = "/api/2.0/mlflow/"
KEYS = ["a", "b", "val loss", "x/y", "deep.key", "c:d"]
ODD_KEYS = ["", "../k", "b$d", "/abs", "k" * 251, "a//b", "."]
VALUES = ["1", "2", "tree", "net", "", "it's", 'q"q', "T%", "x_y"]
NUMBERS: list[Any] = [0, 1, -1.5, 0.25, 1e300, "NaN", "Infinity", "-Infinity", "0.5", 7]
ODD_NUMBERS: list[Any] = ["abc", None, "", True]
"""No wrong types are sent inside a batch: MLflow records what it could read before them, Clew refuses."""
CLAUSES = [
    "metrics.a > 0", "metrics.a <= 1", "metrics.`val loss` != 0.25", "metrics.b = 0", "metrics.nope < 1",
    "params.a = '1'", "params.b != 'tree'", "params.a LIKE 't%'", "params.a ILIKE 'T%'", "params.`val loss` IS NULL",
    "tags.a = 'net'", "tags.b IS NOT NULL", "tags.a LIKE '%e%'", 'tags."c:d" = "2"', "tags.a IS NULL",
    "attributes.status = 'FINISHED'", "status != 'FAILED'", "start_time > 500", "created <= 900", "end_time >= 0",
    "run_name LIKE 'r1%'", "attributes.run_name = 'r3'", "attr.user_id = 'ann'", "user_id ILIKE 'A%'",
    "dataset.name = 'd1'", "dataset.digest LIKE 'x%'", "datasets.context = 'training'", "dataset.name IN ('d1', 'd2')",
    "attributes.run_id NOT IN ('x')", "run.artifact_uri LIKE 'mlflow%'",
]  # fmt: skip
ODD_CLAUSES = [
    "metrics.a = 'x'", "params.a = 1", "foo = 1", "metrics.a", "params.a IN ('1')", "metrics.a IS NULL",
    "start_time > 'x'", "status IN ('RUNNING')", "a.b.c = 'x'", "status = 'RUNNING' OR status = 'FAILED'",
    "params.a = tree", "dataset.nope = 'x'", "attributes.nope = '1'", "tags.a > '1'", "metrics.a LIKE 'x'",
    "dataset.name > 'x'", "start_time LIKE 'x'", "run_id IN ()", "run_id IN (1)",
]  # fmt: skip
ORDERS = [
    "metrics.a DESC", "metrics.`val loss`", "params.a", "params.b DESC", "tags.a ASC", "start_time ASC",
    "attributes.end_time DESC", "status", "run_name desc", "user_id", "created DESC", "metrics.b",
]  # fmt: skip
ODD_ORDERS = ["start_time sideways", "foo", "metrics.a DESC extra", "attributes.nope", "dataset.name", ""]
_SET = re.compile(r"\{('[^{}]*')\}?")


@dataclass
class Server:
    """One of the two: where it is, and its ids of what both know by a symbol."""

    client: httpx.Client
    ids: dict[str, str] = field(default_factory=dict)

    def fill(self, value: Any) -> Any:
        """Symbols (``$run3``) become this server's ids."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def call(self, method: str, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        filled = self.fill(body)
        if method == "GET":
            answer = self.client.get(API + name, params=filled)
        else:
            answer = self.client.post(
                API + name, content=json.dumps(filled), headers={"content-type": "application/json"}
            )
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, {"text": answer.text[:100]}

    def plain(self, value: Any) -> Any:
        """An answer with symbols for ids, without times of the server's own, lists of keys in order."""
        return _plain(value, {real: symbol for symbol, real in self.ids.items() if len(real) > 8})


def _plain(value: Any, symbols: dict[str, str]) -> Any:
    if isinstance(value, dict):
        dropped = ("sqlstate", "error_class", "creation_time", "last_update_time", "experiment_id", "artifact_location")
        return {key: _plain(item, symbols) for key, item in value.items() if key not in dropped}
    if isinstance(value, list):
        items = [_plain(item, symbols) for item in value]
        if items and isinstance(items[0], dict) and "dataset" in items[0]:  # MLflow's come by random ids
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        keyed = all(isinstance(item, dict) and ("key" in item and len(item) <= 4) for item in items)
        in_steps = any(isinstance(item, dict) and "step" in item for item in items) and len(items) != len(
            {item["key"] for item in items if isinstance(item, dict) and "key" in item}
        )
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if keyed and not in_steps else items
    if isinstance(value, str):
        for real, symbol in symbols.items():
            value = value.replace(real, symbol)
        value = re.sub(r"mlflow-artifacts:/\d+", "mlflow-artifacts:/E", value)
        value = re.sub(r"(No Experiment with id=|The experiment |in experiment with id )\d+", r"\1E", value)
        value = re.sub(r"(Error: )[\s\S]*", r"\1", value)
        return _SET.sub(lambda match: "{" + ", ".join(sorted(re.findall(r"'[^']*'", match[1]))) + "}", value)
    return value


class Calls:
    """Makes the next call from what was made before."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.runs: list[str] = []
        self.experiments: list[str] = []

    def next(self) -> tuple[str, str, dict[str, Any], str]:
        """Method, endpoint, parameters, and the symbol of what it makes."""
        if not self.experiments or self.random.random() < 0.02:
            return self._experiment()
        if len(self.runs) < 3 or self.random.random() < 0.06:
            return self._run()
        made = self.random.choice(_MAKERS)(self)
        return (*made, "")

    def one(self, items: list[Any], odd: list[Any], share: float = 0.06) -> Any:
        return self.random.choice(odd if self.random.random() < share else items)

    def run(self) -> str:
        return str(self.one(self.runs, ["no-such-run", ""], 0.02))

    def experiment(self) -> str:
        return str(self.one(self.experiments, ["999999", "abc", ""], 0.03))

    def pair(self, share: float = 0.05) -> dict[str, Any]:
        return {"key": self.one(KEYS, ODD_KEYS, share), "value": self.random.choice(VALUES)}

    def metric(self, share: float = 0.05, alone: bool = False) -> dict[str, Any]:
        return {
            "key": self.one(KEYS, ODD_KEYS, share),
            "value": self.one(NUMBERS, ODD_NUMBERS if alone else [None, ""], share),
            "timestamp": self.one([0, 1, 2, "3", 10**12], [-1, "x", None] if alone else [-1, None], share),
            "step": self.one([0, 1, 2, 3, -1], ["x"] if alone else [0], share / 3),
        }

    def _experiment(self) -> tuple[str, str, dict[str, Any], str]:
        name = f"e{self.seed}-{len(self.experiments)}"
        self.experiments.append(f"${name}")
        return "POST", "experiments/create", {"name": name, "tags": [self.pair(0)]}, f"${name}"

    def _run(self) -> tuple[str, str, dict[str, Any], str]:
        symbol = f"$run{self.seed}-{len(self.runs)}"
        self.runs.append(symbol)
        # In one experiment that is never deleted, each at a time of its own: the order of equals is the server's.
        body = {
            "experiment_id": self.experiments[0],
            "start_time": 100 * len(self.runs),
            "run_name": f"r{len(self.runs)}",
            "user_id": self.random.choice(["ann", "bob", ""]),
            "tags": [self.pair(0)],
        }
        return "POST", "runs/create", body, symbol


Made = tuple[str, str, dict[str, Any]]


def _log_metric(calls: Calls) -> Made:
    return "POST", "runs/log-metric", {"run_id": calls.run(), **calls.metric(0.1, True)}


def _log_param(calls: Calls) -> Made:
    return "POST", "runs/log-parameter", {"run_id": calls.run(), **calls.pair(0.1)}


def _set_tag(calls: Calls) -> Made:
    return "POST", "runs/set-tag", {"run_id": calls.run(), **calls.pair(0.1)}


def _delete_tag(calls: Calls) -> Made:
    return "POST", "runs/delete-tag", {"run_id": calls.run(), "key": calls.random.choice(KEYS)}


def _log_batch(calls: Calls) -> Made:
    def some(make: Any, most: int) -> list[Any]:
        return [make(0.02) for _ in range(calls.random.randrange(most))]

    body = {
        "run_id": calls.run(),
        "metrics": some(calls.metric, 6),
        "params": some(calls.pair, 3),
        "tags": some(calls.pair, 3),
    }
    return "POST", "runs/log-batch", body


def _update(calls: Calls) -> Made:
    body: dict[str, Any] = {
        "run_id": calls.run(),
        "status": calls.random.choice(["RUNNING", "FINISHED", "FAILED", "KILLED"]),
    }
    if calls.random.random() < 0.5:
        body["end_time"] = calls.random.randrange(1000)
    if calls.random.random() < 0.2:
        body["run_name"] = f"r{calls.random.randrange(30)}"
    return "POST", "runs/update", body


def _turn(calls: Calls) -> Made:
    return "POST", calls.random.choice(["runs/delete", "runs/restore", "runs/restore"]), {"run_id": calls.run()}


def _get(calls: Calls) -> Made:
    return "GET", "runs/get", {"run_id": calls.run()}


def _history(calls: Calls) -> Made:
    body: dict[str, Any] = {"run_id": calls.run(), "metric_key": calls.random.choice(KEYS)}
    if calls.random.random() < 0.3:
        body["max_results"] = calls.one([1, 2, 3], [0, -1, "x"])
    return "GET", "metrics/get-history", body


def _interval(calls: Calls) -> Made:
    body: dict[str, Any] = {"run_ids": [calls.run()], "metric_key": calls.random.choice(KEYS)}
    body["max_results"] = calls.one([1, 2, 3, 2500], [0, 2501])
    if calls.random.random() < 0.3:
        body |= {"start_step": calls.random.randrange(3), "end_step": calls.random.randrange(4)}
    return "GET", "metrics/get-history-bulk-interval", body


def _inputs(calls: Calls) -> Made:
    name = calls.random.choice(["d1", "d2"])
    dataset = {
        "name": name,
        "digest": f"x{name}",
        "source_type": "local",
        "source": json.dumps({"uri": f"/data/{name}.csv"}),
    }
    tags = [{"key": "mlflow.data.context", "value": calls.random.choice(["training", "test"])}]
    return "POST", "runs/log-inputs", {"run_id": calls.run(), "datasets": [{"dataset": dataset, "tags": tags}]}


def _search(calls: Calls) -> Made:
    body: dict[str, Any] = {"experiment_ids": [calls.experiments[0]]}
    clauses = [calls.one(CLAUSES, ODD_CLAUSES, 0.1) for _ in range(calls.random.randrange(3))]
    body["filter"] = calls.random.choice([" AND ", " and "]).join(clauses)
    body["order_by"] = [calls.one(ORDERS, ODD_ORDERS, 0.05) for _ in range(calls.random.randrange(3))]
    if calls.random.random() < 0.4:
        body["max_results"] = calls.one([1, 2, 5], [0, 50_001, "x"])
    body["run_view_type"] = calls.random.choice(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
    return "POST", "runs/search", body


def _experiment_call(calls: Calls) -> Made:
    name = calls.random.choice(["get", "set-experiment-tag", "update", "delete", "restore", "get-by-name"])
    body: dict[str, Any] = {"experiment_id": calls.experiment()}
    if name in ("update", "delete") and body["experiment_id"] == calls.experiments[0]:
        name = "get"
    if name == "set-experiment-tag":
        body |= calls.pair(0.1)
    if name == "update":
        body["new_name"] = f"new{calls.seed}-{calls.random.randrange(1 << 40)}"
    if name == "get-by-name":
        body = {"experiment_name": f"e{calls.seed}-{calls.random.randrange(4)}"}
    return ("GET" if name.startswith("get") else "POST"), f"experiments/{name}", body


_MAKERS = [
    _log_metric, _log_metric, _log_metric, _log_param, _log_param, _set_tag, _delete_tag, _log_batch, _log_batch,
    _update, _turn, _get, _get, _history, _interval, _inputs, _search, _search, _search, _experiment_call,
]  # fmt: skip


def differences(real: Server, ours: Server, seed: int, calls: int) -> list[str]:
    """Send the same calls to both; what differs, told so that it can be made again."""
    made, found = Calls(seed), []
    for number in range(calls):
        method, name, body, symbol = made.next()
        told = [server.call(method, name, body) for server in (real, ours)]
        if symbol:
            for server, (status, answer) in zip((real, ours), told, strict=True):
                assert status == 200, (name, body, status, answer)
                run = answer.get("run", {}).get("info", {}).get("run_id")
                server.ids[symbol] = run or answer["experiment_id"]
        plain = [(status, server.plain(answer)) for server, (status, answer) in zip((real, ours), told, strict=True)]
        if plain[0] != plain[1]:
            found.append(f"seed {seed} call {number}: {method} {name} {json.dumps(body)}: {_first(plain[0], plain[1])}")
    return found


def _first(real: Any, ours: Any, path: str = "") -> str:
    """The first place where two answers differ."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted(real.keys() | ours.keys()):
            if real.get(key) != ours.get(key):
                return _first(real.get(key), ours.get(key), f"{path}.{key}")
    if isinstance(real, list | tuple) and isinstance(ours, list | tuple) and len(real) == len(ours):
        for index, (one, other) in enumerate(zip(real, ours, strict=True)):
            if one != other:
                return _first(one, other, f"{path}[{index}]")
    return f"{path}\n  real {real}\n  ours {ours}"
