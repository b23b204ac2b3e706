"""The Function URL: every path of it is the function's, and what the function answers is the HTTP response.

Facts, with their sources:

- A function that fails before it answers is 502 with the text `Internal Server Error`; the reason is only in
  the log. One that fails later leaves a 200 with a body that breaks off: no trailer reaches the client.
- A URL answers in the mode in which its function does. A buffered result is read as the guide's "Response payload
  format": an object with `statusCode` is a response, anything else is the JSON body of a 200.
- Too many invocations at once are 429 (AWS developer guide, "Throttling function URLs"), with the Lambda API's own
  body: `Reason`, `Type`, and `message` "Rate Exceeded." (as posted by users of PageBuilder Engine, which passes it on).
- An event beyond 6 MB is 413 with a `Message` of those bytes "for the InvokeFunction operation" (as answered to
  clients of public URLs, for example in the tests of their uploads).
- The answer's `X-Amzn-Trace-Id` has root, parent and sampled, in lower case (captured by rimutaka, see `cors.py`).
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import TYPE_CHECKING

from starlette.responses import Response

from emulator.cors import RefusedOrigins
from emulator.function import Throttled, trace_id_of
from emulator.http_answer import encoded, remapped, send_head, send_payload
from emulator.incoming import MAX_EVENT, BodyTooLarge, read_body, wished_fault
from emulator.invocation import FunctionError, ResponseStart
from emulator.prelude import CONTENT_TYPE, Prelude, PreludeError, PreludeReader
from emulator.service_error import rate_exceeded, request_too_large
from emulator.url_event import event_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.cors import Cors, Headers
    from emulator.function import Function
    from emulator.invocation import Invocation, ResponseEvent

_DEFAULT_TYPE = "application/octet-stream"
# Names that a URL does not pass on as they are but as x-amzn-remapped-…, as seen on AWS's answers.
_REMAPPED = frozenset(
    ("connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade", "www-authenticate")
)


class FunctionUrl:
    """The front that takes every request. Without `cors` the URL has no CORS settings."""

    def __init__(
        self,
        function: Function,
        warn: Callable[[str], None],
        cors: Cors | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._function = function
        self._warn = warn
        self._cors = cors
        self._refused = RefusedOrigins(cors, tell) if cors is not None and tell is not None else None

    def owns(self, request: Request) -> bool:  # noqa: ARG002 - every front is asked
        """Whether the request is this front's: it is, whatever its path and method."""
        return True

    async def answer(self, request: Request) -> ASGIApp:
        """The response to a request, of the platform or of the function.

        Raises:
            ClientDisconnect: the client left before it had sent its request.
            FaultError: the request wishes for a fault that there is not.
        """
        origin = request.headers.get("origin")
        if self._cors is not None and request.method == "OPTIONS":
            if self._refused is not None:
                self._refused.preflight(origin)
            return _preflight(self._cors.preflight(origin))
        added = self._cors.answer(origin) if self._cors is not None else []
        fault = wished_fault(request)
        trace_id = trace_id_of(request.headers.get("x-amzn-trace-id"))
        try:
            body = await read_body(request, MAX_EVENT)
        except BodyTooLarge:
            return _with(request_too_large(), added)
        event = json.dumps(event_of(request, body, trace_id), separators=(",", ":")).encode()
        # Base64 and JSON make more of a body than it was.
        if len(event) > MAX_EVENT:
            return _with(request_too_large(), added)
        try:
            invocation = self._function.invoke(event, trace_id=trace_id, fault=fault)
        except Throttled:
            return _with(rate_exceeded(), added)
        return _Answer(invocation, added, self._warn)


class _Answer:
    """Sends an invocation's answer as a Function URL does; `added` are the headers that are the platform's."""

    def __init__(self, invocation: Invocation, added: Headers, warn: Callable[[str], None]) -> None:
        self._invocation = invocation
        self._added = added
        self._warn = warn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            events = self._invocation.events()
            try:
                prelude, default_type, payload = await self._head(events)
            except PreludeError as error:
                self._warn(f"RequestId: {self._invocation.request_id} Error: {error}")
                prelude = None
            if prelude is None:
                await self._bad_gateway()(scope, receive, send)
                return
            request_id, trace_id = self._invocation.request_id, self._invocation.trace_id
            headers = response_headers(prelude, default_type, request_id, trace_id) + self._added
            await send_head(send, prelude.status, headers)
            size = await send_payload(scope, send, prelude.status, payload, events)
            if size == 0 and default_type == _DEFAULT_TYPE:
                self._warn(
                    f"RequestId: {request_id} The streamed response has no payload. On AWS its client would wait "
                    "until the connection times out; write at least one byte."
                )
        finally:
            self._invocation.abandon()

    async def _head(self, events: AsyncIterator[ResponseEvent]) -> tuple[Prelude | None, str, bytes]:
        """Read until the head of the response is known: (head, default content type, first of the payload)."""
        first = await anext(events)
        if not isinstance(first, ResponseStart):
            return None, "", b""
        if not first.streaming:
            result = await anext(events)
            if isinstance(result, FunctionError):
                return None, "", b""
            prelude, body = buffered_response(result if isinstance(result, bytes) else b"")
            return prelude, "application/json", body
        if first.content_type != CONTENT_TYPE:
            return Prelude(), first.content_type or _DEFAULT_TYPE, b""
        reader = PreludeReader()
        async for event in events:
            if not isinstance(event, bytes):
                break
            payload = reader.feed(event)
            if reader.prelude is not None:
                return reader.prelude, _DEFAULT_TYPE, payload
        raise PreludeError("The response ended before its prelude did.")

    def _bad_gateway(self) -> Response:
        headers = {"x-amzn-requestid": self._invocation.request_id}
        return _with(Response(b"Internal Server Error", 502, headers, "application/json"), self._added)


def response_headers(prelude: Prelude, default_type: str, request_id: str, trace_id: str) -> Headers:
    """The head of the answer: the function's headers and cookies, and those that AWS adds."""
    names = {name.lower() for name in prelude.headers}
    pairs = [] if "content-type" in names else [("content-type", default_type)]
    pairs += remapped(prelude.headers.items(), _REMAPPED)
    pairs += [("set-cookie", cookie) for cookie in prelude.cookies]
    pairs += [("x-amzn-requestid", request_id), ("x-amzn-trace-id", _lower_case_names(trace_id))]
    return encoded(pairs)


def buffered_response(payload: bytes) -> tuple[Prelude, bytes]:
    """Head and body of a buffered function's result.

    Raises:
        PreludeError: it looks like a response, and is not one.
    """
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        raise PreludeError("The function's result is not JSON.") from None
    if not isinstance(result, dict) or "statusCode" not in result:
        return Prelude(), _encoded(result) if isinstance(result, str) else payload
    prelude = Prelude.from_object(result)
    body = result.get("body", "")
    body = "" if body is None else body
    if not isinstance(body, str):
        raise PreludeError(f"body is {type(body).__name__}; it must be a string.")
    if not result.get("isBase64Encoded"):
        return prelude, _encoded(body)
    try:
        return prelude, base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise PreludeError("isBase64Encoded is true, but body is not base64.") from None


def _encoded(text: str) -> bytes:
    """A result's text. JSON can escape one half of a character, which is no text and has no bytes."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise PreludeError(f"The function's result is no text at character {error.start}.") from None


def _preflight(headers: Headers) -> Response:
    response = Response(b"", 200, {"x-amzn-requestid": str(uuid.uuid4())}, "application/json")
    return _with(response, headers)


def _with(response: Response, headers: Headers) -> Response:
    response.raw_headers += headers
    return response


def _lower_case_names(trace_id: str) -> str:
    """`Root=…;Sampled=0` as `root=…;sampled=0`."""
    fields = (field.partition("=") for field in trace_id.split(";"))
    return ";".join(f"{name.lower()}{equals}{value}" for name, equals, value in fields)
