"""The pace of an answer, on a clock that only moves when it is told to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.bandwidth import LAMBDA, Bandwidth, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def seconds_for(bandwidth: Bandwidth, pieces: list[int], *, lateness: float = 0.0) -> float:
    """How long the pieces take; each sleep takes `lateness` longer than asked, as timers do."""
    clock = Clock()
    pace = Pace(bandwidth, clock)
    for piece in pieces:
        if delay := pace.delay(piece):
            clock.now += delay + lateness
    return clock.now - 1000.0


def test_lambda_s_numbers() -> None:
    """6 MB at once, then 2 MB/s: the last piece of 16 MB may go after 5 seconds, less what it takes itself."""
    piece = 64 * 1024
    assert seconds_for(LAMBDA, [piece] * 96) == 0
    assert seconds_for(LAMBDA, [piece] * 256) == pytest.approx(5 - piece / LAMBDA.rate)


@given(
    pieces=st.lists(st.integers(1, 500), min_size=1, max_size=200),
    free=st.integers(0, 5000),
    rate=st.integers(1, 10_000),
)
def test_however_it_is_cut_no_more_than_the_rate_goes(pieces: list[int], free: int, rate: int) -> None:
    """All but the last piece beyond what is free have had their time, no more and no less."""
    beyond, left = [], free
    for piece in pieces:
        beyond.append(max(0, piece - left))
        left -= min(left, piece)
    paid = [size for size in beyond if size]
    expected = sum(paid[:-1]) / rate
    assert seconds_for(Bandwidth(free, rate), pieces) == pytest.approx(expected, abs=1e-6)


def test_late_timers_do_not_lower_the_rate() -> None:
    """1000 pieces, each 2 ms late: only the last one's lateness is left."""
    exact = seconds_for(Bandwidth(0, 1000.0), [10] * 1000)
    assert seconds_for(Bandwidth(0, 1000.0), [10] * 1000, lateness=0.002) == pytest.approx(exact, abs=0.0021)


def test_a_pause_is_not_saved_up() -> None:
    """Who sends nothing for a minute may make good a quarter of a second, not the minute."""
    clock = Clock()
    pace = Pace(Bandwidth(0, 1000.0), clock)
    pace.delay(100)
    clock.now += 60
    assert pace.delay(250) == 0
    assert pace.delay(1) == pytest.approx(0)
    assert pace.delay(1) == pytest.approx(0.001)
