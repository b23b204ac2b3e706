"""An OpenAI-compatible model's server, over http and https, that does as little as it can while it is measured.

    python -m benchmarks.upstream CERTIFICATE KEY

prints `{"http": port, "https": port}` and serves both until its standard input closes. What it answers stands
in the request: `benchmarks.answer.Question`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
import ssl
import sys
import time
from typing import Final

from benchmarks.answer import Question, ending, event, opening, stamp, tokens

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    b"x-request-id: req_0123456789abcdef\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_SLICE: Final = 64 * 1024


class Exchange(asyncio.Protocol):
    """One connection: request after request, each answered whole before the next."""

    def __init__(self) -> None:
        self._received = b""
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, and have it send each write at once (asyncio does so for its own sockets alone)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Answer a request when it is whole."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return
        received = time.monotonic_ns()
        self._received = b""
        question = Question.read(json.loads(body)["messages"][-1]["content"])
        self._task = asyncio.ensure_future(self._answer(question, received))

    def pause_writing(self) -> None:
        """The reader is slower than we are."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The reader has caught up."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The function has ended."""
        if self._task is not None:
            self._task.cancel()

    async def _answer(self, question: Question, received: int) -> None:
        self._transport.write(_HEAD)
        if question.stamped:
            await self._speak(question, received)
        else:
            await asyncio.sleep(question.delay)
            body = memoryview(_burst(question))
            for start in range(0, len(body), _SLICE):
                self._transport.write(body[start : start + _SLICE])
                await self._writable.wait()
        self._transport.write(ending())

    async def _speak(self, question: Question, received: int) -> None:
        """Tokens at their times, however long the one before took to write."""
        clock = asyncio.get_running_loop().time
        begun = clock() + question.delay
        for index in range(question.events):
            if (seconds := begun + index * question.pace - clock()) > 0:
                await asyncio.sleep(seconds)
            before = opening() if index == 0 else b""
            self._transport.write(before + event(stamp(index, received)))
            await self._writable.wait()


@functools.cache
def _burst(question: Question) -> bytes:
    """The tokens of an answer without pace, made once: the discarded first round pays for it."""
    return opening() + b"".join(map(event, tokens(question)))


def _listen() -> list[socket.socket]:
    """Both of `localhost`'s addresses on one port, so that the first address that a client tries is right."""
    sockets = [socket.create_server(("127.0.0.1", 0))]
    port = sockets[0].getsockname()[1]
    with contextlib.suppress(OSError):  # a machine without IPv6
        sockets.append(socket.create_server(("::1", port), family=socket.AF_INET6))
    return sockets


async def serve(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    ports = {}
    for scheme, secured in (("http", None), ("https", context)):
        sockets = _listen()
        ports[scheme] = sockets[0].getsockname()[1]
        for one in sockets:
            await loop.create_server(Exchange, sock=one, ssl=secured)
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
