"""A function: its environments, started on demand, and the invocations that wait for one."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from typing import TYPE_CHECKING, Self

from emulator.environment import Environment
from emulator.invocation import FunctionError, Invocation
from emulator.process import CommandError, Watchdog

if TYPE_CHECKING:
    from types import TracebackType

    from emulator.faults import Fault
    from emulator.logs import Log
    from emulator.settings import FunctionSettings


class Throttled(Exception):  # noqa: N818 - the platform's own term
    """As many invocations run as the function may have at once; a front answers 429."""


_STOPPED = FunctionError.of("ServiceException", "The emulator was stopped.")


class Function:
    """Runs invocations, one after another in one environment. Use as an async context manager."""

    def __init__(self, settings: FunctionSettings, log: Log) -> None:
        self.settings = settings
        self._log = log
        self._lock = asyncio.Lock()
        self._environment: Environment | None = None
        self._running: dict[asyncio.Task[None], Invocation] = {}
        self._watchdog: Watchdog | None = None
        self._stopped = False

    async def __aenter__(self) -> Self:
        self._watchdog = await Watchdog.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._watchdog is not None
        await self.stop()
        await self._watchdog.stop()

    async def idle(self) -> None:
        """Wait until no invocation runs: its runtime may be at work after the answer's end, and REPORT follows."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def stop(self) -> None:
        """End all invocations and the environment; what comes later is refused."""
        self._stopped = True
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._environment is not None:
            await self._environment.stop()
            self._environment = None

    def invoke(
        self,
        payload: bytes,
        *,
        trace_id: str | None = None,
        client_context: str | None = None,
        tenant_id: str | None = None,
        fault: Fault | None = None,
    ) -> Invocation:
        """Begin an invocation; its caller must read `events()` or `abandon()` it.

        `fault` is what shall go wrong with it; without one, the settings' own.

        Raises:
            Throttled: `concurrency` invocations run already.
        """
        invocation = Invocation(
            payload=payload,
            timeout=self.settings.timeout,
            arn=self.settings.arn,
            trace_id=trace_id or new_trace_id(),
            client_context=client_context,
            tenant_id=tenant_id,
            fault=fault,
        )
        if self._stopped:
            invocation.fail(_STOPPED)
            return invocation
        task = asyncio.create_task(self._run(invocation))
        self._running[task] = invocation
        task.add_done_callback(self._running.pop)
        return invocation

    async def _run(self, invocation: Invocation) -> None:
        try:
            async with self._lock:
                environment = await self._get_environment()
                if isinstance(environment, FunctionError):
                    invocation.fail(environment)
                else:
                    await environment.invoke(invocation)
        except asyncio.CancelledError:
            invocation.fail(_STOPPED)
            raise
        except Exception:  # noqa: BLE001 - the caller must have an answer whatever went wrong here
            self._log.platform(traceback.format_exc())
            invocation.fail(FunctionError.of("ServiceException", "The emulator failed; its log says why."))

    async def _get_environment(self) -> Environment | FunctionError:
        if self._environment is not None and self._environment.alive:
            return self._environment
        if self._environment is not None:
            await self._environment.stop()
        assert self._watchdog is not None
        self._environment = Environment(self.settings, self._watchdog, self._log)
        try:
            error = await self._environment.start()
        except CommandError as command_error:
            self._log.platform(str(command_error))
            await self._environment.stop()
            error = FunctionError.of("Runtime.InvalidEntrypoint", str(command_error))
        return error or self._environment


def new_trace_id() -> str:
    """An X-Ray trace header as Lambda makes it: epoch seconds in hex, 96 random bits, not sampled."""
    root = f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    return f"{root};Parent={os.urandom(8).hex()};Sampled=0"
