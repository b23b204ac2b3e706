"""One execution environment: a process, its Runtime API, and one invocation at a time.

Facts, with their sources:

- Init may take 10 s; a function's timeout bounds each invocation after it (AWS developer guide, "Lambda
  execution environment lifecycle"). Lambda tries a failed or slow init once more inside the invocation; here it
  is final, so that its log is shown once.
- Past its timeout an environment is killed, and the caller reads `Sandbox.Timedout`; a process that exits is
  `Runtime.ExitError`. Both keep their bytes of an answer that has begun.
- Log lines START, END, REPORT and INIT_REPORT are CloudWatch's. Since August 2025 init is billed for every
  function, so `Billed Duration` contains it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING, Literal

from emulator.invocation import FunctionError, Invocation, Phase
from emulator.process import FunctionProcess, Watchdog, describe_exit
from emulator.runtime_api import RuntimeApi
from emulator.serving import serving

if TYPE_CHECKING:
    from emulator.logs import Log
    from emulator.settings import FunctionSettings

# A process and its sockets end together; this is how long the sockets' end may take to be seen.
_LAST_BYTES_SECONDS = 1.0


class Environment:
    """A function's environment from its start to its end. `alive` until its process has gone."""

    def __init__(self, settings: FunctionSettings, watchdog: Watchdog, log: Log) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._log = log
        self._api = RuntimeApi(settings.description, log.platform)
        self._resources = contextlib.AsyncExitStack()
        self._process: FunctionProcess | None = None
        self._init_ms: float | None = None
        self._peak_memory: int | None = None

    @property
    def alive(self) -> bool:
        """Whether another invocation can be given to it."""
        return self._process is not None and not self._process.exited.done()

    async def start(self) -> FunctionError | None:
        """Start the process and wait for its first `/next`; returns why init failed, if it did.

        Raises:
            CommandError: the command cannot be started.
        """
        began = time.perf_counter()
        port = await self._resources.enter_async_context(serving(self._api))
        self._process = await FunctionProcess.start(
            self._settings.command,
            self._settings.environment(f"127.0.0.1:{port}"),
            self._settings.task_root,
            self._watchdog,
            self._log.function,
        )
        came = await self._first_of_ready_and_exited(self._process, self._settings.init_timeout)
        init_ms = (time.perf_counter() - began) * 1000
        if came == "ready":
            self._init_ms = init_ms
            return None
        if came == "exited":
            error = self._api.init_error or FunctionError.of(
                "Runtime.ExitError", f"Error: {describe_exit(self._process.exited.result())}"
            )
            status = f"error\tError Type: {error.error_type}"
        else:
            error = FunctionError.of(
                "Sandbox.Timedout", f"Error: Init timed out after {self._settings.init_timeout:.2f} seconds"
            )
            status = "timeout"
        self._log.platform(f"INIT_REPORT Init Duration: {init_ms:.2f} ms\tPhase: init\tStatus: {status}")
        await self.stop()
        return error

    async def invoke(self, invocation: Invocation) -> None:
        """Run one invocation until the runtime asks for the next, its time is up, or its process ends."""
        assert self._process is not None
        began = time.perf_counter()
        self._log.platform(f"START RequestId: {invocation.request_id} Version: {self._settings.version}")
        self._api.offer(invocation)
        came = await self._first_of_ready_and_exited(self._process, invocation.timeout)
        duration_ms = (time.perf_counter() - began) * 1000
        self._peak_memory = self._process.peak_memory_mb() or self._peak_memory
        if came == "ready":
            self._report(invocation, duration_ms)
        elif came == "exited":
            if invocation.phase is Phase.RESPONDING:
                # Its last bytes may still be on their way through the Runtime API; their end is its own.
                await asyncio.wait(
                    {asyncio.ensure_future(invocation.answered())}, timeout=_LAST_BYTES_SECONDS
                )
            message = (
                f"RequestId: {invocation.request_id} Error: {describe_exit(self._process.exited.result())}"
            )
            invocation.fail(FunctionError.of("Runtime.ExitError", message))
            self._log.platform(f"{message}\tRuntime.ExitError")
            self._report(invocation, duration_ms, "Status: error\tError Type: Runtime.ExitError")
            await self.stop()
        else:
            late = f"Task timed out after {invocation.timeout:.2f} seconds"
            invocation.fail(
                FunctionError.of("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {late}")
            )
            self._log.platform(f"{invocation.request_id} {late}")
            self._report(invocation, duration_ms, "Status: timeout")
            await self._process.stop(gracefully=False)
            await self.stop()

    async def _first_of_ready_and_exited(
        self, process: FunctionProcess, patience: float
    ) -> Literal["ready", "exited", "neither"]:
        ready = asyncio.create_task(self._api.ready())
        try:
            await asyncio.wait({ready, process.exited}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            return "ready" if ready.done() else "exited" if process.exited.done() else "neither"
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Kill the process, if it lives, and close the Runtime API."""
        if self._process is not None:
            await self._process.stop(gracefully=self._api.has_extensions)
        await self._resources.aclose()

    def _report(self, invocation: Invocation, duration_ms: float, status: str = "") -> None:
        init_ms, self._init_ms = self._init_ms, None
        fields = [
            f"REPORT RequestId: {invocation.request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(duration_ms + (init_ms or 0))} ms",
            f"Memory Size: {self._settings.memory_mb} MB",
        ]
        if self._peak_memory is not None:
            fields.append(f"Max Memory Used: {self._peak_memory} MB")
        if init_ms is not None:
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        if status:
            fields.append(status)
        self._log.platform(f"END RequestId: {invocation.request_id}")
        self._log.platform("\t".join(fields))
