"""The function's two entry points: `chat.app.streaming_handler` and `chat.app.handler`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from chat import operations
from chat.envelopes import is_http, read_envelope, read_event, traceparent
from chat.failures import RequestError
from chat.generation import AnswerError, stream_answer
from chat.keys import Keys
from chat.metrics import Meter
from chat.protocols.choice import encoder_for
from chat.requests import read_chat_request
from chat.settings import Settings
from chat.sources.select import Sources
from lambda_runtime import HttpResponseStream, on_init, on_shutdown, raw_event, streamify_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambda_runtime import LambdaContext, ResponseStream

_JSON = "application/json"
_EMPTY = "text/plain; charset=utf-8"  # of an empty answer

settings = Settings.from_environment()
keys = Keys(settings)
sources = Sources(settings, keys)
meter = Meter(settings.metrics_namespace)
sources.prepare()
on_init(keys.load)
on_shutdown(keys.aclose)
on_shutdown(sources.aclose)


@streamify_response
@raw_event
async def streaming_handler(event: bytes, response_stream: ResponseStream, context: LambdaContext) -> None:
    """Stream one answer in the protocol that its client reads; anything wrong before its first byte is a JSON error."""
    http = False
    with meter.measure(operations.STREAMED_CHAT, context) as measured:
        try:
            content = read_event(event)
            http = is_http(content)
            _adopt_trace(content, context)
            envelope = read_envelope(content, settings)
            if envelope.resume is not None:
                # A page asks on loading; there is nothing to resume.
                _begin(response_stream, http, envelope.resume, _EMPTY)
                await response_stream.end()
                return
            operations.require_streamed(envelope.action)
            request = read_chat_request(envelope.payload, settings)
            encoder = encoder_for(request)
            _begin(response_stream, http, 200, encoder.content_type, encoder.headers)
            await stream_answer(
                sources,
                request,
                encoder,
                response_stream,
                deadline=_deadline(context),
                keepalive=settings.keepalive,
                measured=measured,
            )
        except (RequestError, AnswerError) as error:
            measured.fail(error)
            _begin(response_stream, http, error.status, _JSON, _allow(error))
            await response_stream.end(json.dumps(_failure(error)))


@raw_event
async def handler(event: bytes, context: LambdaContext) -> dict[str, Any]:
    """Answer one operation of `operations.OPERATIONS` as `{"success": true, "data": …}`, or say what is wrong."""
    http, status = False, 200
    headers: dict[str, str] = {}
    with meter.measure(operations.BUFFERED_CHAT, context) as measured:
        try:
            content = read_event(event)
            http = is_http(content)
            _adopt_trace(content, context)
            envelope = read_envelope(content, settings)
            if envelope.resume is not None:
                return _response(envelope.resume, {"Content-Type": _EMPTY}, "")
            operation = operations.find(envelope.action)
            call = operations.Call(envelope.payload, settings, sources, _deadline(context), measured)
            answer = {"success": True, "data": await operation(call)}
        except (RequestError, AnswerError) as error:
            measured.fail(error)
            status, headers, answer = error.status, _allow(error), _failure(error)
    if not http:
        return answer
    return _response(status, {"Content-Type": _JSON, **headers}, json.dumps(answer, ensure_ascii=False))


def _response(status: int, headers: dict[str, str], body: str) -> dict[str, Any]:
    """An HTTP response as a buffered function gives it to its front."""
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def _adopt_trace(event: Any, context: LambdaContext) -> None:
    """Log under the caller's trace, where an HTTP event names a valid one."""
    if (callers := traceparent(event)) is not None:
        context.adopt_traceparent(callers)


def _begin(
    stream: ResponseStream,
    http: bool,  # noqa: FBT001 - the event's kind, always passed by name of the variable
    status: int,
    content_type: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Set what stands before the first byte: an HTTP prelude, or a direct caller's content type."""
    if http:
        metadata = {"statusCode": status, "headers": {"Content-Type": content_type, **(headers or {})}}
        HttpResponseStream.from_(stream, metadata)
    else:
        stream.content_type = content_type


def _failure(error: RequestError | AnswerError) -> dict[str, Any]:
    return {"success": False, "error": error.message}


def _allow(error: RequestError | AnswerError) -> dict[str, str]:
    return {"Allow": error.allow} if isinstance(error, RequestError) and error.allow else {}


def _deadline(context: LambdaContext) -> float:
    """The loop's time at which an answer must end, so that its terminal part leaves before the platform's cut."""
    seconds = context.get_remaining_time_in_millis() / 1000 - settings.deadline_margin
    return asyncio.get_running_loop().time() + seconds
