"""When a failed request may be sent again, and how long after: the rules of OpenAI's own SDK."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 8.0


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as a date.

    Args:
        headers: Names in lower case.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        # NaN and infinity are numbers to float().
        return seconds if 0 <= seconds < float("inf") else None
    if "retry-after" not in headers:
        return None
    import email.utils  # noqa: PLC0415 - 10 ms of the cold path, needed for dates alone

    try:
        date = email.utils.parsedate_to_datetime(headers["retry-after"])
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def asked_to_retry(headers: Mapping[str, str]) -> bool | None:
    """What `x-should-retry` says, which overrides the status; None if it says nothing."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", ""))


def retry_delay(attempt: int, asked: float | None) -> float:
    """Seconds before the next try: doubling from FIRST_DELAY, a random quarter less, never less than `asked`.

    Args:
        attempt: 0 after the first failure.
        asked: What `retry_after` has found.
    """
    # os.urandom, since importing `random` costs milliseconds of the cold path.
    jitter = 1 - 0.25 * os.urandom(1)[0] / 255
    delay = min(FIRST_DELAY * 2.0 ** min(attempt, 10), LONGEST_DELAY) * jitter
    return max(delay, asked or 0.0)
