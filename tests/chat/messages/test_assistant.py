"""Assistant messages: text, calls, steps."""

from __future__ import annotations

from tests.chat.messages.builders import (
    assistant,
    call,
    convert,
    invocation,
    part,
    result,
    text,
)


def test_a_call_and_its_result() -> None:
    message = {
        "role": "assistant",
        "content": "Let me see.Sunny.",
        "parts": [
            {"type": "step-start"},
            text("Let me see."),
            part("c"),
            {"type": "step-start"},
            text("Sunny."),
        ],
    }
    assert convert(message) == [assistant("Let me see.", call("c")), result("c"), assistant("Sunny.")]


def test_each_step_is_a_message() -> None:
    parts = [part("a", step=0), part("b", step=0), part("c", step=1), text("Done.")]
    assert convert({"role": "assistant", "content": "", "parts": parts}) == [
        assistant("", call("a"), call("b")),
        result("a"),
        result("b"),
        assistant("", call("c")),
        result("c"),
        assistant("Done."),
    ]


def test_invocations_without_parts() -> None:
    message = {
        "role": "assistant",
        "content": "Sunny.",
        "toolInvocations": [invocation("a"), invocation("b", step=1)],
    }
    steps = [assistant("", call("a")), result("a"), assistant("", call("b")), result("b")]
    assert convert(message, {"role": "user", "content": "ok"})[:5] == [*steps, assistant("Sunny.")]
    assert convert(message) == [assistant("Sunny.", call("a")), *steps[1:]]


def test_without_a_step_number_it_is_the_first() -> None:
    message = {"role": "assistant", "content": "", "parts": [part("a", step=None), text("b")]}
    assert convert(message) == [assistant("", call("a")), result("a"), assistant("b")]


def test_a_huge_step_number_costs_nothing() -> None:
    message = {"role": "assistant", "content": "", "toolInvocations": [invocation("a", step=10**15)]}
    assert convert(message) == [assistant("", call("a")), result("a")]


def test_what_the_page_shows_and_the_model_does_not_need() -> None:
    parts = [
        {"type": "reasoning", "reasoning": "hm", "details": []},
        {"type": "source", "source": {}},
        {"type": "file", "mimeType": "image/png", "data": "AA"},
        {"type": "of-a-later-version"},
        text("Hi"),
    ]
    assert convert({"role": "assistant", "content": "Hi", "parts": parts, "later": 1}) == [assistant("Hi")]


def test_an_empty_assistant_message_is_left_out() -> None:
    """A stream that failed at once leaves one in the page; some providers refuse them."""
    for message in (
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": "", "parts": [{"type": "step-start"}]},
        {"role": "assistant", "parts": []},
    ):
        assert convert(message, {"role": "user", "content": "again"}) == [
            {"role": "user", "content": "again"}
        ]


def test_a_result_of_undefined_is_null() -> None:
    """JSON drops the field of a tool that returned undefined."""
    made = part("a")
    del made["toolInvocation"]["result"]
    message = {"role": "assistant", "content": "", "parts": [made]}
    assert convert(message) == [assistant("", call("a")), result("a", "null")]


def test_a_half_written_call_is_left_out() -> None:
    """Its arguments broke off with the stream; `args` may be of any shape then, or absent."""
    parts = [text("Let me"), part("a", state="partial-call", args="{")]
    assert convert({"role": "assistant", "content": "", "parts": parts}) == [assistant("Let me")]


def test_arguments_of_a_tool_without_any() -> None:
    message = {"role": "assistant", "content": "", "parts": [part("a", args=None)]}
    assert convert(message)[0] == assistant("", call("a", "{}"))


def test_what_a_tool_returns_needs_no_check() -> None:
    """It goes on as JSON, where a NUL is escaped; half a character cannot be saved, the rest can."""
    message = {"role": "assistant", "content": "", "parts": [part("a", result={"q": "Grüße\0\ud83d"})]}
    assert convert(message)[1] == result("a", '{"q":"Grüße\\u0000\ufffd"}')
