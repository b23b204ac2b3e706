"""The messages of a chat client as messages of OpenAI's chat completions.

Read are the UI messages of ai@4 (`content`, `parts`, `toolInvocations`, `experimental_attachments`), those of ai@5 and
later (`parts` alone, `chat.messages.ui`), the core messages of ai@4 (`content` as an array) and OpenAI's own
(`tool_calls`, `tool_call_id`). Each message counts by its own form: a page that was migrated has stored both.

The result is that of the SDK's own server: `convertToCoreMessages` of ai@4.3.19 or `convertToModelMessages` of ai@5 to
7, followed by @ai-sdk/openai's chat converter. `tests/chat/messages/test_oracle.py` and `test_ui_oracle.py` compare
them. Where the lines differ the newest counts. The exceptions are where they fail or write what a provider refuses:

- A tool call without a result makes the SDK throw, and the API answers 400. The page gets there by itself: a
  stream broke off in the arguments, or the user went on without answering. Unfinished arguments are dropped
  with their call; a finished call gets the result `UNANSWERED`. One that the user has approved in the last message is
  refused, as the page is about to run it.
- A call that the provider ran itself (`providerExecuted`) is followed by its result, as any other: the SDK sends the
  call alone.
- An assistant message with neither text nor calls is left out (some providers refuse empty messages), and a user
  message of ai@5 and later with neither text nor files (the SDK sends an empty array); as the last one it is refused.
- A `content` beside `parts` without any text counts (the SDK sends an empty message).
- A text file is sent as its text, also from ai@5 and later, where the SDK's converter throws.
- A file of the provider's account (`providerReference` of ai@7) cannot be named: its `url` counts.
- A result in the history without its call is refused here, with its place, as the API would refuse it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chat import fields
from chat.failures import RequestError
from chat.messages import ui
from chat.messages.assistant import assistant_messages
from chat.messages.content import Message, answer_message, joined_text, tool_message
from chat.messages.user import user_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.settings import Settings

_UI_ROLES = ("user", "assistant", "system")

UNANSWERED = json.dumps("No result: this call was not answered.")
"""What the model reads as the result of a tool call that the client left open."""


def to_openai(messages: list[Any], settings: Settings) -> list[Message]:
    """Convert a client's messages; of unknown parts and fields nothing is said and nothing is kept.

    Raises:
        RequestError: a role, type or attachment that cannot be accepted, with its path.
    """
    converted: list[Message] = []
    unanswered: dict[str, None] = {}  # calls of the last assistant message, in order
    last_user = max((i for i, each in enumerate(messages) if _role(each) == "user"), default=-1)
    for index, item in enumerate(messages):
        where = f"messages[{index}]"
        message = fields.mapping(item, where)
        is_last = index == len(messages) - 1
        if ui.is_ui_message(message) and _role(message) in _UI_ROLES:
            conversion = _convert_ui(message, where, settings, is_last=is_last, superseded=index < last_user)
        else:
            conversion = _convert(message, where, settings, is_last=is_last)
        for made in conversion:
            if made["role"] == "tool":
                call_id = made["tool_call_id"]
                if call_id not in unanswered:
                    raise RequestError(
                        f"{where} answers the tool call {fields.shown(call_id)}, which is not open."
                    )
                del unanswered[call_id]
            else:
                converted += _close(unanswered)
                unanswered = {call["id"]: None for call in made.get("tool_calls", ())}
            converted.append(made)
    return converted + _close(unanswered)


def _close(unanswered: dict[str, None]) -> list[Message]:
    """The API demands a tool message for each call before any other message."""
    return [answer_message(call_id, UNANSWERED) for call_id in unanswered]


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, dict) else None


def _convert_ui(
    message: Message, where: str, settings: Settings, *, is_last: bool, superseded: bool
) -> Iterator[Message]:
    match message["role"]:
        case "user":
            if content := ui.user_content(message, where, settings):
                yield {"role": "user", "content": content}
            elif is_last:
                raise RequestError(f"{where} has neither text nor a file, so there is nothing to answer.")
        case "assistant":
            yield from ui.assistant_messages(message, where, is_last=is_last, superseded=superseded)
        case "system":
            _check_system(message, where, settings)
            yield {"role": "system", "content": ui.system_text(message, where)}


def _check_system(message: Message, where: str, settings: Settings) -> None:
    if not settings.allow_client_system:
        raise RequestError(f"{where} has the role {message['role']!r}, which this service does not accept.")


def _convert(message: Message, where: str, settings: Settings, *, is_last: bool) -> Iterator[Message]:
    role, content = message.get("role"), message.get("content")
    if role != "data" and content is not None and not isinstance(content, list):
        fields.text(content, f"{where}.content")  # also where parts go before it
    match role:
        case "user":
            yield {"role": "user", "content": user_content(message, where, settings)}
        case "assistant":
            yield from assistant_messages(message, where, is_last=is_last)
        case "tool":
            yield from _tool_results(message, where)
        case "system" | "developer":
            _check_system(message, where, settings)
            # Only OpenAI knows "developer", and it reads "system" as the same.
            yield {"role": "system", "content": joined_text(content, f"{where}.content")}
        case "data":  # values for the page, never meant for the model
            return
        case str():
            raise RequestError(
                f"{where}.role is {fields.shown(role)}; known are user, assistant, tool, system."
            )
        case _:
            raise RequestError(f"{where}.role must be a string, not {fields.kind(role)}.")


def _tool_results(message: Message, where: str) -> Iterator[Message]:
    """Results as the core messages have them, or as OpenAI's do."""
    content = message.get("content")
    if "tool_call_id" in message:
        call_id = fields.text(message["tool_call_id"], f"{where}.tool_call_id")
        yield answer_message(call_id, joined_text(content, f"{where}.content"))
        return
    for index, item in enumerate(fields.array(content, f"{where}.content")):
        place = f"{where}.content[{index}]"
        part = fields.mapping(item, place)
        if part.get("type") == "tool-result":
            call_id = fields.text(part.get("toolCallId"), f"{place}.toolCallId")
            yield tool_message(call_id, part.get("result"))
