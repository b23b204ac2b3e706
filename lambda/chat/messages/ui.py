"""UI messages of ai@5 and later: everything is in `parts`, and a tool's call and its result are one part.

Facts, each from `convertToModelMessages` of ai@5.0.0 to 7.0.173 and the chat converter of @ai-sdk/openai@2 to 4:

- Each `step-start` ends a step: one assistant message, then the results of its calls.
- A tool's part is `tool-NAME` or `dynamic-tool` (`toolName`). Its `state` says what there is of it: `input-streaming`,
  `input-available`, `approval-requested`, `approval-responded`, `output-available`, `output-error`, `output-denied`.
- A result that is a string goes to the model as it is, any other as JSON; an error as `{"error": …}` (4.0.118; before
  that as plain text); a refusal as its reason (`approval-responded`) or as an error (`output-denied`).
- Arguments that are no object, of a call whose input was refused by its schema, are sent as `{}` (4.0.118): the API
  refuses others. `rawInput` has them where `input` has not.
- A call that waits for approval in front of the last user message is left out (ai@7): the user went on without it.
- Reasoning, sources, files of the model and data parts are for the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chat import fields
from chat.attachments import from_url
from chat.failures import RequestError
from chat.json_text import encode_json, sound_text
from chat.messages.content import Message, answer_message, step_messages, tool_call
from chat.messages.user import plain_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.settings import Settings

DENIED = "Tool call execution denied."
"""What the model reads as the result of a call that the user did not approve, without saying why (the SDK's words)."""


def is_ui_message(message: Message) -> bool:
    """Whether a message has the form of ai@5 and later: no `content`, or parts that ai@4 does not have."""
    parts = message.get("parts")
    if not isinstance(parts, list):
        return False
    known = [part for part in parts if isinstance(part, dict)]
    if any("toolInvocation" in part for part in known):
        return False
    return message.get("content") is None or any(
        (part.get("type") == "file" and "url" in part) or (_is_tool(part) and "toolCallId" in part)
        for part in known
    )


def user_content(message: Message, where: str, settings: Settings) -> str | list[dict[str, Any]]:
    """The text and files of a user message, in the order of its parts; an empty string where it has neither.

    Raises:
        RequestError: a part is malformed, or a file cannot be accepted.
    """
    content: list[dict[str, Any]] = []
    for part, place in _parts(message, where):
        match part.get("type"):
            case "text":
                made = {"type": "text", "text": fields.text(part.get("text"), f"{place}.text")}
            case "file":
                made = from_url(
                    fields.text(part.get("url"), f"{place}.url"),
                    fields.optional_text(part.get("mediaType"), f"{place}.mediaType"),
                    place,
                    settings,
                    name=fields.optional_text(part.get("filename"), f"{place}.filename"),
                    index=len(content),
                )
            case _:
                continue
        if made != {"type": "text", "text": ""}:
            content.append(made)
    return plain_content(content)


def system_text(message: Message, where: str) -> str:
    """The text of a system message."""
    return "".join(_texts(message, where))


def assistant_messages(message: Message, where: str, *, is_last: bool, superseded: bool) -> Iterator[Message]:
    """One assistant message for each step, with the results of its tool calls after it.

    Args:
        message: the UI message.
        where: path for errors.
        is_last: whether the answer will continue this message.
        superseded: whether the user has written another message since.

    Raises:
        RequestError: a part is malformed, or a call was approved and its result is not there yet.
    """
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    results: list[Message] = []
    for part, place in _parts(message, where):
        kind = part.get("type")
        if kind == "text":
            texts.append(fields.text(part.get("text"), f"{place}.text"))
        elif kind == "step-start":
            yield from step_messages("".join(texts), calls)
            yield from results
            texts, calls, results = [], [], []
        elif _is_tool(part) and not _is_left_out(part, superseded=superseded):
            calls.append(made := _call(part, place))
            if is_last:
                _check_approved(part, made["function"]["name"], place)
            if (result := _result(part)) is not None:
                results.append(answer_message(made["id"], result))
    yield from step_messages("".join(texts), calls)
    yield from results


def denied_calls(message: Message) -> tuple[str, ...]:
    """The ids of the calls in a message that the user did not approve, as far as the page does not show it yet.

    Each is there once: servers that count begin anew in each round, so a message may have two calls of one id.
    """
    if not is_ui_message(message):
        return ()
    denied = (
        part["toolCallId"]
        for part, _ in _parts(message, "The last message")
        if _is_tool(part) and part.get("state") == "approval-responded" and _approved(part) is False
    )
    return tuple(dict.fromkeys(denied))


def _parts(message: Message, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The parts with their paths; a `content` beside parts without any text counts as their first."""
    parts = message["parts"]
    content = message.get("content")
    if (
        content
        and isinstance(content, str)
        and not any(isinstance(part, dict) and part.get("type") == "text" for part in parts)
    ):
        yield {"type": "text", "text": content}, f"{where}.content"
    for index, item in enumerate(parts):
        place = f"{where}.parts[{index}]"
        yield fields.mapping(item, place), place


def _texts(message: Message, where: str) -> Iterator[str]:
    for part, place in _parts(message, where):
        if part.get("type") == "text":
            yield fields.text(part.get("text"), f"{place}.text")


def _is_tool(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    return isinstance(kind, str) and (kind == "dynamic-tool" or kind.startswith("tool-"))


def _is_left_out(part: dict[str, Any], *, superseded: bool) -> bool:
    state = part.get("state")
    return state == "input-streaming" or (superseded and state == "approval-requested")


def _call(part: dict[str, Any], where: str) -> dict[str, Any]:
    name = (
        fields.text(part.get("toolName"), f"{where}.toolName")
        if part["type"] == "dynamic-tool"
        else fields.text(part["type"].removeprefix("tool-"), f"{where}.type")
    )
    given = part.get("input")
    arguments = _arguments(part.get("rawInput") if given is None else given)
    return tool_call(fields.text(part.get("toolCallId"), f"{where}.toolCallId"), name, arguments)


def _arguments(given: Any) -> str:
    if isinstance(given, dict):
        return encode_json(given).decode()
    if isinstance(given, str):
        text = sound_text(given)
        try:
            if isinstance(msgspec.json.decode(text), dict):
                return text
        except (msgspec.DecodeError, RecursionError):
            pass
    return "{}"


def _result(part: dict[str, Any]) -> str | None:
    """What the model reads as the result of a call, or None where there is none."""
    match part.get("state"):
        case "output-error":
            said = part.get("errorText")
            return _error("unknown error" if said is None else said)
        case "output-denied":
            return _error(_reason(part))
        case "approval-responded":
            return _reason(part) if _approved(part) is False else None
        case "output-available":
            return _output(part.get("output"))  # of a tool that returned undefined, JSON has no output
        case _:
            return _output(part["output"]) if "output" in part else None


def _output(value: Any) -> str:
    return sound_text(value) if isinstance(value, str) else encode_json(value).decode()


def _error(value: Any) -> str:
    return encode_json({"error": value}).decode()


def _approved(part: dict[str, Any]) -> Any:
    approval = part.get("approval")
    return approval.get("approved") if isinstance(approval, dict) else None


def _reason(part: dict[str, Any]) -> str:
    approval = part.get("approval")
    reason = approval.get("reason") if isinstance(approval, dict) else None
    return sound_text(reason) if isinstance(reason, str) and reason else DENIED


def _check_approved(part: dict[str, Any], name: str, where: str) -> None:
    """Refuse to go on without the result of a call that the user approved: no tool is run here."""
    if (
        part.get("state") == "approval-responded"
        and _approved(part) is True
        and not part.get("providerExecuted")
    ):
        raise RequestError(
            f"{where} is a call of {fields.shown(name)} that was approved but has no output. The page runs its "
            "tools itself: run it, call addToolOutput, and send the messages then."
        )
