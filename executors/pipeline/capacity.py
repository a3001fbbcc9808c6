"""What this machine has, and how much of it the steps under way have taken."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from clew.executors.pipeline.resources import Demand

_UNLIMITED = 1 << 60  # what cgroups write where there is no limit, and more
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Capacity:
    """What steps may take together."""

    cpus: float
    memory_bytes: int
    accelerators: tuple[str, ...] = ()
    """Numbers of the devices, as ``CUDA_VISIBLE_DEVICES`` has them."""

    def fitted(self, demand: Demand) -> tuple[Demand, str]:
        """``demand`` no larger than this machine, and what of it is not to be had, in words; empty where all is.

        On a cluster such a step would wait for a larger machine; here it is tried with what there is.
        """
        short = []
        if demand.cpus > self.cpus:
            short.append(f"{demand.cpus:g} processors, and this machine has {self.cpus:g}")
        if demand.memory_bytes > self.memory_bytes:
            short.append(f"{_gib(demand.memory_bytes)} of memory, and this machine has {_gib(self.memory_bytes)}")
        if demand.accelerators > len(self.accelerators):
            kind = demand.accelerator or "accelerators"
            short.append(f"{demand.accelerators} {kind}, and this machine has {len(self.accelerators)}")
        fitted = replace(
            demand,
            cpus=min(demand.cpus, self.cpus),
            memory_bytes=min(demand.memory_bytes, self.memory_bytes),
            accelerators=min(demand.accelerators, len(self.accelerators)),
        )
        return fitted, f"asks for {'; '.join(short)}" if short else ""


def this_machine(accelerators: int | None = None) -> Capacity:
    """What this process may use; ``accelerators`` devices where the caller knows better than we can see."""
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Capacity(cpus, _memory_bytes(), _devices(accelerators))


@dataclass(slots=True)
class Pool:
    """What is left of a capacity. For one thread."""

    capacity: Capacity
    cpus: float = 0.0
    memory_bytes: int = 0
    devices: list[str] = field(default_factory=list)
    """Those that are free."""

    @classmethod
    def full(cls, capacity: Capacity) -> Pool:
        """Nothing taken yet."""
        return cls(capacity, devices=list(capacity.accelerators))

    def fits(self, demand: Demand) -> bool:
        """Whether there is room for it now."""
        return (
            self.cpus + demand.cpus <= self.capacity.cpus + 1e-9
            and self.memory_bytes + demand.memory_bytes <= self.capacity.memory_bytes
            and demand.accelerators <= len(self.devices)
        )

    def take(self, demand: Demand) -> tuple[str, ...]:
        """Take it; the devices that are the step's."""
        self.cpus += demand.cpus
        self.memory_bytes += demand.memory_bytes
        taken, self.devices = self.devices[: demand.accelerators], self.devices[demand.accelerators :]
        return tuple(taken)

    def give_back(self, demand: Demand, devices: tuple[str, ...]) -> None:
        """Undo :meth:`take`."""
        self.cpus -= demand.cpus
        self.memory_bytes -= demand.memory_bytes
        self.devices += devices


def _memory_bytes() -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _LIMITS:
        with suppress(OSError, ValueError):
            limit = int(Path(path).read_text())
            total = min(total, limit) if limit < _UNLIMITED else total
    return total


def _devices(declared: int | None) -> tuple[str, ...]:
    visible = [word for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word.strip()]
    if declared is not None:
        return tuple(visible[:declared]) if len(visible) >= declared else tuple(map(str, range(declared)))
    found: list[str] = []
    if sys.platform == "linux":
        with suppress(OSError):
            found = sorted(m[1] for name in os.listdir("/dev") if (m := re.fullmatch(r"nvidia(\d+)", name)))
    return tuple(visible if visible and found else found)


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.3g} GiB"
