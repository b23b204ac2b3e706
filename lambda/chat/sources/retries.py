"""When a failed try is repeated, and how long after: the rules of OpenAI's own SDK, within one time budget."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from chat.failures import FailureKind, SourceError
from chat.sources.log_words import for_log
from chat.sources.openai_errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from chat.parts import Part
    from chat.settings import Settings

_log = logging.getLogger(__name__)

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 8.0


async def retried(
    try_once: Callable[[float], AsyncGenerator[list[Part], None]],
    settings: Settings,
    scrub: Callable[[str], str],
    renewed: Callable[[], Awaitable[bool]],
) -> AsyncGenerator[list[Part], None]:
    """The answer of the first try that succeeds.

    A try is repeated if it fails before any part of it has been handed out, if that can help, and if the next
    one can begin within `retry_budget` seconds of the first. `first_token_timeout` bounds all of them together.
    A refused key is not tried again, but one that has replaced it is, at once and whatever the budget.

    Args:
        try_once: Makes one try, given the time on the loop's clock by which its first event must have come.
        settings: For the bounds.
        scrub: Takes secrets out of a failure's detail.
        renewed: Asks, when the key was refused, whether there is another now; no more than once with success.

    Raises:
        SourceError: the last try's failure, its detail as `for_log` makes it.
    """
    clock = asyncio.get_running_loop().time
    begun = clock()
    deadline = begun + settings.first_token_timeout
    for attempt in itertools.count():
        answered = False
        try:
            async with aclosing(try_once(deadline)) as batches:
                async for batch in batches:
                    answered = True
                    yield batch
        except SourceError as error:
            error.detail = for_log(error.detail, scrub)
            error.args = (error.detail,)
            if not answered and error.kind is FailureKind.BAD_KEY and await renewed():
                _log.warning("%s Trying again with the key that has replaced it.", error.detail)
                continue
            if answered or not isinstance(error, UpstreamError) or not error.transient:
                raise
            delay = retry_delay(attempt, error.retry_after)
            now = clock()
            if now + delay > begun + settings.retry_budget or now + delay >= deadline:
                raise
            _log.warning("%s Trying again in %.1f s.", error.detail, delay)
        else:
            return
        await asyncio.sleep(delay)


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
