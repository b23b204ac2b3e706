"""An answer as one JSON object, against the same answer as the real client puts it together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings

from chat.collected import CollectedAnswer
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
from chat.protocols.data_stream import DataStream
from tests.chat.part_strategies import answers

if TYPE_CHECKING:
    from tests.clients.ai4 import Ai4


def collect(*parts: Part) -> CollectedAnswer:
    answer = CollectedAnswer()
    answer.add(parts)
    return answer


def test_a_plain_answer() -> None:
    answer = collect(TextDelta("Hel"), TextDelta("lo"), Finish("stop", Usage(3, 4)))
    assert answer.error is None
    assert answer.as_json() == {
        "text": "Hello",
        "finishReason": "stop",
        "usage": {"promptTokens": 3, "completionTokens": 4, "totalTokens": 7},
    }


def test_everything_that_an_answer_can_have() -> None:
    answer = collect(
        ReasoningDelta("hm"),
        ToolCallStart("c", "t"),
        ToolCallDelta("c", '{"a":1}'),
        ToolCall("c", "t", {"a": 1}),
        ToolResult("c", "r"),
        StepFinish("tool-calls", Usage(1, 1)),
        Source("1", "https://a.test/", "A"),
        File("AA", "image/png"),
        Data({"k": 1}),
        Annotation("note"),
        TextDelta("done"),
        Finish("stop", Usage(2, 2)),
    )
    assert answer.as_json() == {
        "text": "done",
        "finishReason": "stop",
        "reasoning": "hm",
        "toolCalls": [{"toolCallId": "c", "toolName": "t", "args": {"a": 1}}],
        "toolResults": [{"toolCallId": "c", "result": "r"}],
        "sources": [{"sourceType": "url", "id": "1", "url": "https://a.test/", "title": "A"}],
        "files": [{"data": "AA", "mimeType": "image/png"}],
        "data": [{"k": 1}],
        "annotations": ["note"],
        "usage": {"promptTokens": 3, "completionTokens": 3, "totalTokens": 6},
    }


def test_what_the_data_stream_has_no_part_for() -> None:
    answer = collect(
        ToolInputError("c", "t", "{", "not JSON"),
        *(ToolCall("d", "t", {}), ToolApprovalRequest("d", "a"), ToolDenied("d")),
        *(ToolCall("e", "t", {}), ToolError("e", "broke")),
        DocumentSource("1", "text/plain", "T"),
        Data(7, "rate", "r"),
        Abort(),
    )
    assert answer.as_json() == {
        "text": "",
        "finishReason": "other",
        "toolCalls": [{"toolCallId": name, "toolName": "t", "args": {}} for name in "cde"],
        "toolResults": [
            {"toolCallId": "c", "result": {"error": "not JSON"}},
            {"toolCallId": "d", "result": {"error": "The user did not allow this call."}},
            {"toolCallId": "e", "result": {"error": "broke"}},
        ],
        "annotations": [
            {"type": "tool-approval-request", "toolCallId": "d", "approvalId": "a"},
            {"type": "source-document", "sourceId": "1", "mediaType": "text/plain", "title": "T"},
        ],
        "data": [{"type": "data-rate", "id": "r", "data": 7}],
    }


def test_unknown_usage_is_absent() -> None:
    assert "usage" not in collect(StepFinish("tool-calls"), Finish("stop", Usage(1, 1))).as_json()
    assert "usage" not in collect(TextDelta("a")).as_json()


def test_a_failed_answer_keeps_its_text() -> None:
    answer = collect(TextDelta("half"), Error("broke off"))
    assert answer.error == "broke off"
    assert answer.as_json() == {"text": "half", "finishReason": "error"}


def test_halves_of_a_character_in_two_deltas_are_joined() -> None:
    answer = collect(TextDelta("\ud83d"), TextDelta("\ude00"), ReasoningDelta("\ud83d"))
    assert answer.as_json() == {"text": "😀", "reasoning": "\ufffd", "finishReason": "unknown"}


@given(answers())
@settings(max_examples=60)
def test_collected_and_streamed_answers_agree(ai4: Ai4, parts: list[Part]) -> None:
    """What the page shows after the stream is what the buffered operation returns."""
    collected, chat = collect(*parts), ai4.chat(DataStream().encode(parts))
    answer = collected.as_json()
    json.dumps(answer)
    message = chat["message"] or {"content": ""}
    if "\ufffd" not in message["content"] + answer["text"]:
        assert answer["text"] == message["content"]
    calls = [call["toolCallId"] for call in answer.get("toolCalls", [])]
    shown = [i["toolCallId"] for i in message.get("toolInvocations", []) if i["state"] != "partial-call"]
    assert sorted(calls) == sorted(shown)
    answered = [i["toolCallId"] for i in message.get("toolInvocations", []) if i["state"] == "result"]
    assert sorted(result["toolCallId"] for result in answer.get("toolResults", [])) == sorted(answered)
    assert (collected.error is None) == (chat["error"] is None)
    if collected.error is None:
        assert answer["finishReason"] == chat["finish"]["finishReason"]


@given(answers())
def test_any_json_encoder_can_write_an_answer(parts: list[Part]) -> None:
    """The handler's knows neither NaN nor halves of characters."""
    json.dumps(collect(*parts).as_json(), ensure_ascii=False, allow_nan=False).encode()
