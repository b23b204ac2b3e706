"""How a stream that began well can end badly, and what to do: one sentence for each way. Does no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.smoke.exchange import End

if TYPE_CHECKING:
    from scripts.smoke.answer import StreamedAnswer
    from scripts.smoke.exchange import Exchange


def failed_end(answer: StreamedAnswer, exchange: Exchange) -> str | None:
    """What is wrong with a stream's end; None where nothing is, or where it never was a stream."""
    came = f"{len(answer.tokens)} lines of text"
    sentence = None
    if answer.error is not None:
        sentence = (
            f"The stream ended with an error part: {answer.error} Its log has more (on AWS: make logs)."
        )
    elif answer.foreign is not None:
        if answer.lines:
            sentence = f"A line is none of the data stream, and useChat throws on it: {answer.foreign}"
    elif exchange.end is End.TIMED_OUT:
        got = came if answer.tokens else "a status and no text"
        sentence = f"After {exchange.ended:.0f} s the answer had not ended, with {got} so far. TIMEOUT=… waits longer."
    elif exchange.end is End.BROKEN:
        sentence = (
            f"The connection broke off after {came}: the function was ended (its timeout, its memory, a crash), or "
            "something on the way closed it. Its log says which (on AWS: make logs)."
        )
    elif answer.lines and not answer.is_complete:
        sentence = (
            f"The stream ended after {came} without its last part (d:), as one does that is cut on the way or whose "
            "function was ended. Its log says more (on AWS: make logs)."
        )
    elif answer.is_complete and not answer.tokens:
        sentence = f"The model answered without any text (finish reason {answer.finish_reason})."
    return sentence
