"""A fake OpenAI-compatible server: real HTTP/1.1 bytes on real sockets, one scripted reply for each request.

    async with FakeUpstream() as upstream:
        upstream.enqueue(text_reply("Hel", "lo"))
        …  # post to f"{upstream.url}/chat/completions"

A reply's steps say exactly what leaves the server and when: bytes (one framed write), `Raw` bytes that escape
the framing, an `asyncio.Event` to wait for, RESET (a TCP RST) or CLOSE (the connection's end, wherever it is).
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

RESET = object()
CLOSE = object()


@dataclass(frozen=True)
class Raw:
    """Bytes that go out as they are, outside chunks or length."""

    data: bytes


@dataclass
class Reply:
    """One scripted response.

    `framing`: how the body's end is told: "chunked", "length" (of all byte steps), "close" (the connection's end).
    `head`: sent instead of status and headers, for heads that are not HTTP.
    `sent`: bytes of the body that the socket has taken so far; `started` is set once the request has been read.
    """

    steps: Iterable[Any] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    framing: Literal["chunked", "length", "close"] = "chunked"
    head: bytes | None = None
    interim: bytes = b""
    keep_alive: bool = True
    sent: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    client_closed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Request:
    """A recorded request; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    alpn: str | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeUpstream:
    """The server. `requests` and `connections` (how many were accepted) grow as clients come."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._replies: deque[Reply] = deque()
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.close_connections()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """The API's root, as OPENAI_BASE_URL has it."""
        scheme, host = ("https", "localhost") if self._tls else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}/v1"

    def enqueue(self, *replies: Reply) -> None:
        """Answer the next requests, on whatever connections, with these replies in this order."""
        self._replies.extend(replies)

    def forget(self) -> None:
        """Drop the replies that were not asked for, and the recorded requests."""
        self._replies.clear()
        self.requests.clear()

    async def close_connections(self) -> None:
        """Close every open connection, also idle ones, and wait until they are closed."""
        for connection in list(self._open):
            connection.task.cancel()
            assert connection.transport is not None
            connection.transport.abort()
        while self._open:
            await next(iter(self._open)).lost.wait()

    def _next_reply(self) -> Reply:
        if self._replies:
            return self._replies.popleft()
        return error_reply(400, {"message": "the fake upstream has no reply left for this request"})


class _Connection(asyncio.Protocol):
    """One accepted connection: reads requests one after the other, plays the replies."""

    def __init__(self, upstream: FakeUpstream) -> None:
        self.upstream = upstream
        self.lost = asyncio.Event()
        self.transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._more = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._reply: Reply | None = None
        upstream.connections += 1
        self.number = upstream.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=1, low=0)  # with 0, asyncio never resumes TLS
        self.upstream._open.add(self)
        self.task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._more.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        self.upstream._open.discard(self)
        if self._reply is not None:
            self._reply.client_closed.set()
        self.task.cancel()

    async def _serve(self) -> None:
        while True:
            request = await self._read_request()
            self.upstream.requests.append(request)
            reply = self._reply = self.upstream._next_reply()
            reply.started.set()
            assert self.transport is not None
            if not await self._play(reply) or not reply.keep_alive:
                self.transport.close()
                return
            self._reply = None

    async def _read_request(self) -> Request:
        head = await self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await self._exactly(int(headers.get("content-length", "0")))
        assert self.transport is not None
        tls = self.transport.get_extra_info("ssl_object")
        return Request(
            method, target, headers, body, self.number, tls.selected_alpn_protocol() if tls else None
        )

    async def _until(self, mark: bytes) -> bytes:
        while (end := self._data.find(mark)) < 0:
            self._more.clear()
            await self._more.wait()
        return await self._exactly(end + len(mark))

    async def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            self._more.clear()
            await self._more.wait()
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    async def _write(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)
        await self._writable.wait()

    async def _play(self, reply: Reply) -> bool:
        """Play a reply; False when the connection must end now."""
        assert self.transport is not None
        await self._write(reply.interim + self._head(reply))
        for step in reply.steps:
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, Raw):
                await self._write(step.data)
            elif step is RESET:
                self._reset()
                return False
            elif step is CLOSE:
                return False
            else:
                framed = b"%x\r\n%b\r\n" % (len(step), step) if reply.framing == "chunked" else step
                await self._write(framed)
                reply.sent += len(step)
        if reply.framing == "chunked":
            await self._write(b"0\r\n\r\n")
        return reply.framing != "close"

    def _head(self, reply: Reply) -> bytes:
        if reply.head is not None:
            return reply.head
        headers = dict(reply.headers)
        if reply.framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        elif reply.framing == "length":
            reply.steps = list(reply.steps)
            headers["Content-Length"] = str(sum(len(step) for step in reply.steps if isinstance(step, bytes)))
        if not reply.keep_alive or reply.framing == "close":
            headers["Connection"] = "close"
        lines = [
            f"HTTP/1.1 {reply.status} Scripted",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _reset(self) -> None:
        assert self.transport is not None
        sock = self.transport.get_extra_info("socket")
        # A lingering time of zero makes close() send RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def event(value: Any) -> bytes:
    """One SSE event with a JSON value, in ASCII as OpenAI's servers do not guarantee it but many do."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def chunk(
    delta: dict[str, Any] | None = None, finish_reason: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A chat completion chunk with one choice, as OpenAI sends it; `fields` override."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish_reason}],
    } | fields


def usage_chunk(prompt: int, completion: int) -> dict[str, Any]:
    """The last chunk with `stream_options.include_usage`."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return chunk(choices=[], usage=usage)


def text_events(*texts: str, finish_reason: str = "stop", usage: tuple[int, int] = (5, 7)) -> list[bytes]:
    """The events of a whole answer."""
    return [
        event(chunk({"role": "assistant", "content": ""})),
        *(event(chunk({"content": text})) for text in texts),
        event(chunk({}, finish_reason)),
        event(usage_chunk(*usage)),
        DONE,
    ]


def text_reply(*texts: str, **fields: Any) -> Reply:
    """A whole answer, one chunk of the body for each event; `fields` are the reply's."""
    return Reply(text_events(*texts), **fields)


def error_reply(status: int, error: Any, headers: dict[str, str] | None = None) -> Reply:
    """An error in OpenAI's form."""
    body = json.dumps({"error": error}).encode()
    return Reply(
        [body],
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        framing="length",
    )
