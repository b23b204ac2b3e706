"""Which protocol a request wants, and which message of the page its answer continues."""

from __future__ import annotations

from typing import Any

import pytest

from chat.clients import (
    PROTOCOLS,
    continued_id,
    continued_message,
    read_protocol,
    without_regenerated,
)
from chat.failures import RequestError

V4 = {"role": "user", "content": "hi", "parts": [{"type": "text", "text": "hi"}]}
V5 = {"id": "u1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}
ANSWER = {"id": "a1", "role": "assistant", "parts": []}


@pytest.mark.parametrize(
    ("messages", "more", "protocol"),
    [
        ([V4], {}, "data-stream"),
        ([V5], {}, "ui-message-stream"),
        ([{**V5, "content": None}], {}, "ui-message-stream"),
        ([V4], {"trigger": "submit-message"}, "ui-message-stream"),
        ([V4], {"trigger": "regenerate-message"}, "ui-message-stream"),
        ([V4], {"trigger": "click"}, "data-stream"),
        ([V4], {"trigger": ["submit-message"]}, "data-stream"),
        ([V4, V5], {}, "ui-message-stream"),
        ([V5, V4], {}, "data-stream"),
        ([V5, {"role": "assistant", "tool_calls": []}], {}, "ui-message-stream"),
        ([V5, 7], {}, "ui-message-stream"),
        ([{"role": "user"}], {}, "data-stream"),
        ([V5], {"protocol": None}, "ui-message-stream"),
        *(([V5], {"protocol": name, "trigger": "submit-message"}, name) for name in PROTOCOLS),
    ],
)
def test_the_form_decides_unless_a_protocol_is_named(
    messages: list[Any], more: dict[str, Any], protocol: str
) -> None:
    """`trigger` is what ai@5 and later send; a field of that name with other values is a hook's own."""
    assert read_protocol({"messages": messages, **more}, messages) == protocol


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (
            "websocket",
            "protocol is 'websocket'; known are: data-stream, ui-message-stream, sse, text.",
        ),
        ("", "protocol is ''; known are: data-stream, ui-message-stream, sse, text."),
        (7, "protocol must be a string, not a number."),
    ],
)
def test_an_unknown_protocol_is_refused(named: Any, sentence: str) -> None:
    """An answer in another protocol than the client reads shows nothing and no error."""
    with pytest.raises(RequestError) as caught:
        read_protocol({"protocol": named}, [V5])
    assert (caught.value.message, caught.value.status) == (sentence, 400)


REGENERATE = {"trigger": "regenerate-message"}


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({**REGENERATE, "messageId": "a1"}, 1),
        ({**REGENERATE, "messageId": "u1"}, 1),
        ({**REGENERATE, "messageId": "u2"}, 3),
        ({**REGENERATE, "messageId": "gone"}, 4),
        ({**REGENERATE, "messageId": ["a1"]}, 4),
        (REGENERATE, 4),
        ({"trigger": "submit-message", "messageId": "a1"}, 4),
        ({"messageId": "a1"}, 4),
    ],
)
def test_what_is_made_anew_is_left_out(payload: dict[str, Any], kept: int) -> None:
    """The SDK's transport leaves it out itself; a page that makes its body may not."""
    messages = [V5, ANSWER, {**V5, "id": "u2"}, 7]
    assert without_regenerated(payload, messages) == messages[:kept]


def test_an_answer_continues_the_last_message_if_that_is_the_assistant_s() -> None:
    """After tools that the page ran; `start.messageId` must be its id."""
    assert continued_message({}, [V5, ANSWER], "ui-message-stream") == ANSWER
    assert continued_message({}, [ANSWER, V5], "ui-message-stream") is None
    assert continued_message({}, [7], "ui-message-stream") is None
    assert continued_message({}, [], "ui-message-stream") is None
    assert continued_message({}, [V5, ANSWER], "data-stream") is None


def test_a_message_made_anew_continues_none() -> None:
    """ai@6.0.326 and later show it as a new one; under the id of the one before it would replace that."""
    assert continued_message(REGENERATE, [V5, ANSWER], "ui-message-stream") is None


def test_the_id_of_a_continued_message() -> None:
    assert continued_id(ANSWER) == "a1"
    for nameless in (None, {}, {"id": None}, {"id": ""}):
        assert continued_id(nameless) is None
    with pytest.raises(RequestError, match="The last message's id must be a string, not a number"):
        continued_id({"id": 7})
