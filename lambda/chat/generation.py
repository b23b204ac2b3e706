"""One answer from its source to the wire, so that it always ends well: exactly one terminal part, whatever happens.

A failure before the first byte is raised, and becomes a status and a JSON error; one after it becomes the
protocol's error part. Either way the upstream is closed before the caller hears of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any

from chat.approval import Approval
from chat.failures import FailureKind, SourceError
from chat.parts import Abort, Error, Finish
from chat.protocols import PartOrderError
from lambda_runtime import StreamClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from chat.metrics import Measurement
    from chat.parts import Part
    from chat.protocols import Encoder
    from chat.requests import ChatRequest
    from chat.sources.select import Sources
    from lambda_runtime import ResponseStream

_log = logging.getLogger("chat")


class AnswerError(Exception):
    """An answer failed. `message` is safe to show and carries the id under which the log has the reason."""

    def __init__(self, kind: FailureKind, error_id: str) -> None:
        self.kind = kind
        self.error_id = error_id
        # A missing key is the operator's to see, and there is nothing more to look up.
        self.message = (
            kind.message if kind is FailureKind.NOT_CONFIGURED else f"{kind.message} (error id {error_id})"
        )
        self.status = kind.status
        super().__init__(self.message)


async def generate(
    sources: Sources,
    request: ChatRequest,
    consume: Callable[[list[Part]], Awaitable[None]],
    deadline: float,
    measured: Measurement,
) -> None:
    """Hand an answer's parts to `consume`, batch by batch, up to and with its `Finish` or `Abort`.

    Once that is consumed the answer is whole, and no failure: what goes wrong behind it is for the log alone.

    Args:
        sources: what answers; the upstream is closed before this returns or raises.
        request: what to answer.
        consume: takes each batch; the next is not read before it returns.
        deadline: the event loop's time at which the answer is cut off.
        measured: is told of the beginning, and of each batch after it was consumed.

    Raises:
        AnswerError: the answer failed, and the log has why.
        StreamClosed: the platform reads no more.
    """
    measured.begin(request)
    if deadline <= asyncio.get_running_loop().time():
        detail = (
            "no time was left when it began; the function's timeout must be longer than CHAT_DEADLINE_MARGIN"
        )
        raise _failed(FailureKind.DEADLINE, detail)
    approval = Approval(request)
    timer = asyncio.timeout_at(deadline)
    whole = False
    try:
        async with timer, contextlib.aclosing(sources.for_request(request).stream(request)) as batches:
            async for batch in batches:
                parts = _up_to_the_end(batch)
                await consume(approval.tell(parts))
                measured.took(parts)
                whole = isinstance(parts[-1], Finish | Abort)
                if whole:
                    return
    except StreamClosed:
        raise
    except (Exception, asyncio.CancelledError) as error:
        if not whole:
            raise _failure(error, out_of_time=timer.expired()) from error
        _log.warning("The answer is whole, but its source did not close well: %r", error, exc_info=error)
        return
    raise _failed(FailureKind.BROKEN_STREAM, "the source ended without Finish")


async def stream_answer(
    sources: Sources,
    request: ChatRequest,
    encoder: Encoder,
    stream: ResponseStream,
    *,
    deadline: float,
    keepalive: float,
    measured: Measurement,
) -> None:
    """Write an answer to a response stream and end it.

    Nothing is written before the answer's first part, unless it lets a whole `keepalive` pass.

    Args:
        sources: what answers.
        request: what to answer.
        encoder: a new one, of the protocol that the client reads.
        stream: the invocation's stream, its prelude set, nothing written.
        deadline: the event loop's time at which the answer is cut off, saying so.
        keepalive: seconds of silence after which the protocol's heartbeat is written.
        measured: is told what becomes of the answer, but for what is raised.

    Raises:
        AnswerError: the answer failed before the first byte; the stream is still unused.
        StreamClosed: the platform reads no more.
    """
    wire = _Wire(encoder, stream)
    try:
        async with _beside(wire.beat(keepalive)):
            await generate(sources, request, wire.write, deadline, measured)
    except AnswerError as error:
        if not stream.started:
            raise
        measured.fail(error)
        if not encoder.ended:
            await wire.write([Error(error.message)])
    await stream.end()


class _Wire:
    """A response stream as one answer's encoder writes it."""

    def __init__(self, encoder: Encoder, stream: ResponseStream) -> None:
        self._encoder = encoder
        self._stream = stream
        self._time = asyncio.get_running_loop().time
        self._last_write = self._time()
        # Nothing is encoded before it can be written: an encoder that has ended has its end on the wire.
        self._lock = asyncio.Lock()

    async def write(self, parts: list[Part]) -> None:
        """Write some parts; of those that cannot be encoded, what stood before them.

        Whoever interrupts the wait for a slow reader of the answer's end is too late: it has been sent.
        """
        async with self._lock:
            try:
                encoded = self._encoder.encode(parts)
            except PartOrderError as error:
                if error.encoded:
                    await self._stream.write(error.encoded)
                raise
            if not encoded:  # an encoder may hold back what shows nothing yet
                return
            try:
                await self._stream.write(encoded)
            except asyncio.CancelledError:
                if not (self._encoder.ended and self._stream.started):
                    raise
                _log.warning(
                    "The answer is whole, but its reader had not taken all of it when its time ran out, or the "
                    "process was told to stop"
                )
            self._last_write = self._time()

    async def beat(self, keepalive: float) -> None:
        """Write the protocol's heartbeat, if it has one, after each `keepalive` seconds of silence."""
        while True:
            async with self._lock:
                if not (heartbeat := self._encoder.heartbeat()):
                    return
                silence_left = self._last_write + keepalive - self._time()
                if silence_left <= 0:
                    await self._stream.write(heartbeat)
                    self._last_write = self._time()
                    silence_left = keepalive
            await asyncio.sleep(silence_left)


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside the block and stop it with the block; if it fails, the block is cancelled.

    A heartbeat that the platform does not take any more is how a silent answer learns that nobody reads it.
    """
    owner = asyncio.current_task()
    assert owner is not None

    def stop_owner(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            owner.cancel()

    task = asyncio.create_task(work)
    task.add_done_callback(stop_owner)
    try:
        yield
    finally:
        task.remove_done_callback(stop_owner)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()


def _up_to_the_end(batch: list[Part]) -> list[Part]:
    """A batch without what stands behind its terminal part, which no client could read any more."""
    for place, part in enumerate(batch):
        if isinstance(part, Finish | Abort):
            if rest := batch[place + 1 :]:
                names = ", ".join(type(left).__name__ for left in rest)
                _log.warning(
                    "The source made parts behind the end of the answer, which are left out: %s", names
                )
            return batch[: place + 1]
    return batch


def _failure(error: BaseException, *, out_of_time: bool) -> AnswerError:
    """What the client may know of an exception that ended an answer; the log has the rest."""
    if isinstance(error, SourceError):
        return _failed(error.kind, error.detail)
    if isinstance(error, asyncio.CancelledError):
        # SIGTERM, or nobody reads: the answer ends, but not before a client that still reads has been told.
        return _failed(FailureKind.INTERRUPTED, "the process was told to stop, or nobody reads")
    if out_of_time:
        return _failed(FailureKind.DEADLINE, "the invocation's deadline was near")
    return _failed(FailureKind.INTERNAL, repr(error), error)


def _failed(kind: FailureKind, detail: str, error: BaseException | None = None) -> AnswerError:
    """Log a failure under a new id and make the error that carries it."""
    error_id = os.urandom(6).hex()
    _log.error(
        "Answer failed: %s (error id %s): %s",
        kind.name.lower(),
        error_id,
        detail,
        exc_info=error,
        extra={"errorId": error_id, "errorKind": kind.name.lower()},
    )
    return AnswerError(kind, error_id)
