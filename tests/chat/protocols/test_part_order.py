"""What a part out of order leaves in the log: its type and its call's id, and nothing of the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chat.parts import Data, Finish, ReasoningDelta, TextDelta, ToolCall, ToolInputError, ToolResult
from chat.protocols import PartOrderError, named
from chat.protocols.choice import encoder_for
from chat.requests import ChatRequest

if TYPE_CHECKING:
    from chat.parts import Part

SECRET = "what the patient said"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (TextDelta(SECRET), "TextDelta"),
        (ReasoningDelta(SECRET), "ReasoningDelta"),
        (Data({"a": SECRET}), "Data"),
        (ToolCall("c1", SECRET, {"a": SECRET}), "ToolCall of the call 'c1'"),
        (ToolInputError("c1", "t", SECRET, SECRET), "ToolInputError of the call 'c1'"),
        (ToolResult("a\nb", SECRET), r"ToolResult of the call 'a\nb'"),
        (ToolResult("c" * 500, SECRET), f"ToolResult of the call '{'c' * 59}…'"),
    ],
)
def test_a_part_is_named_by_its_type_and_call(part: Part, name: str) -> None:
    assert named(part) == name


@pytest.mark.parametrize("protocol", ["data-stream", "ui-message-stream", "sse", "text"])
@pytest.mark.parametrize("parts", [[Finish("stop"), TextDelta(SECRET)], [ToolResult("c1", SECRET)]])
def test_the_error_of_no_protocol_says_what_the_part_does(protocol: Any, parts: list[Part]) -> None:
    encoder = encoder_for(ChatRequest([{"role": "user", "content": "Hi"}], "m", protocol=protocol))
    if protocol == "text" and isinstance(parts[0], ToolResult):
        parts = [Finish("stop"), *parts]  # of tools, text knows no order
    with pytest.raises(PartOrderError) as raised:
        encoder.encode(parts)
    assert type(parts[-1]).__name__ in str(raised.value)
    assert SECRET not in str(raised.value)
