"""A server that gives every request the same bytes, and what it was asked. For answers no real server gives at will."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence


class CannedServer:
    """The server. `pieces` are written one by one; None sets `waiting` and waits until `release` is set.

    With `hang`, the connection stays open behind the last piece until the server is closed. `heads` are the
    request heads that it has read, in order.
    """

    def __init__(
        self,
        *pieces: bytes | None,
        tls: ssl.SSLContext | None = None,
        hang: bool = False,
        preflight: bytes = b"",
    ) -> None:
        self._pieces: Sequence[bytes | None] = pieces
        self._tls = tls
        self._hang = hang
        self._preflight = preflight
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.waiting = asyncio.Event()
        self.release = asyncio.Event()
        self.heads: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        """The server's address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        self._closing.set()
        self.release.set()
        await asyncio.gather(*self._tasks)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # A client that turns away is part of what is tested.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        lengths = [
            line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")
        ]
        await reader.readexactly(int(lengths[0]) if lengths else 0)
        if head.startswith("OPTIONS "):
            writer.write(self._preflight)
            return
        for piece in self._pieces:
            if piece is None:
                self.waiting.set()
                await self.release.wait()
                continue
            writer.write(piece)
            await writer.drain()
        if self._hang:
            await self._closing.wait()


def response(status: str, body: bytes, *headers: str, length: bool = True) -> bytes:
    """An HTTP/1.1 response; without `length` its end is the connection's."""
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close"]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
