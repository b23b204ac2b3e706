"""The names that the client checks; the lines made of them are in test_data_stream.py."""

from __future__ import annotations

import pytest

from chat.parts import File, Source, ToolCall, ToolResult, Usage
from chat.protocols.values import StepPart, ToolPart, part_value, usage_value


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (ToolCall("c", "t", {"a": 1}), {"toolCallId": "c", "toolName": "t", "args": {"a": 1}}),
        (ToolResult("c", None), {"toolCallId": "c", "result": None}),
        (Source("1", "u"), {"sourceType": "url", "id": "1", "url": "u"}),
        (File("AA", "image/png"), {"data": "AA", "mimeType": "image/png"}),
    ],
)
def test_part_value(part: ToolPart | StepPart, value: dict[str, object]) -> None:
    assert part_value(part) == value


def test_usage_value() -> None:
    assert usage_value(Usage(1, 2)) == {"promptTokens": 1, "completionTokens": 2}
