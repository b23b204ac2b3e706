"""What a request's form says of the client that sent it: its protocol, and the message that its answer continues.

Facts, each from the client that it names:

- ai@4 (`useChat` of @ai-sdk/react@1.2.12) posts `content` in every message, ai@5 and later (`HttpChatTransport`)
  `parts` alone and a `trigger`, "submit-message" or "regenerate-message".
- ai@5 and later show an answer in the last message if that is the assistant's (`createStreamingUIMessageState`),
  under the id that `start.messageId` names: it must be that message's own, or a second message appears.
- ai@6.0.326 and later begin a new message for "regenerate-message" all the same.
- A page may leave in `messages` what it regenerates, if it makes the body by itself (`prepareSendMessagesRequest`).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from chat import fields
from chat.failures import RequestError

ProtocolName = Literal["data-stream", "ui-message-stream", "sse", "text"]
"""The protocols that an answer can be streamed in, by the names that requests use."""

PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)

REGENERATE = "regenerate-message"
_TRIGGERS = ("submit-message", REGENERATE)


def read_protocol(payload: dict[str, Any], messages: list[Any]) -> ProtocolName:
    """The protocol that a payload names in `protocol`, or else the one of the client that its form is of.

    Of messages in both forms (a page that stores its chats has been migrated) the last one is the client's own.

    Raises:
        RequestError: there is no such protocol.
    """
    named = fields.optional_text(payload.get("protocol"), "protocol")
    if named is not None:
        for protocol in PROTOCOLS:
            if protocol == named:
                return protocol
        raise RequestError(f"protocol is {fields.shown(named)}; known are: {', '.join(PROTOCOLS)}.")
    trigger = payload.get("trigger")
    if isinstance(trigger, str) and trigger in _TRIGGERS:
        return "ui-message-stream"
    for message in reversed(messages):
        if isinstance(message, dict):
            if message.get("content") is not None:
                break
            if "parts" in message:
                return "ui-message-stream"
    return "data-stream"


def without_regenerated(payload: dict[str, Any], messages: list[Any]) -> list[Any]:
    """The messages to answer: without the assistant's message that is to be made anew, and what follows it.

    `messageId` names it, or the user's message that is to be answered anew; the SDK's own transport has left out
    what follows already, and then nothing changes.
    """
    message_id = payload.get("messageId")
    if payload.get("trigger") != REGENERATE or not isinstance(message_id, str):
        return messages
    for index, message in enumerate(messages):
        if isinstance(message, dict) and message.get("id") == message_id:
            return messages[: index if message.get("role") == "assistant" else index + 1]
    return messages


def continued_message(
    payload: dict[str, Any], messages: list[Any], protocol: ProtocolName
) -> dict[str, Any] | None:
    """The assistant's message that the page will show the answer in: the last one, after tools that the page ran."""
    last = messages[-1] if messages else None
    if protocol != "ui-message-stream" or payload.get("trigger") == REGENERATE or not isinstance(last, dict):
        return None
    return last if last.get("role") == "assistant" else None


def continued_id(message: dict[str, Any] | None) -> str | None:
    """The id of the message that is continued, or None where there is none.

    Raises:
        RequestError: it is no text.
    """
    return (
        None if message is None else fields.optional_text(message.get("id"), "The last message's id") or None
    )
