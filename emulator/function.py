"""A function: its environments, started on demand, and the invocations that run in them.

Facts, with their sources:

- An environment runs one invocation at a time; a request that finds none idle gets a new one. More than the
  function's reserved concurrency is refused, not queued (AWS developer guide, "Understanding Lambda function
  scaling").
- A runtime asks for its next event some moments after its answer's end. On Lambda the next request needs longer
  than that to come in over the network; here it waits for an environment that is about to be free.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import time
import traceback
from typing import TYPE_CHECKING, Self

from emulator.environment import Environment
from emulator.invocation import FunctionError, Invocation, Phase
from emulator.logs import LogStreams
from emulator.process import Watchdog

if TYPE_CHECKING:
    from types import TracebackType

    from emulator.faults import Fault
    from emulator.logs import Log
    from emulator.settings import FunctionSettings

# How long a request waits for an environment whose answer is complete before it has another started.
_RETURN_SECONDS = 0.1
_STOPPED = FunctionError.of("ServiceException", "The emulator was stopped.")


class Throttled(Exception):  # noqa: N818 - the platform's own term
    """As many invocations run as the function may have at once; a front answers 429."""


@dataclasses.dataclass(eq=False, slots=True)
class _Place:
    """One environment among the function's; `retired` if it ends with its invocation, `reclaim` if it is idle."""

    environment: Environment
    retired: bool = False
    reclaim: asyncio.TimerHandle | None = None


class Function:
    """Runs invocations, each in an environment that has no other meanwhile. Use as an async context manager."""

    def __init__(self, settings: FunctionSettings, log: Log) -> None:
        self.settings = settings
        self._log = log
        self._streams = LogStreams(log, settings.version)
        self._places: list[_Place] = []
        self._idle: list[_Place] = []  # the one used last is the last, and the first to be used again
        self._changed = asyncio.Event()
        self._running: dict[asyncio.Task[None], Invocation] = {}
        self._ending: set[asyncio.Task[None]] = set()
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

    @property
    def environments(self) -> int:
        """How many live, starting and ending ones among them."""
        return len(self._places)

    async def idle(self) -> None:
        """Wait until no invocation runs: its runtime may be at work after the answer's end, and REPORT follows."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def stop(self) -> None:
        """End all invocations and environments; what comes later is refused."""
        self._stopped = True
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self.replace()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def replace(self) -> None:
        """Have new environments for what comes next: idle ones end now, busy ones with their invocation."""
        for place in self._places:
            place.retired = True
        idle, self._idle = self._idle, []
        for place in idle:
            self._end(place)

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
        unanswered = sum(invocation.phase is not Phase.ANSWERED for invocation in self._running.values())
        if unanswered >= self.settings.concurrency:
            raise Throttled
        invocation = Invocation(
            payload=payload,
            timeout=self.settings.timeout,
            arn=self.settings.arn,
            trace_id=trace_id or new_trace_id(),
            client_context=client_context,
            tenant_id=tenant_id,
            fault=fault or self.settings.fault,
        )
        if self._stopped:
            invocation.fail(_STOPPED)
            invocation.finish()
            return invocation
        task = asyncio.create_task(self._run(invocation))
        self._running[task] = invocation
        task.add_done_callback(self._running.pop)
        return invocation

    async def _run(self, invocation: Invocation) -> None:
        place = None
        try:
            place = await self._take()
            await place.environment.invoke(invocation)
        except asyncio.CancelledError:
            invocation.fail(_STOPPED)
            raise
        except Exception:  # noqa: BLE001 - the caller must have an answer whatever went wrong here
            self._log.platform(traceback.format_exc())
            invocation.fail(FunctionError.of("ServiceException", "The emulator failed; its log says why."))
            if place is not None:
                place.retired = True
        finally:
            invocation.finish()
            if place is not None:
                self._release(place)

    async def _take(self) -> _Place:
        """An idle environment, or a new one."""
        if not self._idle and any(place.environment.returning for place in self._places):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_RETURN_SECONDS):
                    await self._until_idle()
        while not self._idle and len(self._places) >= self.settings.concurrency:
            await self._next_change()
        if self._idle:
            place = self._idle.pop()
            assert place.reclaim is not None
            place.reclaim.cancel()
            place.reclaim = None
            return place
        assert self._watchdog is not None
        place = _Place(Environment(self.settings, self._watchdog, self._streams.new()))
        self._places.append(place)
        self._streams.several = self._streams.several or len(self._places) > 1
        return place

    async def _until_idle(self) -> None:
        while not self._idle:
            await self._next_change()

    async def _next_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _release(self, place: _Place) -> None:
        """The environment's invocation is over."""
        if place.retired or self._stopped:
            self._end(place)
            return
        loop = asyncio.get_running_loop()
        place.reclaim = loop.call_later(self.settings.idle_timeout, self._reclaim, place)
        self._idle.append(place)
        self._changed.set()

    def _reclaim(self, place: _Place) -> None:
        """It was idle for long; the last one stays, so that the next request is a warm one."""
        if any(other is not place and not other.retired for other in self._places):
            place.retired = True
            self._idle.remove(place)
            self._end(place)

    def _end(self, place: _Place) -> None:
        if place.reclaim is not None:
            place.reclaim.cancel()
        task = asyncio.create_task(self._stop(place))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _stop(self, place: _Place) -> None:
        try:
            await place.environment.stop()
        finally:
            self._places.remove(place)
            self._changed.set()


def trace_id_of(sent: str | None) -> str:
    """The caller's X-Ray trace header; a new one where there is none, or one that no runtime could read as text."""
    return sent if sent and sent.isascii() and sent.isprintable() else new_trace_id()


def new_trace_id() -> str:
    """An X-Ray trace header as Lambda makes it: epoch seconds in hex, 96 random bits, not sampled."""
    root = f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()}"
    return f"{root};Parent={os.urandom(8).hex()};Sampled=0"
