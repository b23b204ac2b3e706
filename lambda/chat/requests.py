"""What a chat request is, and how the payload of an envelope becomes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chat import fields
from chat.attachments import with_data_urls_alone
from chat.clients import ProtocolName, continued_id, continued_message, read_protocol, without_regenerated
from chat.failures import RequestError
from chat.messages import to_openai
from chat.messages.ui import denied_calls
from chat.tools import read_needs_approval, read_tool_choice, read_tools

if TYPE_CHECKING:
    from chat.settings import Settings


class ChatRequest(Struct, frozen=True):
    """One conversation to answer.

    `messages`, `tools` and `tool_choice` are in the form of OpenAI's chat completions, the system prompt
    included; `model` is a name that the settings allow.

    `protocol` is what the client reads. `continues` is the id of the assistant's message that the answer continues
    (UI message stream: a further round, after tools that the page ran). `needs_approval` are the tools that the user
    must approve before the page runs them, `denied` the calls of the continued message that the user did not
    approve and the page does not show as denied yet: a client that has either is ai@6 or later.
    """

    messages: list[dict[str, Any]]
    model: str
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    protocol: ProtocolName = "data-stream"
    continues: str | None = None
    needs_approval: frozenset[str] = frozenset()
    denied: tuple[str, ...] = ()


def read_chat_request(payload: dict[str, Any], settings: Settings) -> ChatRequest:
    """Check a payload `{messages, model?, tools?, tool_choice? | toolChoice?, protocol?, trigger?, messageId?}`.

    Fields of other names are ignored.

    Raises:
        RequestError: 400, naming the field that is wrong.
    """
    if "messages" not in payload:
        raise RequestError('The request has no "messages".')
    messages = fields.array(payload["messages"], "messages")
    if not messages:
        raise RequestError("messages is empty; it must have at least one message.")
    if len(messages) > settings.max_messages:
        raise RequestError(
            f"messages has {len(messages)} entries; at most {settings.max_messages} are accepted."
        )
    protocol = read_protocol(payload, messages)
    messages = without_regenerated(payload, messages)
    continued = continued_message(payload, messages, protocol)
    model = _model(payload.get("model"), settings)
    if settings.uses_litellm(model):
        settings = with_data_urls_alone(settings)
    converted = to_openai(messages, settings)
    if not converted:
        raise RequestError("messages has nothing that a model could answer.")
    if settings.system_prompt:
        converted.insert(0, {"role": "system", "content": settings.system_prompt})
    tools = read_tools(payload.get("tools"))
    return ChatRequest(
        messages=converted,
        model=model,
        tools=tools,
        tool_choice=read_tool_choice(_tool_choice(payload), tools),
        protocol=protocol,
        continues=continued_id(continued),
        needs_approval=read_needs_approval(payload.get("tools")),
        denied=() if continued is None else denied_calls(continued),
    )


def _tool_choice(payload: dict[str, Any]) -> Any:
    """OpenAI's name goes before the AI SDK's."""
    choice = payload.get("tool_choice")
    return payload.get("toolChoice") if choice is None else choice


def _model(value: Any, settings: Settings) -> str:
    model = fields.optional_text(value, "model")
    if model is None:
        return settings.model
    if model not in settings.allowed_models:
        allowed = ", ".join(settings.allowed_models)
        raise RequestError(f"model is {fields.shown(model)}; allowed are: {allowed}.")
    return model
