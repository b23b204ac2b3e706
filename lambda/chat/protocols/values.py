"""The JSON objects that ai@4 has for parts: the same in a data stream and in an answer sent whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat.parts import (
    Annotation,
    Data,
    DocumentSource,
    File,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
)
from chat.protocols.calls import DENIED

if TYPE_CHECKING:
    from chat.parts import Usage

CallBeginning = ToolCallStart | ToolCallDelta
ToolAnswer = ToolResult | ToolError | ToolInputError | ToolDenied
StepPart = ReasoningSignature | RedactedReasoning | Source | File
"""Parts besides text, reasoning and tools that belong to a step."""
MessagePart = Data | Annotation | DocumentSource
"""Parts that belong to the message as a whole."""


def part_value(part: CallBeginning | StepPart) -> dict[str, Any]:
    """The fields of a part under the names that the client checks."""
    match part:
        case ToolCallStart():
            return {"toolCallId": part.call_id, "toolName": part.name}
        case ToolCallDelta():
            return {"toolCallId": part.call_id, "argsTextDelta": part.arguments}
        case ReasoningSignature():
            return {"signature": part.signature}
        case RedactedReasoning():
            return {"data": part.data}
        case Source():
            title = {} if part.title is None else {"title": part.title}
            return {"sourceType": "url", "id": part.source_id, "url": part.url, **title}
        case File():
            return {"data": part.data, "mimeType": part.media_type}


def call_value(part: ToolCall | ToolInputError) -> dict[str, Any]:
    """A call; arguments that are no object cannot be told (`args` must be one) and are left out."""
    arguments = part.arguments if isinstance(part.arguments, dict) else {}
    return {"toolCallId": part.call_id, "toolName": part.name, "args": arguments}


def answer_value(part: ToolAnswer) -> dict[str, Any]:
    """What a call has come to. ai@4 knows results alone, so one that went wrong is a result that says so."""
    match part:
        case ToolResult():
            result = part.result
        case ToolError() | ToolInputError():
            result = {"error": part.message}
        case ToolDenied():
            result = {"error": DENIED}
    return {"toolCallId": part.call_id, "result": result}


def data_value(part: Data) -> Any:
    """A value for the application: as it is, or, where it has a name, as the UI message stream has it."""
    if part.name == "value" and part.data_id is None:
        return part.value
    identity = {} if part.data_id is None else {"id": part.data_id}
    return {"type": f"data-{part.name}", **identity, "data": part.value}


def annotation_value(part: DocumentSource | ToolApprovalRequest) -> dict[str, Any]:
    """What ai@4 has no part for, as the UI message stream has it: it reaches the page as an annotation."""
    match part:
        case DocumentSource():
            filename = {} if part.filename is None else {"filename": part.filename}
            named = {"mediaType": part.media_type, "title": part.title, **filename}
            return {"type": "source-document", "sourceId": part.source_id, **named}
        case ToolApprovalRequest():
            asked = {"toolCallId": part.call_id, "approvalId": part.approval_id}
            return {"type": "tool-approval-request", **asked}


def usage_value(usage: Usage) -> dict[str, int]:
    """Usage as two numbers: any other type becomes NaN in the client."""
    return {"promptTokens": usage.input_tokens, "completionTokens": usage.output_tokens}
