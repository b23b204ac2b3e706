"""The Runtime API and the Extensions API as a benchmark needs them: one invocation at a time, each arrival timed.

    python -m benchmarks.runtime_api

prints its port. Each line of standard input offers one event: `{"event": …, "watch": [pid, …],
"bytes_per_second": null, "acknowledge": true}`; a line `{"watch": […]}` names the processes later. When the
response has ended and the runtime has asked for the next event, the result is printed as one line:

    sent, first, end    CLOCK_MONOTONIC in ns: the event went out; the first line of content, the end came in
    cpu                 CPU time in ns of each watched process when that first line came in
    tokens              of each token that carries its time: [number, made, request received, arrived], in ns
    digest, finished    of the text; whether the answer ended with its finish part and without an error
    error               what the runtime reported instead of a response

`acknowledge`: acknowledge each packet at once. The adapter leaves Nagle's algorithm on, so that a packet of it
waits for the acknowledgement of the one before, and Linux delays those by up to 40 ms.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.answer import digest
from benchmarks.processes import cpu_time

_DELIMITER: Final = b"\0" * 8
_CONTENT: Final = re.compile(rb'(?:\A|\n)0:"')
_STAMP: Final = re.compile(rb"(\d+)@(\d+)/(\d+);")
_RECEIVE_BUFFER: Final = 256 * 1024


@dataclass
class Invocation:
    """One event, and what came back for it when."""

    event: bytes
    watch: list[int]
    bytes_per_second: int | None
    acknowledge: bool
    sent: int = 0
    first: int = 0
    end: int = 0
    cpu: list[int] = field(default_factory=list)
    payload: list[tuple[int, bytes]] = field(default_factory=list)
    error: str | None = None
    _before: bytes | None = b""

    def take(self, arrived: int, data: bytes) -> None:
        """Take a chunk of the response: first the prelude and its NULs, then the payload."""
        if self._before is not None:
            self._before += data
            _, delimiter, data = self._before.partition(_DELIMITER)
            if not delimiter:
                return
            self._before = None
        if data:
            self.payload.append((arrived, data))
            if not self.first and _CONTENT.search(data):
                self.first = arrived
                self.cpu = [cpu_time(pid) for pid in self.watch]

    def result(self) -> dict[str, Any]:
        """See the module."""
        answer = b"".join(data for _, data in self.payload)
        lines = answer.split(b"\n")
        text = "".join(json.loads(line[2:]) for line in lines if line.startswith(b"0:"))
        tokens = [
            [*map(int, stamp), arrived] for arrived, data in self.payload for stamp in _STAMP.findall(data)
        ]
        finished = any(line.startswith(b"d:") for line in lines)
        return {
            "sent": self.sent,
            "first": self.first,
            "end": self.end,
            "cpu": self.cpu,
            "tokens": tokens,
            "digest": digest(text),
            "finished": finished and not any(line.startswith(b"3:") for line in lines),
            "error": self.error,
        }


class RuntimeApi:
    """The invocation under way and the runtime that waits for one."""

    def __init__(self) -> None:
        self._offered: Invocation | None = None
        self._waiting: Connection | None = None
        self.running: Invocation | None = None

    def offer(self, invocation: Invocation) -> None:
        """Hand an event to the runtime, now or when it asks."""
        self._offered = invocation
        self._hand_out()

    def watch(self, pids: list[int]) -> None:
        """Name the processes whose CPU time the invocation under way is to tell."""
        for invocation in (self._offered, self.running):
            if invocation is not None:
                invocation.watch = pids

    def asks(self, connection: Connection) -> None:
        """A runtime asks for its next event: the one before is over."""
        if self.running is not None and (self.running.end or self.running.error):
            print(json.dumps(self.running.result()), flush=True)
            self.running = None
        self._waiting = connection
        self._hand_out()

    def fails(self, body: bytes) -> None:
        """A runtime reports an error; after one at init nothing else comes."""
        invocation = self.running or self._offered
        assert invocation is not None
        invocation.error = body.decode()
        if self.running is None:
            self._offered = None
            print(json.dumps(invocation.result()), flush=True)

    def gone(self, connection: Connection) -> None:
        """A runtime has ended."""
        if self._waiting is connection:
            self._waiting = None

    def _hand_out(self) -> None:
        if self._waiting is not None and self._offered is not None:
            self.running, self._offered = self._offered, None
            connection, self._waiting = self._waiting, None
            deadline = int((time.time() + 300) * 1000)
            # Before it goes: on a busy machine all else may come before the line behind it.
            self.running.sent = time.monotonic_ns()
            connection.send(
                b"Lambda-Runtime-Aws-Request-Id: 8f5e2f0c-6d0e-4f4e-9c5e-0123456789ab\r\n"
                b"Lambda-Runtime-Deadline-Ms: %d\r\n"
                b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:chat\r\n"
                b"Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0\r\n" % deadline,
                self.running.event,
            )


class Connection(asyncio.Protocol):
    """One connection of a runtime: its requests, and the response's chunks as they come."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._received = bytearray()
        self._path = ""
        self._left = 0
        self._chunked = False
        self._in_head = True
        self._begun = 0.0
        self._taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and its socket, which asyncio leaves with Nagle's algorithm on."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The runtime has closed it."""
        self._api.gone(self)

    def send(self, headers: bytes, body: bytes, status: bytes = b"200 OK") -> None:
        """Answer the request under way."""
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
            % (status, len(body), headers, body)
        )

    def data_received(self, data: bytes) -> None:
        """Note the time, then take what came."""
        arrived = time.monotonic_ns()
        invocation = self._api.running
        if invocation is not None:
            if invocation.acknowledge:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            if invocation.bytes_per_second and self._chunked and not self._in_head:
                self._wait(len(data), invocation.bytes_per_second)
        self._received += data
        while self._step(arrived):
            pass

    def _wait(self, size: int, bytes_per_second: int) -> None:
        """Read on when these bytes' time has passed."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._begun = loop.time()
        self._taken += size
        self._transport.pause_reading()
        loop.call_at(self._begun + self._taken / bytes_per_second, self._transport.resume_reading)

    def _step(self, arrived: int) -> bool:
        """Take one head, chunk or body from what has been received; False where it is not whole."""
        if self._in_head:
            return self._head()
        if self._chunked:
            return self._chunk(arrived)
        if len(self._received) < self._left:
            return False
        body = bytes(self._received[: self._left])
        del self._received[: self._left]
        self._in_head = True
        self._request(body)
        return True

    def _head(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        del self._received[: end + 4]
        fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        self._path = lines[0].split(" ")[1]
        self._chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self._left = int(fields.get("content-length", "0"))
        self._in_head = False
        return True

    def _chunk(self, arrived: int) -> bool:
        end = self._received.find(b"\r\n")
        if end < 0:
            return False
        size = int(self._received[:end], 16)
        if size == 0:
            finish = self._received.find(b"\r\n\r\n", end)
            if finish < 0:
                return False
            trailers = bytes(self._received[end + 2 : finish + 2])
            del self._received[: finish + 4]
            self._in_head = True
            self._end(arrived, trailers)
            return True
        if len(self._received) < end + 2 + size + 2:
            return False
        if self._path.endswith("/response") and self._api.running is not None:
            self._api.running.take(arrived, bytes(self._received[end + 2 : end + 2 + size]))
        del self._received[: end + 2 + size + 2]
        return True

    def _end(self, arrived: int, trailers: bytes) -> None:
        assert self._api.running is not None
        self._api.running.end = arrived
        if trailers:
            self._api.running.error = trailers.decode()
        self.send(b"", b"{}", b"202 Accepted")

    def _request(self, body: bytes) -> None:
        if self._path.endswith("/invocation/next"):
            self._api.asks(self)
        elif self._path.endswith("/extension/register"):
            self.send(b"Lambda-Extension-Identifier: 1\r\n", b"{}")
        elif self._path.endswith("/error"):
            self._api.fails(body)
            self.send(b"", b"{}", b"202 Accepted")
        elif not self._path.endswith("/event/next"):  # never answered, as on Lambda
            raise ValueError(f"the runtime asked for {self._path}, without chunks")


async def serve() -> None:
    loop = asyncio.get_running_loop()
    api = RuntimeApi()
    listening = socket.create_server(("127.0.0.1", 0))
    # A reader at 2 MB/s must not have megabytes wait in the kernel.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    await loop.create_server(lambda: Connection(api), sock=listening)
    print(listening.getsockname()[1], flush=True)
    commands = asyncio.StreamReader(limit=1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command = json.loads(line)
        if "event" in command:
            command["event"] = json.dumps(command["event"]).encode()
            api.offer(Invocation(**command))
        else:
            api.watch(command["watch"])


if __name__ == "__main__":
    asyncio.run(serve())
