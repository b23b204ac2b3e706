"""What the buffered function answers: a table of operations, each a coroutine function from a call to JSON data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chat import fields
from chat.collected import CollectedAnswer
from chat.failures import RequestError
from chat.generation import generate
from chat.requests import read_chat_request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chat.metrics import Measurement
    from chat.parts import Part
    from chat.settings import Settings
    from chat.sources.select import Sources

STREAMED_CHAT = "chat-v2-stream"
"""The one operation of the streaming function."""

BUFFERED_CHAT = "chat-v2"


class Call(Struct, frozen=True):
    """What an operation works with; `deadline` is in the event loop's time."""

    payload: dict[str, Any]
    settings: Settings
    sources: Sources
    deadline: float
    measured: Measurement


async def chat(call: Call) -> dict[str, Any]:
    """The whole answer at once, for clients that cannot read a stream."""
    request = read_chat_request(call.payload, call.settings)
    answer = CollectedAnswer()

    async def collect(parts: list[Part]) -> None:
        answer.add(parts)

    await generate(call.sources, request, collect, call.deadline, call.measured)
    return answer.as_json()


async def health(call: Call) -> dict[str, Any]:
    """Whether the function is set up. It does not ask the model: a check every few seconds must cost nothing."""
    return {"status": "ok", "configured": call.sources.configured, "model": call.settings.model}


async def models(call: Call) -> dict[str, Any]:
    """The models that a request may name."""
    return {
        "default": call.settings.model,
        "models": list(call.settings.allowed_models),
    }


OPERATIONS: dict[str, Callable[[Call], Awaitable[dict[str, Any]]]] = {
    BUFFERED_CHAT: chat,
    "health": health,
    "models": models,
}


def find(action: str | None) -> Callable[[Call], Awaitable[dict[str, Any]]]:
    """The operation that an action names; without a name, a conversation is answered.

    Raises:
        RequestError: there is none, or it belongs to the streaming function.
    """
    if action is None:
        return chat
    if action == STREAMED_CHAT:
        raise RequestError(
            f"{STREAMED_CHAT} is answered by the streaming function. Post it to that function's URL, "
            f"or ask here for {BUFFERED_CHAT}, the whole answer at once."
        )
    if (operation := OPERATIONS.get(action)) is None:
        raise RequestError(
            f"The action {fields.shown(action)} is unknown. Known here: {', '.join(OPERATIONS)}."
        )
    return operation


def require_streamed(action: str | None) -> None:
    """Check that an action, if a request names one, is the streaming function's.

    Raises:
        RequestError: it belongs to the buffered function, or is unknown.
    """
    if action in (None, STREAMED_CHAT):
        return
    assert action is not None
    if action in OPERATIONS:
        raise RequestError(
            f"{action} is answered by the buffered function. Post it to that function's URL; "
            f"this one answers {STREAMED_CHAT}."
        )
    raise RequestError(
        f"The action {fields.shown(action)} is unknown. This function answers {STREAMED_CHAT}."
    )
