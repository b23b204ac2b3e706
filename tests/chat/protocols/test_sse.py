"""The plain event stream: what each part becomes, and that one terminal event ends it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.json_text import sound_text
from chat.parts import (
    Abort,
    Annotation,
    Data,
    DocumentSource,
    Error,
    File,
    Finish,
    Part,
    ReasoningDelta,
    ReasoningSignature,
    RedactedReasoning,
    Source,
    StepFinish,
    TextDelta,
    ToolApprovalRequest,
    ToolCall,
    ToolCallDelta,
    ToolCallStart,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
    Usage,
)
from chat.protocols import Encoder, PartOrderError
from chat.protocols.sse import EventStream
from tests.chat.part_strategies import any_parts
from tests.chat.protocols.ui_grammar import events
from tests.chat.protocols.whole_answers import WHOLE_ANSWERS

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocols.md"
CALL = ToolCall("c", "t", {"a": 1})
CALLED = {"type": "tool-call", "toolCallId": "c", "toolName": "t", "input": {"a": 1}}
USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}


def encode(*parts: Part) -> list[dict[str, Any]]:
    return events(EventStream().encode(parts))


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (TextDelta("Grüße\n"), {"type": "text-delta", "content": "Grüße\n"}),
        (ReasoningDelta("hm"), {"type": "reasoning-delta", "content": "hm"}),
        (ToolCallStart("c", "t"), {"type": "tool-call-start", "toolCallId": "c", "toolName": "t"}),
        (CALL, CALLED),
        (Source("1", "u"), {"type": "source", "id": "1", "url": "u"}),
        (Source("1", "u", "T"), {"type": "source", "id": "1", "url": "u", "title": "T"}),
        (
            DocumentSource("1", "text/plain", "T"),
            {"type": "source", "id": "1", "mediaType": "text/plain", "title": "T"},
        ),
        (
            DocumentSource("1", "text/plain", "T", "t"),
            {"type": "source", "id": "1", "mediaType": "text/plain", "title": "T", "filename": "t"},
        ),
        (File("AA", "image/png"), {"type": "file", "mediaType": "image/png", "data": "AA"}),
        (Data(None), {"type": "data", "name": "value", "value": None}),
        (
            Data(1, "rate", "r", transient=True),
            {"type": "data", "name": "rate", "value": 1, "id": "r", "transient": True},
        ),
        (Annotation([1]), {"type": "annotation", "value": [1]}),
        (StepFinish("tool-calls"), {"type": "step-finish", "finishReason": "tool-calls"}),
        (
            StepFinish("stop", Usage(1, 2)),
            {"type": "step-finish", "finishReason": "stop", "usage": USAGE},
        ),
        (Finish("stop", Usage(1, 2)), {"type": "finish", "finishReason": "stop", "usage": USAGE}),
        (Abort(), {"type": "finish", "finishReason": "other"}),
        (Error("no\ud800"), {"type": "error", "message": "no\ufffd"}),
    ],
    ids=lambda case: type(case).__name__,
)
def test_a_part_is_one_event(part: Part, told: dict[str, Any]) -> None:
    assert encode(part) == [told]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (ToolResult("c", None), {"type": "tool-result", "toolCallId": "c", "output": None}),
        (ToolError("c", "no"), {"type": "tool-result", "toolCallId": "c", "error": "no"}),
        (
            ToolDenied("c"),
            {"type": "tool-result", "toolCallId": "c", "error": "The user did not allow this call."},
        ),
        (
            ToolApprovalRequest("c", "a"),
            {"type": "tool-approval-request", "toolCallId": "c", "approvalId": "a"},
        ),
    ],
)
def test_what_becomes_of_a_call(part: Part, told: dict[str, Any]) -> None:
    assert encode(CALL, part) == [CALLED, told]


def test_a_call_that_cannot_be_used_is_told_with_what_there_is_of_it() -> None:
    assert encode(ToolInputError("c", "t", "{", "no")) == [
        {"type": "tool-call", "toolCallId": "c", "toolName": "t", "input": "{"},
        {"type": "tool-result", "toolCallId": "c", "error": "no"},
    ]


def test_arguments_come_in_pieces() -> None:
    piece = {"type": "tool-call-delta", "toolCallId": "c", "content": '{"a'}
    assert encode(ToolCallStart("c", "t"), ToolCallDelta("c", '{"a'))[1] == piece


def test_what_is_for_the_provider_alone_is_left_out() -> None:
    assert encode(RedactedReasoning("x"), ReasoningSignature("s"), TextDelta(""), ReasoningDelta("")) == []


def test_usage_is_the_sum_of_all_steps() -> None:
    told = encode(StepFinish("tool-calls", Usage(1, 2)), Finish("stop", Usage(3, 4)))
    assert told[-1]["usage"] == {"inputTokens": 4, "outputTokens": 6, "totalTokens": 10}


def test_headers() -> None:
    encoder: Encoder = EventStream()
    assert encoder.content_type == "text/event-stream"
    assert encoder.headers == {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def test_the_guide_names_every_event_and_its_fields() -> None:
    """docs/protocols.md is what people without the AI SDK write their client by."""
    guide = DOCUMENT.read_text().partition("### Plain events")[2].partition("### Plain text")[0]
    rows = [
        row.split("|")[1:3] for row in guide.splitlines() if row.startswith("| `") and "| `type` |" not in row
    ]
    fields = {
        name: set(re.findall(r"`([a-zA-Z]+)`", told))
        for names, told in rows
        for name in re.findall(r"`([a-z-]+)`", names)
    }
    made: dict[str, set[str]] = {}
    for answer in WHOLE_ANSWERS.values():
        if "sse" in answer.protocols:
            for told in events(answer.encoded("sse")):
                made.setdefault(told.pop("type"), set()).update(told)
    assert made.keys() == fields.keys()
    for name, names in made.items():
        assert names <= fields[name], name


@given(st.lists(any_parts, max_size=12))
@settings(max_examples=100)
def test_whatever_the_parts_one_terminal_ends_it_and_no_text_is_lost(parts: list[Part]) -> None:
    stream, encoded, texts = EventStream(), b"", ""
    for part in parts:
        ended = stream.ended
        try:
            encoded += stream.encode([part]) + stream.heartbeat()
        except PartOrderError as error:
            assert error.encoded == b""  # noqa: PT017 - most orders raise nothing
        else:
            assert not ended
            texts += sound_text(part.text) if isinstance(part, TextDelta) else ""
    assert (stream.heartbeat() == b"") == stream.ended
    if not stream.ended:
        encoded += stream.encode([Error("cut off")])
    told = events(encoded)
    assert "".join(event["content"] for event in told if event["type"] == "text-delta") == texts
    terminals = [event for event in told if event["type"] in ("finish", "error")]
    assert terminals == told[-1:]
