"""API Gateway: a REST API whose Lambda proxy integration has the response transfer mode STREAM.

Every path behind the stage and every method is the function's, as with `ANY` on `/` and `/{proxy+}`. OPTIONS too: a
REST API has no CORS settings, its console only makes an OPTIONS method with a mock integration, so the function writes
its own CORS headers here.

Facts, with their sources:

- The integration invokes by `InvokeWithResponseStream` and starts the client's response at the end of valid metadata:
  JSON of `statusCode`, `headers`, `multiValueHeaders` and `cookies`, then eight NUL bytes, within the first 16 KB
  (API Gateway developer guide, "Set up a Lambda proxy integration with payload response streaming"). What answers
  without them, a buffered result for one, is a 502. The content type of the runtime's stream does not matter.
- `headers` and `multiValueHeaders` are merged; a pair that is in both counts once (same guide, "Output format of a
  Lambda function for proxy integration"). Without a content type the answer is application/json.
- 502, a failed or malformed answer; 500, a throttled function; 504, one that is too slow: `{"message": "Internal
  server error"}` and `{"message": "Endpoint request timed out"}`, all `InternalServerErrorException` (captured with
  curl by users, with the gateway's log lines). A function that fails behind its head breaks the response off.
- A body beyond 10 MB is 413 in plain text, "HTTP content length exceeded 10485760 bytes." (the same in many clients'
  tests); one that makes an event beyond Lambda's 6 MB is 413 `Request Too Long`.
- A path that is in no stage is 403 `Forbidden`.
- A stream that is silent for 5 minutes is ended (30 seconds on an edge-optimized API); the whole may take 15 minutes,
  as long as a function ("Stream the integration response for your proxy integrations"). A silence before the head is
  a 504.
- Names that are the gateway's own come out as `x-amzn-Remapped-…` ("Amazon API Gateway important notes").
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from emulator.function import Throttled, trace_id_of
from emulator.http_answer import encoded, remapped, send_head, send_payload
from emulator.incoming import MAX_EVENT, BodyTooLarge, read_body, respond, wished_fault
from emulator.invocation import FunctionError
from emulator.prelude import Prelude, PreludeError, PreludeReader
from emulator.rest_event import Arrival, event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.cors import Headers
    from emulator.function import Function
    from emulator.invocation import Invocation, ResponseEvent

MAX_BODY = 10 * 1024 * 1024
IDLE_SECONDS = 300.0
# fmt: off
_REMAPPED = frozenset((
    "authorization", "connection", "content-length", "content-md5", "date", "host", "max-forwards", "pragma",
    "proxy-authenticate", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
    "www-authenticate",
))
# fmt: on


class RestApi:
    """The ASGI application of one stage; to be served with `HeaderCaseProtocol`.

    `warn` gets sentences for the log. `binary_types` are the API's binary media types. `idle` is in seconds.
    """

    def __init__(
        self,
        function: Function,
        warn: Callable[[str], None],
        *,
        stage: str = "prod",
        binary_types: tuple[str, ...] = (),
        idle: float = IDLE_SECONDS,
    ) -> None:
        self._function = function
        self._warn = warn
        self._stage = stage
        self._binary_types = binary_types
        self._idle = idle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        await respond(self._answer(Request(scope, receive)), scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        stage, slash, rest = request.scope["raw_path"].decode("ascii")[1:].partition("/")
        if stage != self._stage:
            return _refuse(403, "ForbiddenException", "Forbidden")
        arrival = Arrival.of(request, slash + rest or "/")
        fault = wished_fault(request)
        try:
            body = await read_body(request, MAX_BODY)
        except BodyTooLarge:
            return PlainTextResponse(f"HTTP content length exceeded {MAX_BODY} bytes.", 413)
        trace_id = trace_id_of(request.headers.get("x-amzn-trace-id"))
        event = event_of(
            request, arrival, body, stage=self._stage, binary_types=self._binary_types, trace_id=trace_id
        )
        payload = json.dumps(event, separators=(",", ":")).encode()
        if len(payload) > MAX_EVENT:
            return _refuse(413, "RequestTooLargeException", "Request Too Long")
        try:
            invocation = self._function.invoke(payload, trace_id=trace_id, fault=fault)
        except Throttled:
            self._warn("Lambda invocation failed with status: 429. Execution failed: Rate Exceeded.")
            return _refuse(500, "InternalServerErrorException", "Internal server error")
        request_id = event["requestContext"]["requestId"]
        return _Answer(invocation, request_id, self._idle, self._warn)


class _Answer:
    """Sends an invocation's answer as the gateway does."""

    def __init__(
        self, invocation: Invocation, request_id: str, idle: float, warn: Callable[[str], None]
    ) -> None:
        self._invocation = invocation
        self._request_id = request_id
        self._idle = idle
        self._warn = warn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            events = self._watched(self._invocation.events())
            try:
                prelude, payload = await _head(events)
            except PreludeError as error:
                self._warn(f"({self._request_id}) Execution failed: {error}")
                await self._failed(502, "Internal server error")(scope, receive, send)
                return
            except TimeoutError:
                self._warn(f"({self._request_id}) Execution failed due to a timeout error")
                await self._failed(504, "Endpoint request timed out")(scope, receive, send)
                return
            await send_head(send, prelude.status, self._headers(prelude))
            try:
                await send_payload(scope, send, prelude.status, payload, events)
            except TimeoutError:
                self._warn(
                    f"({self._request_id}) The stream was silent for {self._idle:g} seconds, so it is broken off. "
                    "A handler keeps it alive by writing something in between."
                )
        finally:
            self._invocation.abandon()

    async def _watched(self, events: AsyncIterator[ResponseEvent]) -> AsyncIterator[ResponseEvent]:
        """The same events.

        Raises:
            TimeoutError: the function was silent for too long.
        """
        while True:
            async with asyncio.timeout(self._idle):
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
            yield event

    def _headers(self, prelude: Prelude) -> Headers:
        pairs = remapped(merged(prelude), _REMAPPED)
        if "content-type" not in dict(pairs):
            pairs.append(("content-type", "application/json"))
        pairs += [("set-cookie", cookie) for cookie in prelude.cookies]
        pairs += [
            ("x-amzn-requestid", self._request_id),
            ("x-amzn-trace-id", self._invocation.trace_id.partition(";")[0]),
        ]
        return encoded(pairs)

    def _failed(self, status: int, message: str) -> Response:
        return _refuse(status, "InternalServerErrorException", message, self._request_id)


def merged(prelude: Prelude) -> list[tuple[str, str]]:
    """The function's headers, of both kinds, as the gateway merges them."""
    several = [(name, text) for name, texts in prelude.multi_value_headers.items() for text in texts]
    known = {(name.lower(), text) for name, text in several}
    return [pair for pair in prelude.headers.items() if (pair[0].lower(), pair[1]) not in known] + several


async def _head(events: AsyncIterator[ResponseEvent]) -> tuple[Prelude, bytes]:
    """Read to the end of the metadata: (metadata, first of the payload).

    Raises:
        PreludeError: there is none, or the function has failed before it.
        TimeoutError: the function is too slow.
    """
    reader = PreludeReader()
    async for event in events:
        if isinstance(event, FunctionError):
            raise PreludeError(f"The function failed before it answered: {event.error_type}.")
        if isinstance(event, bytes):
            payload = reader.feed(event)
            if reader.prelude is not None:
                return reader.prelude, payload
    raise PreludeError(
        "Malformed Lambda proxy response: it ended before eight NUL bytes had ended its metadata, as one that does "
        "not stream always does."
    )


def _refuse(status: int, kind: str, message: str, request_id: str | None = None) -> Response:
    headers = {"x-amzn-errortype": kind, "x-amzn-requestid": request_id or str(uuid.uuid4())}
    return JSONResponse({"message": message}, status, headers)
