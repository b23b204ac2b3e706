"""One invocation: what the function is given, how far it has come, and what its caller may read of it.

Facts, with their sources:

- The runtime may answer an invocation once, with `/response` or `/error`, and only after `/next` gave it out;
  everything else is 403 `InvalidStateTransition` (runtime interface emulator, `core/states.go`).
- A streaming response is over for the caller when its body ends; the invocation itself, its time and its bill,
  last until the runtime asks for the next one (AWS developer guide, "Lambda execution environment lifecycle").
- A body that breaks off is `Runtime.TruncatedResponse` (`rapi/handler/invocationresponse.go`).
- A function that fails after its first byte says so in HTTP trailers; what was sent stays sent.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from emulator.faults import Fault

# What `LogResult` and `X-Amz-Log-Result` carry (AWS API reference, "Invoke", LogType): the last 4 KB.
_LOG_TAIL = 4096
# Chunks that may wait for a slow caller before the function's sends block.
_CHUNKS_IN_FLIGHT = 16


class Phase(Enum):
    """How far an invocation has come; the values are the Runtime API's own names for the runtime's state."""

    QUEUED = "Ready"
    RUNNING = "Running"
    RESPONDING = "InvocationResponse"
    ANSWERED = "ResponseSent"


class IllegalTransition(Exception):  # noqa: N818 - the Runtime API's own term
    """The runtime sent what its state does not allow; `str()` is the sentence for its 403."""

    def __init__(self, phase: Phase, wanted: str) -> None:
        super().__init__(
            f"State transition from {phase.value} to {wanted} failed for runtime. "
            "Error: State transition is not allowed"
        )


@dataclass(frozen=True, slots=True)
class ResponseStart:
    """The function has begun to answer. A buffered answer follows as one piece, a streaming one as it comes."""

    streaming: bool
    content_type: str | None


@dataclass(frozen=True, slots=True)
class ResponseEnd:
    """The answer is complete."""


@dataclass(frozen=True, slots=True)
class FunctionError:
    """The invocation has failed; the last event. `payload` is the JSON that a direct caller gets."""

    error_type: str
    payload: bytes

    @classmethod
    def of(cls, error_type: str, message: str) -> FunctionError:
        """The platform's own errors have no stack trace, only these two fields."""
        body = json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":"))
        return cls(error_type, body.encode())


ResponseEvent = ResponseStart | bytes | ResponseEnd | FunctionError


@dataclass(eq=False)
class Invocation:
    """One event on its way through a function.

    The environment's side calls `start_clock`, `deliver`, `begin`, `write`, `end` and `fail`; the caller iterates
    `events()`. `timeout` is in seconds, `deadline_ms` in milliseconds since the epoch.
    """

    payload: bytes
    timeout: float
    arn: str
    trace_id: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    invocation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    client_context: str | None = None
    tenant_id: str | None = None
    fault: Fault | None = None
    phase: Phase = Phase.QUEUED
    deadline_ms: int = 0
    abandoned: bool = False
    """Whether the caller has left."""
    refused: bool = False
    """Whether the runtime was told that its time is up, though it lives (the fault `gone`)."""
    fault_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the environment shall bring the fault about."""
    _events: asyncio.Queue[ResponseEvent] = field(default_factory=asyncio.Queue)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CHUNKS_IN_FLIGHT))
    _answered: asyncio.Event = field(default_factory=asyncio.Event)
    _finished: asyncio.Event = field(default_factory=asyncio.Event)
    _log: bytearray = field(default_factory=bytearray)

    def start_clock(self) -> None:
        """The environment has it: its time runs from now."""
        self.deadline_ms = int((time.time() + self.timeout) * 1000)

    def deliver(self) -> None:
        """The runtime has it."""
        self.phase = Phase.RUNNING

    def begin(self, *, streaming: bool, content_type: str | None) -> None:
        """The runtime has begun its response.

        Raises:
            IllegalTransition: the runtime has answered already.
        """
        if self.phase is not Phase.RUNNING:
            raise IllegalTransition(self.phase, "InvocationResponse")
        self.phase = Phase.RESPONDING
        self._events.put_nowait(ResponseStart(streaming, content_type))

    async def write(self, chunk: bytes) -> None:
        """Hand on a piece of the response; waits while the caller is slow, drops it when there is none."""
        if not chunk or self.abandoned:
            return
        await self._room.acquire()
        if self.phase is Phase.RESPONDING and not self.abandoned:
            self._events.put_nowait(chunk)

    def end(self) -> None:
        """The response is complete."""
        self._answer(ResponseEnd())

    def error(self, error: FunctionError) -> None:
        """The runtime reports that its handler failed before it began to answer.

        Raises:
            IllegalTransition: the runtime has answered already, or is answering.
        """
        if self.phase is not Phase.RUNNING:
            raise IllegalTransition(self.phase, "InvocationErrorResponse")
        self._answer(error)

    def fail(self, error: FunctionError) -> None:
        """End the answer with an error, wherever it stands; nothing happens if it is complete."""
        self._answer(error)

    async def answered(self) -> None:
        """Wait until the answer is complete or has failed; the runtime may still be at work."""
        await self._answered.wait()

    def finish(self) -> None:
        """The environment is done with it, and its log is complete."""
        self._finished.set()

    async def finished(self) -> None:
        """Wait until its REPORT line is written: the runtime may be at work after the answer's end."""
        await self._finished.wait()

    def log(self, line: str) -> None:
        """Take a line that was logged while it ran."""
        self._log += line.encode() + b"\n"
        if len(self._log) > 2 * _LOG_TAIL:
            del self._log[:-_LOG_TAIL]

    def log_tail(self) -> bytes:
        """The last 4 KB of its log, lines with their ends; complete once `finished`."""
        return bytes(self._log[-_LOG_TAIL:])

    def abandon(self) -> None:
        """The caller no longer reads. The function is not told and runs on, as on Lambda."""
        self.abandoned = True
        self._room.release()  # for the `write` that may be waiting: there is one response, so there is one

    async def events(self) -> AsyncIterator[ResponseEvent]:
        """The answer as it comes; the last event is `ResponseEnd` or `FunctionError`."""
        while True:
            event = await self._events.get()
            if isinstance(event, bytes):
                self._room.release()
            yield event
            if isinstance(event, ResponseEnd | FunctionError):
                return

    def _answer(self, last: ResponseEnd | FunctionError) -> None:
        if self.phase is not Phase.ANSWERED:
            self.phase = Phase.ANSWERED
            self._events.put_nowait(last)
            self._answered.set()
