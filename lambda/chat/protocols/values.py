"""The JSON objects that ai@4 has for parts: the same in a data stream and in an answer sent whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.parts import (
    File,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolResult,
)

if TYPE_CHECKING:
    from chat.parts import Usage

ToolPart = ToolCallStart | ToolCallDelta | ToolCall | ToolResult
StepPart = ReasoningSignature | RedactedReasoning | Source | File
"""Parts besides text, reasoning and tools that belong to a step."""


def part_value(part: ToolPart | StepPart) -> dict[str, Any]:  # noqa: PLR0911 - a table, one line a part
    """The fields of a part under the names that the client checks."""
    match part:
        case ToolCallStart():
            return {"toolCallId": part.call_id, "toolName": part.name}
        case ToolCallDelta():
            return {"toolCallId": part.call_id, "argsTextDelta": part.arguments}
        case ToolCall():
            return {"toolCallId": part.call_id, "toolName": part.name, "args": part.arguments}
        case ToolResult():
            return {"toolCallId": part.call_id, "result": part.result}
        case ReasoningSignature():
            return {"signature": part.signature}
        case RedactedReasoning():
            return {"data": part.data}
        case Source():
            title = {} if part.title is None else {"title": part.title}
            return {"sourceType": "url", "id": part.source_id, "url": part.url, **title}
        case File():
            return {"data": part.data, "mimeType": part.media_type}


def usage_value(usage: Usage) -> dict[str, int]:
    """Usage as two numbers: any other type becomes NaN in the client."""
    return {"promptTokens": usage.input_tokens, "completionTokens": usage.output_tokens}
