"""Assistant messages of ai@4, the SDK's core messages and OpenAI's: one message for each step of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chat import fields
from chat.failures import RequestError
from chat.json_text import encode_json
from chat.messages.content import Message, joined_text, step_messages, tool_call, tool_message

if TYPE_CHECKING:
    from collections.abc import Iterator


def assistant_messages(message: Message, where: str, *, is_last: bool) -> Iterator[Message]:
    """One assistant message for each step, with the results of its tool calls after it."""
    parts, content = message.get("parts"), message.get("content")
    invocations = message.get("toolInvocations")
    if parts is not None and _has_words(fields.array(parts, f"{where}.parts")):
        yield from _from_parts(parts, f"{where}.parts")
    elif invocations:
        text = joined_text(content, f"{where}.content")
        yield from _from_invocations(invocations, text, f"{where}.toolInvocations", is_last=is_last)
    elif isinstance(content, list):
        calls = [
            _call(part, f"{where}.content[{index}]")
            for index, part in enumerate(content)
            if isinstance(part, dict) and part.get("type") == "tool-call"
        ]
        yield from step_messages(joined_text(content, f"{where}.content"), calls)
    elif openai_calls := message.get("tool_calls"):
        yield from step_messages(
            joined_text(content, f"{where}.content"),
            [
                _openai_call(call, f"{where}.tool_calls[{index}]")
                for index, call in enumerate(fields.array(openai_calls, f"{where}.tool_calls"))
            ],
        )
    elif content is not None or parts is None:
        yield from step_messages(fields.text(content, f"{where}.content"), [])


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
        yield from step_messages(content, [])


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
            results.append(tool_message(call["id"], invocation.get("result")))
    yield from step_messages(text, calls)
    yield from results


def _call(call: dict[str, Any], where: str) -> dict[str, Any]:
    """The SDK's `{toolCallId, toolName, args}`; arguments of undefined are those of a tool without any."""
    args = call.get("args")
    arguments = encode_json({} if args is None else fields.mapping(args, f"{where}.args")).decode()
    return _tool_call(
        call.get("toolCallId"), call.get("toolName"), arguments, where, ("toolCallId", "toolName")
    )


def _openai_call(value: Any, where: str) -> dict[str, Any]:
    call = fields.mapping(value, where)
    function = fields.mapping(call.get("function"), f"{where}.function")
    arguments = fields.text(function.get("arguments"), f"{where}.function.arguments")
    return _tool_call(call.get("id"), function.get("name"), arguments, where, ("id", "function.name"))


def _tool_call(call_id: Any, name: Any, arguments: str, where: str, names: tuple[str, str]) -> dict[str, Any]:
    return tool_call(
        fields.text(call_id, f"{where}.{names[0]}"), fields.text(name, f"{where}.{names[1]}"), arguments
    )
