"""The runtime's loop: take events and answer them with one handler, one at a time, for the process's life."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import inspect
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from lambda_runtime.api import RuntimeApiError
from lambda_runtime.context import LambdaContext
from lambda_runtime.errors import ErrorReport, RuntimeFault, StreamClosed
from lambda_runtime.handlers import is_async, streams, takes_raw_events
from lambda_runtime.marshal import marshal, unmarshal
from lambda_runtime.stream import BlockingResponseStream, ResponseStream
from lambda_runtime.tracing import TraceIds

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambda_runtime.api import Invocation, RuntimeApi
    from lambda_runtime.logs import LambdaLogHandler

_log = logging.getLogger("lambda_runtime")


class _Phase(enum.Enum):
    """Where the loop is, for a signal that comes in between."""

    WAITING = enum.auto()
    HANDLING = enum.auto()
    ANSWERING = enum.auto()
    AFTERWARDS = enum.auto()


class Runtime:
    """One handler and the Runtime API that feeds it.

    Async handlers run on the event loop. All others run in the main thread while the loop stands still, as under
    awslambdaric: `asyncio.run`, signals and thread-bound libraries work in them as they always did.
    """

    def __init__(
        self,
        api: RuntimeApi,
        handler: Callable[..., Any],
        loop: asyncio.AbstractEventLoop,
        logs: LambdaLogHandler,
    ) -> None:
        self._api = api
        self._handler = handler
        self._streams = streams(handler)
        self._takes_raw_events = takes_raw_events(handler)
        self._is_async = is_async(handler)
        self._loop = loop
        self._logs = logs
        self._phase = _Phase.WAITING
        self._terminated = False

    def serve(self) -> None:
        """Take events and answer them until `terminate` is called.

        Raises: as `serve_one`.
        """
        while not self._terminated:
            with contextlib.suppress(asyncio.CancelledError):  # `terminate` while waiting
                self.serve_one()

    def terminate(self) -> None:
        """Leave in order; safe in a signal handler. A handler under way is stopped, and its `finally` runs."""
        self._terminated = True
        if self._phase is _Phase.HANDLING and not self._is_async:
            # It may be anywhere in the main thread, in a call of its own as well as in a write.
            raise SystemExit(0)
        if self._phase is not _Phase.ANSWERING:
            for task in asyncio.all_tasks(self._loop):
                self._loop.call_soon_threadsafe(task.cancel)

    def _heed_signal(self) -> None:
        """For the first step of a task: `terminate` found no task to cancel, because this one was not there yet."""
        if self._terminated:
            raise asyncio.CancelledError

    def serve_one(self) -> None:
        """Take one event and answer it.

        Raises:
            RuntimeApiError: the process must exit.
            SystemExit, KeyboardInterrupt: the handler's own, after the platform was told.
        """
        run = self._loop.run_until_complete
        self._phase = _Phase.WAITING
        invocation = run(self._next())
        self._phase = _Phase.HANDLING
        stream = ResponseStream(self._api, invocation) if self._streams else None
        context = None
        try:
            context = LambdaContext(invocation, self._logs)
            event: Any = invocation.body
            if not self._takes_raw_events:
                event = unmarshal(invocation.body, invocation.content_type)
            if self._is_async:
                run(self._answer(invocation, stream, event, context))
            else:
                self._answer_blocking(invocation, stream, event, context)
        except RuntimeApiError:
            raise
        except BaseException as error:
            # Whatever ended the handler, the platform is told, so that no caller waits for a dead stream.
            self._phase = _Phase.ANSWERING
            run(self._fail(invocation, stream, error))
            if isinstance(error, SystemExit | KeyboardInterrupt):
                raise
        finally:
            self._phase = _Phase.AFTERWARDS
            if context is not None:
                run(context.finish_background_tasks(at_once=self._terminated))
            # Half a line would wait through the freeze, and stand in the next invocation's log.
            sys.stdout.flush()
            sys.stderr.flush()

    async def _next(self) -> Invocation:
        self._heed_signal()
        logs = self._logs
        logs.request_id, logs.tenant_id, logs.trace = "", None, TraceIds()
        invocation = await self._api.next()
        logs.request_id, logs.tenant_id = invocation.request_id, invocation.tenant_id
        logs.trace = TraceIds.of(invocation.trace_id)
        # The X-Ray SDK reads it for each segment; the last invocation's must not stay.
        if invocation.trace_id is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = invocation.trace_id
        return invocation

    async def _answer(
        self, invocation: Invocation, stream: ResponseStream | None, event: Any, context: LambdaContext
    ) -> None:
        self._heed_signal()
        if stream is None:
            returned = self._handler(event, context)
            body, content_type = marshal(
                _not_a_stream(await returned if inspect.isawaitable(returned) else returned)
            )
            self._phase = _Phase.ANSWERING
            await self._api.respond(invocation, body, content_type)
            return
        returned = self._handler(event, stream, context)
        if inspect.isasyncgen(returned):
            async with contextlib.aclosing(returned):
                async for piece in returned:
                    await stream.write(piece)
            await stream.end()
        else:
            _warn_of_result(await returned)
        _require_end(stream)
        self._phase = _Phase.ANSWERING
        await stream.settle()

    def _answer_blocking(
        self, invocation: Invocation, stream: ResponseStream | None, event: Any, context: LambdaContext
    ) -> None:
        run = self._loop.run_until_complete
        if stream is None:
            body, content_type = marshal(_not_a_stream(self._handler(event, context)))
            self._phase = _Phase.ANSWERING
            run(self._api.respond(invocation, body, content_type))
            return
        blocking = BlockingResponseStream(stream, self._loop)
        returned = self._handler(event, blocking, context)
        if inspect.isgenerator(returned):
            with contextlib.closing(returned):
                for piece in returned:
                    blocking.write(piece)
            blocking.end()
        else:
            _warn_of_result(_not_a_stream(returned))
        _require_end(stream)
        self._phase = _Phase.ANSWERING
        run(stream.settle())

    async def _fail(
        self, invocation: Invocation, stream: ResponseStream | None, error: BaseException
    ) -> None:
        report = ErrorReport.of(error)
        stopped = self._terminated and isinstance(error, asyncio.CancelledError)
        # A SIGTERM behind an answer's end is no failure. A log that cannot be written must not stop the telling.
        if not (stopped and stream is not None and stream.ended):
            with contextlib.suppress(OSError, ValueError):
                self._logs.write_error(report)
        if stream is None or not stream.started:
            await self._api.fail(invocation, report)
            return
        # A stream that the platform has closed can be told nothing more; its answer, if there is one, is logged.
        with contextlib.suppress(StreamClosed):
            await stream.fail(report)
        with contextlib.suppress(StreamClosed):
            await stream.settle()


def _require_end(stream: ResponseStream) -> None:
    if not stream.ended:
        raise RuntimeFault(
            "Runtime.StreamNotEnded",
            "The handler returned without ending its response stream. End it with stream.end(), also after a failure.",
        )


def _warn_of_result(result: object) -> None:
    if result is not None:
        _log.warning(
            "A streaming handler's return value is ignored (it returned %s); write to the response stream instead.",
            type(result).__name__,
        )


def _not_a_stream(result: Any) -> Any:
    """Refuse what only looks like an answer, with a sentence that says what to do."""
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise RuntimeFault(
            "Runtime.MarshalError",
            "The handler returned a generator. To stream it, decorate the function that yields with "
            "lambda_runtime.streamify_response.",
        )
    if inspect.iscoroutine(result):
        result.close()
        raise RuntimeFault(
            "Runtime.MarshalError",
            "The handler returned a coroutine, but is not itself async def. Declare the outermost function async.",
        )
    return result
