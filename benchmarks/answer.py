"""What the benchmark's model answers: the question says how many tokens, how long and at what pace."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = (
    b'data: {"id":"chatcmpl-B8f3kQ2yqf0mVtWb5n7XhQzR1aLcd","object":"chat.completion.chunk","created":1764000000,'
    b'"model":"gpt-4o-mini","service_tier":"default","system_fingerprint":"fp_0123456789","choices":['
)


@dataclass(frozen=True)
class Question:
    """The text of the user's message, as JSON: every function under test hands it to the model unread.

    Args:
        events: Tokens of the answer.
        size: Characters of a token; 0 makes each token carry its number and the time at which it was sent.
        delay: Seconds from the request to the first token.
        pace: Seconds between two tokens; 0 is as fast as the reader takes them.
    """

    events: int
    size: int = 0
    delay: float = 0.0
    pace: float = 0.0

    def text(self) -> str:
        """The message's text."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Question:
        """What `text` gave."""
        return Question(**json.loads(text))

    @property
    def stamped(self) -> bool:
        """Whether each token tells its times."""
        return self.size == 0


def tokens(question: Question) -> Iterator[str]:
    """The tokens of an answer without times."""
    for index in range(question.events):
        # Some are not ASCII, as in any chat that is not English.
        yield f" {index}{'é' if index % 8 == 0 else 'e'}".ljust(question.size, "x")


def stamp(index: int, received: int) -> str:
    """A token that tells its number and, in nanoseconds of CLOCK_MONOTONIC, when it and its request were made."""
    return f"{index}@{time.monotonic_ns()}/{received};"


def expected(question: Question) -> str:
    """The digest of an answer without times."""
    return digest("".join(tokens(question)))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def opening() -> bytes:
    """The event that OpenAI sends before the first token."""
    return _event(b'{"role":"assistant","content":"","refusal":null}', b"null")


def event(token: str) -> bytes:
    """A token as OpenAI sends it, in an HTTP chunk of its own, as servers write it."""
    return _event(b'{"content":%b}' % json.dumps(token, ensure_ascii=False).encode(), b"null")


def ending() -> bytes:
    """The finish reason, the usage, the end of the stream and of the HTTP body."""
    usage = (
        _HEAD
        + b'],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18,'
        + b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":'
        + b'{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}\n\n'
    )
    return _event(b"{}", b'"stop"') + chunk(usage) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """An HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(delta: bytes, reason: bytes) -> bytes:
    choice = b'{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}' % (delta, reason)
    return chunk(_HEAD + choice + b'],"usage":null}\n\n')
