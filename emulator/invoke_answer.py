"""The three forms in which a direct invoke's answer goes out: whole, as it comes, and as an event stream.

Facts, with their sources:

- `Invoke` answers when the function has: a function that failed is a 200 with `X-Amz-Function-Error: Unhandled` and
  the error as JSON; a streamed answer is collected, and has the 6 MB that a buffered one may have. `X-Amz-Log-Result`
  is base64 of the log's last 4 KB (AWS API reference, "Invoke").
- `InvokeWithResponseStream` is a 200 once the answer begins: the payload in chunks, then one completion, with
  `ErrorCode` and `ErrorDetails` where the function failed, before its first byte or behind it (AWS API reference).
  What AWS writes into the two is not documented; here they are the error's type and the error as JSON.
- For people with curl, as on the runtime interface emulator's path, `Invoke` hands on each piece as it comes, unless
  the request is signed, as every SDK's is, or asks for the log. That is the one answer here that AWS would not give:
  an error behind its first byte breaks it off.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from starlette.responses import Response

from emulator.event_stream import CONTENT_TYPE, invoke_complete, payload_chunk
from emulator.http_answer import encoded, send_head, send_payload
from emulator.invocation import FunctionError, ResponseStart
from emulator.runtime_api import MAX_BUFFERED

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from emulator.invocation import Invocation, ResponseEvent


_TOO_LARGE = FunctionError.of(
    "Function.ResponseSizeTooLarge",
    f"Response payload size exceeded maximum allowed payload size ({MAX_BUFFERED} bytes).",
)


class Whole:
    """Sends an answer when it is complete, as the Invoke API does."""

    def __init__(self, invocation: Invocation, version: str, *, wants_log: bool) -> None:
        self._invocation = invocation
        self._version = version
        self._wants_log = wants_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI)."""
        try:
            headers = _headers(self._invocation, self._version)
            body = await self._collect()
            if isinstance(body, FunctionError):
                headers["x-amz-function-error"] = "Unhandled"
                body = body.payload
            if self._wants_log:
                headers["x-amz-log-result"] = await _log_result(self._invocation)
            await Response(body, 200, headers, "application/json")(scope, receive, send)
        finally:
            self._invocation.abandon()

    async def _collect(self) -> bytes | FunctionError:
        body = bytearray()
        async for event in self._invocation.events():
            if isinstance(event, FunctionError):
                return event
            if isinstance(event, bytes):
                body += event
            if len(body) > MAX_BUFFERED:
                return _TOO_LARGE
        return bytes(body)


class AsItComes:
    """Sends each piece of an answer at once, bare."""

    def __init__(self, invocation: Invocation, version: str) -> None:
        self._invocation = invocation
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI)."""
        try:
            events = self._invocation.events()
            first = await anext(events)
            # A buffered answer is an answer once it is whole: until then it can still fail, by its size.
            buffered = isinstance(first, ResponseStart) and not first.streaming
            after: ResponseEvent = await anext(events) if buffered else b""
            headers = _headers(self._invocation, self._version)
            error = first if isinstance(first, FunctionError) else after
            if isinstance(error, FunctionError):
                headers["x-amz-function-error"] = "Unhandled"
                await Response(error.payload, 200, headers, "application/json")(scope, receive, send)
                return
            assert isinstance(first, ResponseStart)
            default_type = "application/octet-stream" if first.streaming else "application/json"
            headers["content-type"] = first.content_type or default_type
            await send_head(send, 200, encoded(headers.items()))
            if isinstance(after, bytes):
                await send_payload(scope, send, 200, after, events)
            else:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._invocation.abandon()


class EventStream:
    """Sends each piece of an answer at once as a `PayloadChunk`, and `InvokeComplete` at its end."""

    def __init__(self, invocation: Invocation, version: str, *, wants_log: bool) -> None:
        self._invocation = invocation
        self._version = version
        self._wants_log = wants_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send it (ASGI)."""
        try:
            error: FunctionError | None = None
            begun = False
            async for event in self._invocation.events():
                if not begun:
                    headers = _headers(self._invocation, self._version) | {"content-type": CONTENT_TYPE}
                    await send_head(send, 200, encoded(headers.items()))
                    begun = True
                if isinstance(event, bytes):
                    await send(
                        {"type": "http.response.body", "body": payload_chunk(event), "more_body": True}
                    )
                elif isinstance(event, FunctionError):
                    error = event
            complete = invoke_complete(
                error_code=error.error_type if error else None,
                error_details=error.payload.decode(errors="replace") if error else None,
                log_result=await _log_result(self._invocation) if self._wants_log else None,
            )
            await send({"type": "http.response.body", "body": complete, "more_body": False})
        finally:
            self._invocation.abandon()


def _headers(invocation: Invocation, version: str) -> dict[str, str]:
    return {
        "x-amzn-requestid": invocation.request_id,
        "x-amzn-trace-id": invocation.trace_id.partition(";")[0],
        "x-amz-executed-version": version,
    }


async def _log_result(invocation: Invocation) -> str:
    """The end of the log, in base64, once the invocation's REPORT is in it."""
    await invocation.finished()
    return base64.b64encode(invocation.log_tail()).decode()
