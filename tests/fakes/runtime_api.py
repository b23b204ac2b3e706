"""A Runtime API on a raw socket that records every byte of a response and misbehaves where a test asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

_ANSWER = b"HTTP/1.1 %d Status\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Received:
    """One request as it came; `chunks` are the body's, as the sender framed them."""

    method: str
    target: str
    headers: dict[str, str]
    chunks: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Invocation:
    """An event that waits to be fetched, and what came back for it."""

    event: bytes
    headers: dict[str, str]
    status: int = 202
    answer_after_head: int | None = None
    """A status with which to answer before the body is read."""
    cut_after_chunks: int | None = None
    """Close the connection once so many chunks have come."""
    request_id: str = ""
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, the response is read but not answered."""
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, the response's body is not read further."""
    arrived: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    """The response's chunks as they come; an empty one at its end."""
    done: asyncio.Future[Received] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def chunk(self) -> bytes:
        return await asyncio.wait_for(self.arrived.get(), 10)

    async def result(self) -> Received:
        return await asyncio.wait_for(asyncio.shield(self.done), 20)


class FakeRuntimeApi:
    """`async with FakeRuntimeApi() as api`, then `api.invoke(event)` for each event a runtime is to fetch."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.requests: list[Received] = []
        self.init_error: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self.registered: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self.drop_next_connections = False
        """Close each connection behind an answer, without saying so beforehand."""
        self._waiting: asyncio.Queue[Invocation] = asyncio.Queue()
        self._asked = asyncio.Event()
        self._running: dict[str, Invocation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        # Accepted sockets inherit it: what a runtime may send ahead is then the runtime's own matter.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=64 * 1024)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self.port}{self.prefix}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def invoke(self, event: Any = None, *, seconds: float = 30, **options: Any) -> Invocation:
        """Offer an event: bytes as they are, else as JSON. Options are fields of `Invocation`."""
        headers = {
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:chat",
            "Content-Type": "application/json",
        } | options.pop("headers", {})
        invocation = Invocation(
            event if isinstance(event, bytes) else json.dumps(event).encode(), headers, **options
        )
        invocation.request_id = f"00000000-0000-4000-8000-{len(self._running):012}"
        invocation.reading.set()
        invocation.answering.set()
        self._running[invocation.request_id] = invocation
        self._waiting.put_nowait(invocation)
        return invocation

    async def idle(self) -> None:
        """Wait until a runtime waits for an event and none is there."""
        async with asyncio.timeout(10):
            await self._asked.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the runtime has closed, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        received = Received(method, target, headers)
        self.requests.append(received)
        assert target.startswith(self.prefix), target
        path = target.removeprefix(self.prefix)
        if path == "/2018-06-01/runtime/invocation/next":
            return await self._next(writer)
        if path == "/2020-01-01/extension/event/next":
            await reader.read()  # never answered, as on Lambda
            return False
        invocation = self._running.get(path.split("/")[4]) if "/invocation/" in path else None
        await self._read_body(received, reader, writer, invocation)
        if path == "/2018-06-01/runtime/init/error":
            self.init_error.set_result(received)
        elif path == "/2020-01-01/extension/register":
            writer.write(
                b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-1\r\nContent-Length: 2\r\n\r\n{}"
            )
            self.registered.set_result(received)
            return True
        if invocation is not None and not invocation.done.done():
            invocation.done.set_result(received)
        if received.complete and (invocation is None or invocation.answer_after_head is None):
            if invocation is not None:
                await invocation.answering.wait()
            writer.write(_ANSWER % (202 if invocation is None else invocation.status))
            await writer.drain()
        return received.complete and not self.drop_next_connections

    async def _next(self, writer: asyncio.StreamWriter) -> bool:
        self._asked.set()
        invocation = await self._waiting.get()
        self._asked.clear()
        lines = [f"{name}: {value}\r\n" for name, value in invocation.headers.items()]
        head = f"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n" + "".join(
            lines
        )
        writer.write(
            f"{head}Content-Length: {len(invocation.event)}\r\n\r\n".encode("latin-1") + invocation.event
        )
        await writer.drain()
        return not self.drop_next_connections

    async def _read_body(
        self,
        received: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        invocation: Invocation | None,
    ) -> None:
        if "Transfer-Encoding" not in received.headers:
            received.chunks.append(await reader.readexactly(int(received.headers.get("Content-Length", "0"))))
            received.complete = True
            return
        assert invocation is not None
        if invocation.answer_after_head is not None:
            writer.write(_ANSWER % invocation.answer_after_head)
            await writer.drain()
        try:
            while True:
                await invocation.reading.wait()
                size = int(await reader.readline(), 16)
                if size == 0:
                    break
                chunk = await reader.readexactly(size)
                assert await reader.readexactly(2) == b"\r\n"
                received.chunks.append(chunk)
                invocation.arrived.put_nowait(chunk)
                if len(received.chunks) == invocation.cut_after_chunks:
                    return
            while line := (await reader.readuntil(b"\r\n")).decode("latin-1").rstrip("\r\n"):
                name, value = line.split(": ", 1)
                received.trailers[name] = value
            received.complete = True
        except (ValueError, asyncio.IncompleteReadError):
            return  # the sender closed before the end
        finally:
            invocation.arrived.put_nowait(b"")
