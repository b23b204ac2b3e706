"""What the content of a message says, in the forms that it has on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat import fields
from chat.json_text import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterator

Message = dict[str, Any]


def text_parts(parts: Any, where: str) -> list[str]:
    """The texts among some parts; null has none.

    Raises:
        RequestError: not an array of objects, or a text part without text.
    """
    if parts is None:
        return []
    return [
        fields.text(part.get("text"), f"{where}[{index}].text")
        for index, item in enumerate(fields.array(parts, where))
        if (part := fields.mapping(item, f"{where}[{index}]")).get("type") == "text"
    ]


def joined_text(content: Any, where: str) -> str:
    """A content of text alone: a string, parts of which the text counts, or null for none."""
    if content is None:
        return ""
    return "".join(text_parts(content, where)) if isinstance(content, list) else fields.text(content, where)


def tool_message(call_id: str, result: Any) -> Message:
    """The result of a call as JSON, which is how @ai-sdk/openai sends it, strings in quotes.

    Escaped in JSON, a NUL is harmless: what a tool returns needs no check but that of the whole request.
    """
    return answer_message(call_id, encode_json(result).decode())


def answer_message(call_id: str, content: str) -> Message:
    """What the model reads as the answer to a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def step_messages(text: str, calls: list[dict[str, Any]]) -> Iterator[Message]:
    """The assistant's message of one step, or none where the model neither said nor called anything."""
    if calls:
        yield {"role": "assistant", "content": text, "tool_calls": calls}
    elif text:
        yield {"role": "assistant", "content": text}


def tool_call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    """A call in an assistant's message; `arguments` is JSON text."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
