"""An emulator around a real process, and the end of the line on which that process speaks to its test."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.front import Front
from emulator.function import Function
from emulator.http_protocols import HeaderCaseProtocol
from emulator.logs import Log
from emulator.rest_api import RestApi
from emulator.serving import serving
from emulator.settings import FunctionSettings

HERE = Path(__file__).parent
# Nothing here takes seconds; this is when a test that hangs is given up.
PATIENCE = 30


@dataclass
class Lines:
    """The emulator's log, which a test can wait on."""

    all: list[str] = field(default_factory=list)
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def append(self, line: str) -> None:
        self.all.append(line)
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._grown:
            self._grown.notify_all()

    def having(self, text: str) -> list[str]:
        return [line for line in self.all if text in line]

    async def wait_for(self, text: str, times: int = 1) -> list[str]:
        async with asyncio.timeout(PATIENCE), self._grown:
            await self._grown.wait_for(lambda: len(self.having(text)) >= times)
        return self.having(text)


class Control:
    """Where the function's process connects when it waits for the test, or to be known to live."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._open: list[asyncio.StreamWriter] = []
        self.port = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        self._arrived.put_nowait((reader, writer))

    async def arrival(self) -> Line:
        """Wait until the process connects."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await self._arrived.get()
            return Line(await reader.read(100), reader, writer)

    def nobody_came(self) -> bool:
        return self._arrived.empty()

    async def close(self) -> None:
        for writer in self._open:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@dataclass
class Line:
    """One connection of the process; `word` is what it said."""

    word: bytes
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    async def release(self) -> None:
        """Let the process go on."""
        self._writer.write(b".")
        await self._writer.drain()

    async def gone(self) -> None:
        """Wait until the process (and all who share the connection) is no more."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                await self._reader.read()


@dataclass
class Emulator:
    """A running emulator: `url`, and `rest_url` with its stage, without a slash at their ends."""

    url: str
    rest_url: str
    client: httpx.AsyncClient
    lines: Lines
    function: Function

    async def invoke(self, event: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.post(
            f"{self.url}/2015-03-31/functions/function/invocations",
            json=event,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


StartEmulator = Callable[..., AbstractAsyncContextManager[Emulator]]


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    control = Control()
    server = await asyncio.start_server(control.accept, "127.0.0.1", 0)
    control.port = server.sockets[0].getsockname()[1]
    yield control
    server.close()
    await control.close()
    await server.wait_closed()


@pytest.fixture
def start_emulator(control: Control) -> StartEmulator:
    @contextlib.asynccontextmanager
    async def start(*handler: str, **settings: Any) -> AsyncIterator[Emulator]:
        command = settings.pop("command", (sys.executable, "raw_runtime.py", *(handler or ("ok",))))
        variables = {"CONTROL": str(control.port), **settings.pop("variables", {})}
        cors, rest = settings.pop("cors", None), settings.pop("rest", {})
        settings = {"task_root": HERE, "timeout": PATIENCE, **settings}
        lines = Lines()
        log = Log(lines.append, lines.append, lines.append)
        configured = FunctionSettings(command=command, variables=variables, **settings)
        async with (
            Function(configured, log) as function,
            serving(Front(function, log.platform, cors, log.emulator)) as port,
            serving(RestApi(function, lines.append, **rest), protocol=HeaderCaseProtocol) as rest_port,
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
        ):
            rest_url = f"http://127.0.0.1:{rest_port}/{rest.get('stage', 'prod')}"
            yield Emulator(f"http://127.0.0.1:{port}", rest_url, client, lines, function)

    return start


@pytest.fixture
async def emulator(start_emulator: StartEmulator) -> AsyncIterator[Emulator]:
    """An emulator with the raw runtime client behind it."""
    async with start_emulator() as emulator:
        yield emulator
