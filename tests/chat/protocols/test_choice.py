"""A request's protocol chooses its encoder, and what the request says of the client reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from chat.clients import ProtocolName
from chat.parts import Finish, TextDelta, ToolApprovalRequest, ToolCall, ToolDenied
from chat.protocols.choice import encoder_for
from chat.protocols.data_stream import DataStream
from chat.protocols.plain_text import PlainText
from chat.protocols.sse import EventStream
from chat.protocols.ui_message_stream import UIMessageStream
from chat.requests import ChatRequest
from tests.chat.protocols.ui_grammar import chunks

if TYPE_CHECKING:
    from chat.parts import Part

ENCODERS = {
    "data-stream": DataStream,
    "ui-message-stream": UIMessageStream,
    "sse": EventStream,
    "text": PlainText,
}


def request(protocol: Any, **fields: Any) -> ChatRequest:
    return ChatRequest([{"role": "user", "content": "Hi"}], "m", protocol=protocol, **fields)


def test_every_protocol_has_its_encoder() -> None:
    assert {name: type(encoder_for(request(name))) for name in get_args(ProtocolName)} == ENCODERS


def test_each_answer_has_an_encoder_of_its_own() -> None:
    asked = request("data-stream")
    assert encoder_for(asked) is not encoder_for(asked)


def test_the_message_that_is_continued_reaches_the_stream() -> None:
    encoded = encoder_for(request("ui-message-stream", continues="m1")).encode(
        [TextDelta("A"), Finish("stop")]
    )
    assert chunks(encoded)[0] == {"type": "start", "messageId": "m1"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [({}, "tool-output-error"), ({"needs_approval": frozenset({"t"})}, "tool-output-denied")],
)
def test_a_declaration_tells_that_the_client_knows_approval(fields: dict[str, Any], told: str) -> None:
    parts: list[Part] = [
        ToolCall("c", "t", {}),
        ToolApprovalRequest("c", "a"),
        ToolDenied("c"),
        Finish("stop"),
    ]
    kinds = [
        chunk["type"] for chunk in chunks(encoder_for(request("ui-message-stream", **fields)).encode(parts))
    ]
    assert told in kinds
    assert ("tool-approval-request" in kinds) == bool(fields)


def test_so_does_a_denial() -> None:
    asked = request("ui-message-stream", continues="m1", denied=("c",))
    encoded = encoder_for(asked).encode([ToolDenied("c"), Finish("stop")])
    assert chunks(encoded)[1] == {"type": "tool-output-denied", "toolCallId": "c"}
