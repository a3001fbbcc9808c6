"""Clew: the system of record for machine-learning lineage.

    import clew

    clew.connect(".clew")
    with clew.execution("Train", inputs={"data": "data/raw.csv"}, project="churn") as e:
        e.log_param("depth", 3)
        e.log_metric("accuracy", 0.94)
        e.output("model.bin", type="Model")
    print(clew.trace("model.bin"))

Importing this costs next to nothing: what a name needs is loaded when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from clew.metadata.errors import ClewError
    from clew.sdk import Connection, artifacts, connect, execution, executions, impact, step, trace

__all__ = [
    "ClewError",
    "Connection",
    "artifacts",
    "connect",
    "execution",
    "executions",
    "impact",
    "step",
    "trace",
]


def __getattr__(name: str) -> Any:
    if name == "kfp":
        from importlib import import_module

        return import_module("clew.kfp")
    if name in ("load_ipython_extension", "unload_ipython_extension"):  # `%load_ext clew`
        from clew.notebook import extension

        return getattr(extension, name)
    if name not in __all__:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module("clew.metadata.errors" if name == "ClewError" else "clew.sdk"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
