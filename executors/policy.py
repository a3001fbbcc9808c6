"""Cache policies: which earlier executions may be reused. They compose; none holds a flag."""

from __future__ import annotations

from dataclasses import dataclass

from clew.executors.protocol import CachePolicy
from clew.metadata.node import Execution


@dataclass(frozen=True, slots=True)
class Always:
    """Reuse whatever is sound."""

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Never refuses."""
        return ""


@dataclass(frozen=True, slots=True)
class Never:
    """Reuse nothing."""

    reason: str = "reuse is off"

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Refuses with the reason."""
        return self.reason


@dataclass(frozen=True, slots=True)
class MaxAge:
    """Reuse what is younger than ``seconds``."""

    seconds: float

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Refuses what ended longer ago."""
        age_s = (now_ms - (earlier.ended_ms or earlier.created_ms)) / 1000
        return f"it is {age_s:.0f} s old, more than {self.seconds:g} s" if age_s > self.seconds else ""


class AllOf:
    """Reuse what every one of ``policies`` allows."""

    def __init__(self, *policies: CachePolicy) -> None:
        self.policies = policies

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Refuses with the first refusal."""
        return next((why for p in self.policies if (why := p.refuses(earlier, now_ms))), "")


class AnyOf:
    """Reuse what one of ``policies`` allows."""

    def __init__(self, *policies: CachePolicy) -> None:
        self.policies = policies

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Refuses with all the refusals."""
        reasons = [p.refuses(earlier, now_ms) for p in self.policies]
        return "" if "" in reasons else " and ".join(reasons)
