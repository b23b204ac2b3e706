"""Peer (b), the leanest form behind the adapter: Starlette, httpx, events split and parsed by hand, no checks.

What one read brings leaves in one write, as in the function that it is compared with.
"""

import json
import os
from collections.abc import AsyncIterator

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

client = httpx.AsyncClient(
    base_url=os.environ["OPENAI_BASE_URL"],
    headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
    timeout=60,
)


async def chat(request: Request) -> StreamingResponse:
    body = await request.json()
    return StreamingResponse(
        answer(body["messages"]),
        media_type="text/plain; charset=utf-8",
        headers={"X-Vercel-AI-Data-Stream": "v1"},
    )


async def answer(messages: list[dict[str, str]]) -> AsyncIterator[bytes]:
    asked = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": message["content"]} for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    usage = {"prompt_tokens": 0, "completion_tokens": 0}
    reason = "unknown"
    rest = b""
    lines = ['f:{"messageId":"msg-0123456789abcdefghijklmn"}\n']
    async with client.stream("POST", "/chat/completions", json=asked) as response:
        async for data in response.aiter_raw():
            *events, rest = (rest + data).split(b"\n\n")
            for event in events:
                if event == b"data: [DONE]":
                    continue
                chunk = json.loads(event[6:])
                if chunk["choices"]:
                    choice = chunk["choices"][0]
                    if content := choice["delta"].get("content"):
                        lines.append(f"0:{json.dumps(content)}\n")
                    reason = choice["finish_reason"] or reason
                usage = chunk["usage"] or usage
            if lines:
                yield "".join(lines).encode()
                lines.clear()
    total = {"promptTokens": usage["prompt_tokens"], "completionTokens": usage["completion_tokens"]}
    yield f"e:{json.dumps({'finishReason': reason, 'usage': total, 'isContinued': False})}\n".encode()
    yield f"d:{json.dumps({'finishReason': reason, 'usage': total})}\n".encode()


app = Starlette(routes=[Route("/", chat, methods=["POST"])])
