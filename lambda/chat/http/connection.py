"""One HTTP/1.1 connection to a server: a request goes out whole, its response comes in as it is made.

Facts that the code rests on:
- httptools (llhttp) frames bodies by Content-Length, by chunks, or by the connection's end; only the last is
  not told to the parser, so `connection_lost` decides it (RFC 9112, 6.3 and 8: any other early end is a
  truncated message).
- Interim responses (1xx) come through the same callbacks as final ones (RFC 9110, 15.2).
- httptools keeps a header in memory until its line ends; the limit therefore counts received bytes.
"""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, Final

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

# Received bytes that wait for the consumer before reading pauses. One read brings at most 256 KiB on top.
HIGH_WATER: Final = 128 * 1024
MAX_READ: Final = 32 * 1024
# Bytes in a row without any body: the head, trailers, chunk extensions. Node's limit for a head is 16 KiB.
MAX_HEAD: Final = 64 * 1024
# What may still come after the consumer has all it wanted, and how long, before the connection is given up.
DRAIN_BYTES: Final = 64 * 1024
DRAIN_SECONDS: Final = 1.0

_NO_BODY: Final = (204, 304)


class HttpError(Exception):
    """The exchange has failed. `transient`: the same request may succeed if it is sent again."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


class ConnectionLostError(HttpError):
    """The connection ended before the response did. `untouched`: not one byte of a response had come."""

    def __init__(self, message: str, *, untouched: bool) -> None:
        super().__init__(message, transient=True)
        self.untouched = untouched


class Connection(asyncio.Protocol):
    """The connection's state; one exchange at a time.

    `on_free` is called whenever an exchange is over: the connection is then idle (`reusable`) or closed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_free: Callable[[Connection], None]) -> None:
        self._loop = loop
        self._on_free = on_free
        self._transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = loop.create_future()
        self.status = 0
        self.headers: dict[str, str] = {}
        self._chunks: list[bytes] = []
        self._reset()

    def _reset(self) -> None:
        self._parser: httptools.HttpResponseParser | None = None
        self._chunks.clear()
        self._waiting_bytes = 0
        self._barren_bytes = 0
        self._paused = False
        self._draining = False
        self._touched = False
        self._head_done = False
        self._until_close = False
        self._complete = False
        self._keep_alive = False
        self._error: HttpError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # The exchange, as the client drives it.

    @property
    def reusable(self) -> bool:
        """Whether the connection is idle and open."""
        return self._parser is None and self._transport is not None and not self._transport.is_closing()

    def quiet(self) -> bool:
        """Whether the socket has nothing to report: no data, no end, no error.

        The loop has not looked since the function was frozen; this does.
        """
        poll = select.poll()
        assert self._transport is not None
        poll.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def send(self, request: bytes) -> None:
        """Begin an exchange with a whole request, head and body."""
        self._reset()
        self.status = 0
        self.headers = {}
        # Bodies go straight into the list: nothing in Python runs for a chunk.
        self.on_body = self._chunks.append
        self._parser = httptools.HttpResponseParser(self)
        if self._transport is None or self._transport.is_closing():
            self._fail(ConnectionLostError("the connection was closed before the request", untouched=True))
        else:
            self._transport.write(request)

    async def head(self, deadline: float) -> None:
        """Wait until `status` and `headers` (names in lower case) are there.

        Raises:
            HttpError: the response is not HTTP/1.1 or the connection ended.
            TimeoutError: the loop's clock has passed `deadline`.
        """
        while not self._head_done:
            if self._error is not None:
                raise self._error
            await self._wait(deadline)

    async def read(self, deadline: float) -> bytes:
        """What of the body has come since the last call, at least one byte; empty at its end.

        A call hands out the pieces that make MAX_READ bytes full, no more: what is made of them stands in memory
        beside them.

        What came before a failure is handed out first; then it is raised.

        Raises:
            HttpError: the body is malformed or cut off.
            TimeoutError: the loop's clock has passed `deadline`.
        """
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._complete:
                return b""
            await self._wait(deadline)
        count = size = 0
        for piece in self._chunks:
            count += 1
            size += len(piece)
            if size >= MAX_READ:
                break
        data = self._chunks[0] if count == 1 else b"".join(self._chunks[:count])
        del self._chunks[:count]
        self._waiting_bytes -= size
        if self._paused and not self._chunks and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def release(self) -> None:
        """End the exchange; the consumer has all it wanted.

        The connection stays open for the next request if the response is complete, or completes within
        DRAIN_SECONDS: a server sends `data: [DONE]` and the end of the chunked body apart.
        """
        if self._parser is None:
            return
        if self._complete or self._error is not None or self._until_close:
            self._end()
            return
        self._draining = True
        self._barren_bytes = 0
        self._cancel_timer()
        self._timer = self._loop.call_later(DRAIN_SECONDS, self.abort)
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once, whatever is under way."""
        self._cancel_timer()
        if self._transport is not None:
            self._transport.abort()
        if self._parser is not None:
            self._fail(ConnectionLostError("the connection was closed on this side", untouched=False))
            self._parser = None
            self._on_free(self)

    def _end(self) -> None:
        """Leave the exchange: idle if the response is complete and both sides keep the connection."""
        keep = self._complete and self._keep_alive and self._error is None
        if not keep:
            self.abort()
            return
        self._cancel_timer()
        self._parser = None
        self._chunks.clear()
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        self._on_free(self)

    # Waiting with one lazy timer: a stream of 20,000 reads arms it a few times, not 20,000 times.

    async def _wait(self, deadline: float) -> None:
        self._waiter = self._loop.create_future()
        self._deadline = deadline
        if self._timer is None or self._timer.when() > deadline:
            self._cancel_timer()
            self._timer = self._loop.call_at(deadline, self._on_timer)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _on_timer(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._on_timer)
        else:
            self._waiter.set_exception(TimeoutError())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: HttpError) -> None:
        if self._error is None:
            self._error = error
        self._wake()

    # asyncio's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (again, when TLS has been started inside a tunnel)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Parse what one read of the socket brought."""
        if self._parser is None:
            self.abort()  # an answer to no question, as a 408 for an idle connection: not to be reused
            return
        self._touched = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._broken("it switched protocols, which nobody asked for")
        except httptools.HttpParserError as error:
            self._broken(str(error.__context__ or error))
        else:
            self._account(len(data))
        if self._draining:
            if self._complete or self._error is not None:
                self._end()
        else:
            self._wake()

    def _account(self, size: int) -> None:
        if self._draining:
            self._chunks.clear()
            self._barren_bytes += size
            if self._barren_bytes > DRAIN_BYTES and not self._complete:
                self._broken(f"more than {DRAIN_BYTES} bytes followed the end of the answer")
        elif self._chunks:
            self._barren_bytes = 0
            self._waiting_bytes += size
            if self._waiting_bytes > HIGH_WATER and not self._paused and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()
        elif not self._complete:
            self._barren_bytes += size
            if self._barren_bytes > MAX_HEAD:
                self._broken(f"its headers or trailers are larger than {MAX_HEAD} bytes")

    def _broken(self, why: str) -> None:
        if self._complete:
            self._keep_alive = False  # the response is whole; only what follows it is not HTTP
            return
        if self._transport is not None:
            self._transport.abort()
        self._fail(HttpError(f"the server's answer is not valid HTTP/1.1: {why}", transient=False))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell a body that ends with the connection from one that is cut off."""
        if not self.closed.done():
            self.closed.set_result(None)
        if self._parser is None:
            self._on_free(self)
            return
        if not self._complete:
            if self._until_close and exc is None:
                self._complete = True
            else:
                why = f": {exc}" if exc is not None and str(exc) else ""
                if self._head_done:
                    text = f"the connection broke in the middle of the answer{why}"
                else:
                    text = f"the server closed the connection without an answer{why}"
                self._fail(ConnectionLostError(text, untouched=not self._touched))
        self._keep_alive = False
        if self._draining:
            self._end()
        else:
            self._wake()

    # llhttp's side.

    def on_message_begin(self) -> None:
        """A response begins; after a complete one it is one too many."""
        if self._complete:
            self._keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header of the head; trailers are dropped, and so is what follows a complete response."""
        if self._head_done:
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").strip()
        # RFC 9110, 5.3: several lines of one field are one list.
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """Know the status and how the body will end."""
        if self._head_done or self._parser is None:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:  # noqa: PLR2004 - the class of interim responses
            self.headers.clear()
            return
        self.status = status
        self._head_done = True
        coding = self.headers.get("transfer-encoding", "").lower()
        framed = "content-length" in self.headers or coding.endswith("chunked")
        self._until_close = not framed and status not in _NO_BODY

    def on_message_complete(self) -> None:
        """The body has ended as its framing says."""
        if self._head_done and not self._complete and self._parser is not None:
            self._complete = True
            self._keep_alive = self._parser.should_keep_alive()
