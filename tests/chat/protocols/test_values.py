"""The names that the client checks; the lines made of them are in test_data_stream.py."""

from __future__ import annotations

from typing import Any

import pytest

from chat.parts import (
    Data,
    DocumentSource,
    File,
    Source,
    ToolApprovalRequest,
    ToolCall,
    ToolDenied,
    ToolError,
    ToolInputError,
    ToolResult,
    Usage,
)
from chat.protocols.values import (
    annotation_value,
    answer_value,
    call_value,
    data_value,
    part_value,
    usage_value,
)


def test_part_value() -> None:
    assert part_value(Source("1", "u")) == {"sourceType": "url", "id": "1", "url": "u"}
    assert part_value(File("AA", "image/png")) == {"data": "AA", "mimeType": "image/png"}


@pytest.mark.parametrize(("arguments", "told"), [({"a": 1}, {"a": 1}), ("{", {}), (None, {}), ([1], {})])
def test_arguments_are_an_object_whatever_the_model_wrote(arguments: Any, told: dict[str, Any]) -> None:
    value = {"toolCallId": "c", "toolName": "t", "args": told}
    assert call_value(ToolInputError("c", "t", arguments, "no")) == value
    if isinstance(arguments, dict):
        assert call_value(ToolCall("c", "t", arguments)) == value


@pytest.mark.parametrize(
    ("part", "result"),
    [
        (ToolResult("c", None), None),
        (ToolError("c", "broke"), {"error": "broke"}),
        (ToolInputError("c", "t", {}, "no"), {"error": "no"}),
        (ToolDenied("c"), {"error": "The user did not allow this call."}),
    ],
)
def test_a_call_that_went_wrong_has_a_result_that_says_so(part: Any, result: Any) -> None:
    assert answer_value(part) == {"toolCallId": "c", "result": result}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Data(7), 7),
        (Data(7, transient=True), 7),
        (Data(7, "rate"), {"type": "data-rate", "data": 7}),
        (Data(None, data_id="d"), {"type": "data-value", "id": "d", "data": None}),
    ],
)
def test_named_data_has_the_form_of_the_ui_message_stream(part: Data, value: Any) -> None:
    assert data_value(part) == value


def test_what_ai4_has_no_part_for_is_an_annotation() -> None:
    assert annotation_value(DocumentSource("1", "text/plain", "T", "t.txt")) == {
        "type": "source-document",
        "sourceId": "1",
        "mediaType": "text/plain",
        "title": "T",
        "filename": "t.txt",
    }
    assert "filename" not in annotation_value(DocumentSource("1", "text/plain", "T"))
    assert annotation_value(ToolApprovalRequest("c", "a")) == {
        "type": "tool-approval-request",
        "toolCallId": "c",
        "approvalId": "a",
    }


def test_usage_value() -> None:
    assert usage_value(Usage(1, 2)) == {"promptTokens": 1, "completionTokens": 2}
