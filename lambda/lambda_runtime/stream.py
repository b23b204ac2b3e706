"""The stream that a handler writes its answer to, and the HTTP prelude before it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from lambda_runtime.api import check
from lambda_runtime.connection import ConnectionLostError
from lambda_runtime.errors import InvalidStreamingOperation, StreamClosed
from lambda_runtime.http1 import encode_chunk, encode_end
from lambda_runtime.prelude import DELIMITER, HTTP_INTEGRATION, encode_prelude

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime.api import Invocation, RuntimeApi
    from lambda_runtime.connection import Connection
    from lambda_runtime.errors import ErrorReport

_PIECE: Final = 64 * 1024  # asyncio's own high-water mark: what is written at once without a wait

Writable = bytes | bytearray | memoryview | str | Any


class ResponseStream:
    """One invocation's streaming response. Nothing is sent before the first write.

    Every write is handed to the socket at once and waits only while the platform reads more slowly than the handler
    writes, so that memory does not grow with the answer. Writes of several tasks do not mix within one write.
    """

    def __init__(self, api: RuntimeApi, invocation: Invocation) -> None:
        self._api = api
        self._invocation = invocation
        self._content_type = "application/octet-stream"
        self._prelude: bytes | None = None
        self._connection: Connection | None = None
        # Held while the stream opens and while a large write goes out in pieces: no other write comes between.
        self._lock = asyncio.Lock()
        self._payload_sent = False
        self._ended = False

    @property
    def content_type(self) -> str:
        """The content type that a direct caller sees; fixed by the first write."""
        return self._content_type

    @content_type.setter
    def content_type(self, value: str) -> None:
        self._only_before_first_write("The content type cannot be set")
        self._content_type = value

    @property
    def started(self) -> bool:
        """Whether anything has been sent."""
        return self._connection is not None

    @property
    def ended(self) -> bool:
        """Whether the stream has ended, well or not."""
        return self._ended

    async def write(self, data: Writable) -> None:
        """Send bytes, or text as UTF-8, or anything else as JSON. An empty write sends what stands before it.

        Raises:
            InvalidStreamingOperation: the stream has ended.
            StreamClosed: the platform takes no more, because the invocation timed out or was refused.
            TypeError: the value is not JSON.
        """
        if self._ended:
            raise InvalidStreamingOperation("The response stream cannot be written to after its end.")
        payload = _to_bytes(data)
        try:
            if self._connection is None or len(payload) > _PIECE or self._lock.locked():
                await self._write_in_order(payload)
            elif payload:
                await self._send(self._connection, payload)
        except ConnectionLostError as error:
            raise _closed(error) from error

    async def end(self, data: Writable = b"") -> None:
        """Send a last piece, if given, and end the stream; a second call does nothing.

        Raises: as `write`.
        """
        if self._ended:
            return
        if data != b"":
            await self.write(data)
        if self._connection is None:
            await self.write(b"")
        assert self._connection is not None
        await self._finish(self._connection, encode_end())

    async def fail(self, report: ErrorReport) -> None:
        """End a stream that has begun with the error's trailers. A stream that has ended is left as it is."""
        if self._connection is not None and not self._ended:
            await self._finish(self._connection, encode_end(report.trailers()))

    async def settle(self) -> None:
        """Wait for the platform's answer to a stream that has ended, and close its connection.

        Raises:
            RuntimeApiError: the platform answered 5xx.
        """
        if (connection := self._connection) is None:
            return
        try:
            check(await connection.response(), self._invocation)
        except ConnectionLostError as error:
            raise _closed(error) from error
        finally:
            connection.abort()

    def set_prelude(self, prelude: bytes) -> None:
        """Make this an HTTP response; see `HttpResponseStream.from_`."""
        self._only_before_first_write("An HTTP prelude cannot be set")
        self._content_type = HTTP_INTEGRATION
        self._prelude = prelude

    async def _write_in_order(self, payload: bytes | bytearray | memoryview) -> None:
        async with self._lock:
            connection = self._connection or await self._open()
            # A large write is not copied whole into the socket's buffer: its pieces wait for the reader.
            rest = memoryview(payload)
            try:
                while rest:
                    piece, rest = rest[:_PIECE], rest[_PIECE:]
                    await self._send(connection, piece)
            except asyncio.CancelledError:
                if rest:
                    # Half a write would corrupt what is written next (a terminal part, say).
                    connection.write(encode_chunk(rest))
                raise

    async def _open(self) -> Connection:
        try:
            connection = await self._api.open_stream(self._invocation, self._content_type)
        except OSError as error:
            raise StreamClosed(f"The platform does not take the response stream: {error}.") from error
        self._connection = connection
        if self._prelude is not None:
            # Chunks of their own: joined with the first payload, streams were seen buffered to the end.
            connection.write(encode_chunk(self._prelude))
            connection.write(encode_chunk(DELIMITER))
        return connection

    async def _send(self, connection: Connection, payload: bytes | bytearray | memoryview) -> None:
        # An answer that is no error may come early and forbids nothing (RFC 9112 §9.6; cargo-lambda's always does).
        if connection.refused:
            raise ConnectionLostError("it has refused the rest of the stream")
        connection.write(encode_chunk(payload))
        self._payload_sent = True
        await connection.drain()

    async def _finish(self, connection: Connection, end: bytes) -> None:
        self._ended = True
        try:
            if self._prelude is not None and not self._payload_sent:
                # A Function URL's client hangs on a prelude without a payload byte. A newline is white space in
                # JSON, text, SSE and the AI SDK's streams alike, and is dropped where a status has no body.
                connection.write(encode_chunk(b"\n"))
            connection.write_last(end)
            await connection.drain()
        except ConnectionLostError as error:
            raise _closed(error) from error

    def _only_before_first_write(self, what: str) -> None:
        if self._connection is not None or self._lock.locked():
            raise InvalidStreamingOperation(f"{what} after the first write.")


class BlockingResponseStream:
    """The same stream for handlers that are not async: `write` and `end` return when the bytes are taken."""

    def __init__(self, stream: ResponseStream, loop: asyncio.AbstractEventLoop) -> None:
        self._stream = stream
        self._loop = loop

    @property
    def content_type(self) -> str:
        """As `ResponseStream.content_type`."""
        return self._stream.content_type

    @content_type.setter
    def content_type(self, value: str) -> None:
        self._stream.content_type = value

    def write(self, data: Writable) -> None:
        """As `ResponseStream.write`."""
        self._loop.run_until_complete(self._stream.write(data))

    def end(self, data: Writable = b"") -> None:
        """As `ResponseStream.end`."""
        self._loop.run_until_complete(self._stream.end(data))

    def set_prelude(self, prelude: bytes) -> None:
        """As `ResponseStream.set_prelude`."""
        self._stream.set_prelude(prelude)


S = TypeVar("S", ResponseStream, BlockingResponseStream)


class HttpResponseStream:
    """Makes a response stream an HTTP response, as the Node.js runtime's class of this name does."""

    @staticmethod
    def from_(stream: S, metadata: Mapping[str, Any]) -> S:
        """Set the response's status, headers and cookies, and give the same stream back.

        For HTTP events only (Function URL, API Gateway): a direct invoke would see them as part of its payload.

        Args:
            stream: the handler's response stream, before its first write.
            metadata: `statusCode` (int, 200), `headers` (names to values; `Set-Cookie` is moved to `cookies`,
                what describes the connection is dropped), `cookies` (list of `Set-Cookie` values), and for
                API Gateway `multiValueHeaders` (names to lists of values).

        Raises:
            InvalidStreamingOperation: something has been written already.
            ValueError: a status, header or cookie that HTTP cannot carry, or more than 16 KB of them.
        """
        stream.set_prelude(encode_prelude(metadata))
        return stream


def _closed(error: ConnectionLostError) -> StreamClosed:
    return StreamClosed(f"The platform has closed the response stream: {error}.")


def _to_bytes(data: Writable) -> bytes | bytearray | memoryview:
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, memoryview):
        return data.cast("B")
    if isinstance(data, bytes | bytearray):
        return data
    return json.dumps(data, ensure_ascii=False).encode()
