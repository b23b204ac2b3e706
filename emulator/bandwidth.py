"""How fast a streamed answer may leave: some bytes at once, then so many a second.

Facts, with their sources:

- The first 6 MB of a streamed response go as fast as they come, the rest at 2 MB/s at most (AWS developer guide,
  "Response streaming for Lambda functions", bandwidth limits). MB is 1024 * 1024 here, as in Lambda's other limits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MB = 1024 * 1024
# What a late timer may make good, in seconds of the rate: without it each one's delay would lower the rate for good.
_CREDIT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """`free` bytes at any speed, then `rate` bytes a second."""

    free: int
    rate: float


LAMBDA = Bandwidth(6 * _MB, 2.0 * _MB)


class Pace:
    """The pace of one answer. `clock` gives seconds."""

    def __init__(self, bandwidth: Bandwidth, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = bandwidth.rate
        self._free = bandwidth.free
        self._clock = clock
        self._due: float | None = None

    def delay(self, size: int) -> float:
        """How many seconds `size` more bytes must wait; they count as sent then.

        Moments are reckoned from each other and not from when the sender woke, so nothing adds up.
        """
        paid = max(0, size - self._free)
        self._free -= size - paid
        if not paid:
            return 0.0
        now = self._clock()
        due = now if self._due is None else max(self._due, now - _CREDIT_SECONDS)
        self._due = due + paid / self._rate
        return max(0.0, due - now)
