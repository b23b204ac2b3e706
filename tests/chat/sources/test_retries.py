"""How long to wait, and who says whether: the headers as OpenAI's SDK reads them."""

from __future__ import annotations

import email.utils
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.sources.retries import FIRST_DELAY, LONGEST_DELAY, asked_to_retry, retry_after, retry_delay


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
    ],
)
def test_what_the_server_asks(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_is_counted_from_now() -> None:
    found = retry_after({"retry-after": email.utils.formatdate(time.time() + 3600, usegmt=True)})
    assert found is not None
    assert 3500 < found <= 3601


@given(st.text())
def test_no_header_is_a_crash(value: str) -> None:
    for name in ("retry-after", "retry-after-ms", "x-should-retry"):
        retry_after({name: value})
        asked_to_retry({name: value})


def test_should_retry() -> None:
    answers = [asked_to_retry({"x-should-retry": value}) for value in ("true", "false", "maybe")]
    assert answers == [True, False, None]
    assert asked_to_retry({}) is None


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1000))
def test_the_delay_doubles_with_jitter_and_is_never_less_than_asked(
    attempt: int, asked: float | None
) -> None:
    whole = min(FIRST_DELAY * 2.0 ** min(attempt, 100), LONGEST_DELAY)
    delay = retry_delay(attempt, asked)
    assert max(0.75 * whole, asked or 0) <= delay <= max(whole, asked or 0)
