"""The function as it runs on Lambda: its own process, between a fake Runtime API and a fake upstream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.runtime_api import FakeRuntimeApi
from tests.fakes.runtime_process import RuntimeProcess, Starter
from tests.fakes.upstream import FakeUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.runtime_api import Invocation, Received

NULS = b"\0" * 8
KEY = "sk-test-key-that-must-not-leak"


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response as Lambda's front makes it of a prelude and a payload."""

    status: int
    headers: dict[str, str]
    body: str

    @classmethod
    def of(cls, received: Received) -> HttpAnswer:
        assert received.headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
        assert received.chunks[1] == NULS
        prelude = json.loads(received.chunks[0])
        headers = {name.lower(): value for name, value in prelude["headers"].items()}
        return cls(prelude["statusCode"], headers, b"".join(received.chunks[2:]).decode())

    def json(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    def lines(self) -> list[tuple[str, Any]]:
        """The data stream as (code, value), heartbeats left out."""
        return data_stream(self.body)


def data_stream(text: str) -> list[tuple[str, Any]]:
    assert text.endswith("\n"), text
    lines = [line.partition(":") for line in text.split("\n") if line]
    return [(code, json.loads(value)) for code, _, value in lines]


class Function:
    """One of the two functions, the Runtime API that feeds it, and the upstream that it asks."""

    def __init__(self, api: FakeRuntimeApi, upstream: FakeUpstream, starter: Starter) -> None:
        self.api = api
        self.upstream = upstream
        self._starter = starter
        self.process: RuntimeProcess

    async def start(self, handler: str = "streaming_handler", **environ: str) -> None:
        settings = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": self.upstream.url, "CHAT_RETRY_BUDGET": "0"}
        self.process = await self._starter(f"chat.app.{handler}", **(settings | environ))

    def send(self, event: Any, **options: Any) -> Invocation:
        return self.api.invoke(event, **options)

    async def http(self, body: Any, **options: Any) -> HttpAnswer:
        """Post a body to the streaming function as through its Function URL."""
        return HttpAnswer.of(await self.send(url_event(body), **options).result())

    async def log(self) -> str:
        return await self.process.stop()


def url_event(body: Any, method: str = "POST", path: str = "/", **fields: Any) -> dict[str, Any]:
    """A Function URL event, version 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": fields.pop("query", ""),
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    } | fields


def chat(text: str = "Hi", **fields: Any) -> dict[str, Any]:
    """A useChat body of ai@4."""
    return {"id": "chat-1", "messages": [{"role": "user", "content": text}]} | fields


@pytest.fixture
async def function() -> AsyncIterator[Function]:
    async with FakeRuntimeApi() as api, FakeUpstream() as upstream:
        starter = Starter(api.address, Path(__file__).parent)
        yield Function(api, upstream, starter)
        await starter.stop()
