"""Verdicts on arrivals that are known to be held back or not, whatever the answer's length, pace and wait."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.smoke.verdict import (
    ENOUGH_LINES,
    FEWEST_LINES,
    LUMP,
    MODEL_SECONDS,
    MOMENT,
    Flow,
    gaps,
    judge,
    moments,
)

waits = st.floats(0.01, 60)
pauses = st.floats(2 * MOMENT, 2)
# Lines that a program reads out of one buffer.
within_a_read = st.floats(0, MOMENT / 4)


def flow(tokens: list[float], ended: float) -> Flow:
    return judge(tokens, ended).flow


def arrivals(wait: float, between: list[float]) -> list[float]:
    return list(itertools.accumulate(between, initial=wait))


@given(waits, st.lists(pauses, min_size=ENOUGH_LINES, max_size=400))
def test_a_line_at_a_time_is_a_stream_however_long_the_wait_before_it(
    wait: float, between: list[float]
) -> None:
    tokens = arrivals(wait, between)
    assert flow(tokens, tokens[-1]) is Flow.STREAMED
    assert len(moments(tokens)) == len(tokens)


@given(st.floats(MODEL_SECONDS, 60), st.lists(within_a_read, min_size=FEWEST_LINES - 1, max_size=400))
def test_all_in_one_moment_after_a_wait_was_held(wait: float, between: list[float]) -> None:
    tokens = arrivals(wait, between)
    assert flow(tokens, tokens[-1]) is Flow.HELD


@given(st.floats(1, 60), st.lists(st.integers(30, 200), min_size=2, max_size=3))
def test_a_held_answer_may_need_round_trips(wait: float, windows: list[int]) -> None:
    """A long answer is sent in a few windows of TCP, each a round trip after the one before."""
    round_trip = wait * 0.04
    tokens = [wait + number * round_trip for number, size in enumerate(windows) for _ in range(size)]
    assert flow(tokens, tokens[-1]) is Flow.HELD


@given(st.floats(0.3, 20), st.integers(3, 30), st.integers(LUMP, 100), st.floats(0.05, 2))
def test_a_buffer_that_is_handed_on_when_full(wait: float, handed: int, size: int, pause: float) -> None:
    tokens = [wait + number * pause for number in range(handed) for _ in range(size)]
    if pause * (handed - 1) > 0.2 * tokens[-1] and len(tokens) >= ENOUGH_LINES:
        assert flow(tokens, tokens[-1]) is Flow.LUMPS


@given(waits, st.lists(pauses, min_size=60, max_size=200), st.data())
def test_a_few_lumps_happen_to_anyone(wait: float, between: list[float], data: st.DataObject) -> None:
    """A third of the lines, those of moments in which a machine was busy, came together."""
    start = data.draw(st.integers(0, len(between) * 2 // 3))
    for index in range(start, start + len(between) // 3):
        between[index] = 0
    tokens = arrivals(wait, between)
    assert flow(tokens, tokens[-1]) is Flow.STREAMED


@given(st.lists(within_a_read, max_size=400))
def test_what_no_model_could_have_written_so_soon_cannot_be_told(between: list[float]) -> None:
    tokens = arrivals(0.01, between)
    assert flow(tokens, tokens[-1]) is Flow.UNCLEAR


@pytest.mark.parametrize("tokens", [[], [2.0], [2.0, 2.0], [2.0, 2.0, 2.0, 2.0]])
def test_a_few_words_cannot_be_told(tokens: list[float]) -> None:
    assert flow(tokens, 3.0) is Flow.UNCLEAR


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([1.0, 1.4, 1.8, 2.2, 2.6, 3.0], Flow.STREAMED),  # a model that sends long pieces
        ([1.0, 1.0, 1.4, 1.4, 1.8, 1.8, 2.2, 2.2], Flow.STREAMED),
        ([1.0, 1.0, 1.0, 1.4, 1.4, 1.4], Flow.UNCLEAR),
        ([5.0, 5.01, 5.02, 5.03, 5.04], Flow.UNCLEAR),
    ],
)
def test_few_lines_are_judged_by_their_moments(tokens: list[float], expected: Flow) -> None:
    assert flow(tokens, tokens[-1]) is expected


@given(st.lists(st.floats(0, 100), max_size=300).map(sorted), st.floats(0, 200))
def test_any_arrivals_are_judged(tokens: list[float], ended: float) -> None:
    verdict = judge(tokens, ended)
    assert verdict.because
    assert sum(moments(tokens)) == len(tokens)
    between = gaps(tokens)
    assert (between is None) == (len(tokens) < 2)
    if between is not None:
        assert 0 <= between.median <= between.longest
        assert between.median <= between.p95 + 1e-9
        assert between.p95 <= between.longest + 1e-9


def test_the_observation_is_said() -> None:
    assert judge([1 + n * 0.02 for n in range(50)], 2).because == (
        "50 lines of text arrived at 50 moments over 980 ms"
    )
    assert (
        judge([4.0] * 50, 4).because
        == "all 50 lines of text arrived in one moment, after 4,000 ms without any"
    )
    lumps = [float(n) for n in range(5) for _ in range(10)]
    assert judge(lumps, 4).because == "50 lines of text arrived at only 5 moments, up to 10 of them at once"
    late = [1.0] * 10 + [1 + n * 0.02 for n in range(1, 41)]
    assert judge(late, 2).because == "50 lines of text arrived at 41 moments over 800 ms, 10 of them at once"
