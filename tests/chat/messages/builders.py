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


def ui_user(*parts: dict[str, Any]) -> dict[str, Any]:
    """A user message of ai@5 and later."""
    return {"id": "u", "role": "user", "parts": list(parts)}


def ui_assistant(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"id": "m", "role": "assistant", "parts": list(parts)}


def tool(call_id: str, given: Any = None, *, state: str = "output-available", **more: Any) -> dict[str, Any]:
    """A tool's part of ai@5 and later."""
    made = {"type": "tool-weather", "toolCallId": call_id, "state": state}
    if state == "output-available":
        made |= {"output": "sunny"}
    return {**made, "input": {"at": "x"} if given is None else given, **more}
