"""The stand-in's HTTP side: OpenAI's objects and chunks, exactly as its API writes them."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.stand_in_model.answer import BEHAVIOURS, DEFAULT_MODEL, BadRequest, Completion, complete, pieces
from emulator.stand_in_model.failures import FAILURES, NO_KEY, bad_request, request_id
from emulator.stand_in_model.showcase import SHOWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

MODELS = (DEFAULT_MODEL, *FAILURES, *sorted(BEHAVIOURS), *SHOWS)
_SLOW_SECONDS = 5.0
_DONE = b"data: [DONE]\n\n"


def stand_in_model(delay: float = 0.04) -> ASGIApp:
    """The application; `delay` is the seconds before each token."""

    async def chat_completions(request: Request) -> ASGIApp:
        if not _has_key(request):
            return NO_KEY.response()
        try:
            body = _read(await request.body())
            completion = complete(body)
        except BadRequest as error:
            return bad_request(*error.args).response()
        if completion.trigger in FAILURES:
            return FAILURES[completion.trigger].response()
        if body.get("stream"):
            options = body.get("stream_options")
            include_usage = isinstance(options, dict) and options.get("include_usage") is True
            return _Stream(completion, delay, include_usage=include_usage)
        return JSONResponse(_whole(completion), headers=_headers())

    async def models(request: Request) -> Response:
        if not _has_key(request):
            return NO_KEY.response()
        data = [{"id": name, "object": "model", "created": 0, "owned_by": DEFAULT_MODEL} for name in MODELS]
        return JSONResponse({"object": "list", "data": data}, headers=_headers())

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat_completions, methods=["POST"]),
            Route("/v1/models", models),
        ]
    )


class _Stream:
    """A streamed completion: one server-sent event a token."""

    def __init__(self, completion: Completion, delay: float, *, include_usage: bool) -> None:
        self._completion = completion
        self._delay = _SLOW_SECONDS if completion.trigger == "slow" else delay
        self._include_usage = include_usage

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            **_headers(),
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        gone = asyncio.create_task(_disconnected(receive))
        speaking = asyncio.create_task(self._speak(send))
        # A caller who leaves is done with: a real provider stops then as well.
        done, pending = await asyncio.wait({gone, speaking}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if speaking in done:
            speaking.result()

    async def _speak(self, send: Send) -> None:
        if self._completion.trigger == "silent":
            await asyncio.Event().wait()
        chunks = list(_chunks(self._completion, include_usage=self._include_usage))
        if self._completion.trigger == "cut":
            del chunks[len(chunks) // 2 :]
        for chunk in chunks:
            if chunk["choices"] and chunk["choices"][0]["finish_reason"] is None:
                await asyncio.sleep(self._delay)
            event = (
                b"data: " + json.dumps(chunk, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"
            )
            await send({"type": "http.response.body", "body": event, "more_body": True})
        if self._completion.trigger != "cut":
            await send({"type": "http.response.body", "body": _DONE, "more_body": False})


def _chunks(completion: Completion, *, include_usage: bool) -> Iterator[dict[str, Any]]:
    """OpenAI's order: role, content or tool calls, finish reason, usage; `usage` is null until then.

    Reasoning comes before the content, annotations and images after it, as with the servers that have them.
    """
    head: dict[str, Any] = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": "fp_standin",
    }

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return head | {"choices": [choice]} | ({"usage": None} if include_usage else {})

    opening = None if completion.tool_calls else ""
    yield chunk({"role": "assistant", "content": opening, "refusal": None})
    for token in completion.reasoning:
        yield chunk({"reasoning_content": token})
    for token in completion.tokens:
        yield chunk({"content": token})
    if completion.annotations:
        yield chunk({"annotations": completion.annotations})
    if completion.images:
        yield chunk({"images": completion.images})
    for index, call in enumerate(completion.tool_calls):
        function = call["function"]
        named = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
        yield chunk({"tool_calls": [named]})
        for piece in pieces(function["arguments"]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, completion.finish_reason)
    if include_usage:
        yield head | {"choices": [], "usage": completion.usage}


def _whole(completion: Completion) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(completion.tokens) or None,
        "refusal": None,
    }
    if completion.tool_calls:
        message["tool_calls"] = completion.tool_calls
    else:
        message["annotations"] = completion.annotations
    if completion.reasoning:
        message["reasoning_content"] = "".join(completion.reasoning)
    if completion.images:
        message["images"] = completion.images
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": completion.model,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}
        ],
        "usage": completion.usage,
        "service_tier": "default",
        "system_fingerprint": "fp_standin",
    }


def _read(text: bytes) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadRequest("We could not parse the JSON body of your request.", None)
    return body


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _headers() -> dict[str, str]:
    return {"x-request-id": request_id(), "openai-version": "2020-10-01", "openai-processing-ms": "1"}


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
