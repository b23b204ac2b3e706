"""Messages as the page and the model have them, in short."""

from __future__ import annotations

from typing import Any

import pytest

from chat.failures import RequestError
from chat.messages import to_openai
from chat.settings import Settings

OPEN = Settings.from_environment(
    {
        "CHAT_ALLOW_CLIENT_SYSTEM": "true",
        "CHAT_ATTACHMENT_SCHEMES": "http,https,data",
        "CHAT_ATTACHMENT_TYPES": "*/*",
    }
)
PNG = "iVBORw0KGgo="


def convert(*messages: Any, using: Settings = OPEN) -> list[dict[str, Any]]:
    return to_openai(list(messages), using)


def refusal(*messages: Any, using: Settings = OPEN) -> str:
    with pytest.raises(RequestError) as caught:
        to_openai(list(messages), using)
    assert caught.value.status == 400
    return caught.value.message


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def invocation(call_id: str, *, state: str = "result", step: int | None = 0, **more: Any) -> dict[str, Any]:
    made = {"toolCallId": call_id, "toolName": "weather", "state": state, "args": {"at": "x"}, **more}
    if state == "result":
        made.setdefault("result", "sunny")
    return made if step is None else {**made, "step": step}


def part(call_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "tool-invocation", "toolInvocation": invocation(call_id, **more)}


def call(call_id: str, arguments: str = '{"at":"x"}', name: str = "weather") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(call_id: str, content: str = '"sunny"') -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def assistant(words: str, *calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": words} | ({"tool_calls": list(calls)} if calls else {})
