"""Every way in which a request to one of the two functions ends, as something to do with a running function.

`emitted_metrics()` plays them all and gives the metrics that the functions really told: what dashboards and alarms may
rest on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chat.function.conftest import Function, chat, url_event
from tests.fakes.emf import Identity, emf_lines
from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.runtime_process import Starter
from tests.fakes.upstream import (
    RESET,
    FakeUpstream,
    Reply,
    chunk,
    error_reply,
    event,
    text_events,
    text_reply,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

NAMESPACE = "Chat/Test"
ENVIRONMENT = {"CHAT_METRICS_NAMESPACE": NAMESPACE, "CHAT_KEEPALIVE": "0.2", "CHAT_DEADLINE_MARGIN": "2.5"}

BEGUN = [event(chunk({"role": "assistant", "content": ""})), event(chunk({"content": "Hel"}))]

GOOD = {"Answers": 1, "Errors": 0, "DeadlineCuts": 0, "RejectedRequests": 0}
FAILED = GOOD | {"Errors": 1}
REJECTED = {"Answers": 0, "Errors": 0, "DeadlineCuts": 0, "RejectedRequests": 1}
TOKENS = {"InputTokens": 5, "OutputTokens": 7}


@dataclass(frozen=True)
class Ending:
    """What to do, and what its line must tell: values, properties, and which measures of time are there."""

    play: Callable[[Function], Awaitable[object]]
    metrics: Mapping[str, float]
    times: set[str]
    properties: dict[str, Any] = field(default_factory=dict)


def _asked(*replies: Reply, sent: Any = None, **options: Any) -> Callable[[Function], Awaitable[object]]:
    """Send one request, the upstream answering as scripted, and wait for all of the response."""

    async def play(function: Function) -> None:
        function.upstream.enqueue(*replies)
        await function.send(url_event(chat()) if sent is None else sent, **options).result()

    return play


async def _slowly(function: Function) -> None:
    """The last token comes after a heartbeat's time of silence."""
    hold = asyncio.Event()
    function.upstream.enqueue(Reply([*BEGUN, hold, *text_events("lo")[1:]]))
    invocation = function.send(url_event(chat()))
    while b"Hel" not in await invocation.chunk():
        pass
    assert await invocation.chunk() == b"\n"
    hold.set()
    await invocation.result()


def streamed() -> dict[str, Ending]:
    """The streaming function's endings, new replies and all; each leaves it ready for the next."""
    duration, first = {"Duration"}, {"Duration", "TimeToFirstToken"}
    return {
        "good": Ending(_asked(text_reply("Hel", "lo")), GOOD | TOKENS, first, {"finishReason": "stop"}),
        "good and slow": Ending(
            _slowly, GOOD | TOKENS, first | {"TokensPerSecond"}, {"finishReason": "stop"}
        ),
        "a direct event": Ending(_asked(text_reply("Hello"), sent=chat()), GOOD | TOKENS, first),
        "no usage": Ending(
            _asked(Reply([event(chunk({"content": "Hello"})), event(chunk({}, "length"))])),
            GOOD,
            first,
            {"finishReason": "length"},
        ),
        "broken in the middle": Ending(
            _asked(Reply([*BEGUN, RESET])), FAILED, first, {"ErrorKind": "broken_stream"}
        ),
        "a refused key": Ending(
            _asked(error_reply(401, {"message": "no", "code": "invalid_api_key"})),
            FAILED,
            duration,
            {"ErrorKind": "bad_key"},
        ),
        "cut by the deadline": Ending(
            _asked(Reply([*BEGUN, asyncio.Event()]), seconds=3),
            FAILED | {"DeadlineCuts": 1},
            first,
            {"ErrorKind": "deadline"},
        ),
        "no time at all": Ending(
            _asked(seconds=1), FAILED | {"DeadlineCuts": 1}, duration, {"ErrorKind": "deadline"}
        ),
        "the platform closes": Ending(
            _asked(Reply([*BEGUN, asyncio.Event()]), cut_after_chunks=3),
            FAILED,
            first,
            {"ErrorKind": "stream_closed"},
        ),
        "rejected": Ending(_asked(sent=url_event("{")), REJECTED, set(), {"status": 400}),
        "rejected path": Ending(_asked(sent=url_event(chat(), path="/x")), REJECTED, set(), {"status": 404}),
        "not an object": Ending(_asked(sent=b"{not json"), REJECTED, set(), {"status": 400}),
        "another function's action": Ending(
            _asked(sent={"action": "health"}), REJECTED, set(), {"status": 400}
        ),
    }


def buffered() -> dict[str, Ending]:
    """The buffered function's endings."""
    first = {"Duration", "TimeToFirstToken"}
    return {
        "good": Ending(_asked(text_reply("Hel", "lo")), GOOD | TOKENS, first, {"finishReason": "stop"}),
        "broken in the middle": Ending(
            _asked(Reply([*BEGUN, RESET])), FAILED, first, {"ErrorKind": "broken_stream"}
        ),
        "rate limited": Ending(
            _asked(error_reply(429, {"message": "slow", "code": "rate_limit_exceeded"})),
            FAILED,
            {"Duration"},
            {"ErrorKind": "rate_limited"},
        ),
        "cut by the deadline": Ending(
            _asked(Reply([*BEGUN, asyncio.Event()]), seconds=3),
            FAILED | {"DeadlineCuts": 1},
            first,
            {"ErrorKind": "deadline"},
        ),
        "rejected": Ending(
            _asked(sent=url_event({"action": "fly"})),
            REJECTED,
            set(),
            {"status": 400},
        ),
    }


async def emitted_metrics() -> set[Identity]:
    """Play every ending against both functions; the metrics that CloudWatch would take from their logs."""
    emitted: set[Identity] = set()
    for handler, endings in (("streaming_handler", streamed()), ("handler", buffered())):
        async with FakeRuntimeApi() as api, FakeUpstream() as upstream:
            starter = Starter(api.address, Path(__file__).parent)
            try:
                function = Function(api, upstream, starter)
                await function.start(handler, **ENVIRONMENT)
                for ending in endings.values():
                    await ending.play(function)
                await api.idle()
                for line in emf_lines(await function.log()):
                    emitted |= line.metrics.keys()
            finally:
                await starter.stop()
    return emitted
