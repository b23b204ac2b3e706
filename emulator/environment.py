"""One execution environment: its process, which may end and begin anew, and one invocation at a time.

Facts, with their sources:

- Init may take 10 s. One that fails or takes longer is tried again inside the invocation, with the function's
  timeout as its limit; an environment whose process was killed or has exited is initialized there as well, and
  the invocation's duration contains it (AWS developer guide, "Lambda execution environment lifecycle").
- Past its timeout an environment is killed, and the caller reads `Sandbox.Timedout`; a process that exits is
  `Runtime.ExitError`. Both keep their bytes of an answer that has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from typing import TYPE_CHECKING, Literal

from emulator.faults import FaultKind
from emulator.http_protocols import ChunkedProtocol
from emulator.invocation import Invocation, Phase
from emulator.process import ChildProcess, CommandError, Watchdog, describe_exit
from emulator.report import TIMED_OUT, Failure, Outcome, end_lines, init_report, start_line
from emulator.runtime_api import RuntimeApi
from emulator.serving import serving

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from emulator.logs import LogStream
    from emulator.settings import FunctionSettings

# A process and its sockets end together; this is how long the sockets' end may take to be seen.
_LAST_BYTES_SECONDS = 1.0


class Environment:
    """An environment, from its first invocation to `stop`."""

    def __init__(self, settings: FunctionSettings, watchdog: Watchdog, log: LogStream) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._log = log
        self._initialized = False
        self._resources = contextlib.AsyncExitStack()
        self._api: RuntimeApi
        self._process: ChildProcess | None = None

    @property
    def returning(self) -> bool:
        """Whether its answer is complete and its runtime about to ask for the next event."""
        invocation = self._log.invocation
        return invocation is not None and invocation.phase is Phase.ANSWERED

    async def invoke(self, invocation: Invocation) -> None:
        """Run one invocation until the runtime asks for the next, its time is up, or its process ends."""
        self._log.invocation = invocation
        try:
            await self._invoke(invocation)
        finally:
            self._log.invocation = None
            invocation.finish()

    async def stop(self) -> None:
        """End the process, if it lives, and close the Runtime API; extensions hear SIGTERM before it."""
        await self._end(gracefully=self._process is not None and self._api.has_extensions)

    async def _kill(self) -> None:
        await self._end(gracefully=False)

    async def _end(self, *, gracefully: bool) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop(gracefully=gracefully)
            process.read_output()
        await self._resources.aclose()

    async def _invoke(self, invocation: Invocation) -> None:
        init_ms = None
        if not self._initialized:
            self._initialized = True
            init_ms = await self._first_init()
        began = time.perf_counter()
        failure = None
        if self._process is None or self._process.exited.done():
            failure = await self._init("invoke", self._settings.timeout)
        self._log.platform(start_line(invocation, self._settings.version))
        if failure is None:
            assert self._process is not None
            outcome = await self._run(self._process, invocation, began)
        else:
            outcome = Outcome(_since(began), failure)
        if outcome.failure is not None:
            invocation.fail(outcome.failure.as_answer(invocation.request_id))
            self._write(outcome.failure.lines(invocation.request_id))
        if outcome.failure is not None and not invocation.refused:
            await self._kill()
        self._write(
            end_lines(invocation, dataclasses.replace(outcome, init_ms=init_ms), self._settings.memory_mb)
        )

    async def _run(self, process: ChildProcess, invocation: Invocation, began: float) -> Outcome:
        """Give the event to the runtime, and wait for what becomes of it."""
        self._api.offer(invocation)
        left = max(0.0, invocation.timeout - _since(began) / 1000)
        came = await self._first_of(process, left, ready=self._api.ready(), fault=invocation.fault_due.wait())
        duration_ms = _since(began)
        memory_mb = process.peak_memory_mb()
        process.read_output()
        failure = None
        if came == "exited":
            if invocation.phase is Phase.RESPONDING:
                # Its last bytes may still be on their way through the Runtime API; their end is its own.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(invocation.answered(), _LAST_BYTES_SECONDS)
            failure = Failure("Runtime.ExitError", describe_exit(process.exited.result()))
        elif came == "fault" and invocation.fault is not None and invocation.fault.kind is FaultKind.KILL:
            await process.stop(gracefully=False)
            failure = Failure(
                "Runtime.ExitError",
                describe_exit(process.exited.result()),
                report_type="Runtime.OutOfMemory",
            )
            memory_mb = self._settings.memory_mb
        elif came != "ready" or invocation.refused:
            failure = Failure.timeout(invocation.timeout)
        if invocation.refused or (failure is not None and failure.error_type == TIMED_OUT):
            # Where its time was said to be up, it has passed.
            duration_ms = max(duration_ms, invocation.timeout * 1000)
        return Outcome(duration_ms, failure, memory_mb)

    async def _first_init(self) -> float | None:
        """Initialize before the invocation; returns its milliseconds, or None if it failed."""
        began = time.perf_counter()
        failure = await self._init("init", self._settings.init_timeout)
        return None if failure else _since(began)

    async def _init(self, phase: Literal["init", "invoke"], patience: float) -> Failure | None:
        """Start the process and wait for its first `/next`; returns why that failed, if it did."""
        await self._kill()
        began = time.perf_counter()
        self._api = RuntimeApi(self._settings.description, self._log.platform, self._settings.bandwidth)
        port = await self._resources.enter_async_context(serving(self._api, protocol=ChunkedProtocol))
        try:
            process = self._process = await ChildProcess.start(
                self._settings.command,
                self._settings.environment(f"127.0.0.1:{port}", self._log.name),
                self._settings.task_root,
                self._watchdog,
                self._log.function,
            )
        except CommandError as error:
            failure = Failure("Runtime.InvalidEntrypoint", str(error))
        else:
            came = await self._first_of(process, patience, ready=self._api.ready())
            if came == "ready":
                return None
            reported = self._api.init_error
            if came != "exited":
                failure = Failure.timeout(patience)
            elif reported is not None:
                failure = Failure(reported.error_type, reported=reported)
            else:
                failure = Failure("Runtime.ExitError", describe_exit(process.exited.result()))
        duration_ms = _since(began)
        await self._kill()
        self._log.platform(init_report(phase, duration_ms, failure))
        return failure

    async def _first_of(
        self, process: ChildProcess, patience: float, **events: Awaitable[object]
    ) -> Literal["ready", "fault", "exited", "neither"]:
        """Which comes first, the process's end among them."""
        waiting = {name: asyncio.ensure_future(event) for name, event in events.items()}
        try:
            await asyncio.wait(
                {*waiting.values(), process.exited}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for name in ("ready", "fault"):
                if name in waiting and waiting[name].done():
                    return name
            return "exited" if process.exited.done() else "neither"
        finally:
            for task in waiting.values():
                task.cancel()

    def _write(self, lines: list[str]) -> None:
        for line in lines:
            self._log.platform(line)


def _since(began: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - began) * 1000
