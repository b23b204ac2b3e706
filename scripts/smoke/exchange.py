"""One request and all that comes back, with the time of every read (httpx). The times are the point.

An answer is asked for as a browser would ask: over HTTP/1.1, with gzip welcome, because what compresses on the way
often holds back what it compresses.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx

from scripts.smoke.unreachable import reason, silence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.smoke.target import Target

_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")
# zlib's window size for "gzip or zlib, whichever it is".
_ANY_HEADER = 47


class NoAnswerError(Exception):
    """Not even a status came back; the message says why and what to do."""


class End(Enum):
    """How an answer ended."""

    COMPLETE = "complete"
    BROKEN = "the connection broke off"
    TIMED_OUT = "time ran out"


@dataclass(slots=True)
class Exchange:
    """An answer. Times are seconds since the request began; `reads` are (time, bytes as they were before encoding)."""

    status: int
    reason: str
    http_version: str
    headers: list[tuple[str, str]]
    connected: float | None
    head: float
    reads: list[tuple[float, bytes]] = field(default_factory=list)
    ended: float = 0.0
    end: End = End.COMPLETE

    def header(self, name: str) -> str | None:
        """A header's value, all of its values joined by commas; None where it did not come."""
        values = self.values(name)
        return ", ".join(values) if values else None

    def values(self, name: str) -> list[str]:
        """Every value of a header, one for each line of it."""
        return [value for key, value in self.headers if key == name]

    @property
    def body(self) -> bytes:
        """All that came."""
        return b"".join(data for _, data in self.reads)


async def post(target: Target, headers: Mapping[str, str], body: bytes, patience: float) -> Exchange:
    """Post and read to the end, for `patience` seconds at most.

    Raises:
        NoAnswerError: nothing came back.
    """
    return await _exchange("POST", target, headers, body, patience)


async def options(target: Target, headers: Mapping[str, str], patience: float) -> Exchange:
    """Send a preflight.

    Raises:
        NoAnswerError: nothing came back.
    """
    return await _exchange("OPTIONS", target, headers, None, patience)


async def _exchange(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None, patience: float
) -> Exchange:
    # At its first use anyio imports what it runs on; that is none of the endpoint's time.
    await anyio.lowlevel.checkpoint()
    clock = _Clock()
    answer: Exchange | None = None
    try:
        async with (
            asyncio.timeout(patience),
            httpx.AsyncClient(timeout=None, trust_env=not target.is_local) as client,
            client.stream(
                method,
                target.url,
                headers={"Accept-Encoding": "gzip", **headers},
                content=body,
                extensions={"trace": clock.trace},
            ) as response,
        ):
            lines = [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in response.headers.raw
            ]
            answer = Exchange(
                response.status_code,
                response.reason_phrase,
                response.http_version,
                lines,
                clock.connected,
                clock.now(),
            )
            decoder = zlib.decompressobj(_ANY_HEADER) if answer.header("content-encoding") == "gzip" else None
            async for data in response.aiter_raw():
                answer.reads.append((clock.now(), decoder.decompress(data) if decoder else data))
    except TimeoutError:
        if answer is None:
            raise NoAnswerError(silence(target, patience, connected=clock.connected is not None)) from None
        answer.end = End.TIMED_OUT
    except (httpx.TransportError, zlib.error) as error:
        if answer is None:
            raise NoAnswerError(reason(target, error, connected=clock.connected is not None)) from None
        answer.end = End.BROKEN
    answer.ended = clock.now()
    return answer


class _Clock:
    """Seconds since the request set out: since it began to look for its host, this program's own start left out."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.connected: float | None = None

    def now(self) -> float:
        return time.perf_counter() - self._started

    async def trace(self, event: str, _: Any) -> None:
        """Take an event of httpcore's (its documentation, "Extensions", `trace`)."""
        if event == "connection.connect_tcp.started":
            self._started = time.perf_counter()
        elif event in _CONNECTED:
            self.connected = self.now()
