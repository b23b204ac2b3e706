"""What the numbers must be: each goal compares one of this project's numbers with another's or with a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Goal:
    """The row of `of` is at most `limit` times the peer's, or at most `limit` itself where there is no peer.

    `equal`: reaching the limit exactly is enough. `beyond`: a column whose number is taken off first.
    """

    row: str
    peer: str | None
    limit: float
    equal: bool = False
    of: str = "ours"
    beyond: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns without which there is nothing to judge."""
        return [name for name in (self.of, self.peer, self.beyond) if name is not None]

    def judge(self, medians: Mapping[str, Mapping[str, float]]) -> Verdict | None:
        """None where one of the numbers was not measured."""
        numbers = {name: medians.get(name, {}).get(self.row) for name in self.columns}
        if None in numbers.values():
            return None
        value, base, other = (
            default if name is None else numbers[name] or 0.0
            for name, default in ((self.of, 0.0), (self.beyond, 0.0), (self.peer, 1.0))
        )
        share = (value - base) / other
        return Verdict(self, value, other, base, share <= self.limit if self.equal else share < self.limit)


@dataclass(frozen=True)
class Verdict:
    """A goal and the numbers that it was judged on; `other` is the peer's, `base` is what was taken off."""

    goal: Goal
    value: float
    other: float
    base: float
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
    Goal("relay_p99_ms", None, 2, of="emulator", beyond="bare"),
    Goal("crowd_gap_ms", None, 250, of="emulator"),
    Goal("page_kb", None, 200, of="page_7"),
    Goal("page_kb", None, 200, of="page_4"),
)
