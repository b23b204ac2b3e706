"""A function that writes a token at its pace, each with the time of its writing: what the emulators are measured with.

The question is that of benchmarks/answer.py, and so is what a token looks like: `NUMBER@MADE/0;`, in a line of the AI
SDK's data stream.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from lambda_runtime import HttpResponseStream, streamify_response

if TYPE_CHECKING:
    from lambda_runtime.stream import ResponseStream


@streamify_response
async def handler(event: dict[str, Any], response_stream: ResponseStream, _context: object) -> None:
    """Answer the question of the last message."""
    question = json.loads(json.loads(event["body"])["messages"][-1]["content"])
    stream = HttpResponseStream.from_(response_stream, {"headers": {"Content-Type": "text/plain"}})
    clock = asyncio.get_running_loop().time
    begun = clock()
    for index in range(question["events"]):
        if (seconds := begun + index * question["pace"] - clock()) > 0:
            await asyncio.sleep(seconds)
        await stream.write(f'0:"{index}@{time.monotonic_ns()}/0;"\n')
    await stream.end("d:{}\n")
