"""What a chat writes: the recorded counts are what the function really makes."""

from __future__ import annotations

import pytest

from scripts.costs import chat


async def test_the_recorded_counts_are_measured_ones() -> None:
    """Ids and times differ by some bytes from run to run, and how many tokens one read brings by some more."""
    measured = await chat.measure()
    assert measured.log_events == chat.MEASURED.log_events
    assert measured.log_bytes == pytest.approx(chat.MEASURED.log_bytes, rel=0.03)
    assert measured.refused_log_events == chat.MEASURED.refused_log_events
    assert measured.refused_log_bytes == pytest.approx(chat.MEASURED.refused_log_bytes, rel=0.03)
    assert measured.answer_bytes_per_token == pytest.approx(chat.MEASURED.answer_bytes_per_token, rel=0.15)


def test_each_event_is_charged_with_its_overhead() -> None:
    one = chat.MEASURED._replace(log_bytes=1000, log_events=1, refused_log_bytes=500, refused_log_events=1)
    two = one._replace(log_events=2, refused_log_events=3)
    assert chat.logged_bytes(two) - chat.logged_bytes(one) == chat.EVENT_OVERHEAD
    assert chat.logged_bytes(one) > 1000 + 3 * chat.EVENT_OVERHEAD
    assert chat.refused_logged_bytes(two) - chat.refused_logged_bytes(one) == 2 * chat.EVENT_OVERHEAD
    assert chat.logged_bytes(one) - chat.refused_logged_bytes(one) == 500
