"""What the function does that both emulators run: an answer for each path, streamed or buffered."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from lambda_runtime import HttpResponseStream, streamify_response

BINARY = bytes(8) + bytes(range(256)) * 40
LARGE = b"".join(b"%07d\n" % number for number in range(400_000))
TEXT = ("Ein Wört ", "und ", "noch eins: 👋")
HEAD = {
    "statusCode": 418,
    "headers": {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Of-Function": "one, two",
        "Cache-Control": "no-cache",
    },
    "cookies": ["a=1; Path=/; HttpOnly", "b=2; Max-Age=60"],
}
JSON = {"statusCode": 200, "headers": {"Content-Type": "application/json"}}


PIECES: dict[str, tuple[str | bytes, ...]] = {
    "/head": TEXT,
    "/text": TEXT,
    "/binary": (BINARY,),
    "/large": (LARGE,),
    "/nothing": (),
}


@streamify_response
async def streaming(event: Any, response_stream: Any, context: Any) -> None:
    path = event["rawPath"]
    if path == "/bare":
        await response_stream.end("no prelude")
        return
    if path == "/raise":
        raise ValueError("before the first byte")
    stream = HttpResponseStream.from_(response_stream, HEAD if path == "/head" else JSON)
    if path.startswith("/echo"):
        await stream.write(json.dumps(event))
    elif path == "/raise-later":
        await stream.write("whole so far")
        raise ValueError("after the first byte")
    elif path == "/wait":
        await stream.write("first ")
        await _wait_for(int(event["queryStringParameters"]["port"]))
        await stream.write("second")
    else:
        for piece in PIECES[path]:
            await stream.write(piece)
    await stream.end()


async def _wait_for(port: int) -> None:
    """Until the test closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read()
    writer.close()
    await writer.wait_closed()


def buffered(event: Any, context: Any) -> Any:
    match event["rawPath"]:
        case "/raise":
            raise ValueError("no answer")
        case "/no-response":
            return {"some": "object"}
        case "/head":
            return HEAD | {"body": "".join(TEXT)}
        case "/binary":
            return HEAD | {"body": base64.b64encode(BINARY).decode(), "isBase64Encoded": True}
        case "/no-cookies":
            return JSON | {"body": "{}"}
        case _:
            return HEAD | {"body": ""}
