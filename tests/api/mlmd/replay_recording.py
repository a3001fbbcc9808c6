"""Make recorded calls through the original client, to a server and to the C++ library: replay_recording.py HOST PORT.

Runs in the client's own Python. Reads the calls as JSON from stdin (tests/api/mlmd/recordings tells their form); prints
{"outcomes": {"OK": n, ...}, "differences": [...]}.
"""

import json
import sys
from collections import Counter
from typing import Any

from google.protobuf import json_format, message
from ml_metadata import errors
from ml_metadata.metadata_store import ListOptions, MetadataStore, OrderByField
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as svc


class Replay:
    """One store, and what was kept of its answers."""

    def __init__(self, config: Any) -> None:
        self.store = MetadataStore(config)
        self.kept: dict[str, Any] = {}

    def make(self, call: dict[str, Any]) -> tuple[str, Any]:
        """OK and the answer, or the name of an error and nothing."""
        try:
            answer = self._rpc(call) if "call" in call else self._method(call)
        except errors.StatusError as error:
            return type(error).__name__, None
        except KeyError as missing:  # an answer before this one was not as it should be
            return f"{missing} was not kept", None
        for name, path in call.get("keep", {}).items():
            self.kept[name] = plain(follow(answer, path), whole=True)
        return "OK", plain(answer)

    def _rpc(self, call: dict[str, Any]) -> Any:
        """As the stubs of other languages ask."""
        request = getattr(svc, f"{call['call']}Request")()
        json_format.ParseDict(self._filled(call.get("request", {})), request)
        answer = getattr(svc, f"{call['call']}Response")()
        self.store._call(call["call"], request, answer)
        return answer

    def _method(self, call: dict[str, Any]) -> Any:
        return getattr(self.store, call["method"])(**self._arguments(self._filled(call.get("arguments", {}))))

    def _filled(self, value: Any) -> Any:
        """With what was kept where it is named; what stands beside the name is laid over it."""
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        filled = {key: self._filled(item) for key, item in value.items() if key != "kept"}
        return merged(self.kept[value["kept"]], filled) if "kept" in value else filled

    def _arguments(self, value: Any) -> Any:
        """{"Artifact": {...}} as the message of that name."""
        if isinstance(value, list):
            return [self._arguments(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value)))[0].isupper():
            if name == "ListOptions":
                order = value[name].get("order_by")
                return ListOptions(**{**value[name], **({"order_by": OrderByField[order]} if order else {})})
            cls = pb
            for part in name.split("."):
                cls = getattr(cls, part)
            return json_format.ParseDict(value[name], cls())
        return {key: self._arguments(item) for key, item in value.items()}


def merged(kept: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    found = dict(kept)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found


def follow(answer: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        answer = answer[int(step)] if step.isdigit() else getattr(answer, step)
    return answer


def plain(value: Any, whole: bool = False) -> Any:
    """JSON of messages, at any depth; unless ``whole`` without what is each server's own."""
    if isinstance(value, message.Message):
        found: dict[str, Any] = json_format.MessageToDict(value)
        return found if whole else shared(value.DESCRIPTOR.name, found)
    return [plain(item, whole) for item in value] if isinstance(value, list | tuple) else value


def shared(key: str, value: Any) -> Any:
    """Without the server's own times and tokens, and the order in which it walked."""
    if isinstance(value, list):
        return [shared("", item) for item in value]
    if not isinstance(value, dict):
        return "now" if key.endswith("SinceEpoch") and int(value) > 10**12 else value
    found: dict[str, Any] = {name: shared(name, item) for name, item in value.items()}
    if "nextPageToken" in found:
        found["nextPageToken"] = "more"
    if key in ("LineageGraph", "lineageSubgraph"):
        for artifact_type in found.get("artifactTypes", ()):
            artifact_type.pop("baseType", None)  # upstream leaves it out of lineage answers
        return {name: sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) for name, items in found.items()}
    return found


def main(host: str, port: str) -> None:
    library = pb.ConnectionConfig()
    library.sqlite.SetInParent()
    theirs, ours = Replay(library), Replay(pb.MetadataStoreClientConfig(host=host, port=int(port)))
    outcomes: Counter[str] = Counter()
    differences = []
    for number, call in enumerate(json.load(sys.stdin)):
        expected, got = theirs.make(call), ours.make(call)
        outcomes[expected[0]] += 1
        if expected != got or expected[0] != call.get("error", "OK"):
            differences.append({"number": number, "call": call, "library": expected, "clew": got})
    print(json.dumps({"outcomes": outcomes, "differences": differences}))


if __name__ == "__main__":
    main(*sys.argv[1:])
