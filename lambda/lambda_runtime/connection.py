"""One TCP connection to the Runtime API, on the event loop: requests and chunks out, responses in."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

from lambda_runtime.http1 import ProtocolError, Response, ResponseParser


class ConnectionLostError(Exception):
    """The Runtime API closed the connection, or sent something that is not HTTP."""


class Connection(asyncio.Protocol):
    """A connection of the runtime; asyncio itself sets TCP_NODELAY, so a write is on the wire at once."""

    def __init__(self) -> None:
        self._parser = ResponseParser()
        self._transport: asyncio.Transport
        self._lost: ConnectionLostError | None = None
        self._responses: list[Response] = []
        self._response_waiter: asyncio.Future[None] | None = None
        self._drain_waiter: asyncio.Future[None] | None = None
        self.received = False
        """Whether any byte has come for the request under way."""

    @classmethod
    async def open(cls, host: str, port: int, *, send_buffer: int | None = None) -> Connection:
        """Connect; `send_buffer` bounds the bytes that the kernel keeps for a slow reader.

        Raises:
            OSError: nothing listens there.
        """
        transport, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        if send_buffer is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        return connection

    def write(self, data: bytes) -> None:
        """Send bytes now; what the socket does not take waits in memory until `drain`.

        Raises:
            ConnectionLostError: the Runtime API is gone.
        """
        if self._lost is not None:
            raise self._lost
        self._transport.write(data)

    def write_last(self, data: bytes) -> None:
        """Send the last bytes: the `drain` behind them waits until the kernel has all, so that `abort` cuts nothing.

        Raises: as `write`.
        """
        self._transport.set_write_buffer_limits(0)
        self.write(data)

    async def drain(self) -> None:
        """Wait while the Runtime API reads more slowly than we write.

        Raises:
            ConnectionLostError: it closed meanwhile.
        """
        # Several tasks may wait (an answer and its keep-alive); none may cancel the others' waiter.
        if self._drain_waiter is not None:
            await asyncio.shield(self._drain_waiter)
        if self._lost is not None:
            raise self._lost

    async def response(self) -> Response:
        """Wait, without limit, for the response to the request that was written.

        Raises:
            ConnectionLostError: the connection closed before it was complete.
        """
        while not self._responses:
            if self._lost is not None:
                raise self._lost
            self._response_waiter = asyncio.get_running_loop().create_future()
            try:
                await self._response_waiter
            finally:
                self._response_waiter = None
        self.received = False
        return self._responses.pop(0)

    @property
    def refused(self) -> bool:
        """Whether a response is there to be read, and is an error: what is still written has no reader."""
        return bool(self._responses) and self._responses[0].status >= 300  # noqa: PLR2004 - HTTP's own

    @property
    def usable(self) -> bool:
        """Whether another request can be sent."""
        return self._lost is None and not self._transport.is_closing()

    def abort(self) -> None:
        """Close now; a body that was under way is cut off without its end."""
        self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.received = True
        try:
            response = self._parser.feed(data)
            while response is not None:
                self._responses.append(response)
                response = self._parser.feed(b"")
        except ProtocolError as error:
            self._lose(f"the Runtime API sent no HTTP: {error}")
            self._transport.abort()
        self._wake_reader()

    def eof_received(self) -> None:
        try:
            if (response := self._parser.eof()) is not None:
                self._responses.append(response)
        except ProtocolError as error:
            self._lose(str(error))
        self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(f"the Runtime API closed the connection{f' ({exc})' if exc else ''}")
        self._wake_reader()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._drain_waiter = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drain_waiter is not None and not self._drain_waiter.done():
            self._drain_waiter.set_result(None)
        self._drain_waiter = None

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = ConnectionLostError(why)

    def _wake_reader(self) -> None:
        if self._response_waiter is not None and not self._response_waiter.done():
            self._response_waiter.set_result(None)
