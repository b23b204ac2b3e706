"""A client that does as little as it can: the same request on many connections, and when each token came back."""

from __future__ import annotations

import bisect
import itertools
import re
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from benchmarks.answer import Question

_STAMP: Final = re.compile(rb"(\d+)@(\d+)/\d+;")
_READ: Final = 256 * 1024


class BrokenStreamError(Exception):
    """An answer did not come whole; its times would mean nothing."""


@dataclass(frozen=True)
class Answer:
    """One answer: `sent` is when its request went out, `tokens` each token's making and arrival.

    All in ns of CLOCK_MONOTONIC.
    """

    sent: int
    tokens: list[tuple[int, int]]

    @property
    def delays(self) -> list[int]:
        """From each token's making to its arrival."""
        return [arrived - made for made, arrived in self.tokens]

    @property
    def longest_gap(self) -> int:
        """The longest that the reader waited for another token."""
        return max(after - before for (_, before), (_, after) in itertools.pairwise(self.tokens))


@dataclass
class Received:
    """What has come of an answer, and when each of its bytes did."""

    _bytes: bytearray = field(default_factory=bytearray)
    _sizes: list[int] = field(default_factory=list)
    _times: list[int] = field(default_factory=list)

    def take(self, data: bytes, at: int) -> None:
        """Take what one read brought."""
        self._bytes += data
        self._sizes.append(len(self._bytes))
        self._times.append(at)

    def tokens(self, events: int) -> list[tuple[int, int]]:
        """Making and arrival of each token; it is there when its last byte is.

        Raises:
            BrokenStreamError: they are not `events`, or not in their order.
        """
        found = list(_STAMP.finditer(self._bytes))
        if [int(stamp[1]) for stamp in found] != list(range(events)):
            raise BrokenStreamError(
                f"{len(found)} of {events} tokens came, or not in their order. The answer begins: "
                f"{bytes(self._bytes[:300])!r}"
            )
        arrivals = (self._times[bisect.bisect_left(self._sizes, stamp.end())] for stamp in found)
        return [(int(stamp[2]), at) for stamp, at in zip(found, arrivals, strict=True)]


@dataclass
class _Exchange:
    socket: socket.socket
    received: Received = field(default_factory=Received)
    sent: int = 0


def read(url: str, body: bytes, question: Question, count: int, *, patience: float = 120.0) -> list[Answer]:
    """Ask `count` times at once, and read all answers to their ends.

    Args:
        url: Of http.
        body: What to POST, as JSON.
        question: What it asks.
        count: How many connections.
        patience: Seconds after which an answer that says nothing is given up.

    Raises:
        BrokenStreamError: an answer lacks tokens, or stays out.
        OSError: nothing listens there.
    """
    address = urlsplit(url)
    request = (
        f"POST {address.path or '/'} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
    exchanges = []
    with selectors.DefaultSelector() as selector:
        try:
            for _ in range(count):
                exchange = _Exchange(socket.create_connection((address.hostname, address.port)))
                exchanges.append(exchange)
                selector.register(exchange.socket, selectors.EVENT_READ, exchange)
            for exchange in exchanges:
                exchange.sent = time.monotonic_ns()
                exchange.socket.sendall(request)
            while selector.get_map():
                ready = selector.select(patience)
                if not ready:
                    raise BrokenStreamError(f"Nothing came for {patience:g} s.")
                for key, _ in ready:
                    _receive(selector, key.data)
        finally:
            for exchange in exchanges:
                exchange.socket.close()
    return [Answer(exchange.sent, exchange.received.tokens(question.events)) for exchange in exchanges]


def _receive(selector: selectors.BaseSelector, exchange: _Exchange) -> None:
    data = exchange.socket.recv(_READ)
    arrived = time.monotonic_ns()
    if data:
        exchange.received.take(data, arrived)
    else:
        selector.unregister(exchange.socket)
