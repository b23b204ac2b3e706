"""The messages of a chat client as messages of OpenAI's chat completions.

Read are the UI messages of ai@4 (`content`, `parts`, `toolInvocations`, `experimental_attachments`), the core
messages of the same SDK (`content` as an array) and OpenAI's own (`tool_calls`, `tool_call_id`).

The result is that of `convertToCoreMessages` (ai@4.3.19) followed by @ai-sdk/openai's converter, which
`tests/chat/test_messages_oracle.py` compares, except where they fail or write what a provider refuses:

- A tool call without a result makes the SDK throw, and the API answers 400. The page gets there by itself: a
  stream broke off in the arguments, or the user went on without answering. Unfinished arguments are dropped
  with their call; a finished call gets the result `UNANSWERED`.
- An assistant message with neither text nor calls is left out (some providers refuse empty messages).
- A `content` beside `parts` without any text counts (the SDK sends an empty message).
- A result in the history without its call is refused here, with its place, as the API would refuse it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chat import fields
from chat.attachments import from_base64, from_url, is_url
from chat.failures import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chat.settings import Settings

Message = dict[str, Any]

UNANSWERED = json.dumps("No result: this call was not answered.")
"""What the model reads as the result of a tool call that the client left open."""


def to_openai(messages: list[Any], settings: Settings) -> list[Message]:
    """Convert a client's messages; of unknown parts and fields nothing is said and nothing is kept.

    Raises:
        RequestError: a role, type or attachment that cannot be accepted, with its path.
    """
    converted: list[Message] = []
    unanswered: dict[str, None] = {}  # calls of the last assistant message, in order
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        is_last = index == len(messages) - 1
        for made in _convert(fields.mapping(message, where), where, settings, is_last=is_last):
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
    return [_tool_message(call_id, UNANSWERED) for call_id in unanswered]


def _convert(message: Message, where: str, settings: Settings, *, is_last: bool) -> Iterator[Message]:
    match message.get("role"):
        case "user":
            yield {"role": "user", "content": _user_content(message, where, settings)}
        case "assistant":
            yield from _assistant(message, where, is_last=is_last)
        case "tool":
            yield from _tool(message, where)
        case "system" | "developer" as role:
            if not settings.allow_client_system:
                raise RequestError(f"{where} has the role {role!r}, which this service does not accept.")
            # Only OpenAI knows "developer", and it reads "system" as the same.
            yield {"role": "system", "content": _joined_text(message.get("content"), f"{where}.content")}
        case "data":  # values for the page, never meant for the model
            return
        case str() as role:
            raise RequestError(
                f"{where}.role is {fields.shown(role)}; known are user, assistant, tool, system."
            )
        case role:
            raise RequestError(f"{where}.role must be a string, not {fields.kind(role)}.")


# User messages


def _user_content(message: Message, where: str, settings: Settings) -> str | list[dict[str, Any]]:
    """A string where there is one text and nothing else, parts otherwise (as @ai-sdk/openai does)."""
    parts = _user_parts(message, where, settings)
    attachments = message.get("experimental_attachments")
    for index, attachment in enumerate(
        fields.array([] if attachments is None else attachments, f"{where}.experimental_attachments")
    ):
        place = f"{where}.experimental_attachments[{index}]"
        attached = fields.mapping(attachment, place)
        parts.append(
            from_url(
                fields.text(attached.get("url"), f"{place}.url"),
                fields.optional_text(attached.get("contentType"), f"{place}.contentType"),
                place,
                settings,
                name=fields.optional_text(attached.get("name"), f"{place}.name"),
                index=len(parts),
            )
        )
    parts = [part for part in parts if part != {"type": "text", "text": ""}]
    if not parts:
        return ""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def _user_parts(message: Message, where: str, settings: Settings) -> list[dict[str, Any]]:
    if texts := _texts(message.get("parts"), f"{where}.parts"):
        return [{"type": "text", "text": text} for text in texts]
    content = message.get("content")
    if isinstance(content, list):
        return list(_content_parts(content, f"{where}.content", settings))
    if content is None and message.get("parts") is not None:
        return []
    return [{"type": "text", "text": fields.text(content, f"{where}.content")}]


def _content_parts(content: list[Any], where: str, settings: Settings) -> Iterator[dict[str, Any]]:
    """Parts of a core message (`text`, `image`, `file`) or of OpenAI's (`image_url`, `file`, `input_audio`)."""
    for index, item in enumerate(content):
        place = f"{where}[{index}]"
        part = fields.mapping(item, place)
        match part.get("type"):
            case "text":
                yield {"type": "text", "text": fields.text(part.get("text"), f"{place}.text")}
            case "image":
                yield _image(part.get("image"), part.get("mimeType"), f"{place}.image", settings)
            case "image_url":
                image = fields.mapping(part.get("image_url"), f"{place}.image_url")
                yield _image(image.get("url"), None, f"{place}.image_url", settings)
            case "file":
                yield _file(part, place, settings, index)
            case "input_audio":
                audio = fields.mapping(part.get("input_audio"), f"{place}.input_audio")
                data = fields.text(audio.get("data"), f"{place}.input_audio.data")
                audio_format = fields.text(audio.get("format"), f"{place}.input_audio.format")
                yield from_base64(data, f"audio/{audio_format}", f"{place}.input_audio", settings)


def _image(value: Any, media_type: Any, where: str, settings: Settings) -> dict[str, Any]:
    source = fields.text(value, where)
    claimed = fields.optional_text(media_type, f"{where}.mimeType")
    if not is_url(source):
        return from_base64(source, claimed, where, settings)
    if claimed is None and not source[:5].lower().startswith("data:"):
        # Nobody says of what type an image elsewhere is: it is accepted where any image is.
        claimed = next((t for t in settings.attachment_types if t.startswith("image/")), "image/*")
    return from_url(source, claimed, where, settings)


def _file(part: dict[str, Any], where: str, settings: Settings, index: int) -> dict[str, Any]:
    if "file" in part:  # OpenAI's form; a `file_id` would name a file of this service's account
        file = fields.mapping(part["file"], f"{where}.file")
        source, name = fields.text(file.get("file_data"), f"{where}.file.file_data"), file.get("filename")
        media_type = None
    else:
        source, name = fields.text(part.get("data"), f"{where}.data"), part.get("filename")
        media_type = fields.optional_text(part.get("mimeType"), f"{where}.mimeType")
    convert = from_url if is_url(source) else from_base64
    return convert(
        source, media_type, where, settings, name=fields.optional_text(name, f"{where}.filename"), index=index
    )


# Assistant messages


def _assistant(message: Message, where: str, *, is_last: bool) -> Iterator[Message]:
    """One assistant message for each step, with the results of its tool calls after it."""
    parts, content = message.get("parts"), message.get("content")
    invocations = message.get("toolInvocations")
    if parts is not None and _has_words(fields.array(parts, f"{where}.parts")):
        yield from _from_parts(parts, f"{where}.parts")
    elif invocations:
        text = _joined_text(content, f"{where}.content")
        yield from _from_invocations(invocations, text, f"{where}.toolInvocations", is_last=is_last)
    elif isinstance(content, list):
        calls = [
            _call(part, f"{where}.content[{index}]")
            for index, part in enumerate(content)
            if isinstance(part, dict) and part.get("type") == "tool-call"
        ]
        yield from _step(_joined_text(content, f"{where}.content"), calls)
    elif openai_calls := message.get("tool_calls"):
        yield from _step(
            _joined_text(content, f"{where}.content"),
            [
                _openai_call(call, f"{where}.tool_calls[{index}]")
                for index, call in enumerate(fields.array(openai_calls, f"{where}.tool_calls"))
            ],
        )
    elif content is not None or parts is None:
        yield from _step(fields.text(content, f"{where}.content"), [])


def _has_words(parts: list[Any]) -> bool:
    return any(isinstance(part, dict) and part.get("type") in ("text", "tool-invocation") for part in parts)


def _from_parts(parts: list[Any], where: str) -> Iterator[Message]:
    """`processBlock` of ai@4.3.19: a step ends at a text after tool calls, and where their `step` changes."""
    step = 0
    texts: list[str] = []
    invocations: list[tuple[dict[str, Any], str]] = []
    has_invocations = False
    for index, item in enumerate(parts):
        place = f"{where}[{index}]"
        part = fields.mapping(item, place)
        if part.get("type") == "text":
            if has_invocations:
                yield from _invocation_step("".join(texts), invocations)
                step, texts, invocations, has_invocations = step + 1, [], [], False
            texts.append(fields.text(part.get("text"), f"{place}.text"))
        elif part.get("type") == "tool-invocation":
            place = f"{place}.toolInvocation"
            invocation = fields.mapping(part.get("toolInvocation"), place)
            if _step_number(invocation, place) != step:
                yield from _invocation_step("".join(texts), invocations)
                step, texts, invocations = step + 1, [], []
            invocations.append((invocation, place))
            has_invocations = True
    yield from _invocation_step("".join(texts), invocations)


def _from_invocations(value: Any, content: str, where: str, *, is_last: bool) -> Iterator[Message]:
    """Messages without `parts` (before ai@4.1): the text stood before the calls only while they ran.

    The SDK puts it into the first step of the last message, and after all steps of any other.
    """
    steps: dict[int, list[tuple[dict[str, Any], str]]] = {}
    for index, item in enumerate(fields.array(value, where)):
        place = f"{where}[{index}]"
        invocation = fields.mapping(item, place)
        steps.setdefault(_step_number(invocation, place), []).append((invocation, place))
    for number, step in enumerate(sorted(steps)):
        yield from _invocation_step(content if is_last and number == 0 else "", steps[step])
    if not is_last:
        yield from _step(content, [])


def _step_number(invocation: dict[str, Any], where: str) -> int:
    step = invocation.get("step")
    if step is None:
        return 0
    if not isinstance(step, int) or isinstance(step, bool):
        raise RequestError(f"{where}.step must be an integer, not {fields.kind(step)}.")
    return step


def _invocation_step(text: str, invocations: list[tuple[dict[str, Any], str]]) -> Iterator[Message]:
    calls: list[dict[str, Any]] = []
    results: list[Message] = []
    for invocation, where in invocations:
        state = fields.text(invocation.get("state"), f"{where}.state")
        if state == "partial-call":
            continue
        call = _call(invocation, where)
        calls.append(call)
        # A tool that returned undefined has the state and, in JSON, no result.
        if state == "result" or "result" in invocation:
            results.append(_tool_message(call["id"], _json(invocation.get("result"), f"{where}.result")))
    yield from _step(text, calls)
    yield from results


def _step(text: str, calls: list[dict[str, Any]]) -> Iterator[Message]:
    if calls:
        yield {"role": "assistant", "content": text, "tool_calls": calls}
    elif text:
        yield {"role": "assistant", "content": text}


def _call(call: dict[str, Any], where: str) -> dict[str, Any]:
    """The SDK's `{toolCallId, toolName, args}`; arguments of undefined are those of a tool without any."""
    args = call.get("args")
    arguments = _json({} if args is None else fields.mapping(args, f"{where}.args"), f"{where}.args")
    return _tool_call(
        call.get("toolCallId"), call.get("toolName"), arguments, where, ("toolCallId", "toolName")
    )


def _openai_call(value: Any, where: str) -> dict[str, Any]:
    call = fields.mapping(value, where)
    function = fields.mapping(call.get("function"), f"{where}.function")
    arguments = fields.text(function.get("arguments"), f"{where}.function.arguments")
    return _tool_call(call.get("id"), function.get("name"), arguments, where, ("id", "function.name"))


def _tool_call(call_id: Any, name: Any, arguments: str, where: str, names: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": fields.text(call_id, f"{where}.{names[0]}"),
        "type": "function",
        "function": {"name": fields.text(name, f"{where}.{names[1]}"), "arguments": arguments},
    }


# Tool messages


def _tool(message: Message, where: str) -> Iterator[Message]:
    """Results as the core messages have them, or as OpenAI's do."""
    content = message.get("content")
    if "tool_call_id" in message:
        call_id = fields.text(message["tool_call_id"], f"{where}.tool_call_id")
        yield _tool_message(call_id, _joined_text(content, f"{where}.content"))
        return
    for index, item in enumerate(fields.array(content, f"{where}.content")):
        place = f"{where}.content[{index}]"
        part = fields.mapping(item, place)
        if part.get("type") == "tool-result":
            call_id = fields.text(part.get("toolCallId"), f"{place}.toolCallId")
            yield _tool_message(call_id, _json(part.get("result"), f"{place}.result"))


def _tool_message(call_id: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


# Text


def _texts(parts: Any, where: str) -> list[str]:
    if parts is None:
        return []
    return [
        fields.text(part.get("text"), f"{where}[{index}].text")
        for index, item in enumerate(fields.array(parts, where))
        if (part := fields.mapping(item, f"{where}[{index}]")).get("type") == "text"
    ]


def _joined_text(content: Any, where: str) -> str:
    """A content of text alone: a string, parts of which the text counts, or null for none."""
    if content is None:
        return ""
    return "".join(_texts(content, where)) if isinstance(content, list) else fields.text(content, where)


def _json(value: Any, where: str) -> str:
    """A JSON value as the text that the model reads; control characters are escaped in it, so all may be there."""
    encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    fields.text(encoded, where)
    return encoded
