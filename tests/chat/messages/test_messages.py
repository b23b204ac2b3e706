"""Roles, results that follow their calls, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.failures import RequestError
from chat.messages import UNANSWERED
from chat.settings import Settings
from tests.chat.messages.builders import (
    PNG,
    assistant,
    call,
    convert,
    invocation,
    part,
    refusal,
    result,
    text,
    tool,
    ui_assistant,
    ui_user,
)


def test_a_client_s_system_message() -> None:
    closed = Settings.from_environment({})
    for role in ("system", "developer"):
        message = {"role": role, "content": "Be brief."}
        assert convert(message) == [{"role": "system", "content": "Be brief."}]
        assert convert({**message, "content": [text("Be "), text("brief.")]}) == convert(message)
        assert refusal(message, using=closed) == (
            f"messages[0] has the role '{role}', which this service does not accept."
        )


def test_data_messages_are_for_the_page() -> None:
    assert convert({"role": "data", "content": "", "data": {"x": 1}}) == []


def test_an_unanswered_call_gets_an_answer() -> None:
    """The API refuses a call without a tool message: the user who goes on instead would be stuck for good."""
    parts = [part("a"), part("b", state="call"), {"type": "step-start"}]
    assert convert(
        {"role": "assistant", "content": "", "parts": parts}, {"role": "user", "content": "never mind"}
    ) == [
        assistant("", call("a"), call("b")),
        result("a"),
        result("b", UNANSWERED),
        {"role": "user", "content": "never mind"},
    ]
    assert convert({"role": "assistant", "content": "", "parts": parts})[-1] == result("b", UNANSWERED)


def test_openai_messages() -> None:
    messages = [
        {"role": "assistant", "content": None, "tool_calls": [call("c", '{"at": "x"}')]},
        {"role": "tool", "tool_call_id": "c", "content": "sunny"},
        {"role": "tool", "tool_call_id": "d", "content": [text("rainy")]},
    ]
    assert convert(*messages[:2]) == [assistant("", call("c", '{"at": "x"}')), result("c", "sunny")]
    assert refusal(*messages) == "messages[2] answers the tool call 'd', which is not open."


def test_a_result_counts_only_right_after_its_call() -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": [call("c")]}
    answer = {"role": "tool", "tool_call_id": "c", "content": "sunny"}
    assert "messages[2] answers the tool call 'c'" in refusal(calls, {"role": "user", "content": "?"}, answer)
    assert "messages[2] answers the tool call 'c'" in refusal(calls, answer, answer)


def test_core_messages() -> None:
    messages = [
        {
            "role": "assistant",
            "content": [
                text("A"),
                {"type": "reasoning", "text": "hm"},
                {"type": "tool-call", "toolCallId": "c", "toolName": "weather", "args": {"at": "x"}},
            ],
        },
        {
            "role": "tool",
            "content": [
                {"type": "of-a-later-version"},
                {"type": "tool-result", "toolCallId": "c", "toolName": "w", "result": {"t": 1}},
            ],
        },
    ]
    assert convert(*messages) == [assistant("A", call("c")), result("c", '{"t":1}')]


# What is wrong and where

USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (7, "messages[1] must be an object, not a number."),
        ({}, "messages[1].role must be a string, not null."),
        ({"role": 1}, "messages[1].role must be a string, not a number."),
        ({"role": "fun\0" + "x" * 99}, "messages[1].role is 'fun\\x00"),
        ({"role": "user"}, "messages[1].content must be a string, not null."),
        ({"role": "user", "content": 3}, "messages[1].content must be a string, not a number."),
        (
            {"role": "user", "content": "a\0b"},
            "messages[1].content has a NUL character (U+0000) at position 1.",
        ),
        (
            {"role": "user", "content": "a\ud800"},
            "messages[1].content has a lone surrogate (U+D800) at position 1",
        ),
        ({"role": "user", "content": "", "parts": "x"}, "messages[1].parts must be an array, not a string."),
        (
            {"role": "user", "content": "", "parts": [1]},
            "messages[1].parts[0] must be an object, not a number.",
        ),
        (
            {"role": "user", "content": "", "parts": [{"type": "text"}]},
            "messages[1].parts[0].text must be a string",
        ),
        ({"role": "user", "content": [1]}, "messages[1].content[0] must be an object"),
        ({"role": "user", "content": [{"type": "image"}]}, "messages[1].content[0].image must be a string"),
        (
            {"role": "user", "content": "", "experimental_attachments": {}},
            "messages[1].experimental_attachments must be an array, not an object.",
        ),
        (
            {"role": "user", "content": "", "experimental_attachments": [{"url": 1}]},
            "messages[1].experimental_attachments[0].url must be a string, not a number.",
        ),
        ({"role": "assistant"}, "messages[1].content must be a string, not null."),
        ({"role": "assistant", "content": False}, "messages[1].content must be a string, not a boolean."),
        (
            {"role": "assistant", "content": "", "parts": [part("a", step="1")]},
            "messages[1].parts[0].toolInvocation.step must be an integer, not a string.",
        ),
        (
            {"role": "assistant", "content": "", "parts": [part("a", step=True)]},
            "messages[1].parts[0].toolInvocation.step must be an integer, not a boolean.",
        ),
        (
            {"role": "assistant", "content": "", "parts": [part("a", args="{}")]},
            "messages[1].parts[0].toolInvocation.args must be an object, not a string.",
        ),
        (
            {"role": "assistant", "content": "", "parts": [part("a", toolName=None)]},
            "messages[1].parts[0].toolInvocation.toolName must be a string, not null.",
        ),
        (
            {"role": "assistant", "content": "", "toolInvocations": {"a": 1}},
            "messages[1].toolInvocations must be an array, not an object.",
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [{"id": "c"}]},
            "messages[1].tool_calls[0].function must be an object, not null.",
        ),
        (
            {"role": "assistant", "content": None, "tool_calls": [call("c", arguments=None)]},  # type: ignore[arg-type]  # on purpose
            "messages[1].tool_calls[0].function.arguments must be a string, not null.",
        ),
        ({"role": "tool", "content": "x"}, "messages[1].content must be an array, not a string."),
        ({"role": "tool", "tool_call_id": 1, "content": "x"}, "messages[1].tool_call_id must be a string"),
        (
            {"role": "assistant", "content": 1, "parts": [text("a")]},
            "messages[1].content must be a string, not a number.",
        ),
    ],
)
def test_a_wrong_message_is_named(message: Any, sentence: str) -> None:
    assert sentence in refusal(USER, message)


_any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


_KNOWN = (
    "role",
    "content",
    "parts",
    "toolInvocations",
    "experimental_attachments",
    "tool_calls",
    "tool_call_id",
)
_WHOLE = (
    {"role": "user", "content": "hi", "parts": [text("hi")]},
    {"role": "assistant", "content": "", "parts": [part("a"), text("b")]},
    {"role": "assistant", "content": "b", "toolInvocations": [invocation("a")]},
    {"role": "assistant", "content": None, "tool_calls": [call("c")]},
    {"role": "tool", "tool_call_id": "c", "content": "x"},
    ui_user(text("hi"), {"type": "file", "mediaType": "image/png", "url": f"data:image/png;base64,{PNG}"}),
    ui_assistant({"type": "step-start"}, text("b"), tool("a")),
)
_STATES = (
    *("input-streaming", "input-available", "approval-requested", "approval-responded"),
    *("output-available", "output-error", "output-denied"),
)
_PART_FIELDS = (
    *("type", "text", "url", "mediaType", "filename", "toolCallId", "toolName", "state", "input", "rawInput"),
    *("output", "errorText", "approval", "providerExecuted", "preliminary", "toolInvocation"),
)
_ui_parts = st.builds(
    lambda made, state, noise: {**made, "state": state, **noise},
    st.sampled_from(
        [
            *(tool("a"), {**tool("a"), "type": "dynamic-tool", "toolName": "w"}, text("b"), {"type": "file"}),
            tool("a", approval={"id": "x", "approved": False}),
            tool("a", approval={"id": "x", "approved": True}),
        ]
    ),
    st.sampled_from(_STATES),
    st.dictionaries(st.sampled_from(_PART_FIELDS), _any_json, max_size=2),
)
_ui_messages = st.builds(
    lambda role, parts: {"id": "m", "role": role, "parts": parts},
    st.sampled_from(("user", "assistant", "system")),
    st.lists(_ui_parts | _any_json, max_size=4),
)
_shaken = st.builds(
    lambda message, noise: {**message, **noise},
    st.sampled_from(_WHOLE),
    st.dictionaries(st.sampled_from(_KNOWN), _any_json, max_size=3),
)


def converted(messages: list[Any]) -> list[dict[str, Any]] | RequestError:
    try:
        return convert(*messages)
    except RequestError as error:
        return error


@given(st.lists(_any_json | _shaken | _ui_messages, max_size=4))
@settings(max_examples=400)
def test_any_json_is_converted_or_refused(messages: list[Any]) -> None:
    outcome = converted(messages)
    if isinstance(outcome, RequestError):
        assert outcome.status == 400
        assert len(outcome.message) < 400
        assert "messages[" in outcome.message
    else:
        json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode()
