"""Handlers for the runtime clients that `test_runtime_clients.py` starts."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any

try:
    from lambda_runtime import HttpResponseStream, streamify_response
except ImportError:  # awslambdaric runs `buffered` without it
    pass
else:

    @streamify_response
    async def streaming(event: Any, response_stream: Any, context: Any) -> None:
        if "raise" in event:
            raise ValueError(event["raise"])
        stream = HttpResponseStream.from_(response_stream, {"statusCode": 202, "headers": {"x-a": "b"}})
        await stream.write("first ")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["CONTROL"]))
        writer.write(b"here")
        await reader.read(1)
        writer.close()
        await writer.wait_closed()
        await stream.write("second")
        await stream.end()

    @streamify_response
    async def tokens(event: Any, response_stream: Any, context: Any) -> None:
        for number in range(event.get("tokens", 3)):
            await response_stream.write(f"{number} ")
        await response_stream.end()


def buffered(event: Any, context: Any) -> Any:
    if "raise" in event:
        raise ValueError(event["raise"])
    return {"statusCode": 201, "headers": {"x-a": "b"}, "body": json.dumps(event)}


def waiting(event: Any, context: Any) -> Any:
    """Wait for the test; then end the process, or say which it is."""
    with socket.create_connection(("127.0.0.1", int(os.environ["CONTROL"]))) as control:
        control.sendall(b"here")
        control.recv(1)
    if "exit" in event:
        os._exit(event["exit"])
    return {"pid": os.getpid()}
