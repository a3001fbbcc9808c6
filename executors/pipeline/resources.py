"""What a task asks of the machine: processors, memory, accelerators; as Kubernetes writes quantities.

Source: kubernetes.io, "Resource management for pods and containers" and ``Quantity``; KFP ``ResourceSpec``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+)|(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?")
_SCALE = {"": 1.0, "m": 1e-3} | {u: 1000.0**i for i, u in enumerate(("k", "M", "G", "T", "P", "E"), 1)}
_SCALE |= {u: 1024.0**i for i, u in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}


@dataclass(frozen=True, slots=True)
class Resources:
    """As written: quantities, or placeholders over the task's inputs; empty where nothing is asked."""

    cpu_request: str = ""
    cpu_limit: str = ""
    memory_request: str = ""
    memory_limit: str = ""
    accelerator: str = ""
    """The resource's name: ``nvidia.com/gpu``."""
    accelerators: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one step counts for, and what it may not exceed."""

    cpus: float = 0.0
    memory_bytes: int = 0
    accelerators: int = 0
    accelerator: str = ""
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None


NOTHING, NO_DEMAND = Resources(), Demand()
"""Of most tasks."""


def quantity(text: str) -> float | None:
    """A quantity of Kubernetes as a number; None for what is none."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    return float(match[1]) * (10.0 ** int(match[2]) if match[2] else _SCALE[match[3] or ""])
