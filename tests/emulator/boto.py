"""boto3's Lambda client before an emulator, its calls in threads, so that the emulator can answer them meanwhile."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any

import boto3  # type: ignore[import-untyped]  # boto3 has no types
from botocore.config import Config  # type: ignore[import-untyped]  # botocore has no types

from tests.emulator.conftest import PATIENCE


class Boto:
    """An unmodified client; only its endpoint is ours. To be closed."""

    def __init__(self, url: str) -> None:
        self.client = boto3.client(
            "lambda",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, read_timeout=PATIENCE, proxies={}),
        )
        self.exceptions = self.client.exceptions

    async def invoke(self, event: Any = None, **arguments: Any) -> Any:
        """`Invoke`, with the payload read into `["Payload"]`."""

        def call() -> Any:
            answer = self.client.invoke(**_arguments(event, arguments))
            return {**answer, "Payload": answer["Payload"].read()}

        return await asyncio.to_thread(call)

    async def stream(self, event: Any = None, **arguments: Any) -> Any:
        """`InvokeWithResponseStream`, nothing of its stream read."""
        call = functools.partial(self.client.invoke_with_response_stream, **_arguments(event, arguments))
        return await asyncio.to_thread(call)

    async def streamed(self, event: Any = None, **arguments: Any) -> tuple[bytes, dict[str, str]]:
        """`InvokeWithResponseStream`, read to its end: (payload, completion)."""
        answer = await self.stream(event, **arguments)
        *chunks, last = await asyncio.to_thread(list, answer["EventStream"])
        return b"".join(each["PayloadChunk"]["Payload"] for each in chunks), last["InvokeComplete"]

    def close(self) -> None:
        self.client.close()


def _arguments(event: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    payload = {} if event is None else {"Payload": json.dumps(event)}
    return {"FunctionName": "function", **payload, **arguments}
