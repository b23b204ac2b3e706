"""Peer (a), as people write it: FastAPI, the openai SDK, a StreamingResponse of the AI SDK's data stream."""

import json
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from pydantic import BaseModel

app = FastAPI()
client = AsyncOpenAI()


class Message(BaseModel):
    """A message of useChat."""

    role: str
    content: str


class Chat(BaseModel):
    """What useChat posts."""

    messages: list[Message]


@app.post("/")
async def chat(request: Chat) -> StreamingResponse:
    return StreamingResponse(
        answer(request),
        media_type="text/plain; charset=utf-8",
        headers={"X-Vercel-AI-Data-Stream": "v1"},
    )


async def answer(request: Chat) -> AsyncIterator[str]:
    stream = await client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": message.content} for message in request.messages],
        stream=True,
        stream_options={"include_usage": True},
    )
    reason = "unknown"
    usage = {"promptTokens": 0, "completionTokens": 0}
    yield 'f:{"messageId":"msg-0123456789abcdefghijklmn"}\n'
    async for chunk in stream:
        for choice in chunk.choices:
            if choice.delta.content:
                yield f"0:{json.dumps(choice.delta.content)}\n"
            if choice.finish_reason:
                reason = choice.finish_reason
        if chunk.usage:
            usage = {
                "promptTokens": chunk.usage.prompt_tokens,
                "completionTokens": chunk.usage.completion_tokens,
            }
    yield f"e:{json.dumps({'finishReason': reason, 'usage': usage, 'isContinued': False})}\n"
    yield f"d:{json.dumps({'finishReason': reason, 'usage': usage})}\n"
