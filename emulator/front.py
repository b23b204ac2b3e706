"""Where clients come in: the Function URL on every path, and the direct invoke of the Lambda API on its own.

Facts, with their sources:

- Direct invoke: `POST /2015-03-31/functions/NAME/invocations`, the body is the event (AWS API reference,
  "Invoke"). A failed function is a 200 with `X-Amz-Function-Error: Unhandled` and the error as JSON. The API
  itself buffers; here the payload is handed on as it comes, which is what the path is good for locally.
- An event may have 6 MB (AWS developer guide, "Lambda quotas").
- A client that leaves is not noticed by the function, which runs to its end.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from emulator.function import Function, new_trace_id
from emulator.function_url import buffered_response, event_of, response_headers
from emulator.invocation import FunctionError, Invocation, ResponseEnd, ResponseStart
from emulator.prelude import CONTENT_TYPE, Prelude, PreludeError, PreludeReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.invocation import ResponseEvent

MAX_EVENT = 6 * 1024 * 1024
_INVOKE_PATH = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations")
_DEFAULT_TYPE = "application/octet-stream"
_WITHOUT_BODY = (204, 304)


class Front:
    """The ASGI application behind which `function` stands; `warn` gets sentences for the log."""

    def __init__(self, function: Function, warn: Callable[[str], None]) -> None:
        self._function = function
        self._warn = warn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        path = _INVOKE_PATH.fullmatch(scope["path"])
        direct = path is not None and request.method == "POST"
        try:
            answer = await (self._invoke(request, path["name"]) if path and direct else self._url(request))
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _url(self, request: Request) -> ASGIApp:
        body = await request.body()
        trace_id = request.headers.get("x-amzn-trace-id") or new_trace_id()
        event = json.dumps(event_of(request, body, trace_id), separators=(",", ":")).encode()
        if len(event) > MAX_EVENT:
            return _too_large(len(event))
        return _UrlAnswer(self._function.invoke(event, trace_id=trace_id), self._warn)

    async def _invoke(self, request: Request, name: str) -> ASGIApp:
        settings = self._function.settings
        if name not in ("function", settings.name):
            message = f"Function not found: {settings.arn.rpartition(':')[0]}:{name}"
            return _service_error(404, "ResourceNotFoundException", message)
        event = await request.body() or b"{}"
        if len(event) > MAX_EVENT:
            return _too_large(len(event))
        try:
            json.loads(event)
        except (ValueError, RecursionError) as error:
            message = f"Could not parse request body into json: {error}"
            return _service_error(400, "InvalidRequestContentException", message)
        try:
            client_context = _client_context(request.headers.get("x-amz-client-context"))
        except ValueError:
            message = "Client context must be a valid Base64-encoded JSON object."
            return _service_error(400, "InvalidRequestContentException", message)
        invocation = self._function.invoke(
            event,
            trace_id=request.headers.get("x-amzn-trace-id"),
            client_context=client_context,
            tenant_id=request.headers.get("x-amz-tenant-id"),
        )
        return _InvokeAnswer(invocation, settings.version)


class _InvokeAnswer:
    """Sends an invocation's answer as the Invoke API does, only at once."""

    def __init__(self, invocation: Invocation, version: str) -> None:
        self._invocation = invocation
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            events = self._invocation.events()
            first = await anext(events)
            # A buffered answer is an answer once it is whole: until then it can still fail, by its size.
            buffered = isinstance(first, ResponseStart) and not first.streaming
            after: ResponseEvent = await anext(events) if buffered else b""
            headers = {
                "x-amzn-requestid": self._invocation.request_id,
                "x-amzn-trace-id": self._invocation.trace_id.partition(";")[0],
                "x-amz-executed-version": self._version,
            }
            error = first if isinstance(first, FunctionError) else after
            if isinstance(error, FunctionError):
                headers["x-amz-function-error"] = "Unhandled"
                await Response(error.payload, 200, headers, "application/json")(scope, receive, send)
                return
            assert isinstance(first, ResponseStart)
            default_type = _DEFAULT_TYPE if first.streaming else "application/json"
            headers["content-type"] = first.content_type or default_type
            await _start(
                send, 200, [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
            )
            await _send_payload(send, events, after)
        finally:
            self._invocation.abandon()


class _UrlAnswer:
    """Sends an invocation's answer as a Function URL does."""

    def __init__(self, invocation: Invocation, warn: Callable[[str], None]) -> None:
        self._invocation = invocation
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
            await _start(send, prelude.status, response_headers(prelude, default_type, request_id, trace_id))
            without_body = scope["method"] == "HEAD" or prelude.status in _WITHOUT_BODY
            size = await _send_payload(send, events, payload, without_body=without_body)
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
        return Response(b"Internal Server Error", 502, headers, "application/json")


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send_payload(
    send: Send, events: AsyncIterator[ResponseEvent], event: ResponseEvent, *, without_body: bool = False
) -> int:
    """Send `event` and what follows it, and return the payload's size; an error leaves the response without end."""
    size = 0
    while not isinstance(event, FunctionError):
        if isinstance(event, ResponseEnd):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            break
        if isinstance(event, bytes):
            size += len(event)
            if event and not without_body:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        event = await anext(events)
    return size


def _client_context(encoded: str | None) -> str | None:
    """The JSON text that `X-Amz-Client-Context` carries in base64.

    Raises:
        ValueError: it is no such thing.
    """
    if encoded is None:
        return None
    text = base64.b64decode(encoded, validate=True).decode()
    if not isinstance(json.loads(text), dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for whatever is wrong with the value
    # A header value; JSON may be laid out over several lines, which no header may.
    return json.dumps(json.loads(text), separators=(",", ":"))


def _service_error(status: int, kind: str, message: str) -> Response:
    headers = {"x-amzn-errortype": kind}
    return JSONResponse({"Type": "User", "Message": message}, status, headers)


def _too_large(size: int) -> Response:
    message = (
        f"Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation; it has {size}"
    )
    return _service_error(413, "RequestEntityTooLargeException", message)
