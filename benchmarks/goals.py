"""What the numbers must be: each goal compares one of this project's numbers with a peer's or with a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Goal:
    """The row of "ours" is at most `limit` times the peer's, or at most `limit` itself where there is no peer.

    `equal`: reaching the limit exactly is enough.
    """

    row: str
    peer: str | None
    limit: float
    equal: bool = False

    def judge(self, medians: Mapping[str, Mapping[str, float]]) -> Verdict | None:
        """None where one of the numbers was not measured."""
        value = medians.get("ours", {}).get(self.row)
        other = 1.0 if self.peer is None else medians.get(self.peer, {}).get(self.row)
        if value is None or other is None:
            return None
        share = value / other
        return Verdict(self, value, other, share <= self.limit if self.equal else share < self.limit)


@dataclass(frozen=True)
class Verdict:
    """A goal and the numbers that it was judged on; `other` is the peer's."""

    goal: Goal
    value: float
    other: float
    reached: bool


GOALS: Final = (
    Goal("cold_ms", "a", 1 / 4, equal=True),
    Goal("cold_ms", "b", 1),
    Goal("cold_cpu_ms", "a", 1 / 4, equal=True),
    Goal("cold_cpu_ms", "b", 1),
    Goal("burst_cpu_us", "a", 1 / 5, equal=True),
    Goal("burst_cpu_us", "b", 1, equal=True),
    Goal("burst_tls_cpu_us", "a", 1 / 5, equal=True),
    Goal("burst_tls_cpu_us", "b", 1, equal=True),
    Goal("warm_ms", "a", 1 / 2, equal=True),
    Goal("warm_ms", "b", 1),
    Goal("pace_p99_ms", "a", 1),
    Goal("pace_p99_ms", "b", 1),
    Goal("memory_mb", "a", 1 / 2, equal=True),
    Goal("growth_mb", None, 2),
    Goal("growth_slow_mb", None, 2),
)
