"""A record to explore: trials, a hub, two versions of a model, and names that try to do harm."""

from __future__ import annotations

from typing import Any

from tests.ui.screen import Served

HARM = "<img src=x onerror=alert(1)>"
LONG = "long " * 2000  # as what people call it: a name is refused beyond 2,000 bytes
ARABIC = "نموذج اللغة الكبير"
CHINESE = "大型語言模型的訓練資料集"
TRIALS, CONSUMERS = 24, 130

RECORD = "mutation Weave($change: ChangeInput!) { record(change: $change) { seq nodes { ref id } } }"
KINDS = {"Dataset": "ARTIFACT", "Model": "ARTIFACT", "Metrics": "ARTIFACT", "Study": "CONTEXT"}
TYPES = [*KINDS, "Import", "Clean", "Train", "Select", "Evaluate", "Read"]


def weave(served: Served) -> dict[str, str]:
    """Record it; the ids by what they are called here."""
    ids: dict[str, str] = {}

    def change(**parts: Any) -> None:
        types = [{"kind": KINDS.get(name, "EXECUTION"), "name": name} for name in TYPES]
        receipt = served.ask(RECORD, change={"actor": "tests", "types": types, **parts})["record"]
        ids.update({node["ref"]: node["id"] for node in receipt["nodes"] if node["ref"]})

    def made(ref: str, type_: str, name: str, **numbers: float) -> dict[str, Any]:
        properties = [{"name": key, "value": value, "kind": "DOUBLE"} for key, value in numbers.items()]
        return {"ref": ref, "type": type_, "name": name, "state": "LIVE", "customProperties": properties}

    def ran(ref: str, type_: str, inputs: list[str], outputs: list[str], state: str = "COMPLETE") -> dict[str, Any]:
        return {
            "ref": ref, "type": type_, "name": ref, "state": state,
            "startedMs": 1_700_000_000_000, "endedMs": 1_700_000_004_000,
            "inputs": [{"artifact": ids.get(one, one), "path": [one]} for one in inputs],
            "outputs": [{"artifact": ids.get(one, one), "path": [one]} for one in outputs],
        }  # fmt: skip

    change(artifacts=[made("raw", "Dataset", "raw.csv")], executions=[ran("import", "Import", [], ["raw"])])
    change(
        artifacts=[made("clean", "Dataset", "clean.csv", rows=427)],
        executions=[ran("clean-1", "Clean", ["raw"], ["clean"])],
    )
    trials = range(1, TRIALS + 1)
    change(
        contexts=[{"ref": "study", "type": "Study", "name": "depths"}],
        artifacts=[
            made(f"model-{i}", "Model", f"model {i}", accuracy=0.8 + (i * 7 % 20) / 100) for i in trials if i % 6
        ],
        executions=[
            {
                **ran(
                    f"trial-{i}", "Train", ["clean"], [f"model-{i}"] if i % 6 else [], "COMPLETE" if i % 6 else "FAILED"
                ),
                "customProperties": [{"name": "depth", "value": i % 9, "kind": "INT"}],
                "contexts": ["study"] if i % 2 else [],
            }
            for i in trials
        ],
    )
    models = [f"model-{i}" for i in trials if i % 6]
    change(
        artifacts=[made("best", "Model", "best", accuracy=0.97)],
        executions=[ran("select-1", "Select", models, ["best"])],
    )
    called = {"name": "display_name", "value": LONG}
    long = {"ref": "long", "type": "Metrics", "state": "LIVE", "customProperties": [called]}
    change(
        artifacts=[
            made("harm", "Metrics", HARM),
            long,
            made("arabic", "Dataset", ARABIC),
            made("chinese", "Dataset", CHINESE),
        ],
        executions=[ran("evaluate", "Evaluate", ["best"], ["harm", "long", "arabic", "chinese"])],
    )
    change(
        artifacts=[made("clean2", "Dataset", "clean.csv v2", rows=430)],
        executions=[ran("clean-2", "Clean", ["raw"], ["clean2"])],
    )
    change(
        artifacts=[made("second", "Model", "best v2", accuracy=0.98)],
        executions=[ran("train-2", "Train", ["clean2"], ["second"])],
    )
    change(
        artifacts=[made("hub", "Dataset", "hub")],
        executions=[ran(f"reader {i:03}", "Read", ["hub"], []) for i in range(CONSUMERS)],
    )
    return ids
