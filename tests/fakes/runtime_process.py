"""The runtime as the process that it is, fed by a fake Runtime API."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal

_CODE = Path(__file__).parents[2] / "lambda"


class RuntimeProcess:
    """`python -m lambda_runtime` with a handler, and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._output = b""
        self._more = asyncio.Event()
        self._reading: asyncio.Task[None] = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while more := await self.process.stdout.read(65536):
            self._output += more
            self._more.set()

    async def printed(self, text: str) -> None:
        """Wait until it has printed something."""
        while text.encode() not in self._output:
            self._more.clear()
            await asyncio.wait_for(self._more.wait(), 10)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def exited(self) -> tuple[int, str]:
        """Wait for its end: exit code and all that it printed."""
        await asyncio.wait_for(asyncio.shield(self._reading), 20)
        return await self.process.wait(), self._output.decode()

    async def stop(self) -> str:
        """End it as an idle environment ends, and give what it printed."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        return (await self.exited())[1]


class Starter:
    """Starts runtimes that the Runtime API at one address feeds, and stops them at the test's end."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        self.processes: list[RuntimeProcess] = []

    async def __call__(self, *arguments: str, **environ: str) -> RuntimeProcess:
        """Start `python -m lambda_runtime ARGUMENTS` with an environment of its own, in the starter's folder."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-W", "error", "-m", "lambda_runtime"),
            *arguments,
            cwd=self._folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(_CODE),
                "AWS_LAMBDA_RUNTIME_API": self._address,
                "AWS_LAMBDA_FUNCTION_NAME": "chat",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE")},
                **environ,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        started = RuntimeProcess(process)
        self.processes.append(started)
        return started

    async def stop(self) -> None:
        """Stop all that were started."""
        for process in self.processes:
            await process.stop()
