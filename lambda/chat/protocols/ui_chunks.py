"""The chunks that the UI message stream has for parts, with the fields that every client since ai@5.0.0 takes."""

from __future__ import annotations

from typing import Any

from chat.json_text import encode_json, sound_text
from chat.parts import (
    Annotation,
    Data,
    DocumentSource,
    File,
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


def data_chunk(part: Data | Annotation) -> dict[str, Any]:
    """`data-NAME`; an annotation is one of the name `annotation`."""
    if isinstance(part, Annotation):
        return {"type": "data-annotation", "data": part.value}
    identity = {} if part.data_id is None else {"id": part.data_id}
    transient = {"transient": True} if part.transient else {}
    return {"type": f"data-{part.name}", **identity, "data": part.value, **transient}


def content_chunk(part: Source | DocumentSource | File) -> dict[str, Any]:
    """What stands beside the text in a step."""
    match part:
        case Source():
            title = {} if part.title is None else {"title": part.title}
            return {"type": "source-url", "sourceId": part.source_id, "url": part.url, **title}
        case DocumentSource():
            filename = {} if part.filename is None else {"filename": part.filename}
            named = {"mediaType": part.media_type, "title": part.title, **filename}
            return {"type": "source-document", "sourceId": part.source_id, **named}
        case File():
            url = f"data:{part.media_type};base64,{part.data}"
            return {"type": "file", "url": url, "mediaType": part.media_type}


def input_chunks(
    part: ToolCallStart | ToolCallDelta | ToolCall | ToolInputError, *, begun: bool
) -> list[dict[str, Any]]:
    """What the model says of a call. `begun`: the page knows the call already."""
    match part:
        case ToolCallStart():
            return [_call("tool-input-start", part)]
        case ToolCallDelta():
            return [_input_delta(part.call_id, part.arguments)] if part.arguments else []
        case ToolCall():
            return [{**_call("tool-input-available", part), "input": part.arguments}]
        case ToolInputError():
            return [*([] if begun else _unusable(part)), output_error(part.call_id, part.message)]


def outcome_chunks(
    part: ToolResult | ToolError | ToolApprovalRequest | ToolDenied, *, approvals: bool
) -> list[dict[str, Any]]:
    """What becomes of a call.

    `approvals`: the page knows of approval; an older one is not asked, and is told of a denial as of an error.
    """
    match part:
        case ToolResult():
            return [{"type": "tool-output-available", "toolCallId": part.call_id, "output": part.result}]
        case ToolError():
            return [output_error(part.call_id, part.message)]
        case ToolApprovalRequest():
            asked = {"approvalId": part.approval_id, "toolCallId": part.call_id}
            return [{"type": "tool-approval-request", **asked}] if approvals else []
        case ToolDenied() if approvals:
            return [{"type": "tool-output-denied", "toolCallId": part.call_id}]
        case ToolDenied():
            return [output_error(part.call_id, DENIED)]


def output_error(call_id: str, message: str) -> dict[str, Any]:
    """A call has failed, whatever state it was in."""
    return {"type": "tool-output-error", "toolCallId": call_id, "errorText": sound_text(message)}


def _unusable(part: ToolInputError) -> list[dict[str, Any]]:
    """The beginning of a call that nobody can run, with what is known of its arguments."""
    begun = [_call("tool-input-start", part)]
    text = part.arguments if isinstance(part.arguments, str) else encode_json(part.arguments).decode()
    if part.arguments is not None and text:
        begun.append(_input_delta(part.call_id, text))
    return begun


def _call(kind: str, part: ToolCallStart | ToolCall | ToolInputError) -> dict[str, Any]:
    return {"type": kind, "toolCallId": part.call_id, "toolName": part.name}


def _input_delta(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "tool-input-delta", "toolCallId": call_id, "inputTextDelta": text}
