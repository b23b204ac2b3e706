"""The Runtime API of one execution environment, as its processes see it.

Facts, with their sources:

- Paths, headers, status codes and error documents are those of the runtime interface emulator (`rapi/`), which
  AWS builds from the service's own code; the streaming mode is in the Node.js runtime interface client.
- An environment is given an event when its runtime waits in `/next` and every extension waits as well
  (AWS developer guide, "Lambda execution environment lifecycle").
- Trailers: uvicorn with httptools appends them to the list of the request's headers, at the latest when the body
  ends; Starlette copies that list on first use, so it is kept aside before Starlette sees the request.

The Cognito identity header is never sent: nothing here signs in.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.delivery import Delivery, GoneError, suffer
from emulator.extensions import Extensions
from emulator.faults import Fault, FaultKind
from emulator.invocation import FunctionError, IllegalTransition, Invocation, Phase
from emulator.long_poll import error_document, long_poll
from emulator.report import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from emulator.bandwidth import Bandwidth

# Runtime interface emulator, `interop.MaxPayloadSize`: 6 MiB and 100 bytes.
MAX_BUFFERED = 6 * 1024 * 1024 + 100
# AWS developer guide, "Lambda quotas": 200 MB for a streamed response.
MAX_STREAMED = 200 * 1024 * 1024
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"
_HEADERS_AND_TRAILERS = "emulator.headers_and_trailers"


class RuntimeApi:
    """An ASGI application that speaks to one environment's processes.

    `started` is set at the first `/next`; `init_error` is what `/init/error` said. `function` describes the
    function to extensions (`functionName`, `functionVersion`, `handler`). `warn` gets sentences for the log.
    `bandwidth` bounds streamed answers. To be served with `http_protocols.ChunkedProtocol`.
    """

    def __init__(
        self, function: Mapping[str, str], warn: Callable[[str], None], bandwidth: Bandwidth | None = None
    ) -> None:
        self.started = asyncio.Event()
        self.init_error: FunctionError | None = None
        self._warn = warn
        self._bandwidth = bandwidth
        self._runtime_waits = False
        self._extensions = Extensions(function, self.started, self._note_readiness)
        self._next: asyncio.Queue[Invocation] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._current: Invocation | None = None
        self._app = Starlette(
            routes=[
                Route("/2018-06-01/runtime/invocation/next", self._invocation_next),
                Route("/2018-06-01/runtime/invocation/{id}/response", self._response, methods=["POST"]),
                Route("/2018-06-01/runtime/invocation/{id}/error", self._error, methods=["POST"]),
                Route("/2018-06-01/runtime/init/error", self._init_error, methods=["POST"]),
                *self._extensions.routes,
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of the environment's processes (ASGI)."""
        scope[_HEADERS_AND_TRAILERS] = scope["headers"]
        await self._app(scope, receive, send)

    @property
    def has_extensions(self) -> bool:
        """Whether an extension is registered: only then does the platform send SIGTERM before SIGKILL."""
        return self._extensions.any

    async def ready(self) -> None:
        """Wait until the runtime and all extensions wait for an event."""
        await self._ready.wait()

    def offer(self, invocation: Invocation) -> None:
        """Give an invocation to the runtime and tell the extensions that want to know; `ready` is when it is over."""
        self._ready.clear()
        self._runtime_waits = False
        self._current = invocation
        invocation.start_clock()
        self._next.put_nowait(invocation)
        self._extensions.tell(invocation)

    async def _invocation_next(self, request: Request) -> Response:
        if self._current is not None and self._current.phase in (Phase.RUNNING, Phase.RESPONDING):
            return _refuse(IllegalTransition(self._current.phase, "Ready"))
        self.started.set()
        # An event that an earlier poll did not live to take is not over, it has only begun.
        self._runtime_waits = self._next.empty()
        self._note_readiness()
        invocation = await long_poll(request, self._next)
        self._runtime_waits = False
        if invocation is None:
            self._ready.clear()
            return Response(status_code=500)
        invocation.deliver()
        if invocation.fault == Fault(FaultKind.KILL):
            invocation.fault_due.set()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Invocation-Id": invocation.invocation_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        if invocation.tenant_id is not None:
            headers["Lambda-Runtime-Aws-Tenant-Id"] = invocation.tenant_id
        return Response(invocation.payload, headers=headers)

    async def _response(self, request: Request) -> Response:
        invocation = self._find(request)
        if invocation is None:
            return error_document(400, "InvalidRequestID", "Invalid request ID")
        mode = request.headers.get("lambda-runtime-function-response-mode")
        if mode not in (None, "streaming"):
            invocation.fail(FunctionError("Runtime.InvalidResponseModeHeader", b""))
            return error_document(400, "InvalidFunctionResponseMode", "Invalid function response mode")
        streaming = mode is not None
        try:
            await self._take(request, invocation, streaming=streaming)
        except (IllegalTransition, GoneError, _TooLargeError, ClientDisconnect) as error:
            return _broken_off(invocation, error)
        trailing = _trailers(request)
        if streaming and trailing is not None:
            invocation.fail(trailing)
        else:
            invocation.end()
        return _accepted()

    async def _take(self, request: Request, invocation: Invocation, *, streaming: bool) -> None:
        """Hand on the response.

        Raises:
            IllegalTransition, GoneError, _TooLargeError, ClientDisconnect: it ends before its time.
        """
        content_type = request.headers.get("content-type")
        if invocation.phase is Phase.RUNNING and _is_due_at_the_head(invocation.fault):
            await suffer(invocation)
        invocation.begin(streaming=streaming, content_type=content_type)
        if streaming:
            await _stream(request, Delivery(invocation, content_type, request.scope, self._bandwidth))
        else:
            await _collect(request, invocation)

    async def _error(self, request: Request) -> Response:
        invocation = self._find(request)
        if invocation is None:
            return error_document(400, "InvalidRequestID", "Invalid request ID")
        reported = await _reported(request)
        try:
            if invocation.phase is Phase.RUNNING and _comes_at_the_end(invocation.fault):
                await suffer(invocation)
            invocation.error(reported)
        except (IllegalTransition, GoneError) as error:
            return _broken_off(invocation, error)
        return _accepted()

    async def _init_error(self, request: Request) -> Response:
        if self.started.is_set():
            return _refuse(
                IllegalTransition(self._current.phase if self._current else Phase.QUEUED, "InitError")
            )
        self.init_error = await _reported(request)
        return _accepted()

    def _note_readiness(self) -> None:
        if self._runtime_waits and self._extensions.wait:
            self._ready.set()

    def _find(self, request: Request) -> Invocation | None:
        """The invocation that the path names, if it is the one in this environment."""
        invocation = self._current
        if invocation is None or request.path_params["id"] != invocation.request_id:
            return None
        echoed = request.headers.get("lambda-runtime-invocation-id")
        if echoed != invocation.invocation_id:
            said = "nothing" if echoed is None else repr(echoed)
            self._warn(
                f"The runtime was given Lambda-Runtime-Invocation-Id {invocation.invocation_id!r} and sent back "
                f"{said} with its answer; it should return what it was given."
            )
        return invocation


class _TooLargeError(Exception):
    """The response is larger than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Response payload size exceeded maximum allowed payload size ({limit} bytes).")


async def _collect(request: Request, invocation: Invocation) -> None:
    """Hand on a buffered response as one piece.

    Raises:
        GoneError, _TooLargeError: it ends before its time.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BUFFERED:
            raise _TooLargeError(MAX_BUFFERED)
    if _comes_at_the_end(invocation.fault):
        await suffer(invocation)
    await invocation.write(bytes(body))


async def _stream(request: Request, delivery: Delivery) -> None:
    """Hand on each piece of a streaming response as it comes.

    Raises:
        GoneError, _TooLargeError: it ends before its time.
    """
    size = 0
    await delivery.begin()
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_STREAMED:
            raise _TooLargeError(MAX_STREAMED)
        await delivery.hand_on(chunk)
    await delivery.end()


def _is_due_at_the_head(fault: Fault | None) -> bool:
    """Whether the fault keeps the response from beginning, however soon it is posted."""
    return fault is not None and fault.after is None and fault.kind is not FaultKind.SLOW_READER


def _comes_at_the_end(fault: Fault | None) -> bool:
    """Whether the fault comes to an answer that has no chunks."""
    return fault is not None and fault.kind is not FaultKind.SLOW_READER


def _trailers(request: Request) -> FunctionError | None:
    """The error that the trailers carry, if they do."""
    found = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in request.scope[_HEADERS_AND_TRAILERS]
    }
    error_type = found.get(_ERROR_TYPE)
    if error_type is None:
        return None
    try:
        body = base64.b64decode(found.get(_ERROR_BODY, ""), validate=True)
    except binascii.Error:
        return FunctionError.of(error_type, f"The trailer {_ERROR_BODY} is not base64.")
    return FunctionError(error_type, body)


async def _reported(request: Request) -> FunctionError:
    """The error that a POST to `/error` or `/init/error` carries."""
    return FunctionError(request.headers.get(_ERROR_TYPE, "Runtime.Unknown"), await request.body())


def _broken_off(invocation: Invocation, error: Exception) -> Response:
    """What the runtime is told of an answer that ended before its time, and the caller."""
    match error:
        case IllegalTransition():
            return _refuse(error)
        case _TooLargeError():
            invocation.fail(FunctionError.of("Function.ResponseSizeTooLarge", str(error)))
            return error_document(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size.")
        case GoneError():
            invocation.refused = True
            invocation.fail(Failure.timeout(invocation.timeout).as_answer(invocation.request_id))
            answer = error_document(410, "InvocationGone", "The invocation has timed out")
            answer.headers["connection"] = "close"  # what is left of the body is not read
            return answer
    invocation.fail(FunctionError.of("Runtime.TruncatedResponse", "The response was cut off."))
    return error_document(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")


def _refuse(error: IllegalTransition) -> Response:
    return error_document(403, "InvalidStateTransition", str(error))


def _accepted() -> Response:
    return JSONResponse({"status": "OK"}, 202)
