"""UI messages of ai@5 and later: steps, tools in every state, and messages of both generations in one history."""

from __future__ import annotations

from typing import Any

import pytest

from chat.messages import UNANSWERED
from chat.messages.ui import DENIED, denied_calls, is_ui_message
from chat.settings import Settings
from tests.chat.messages.builders import (
    PNG,
    assistant,
    call,
    convert,
    part,
    refusal,
    result,
    text,
    tool,
    ui_assistant,
    ui_user,
)

STEP = {"type": "step-start"}
IMAGE = {"type": "file", "mediaType": "image/png", "url": f"data:image/png;base64,{PNG}"}
MORE = ui_user(text("and?"))


def test_each_step_is_a_message_with_the_results_after_it() -> None:
    message = ui_assistant(
        STEP, text("Let me "), tool("a"), text("see."), tool("b", output={"t": 1}), STEP, text("Sunny.")
    )
    assert convert(message) == [
        assistant("Let me see.", call("a"), call("b")),
        result("a", "sunny"),
        result("b", '{"t":1}'),
        assistant("Sunny."),
    ]


def test_what_the_page_shows_and_the_model_does_not_need() -> None:
    parts: list[dict[str, Any]] = [
        {"type": "reasoning", "text": "hm", "state": "done"},
        {"type": "source-url", "sourceId": "1", "url": "https://a.test/"},
        {"type": "source-document", "sourceId": "2", "mediaType": "application/pdf", "title": "D"},
        {"type": "data-weather", "data": 7},
        {"type": "file", "mediaType": "image/png", "url": "nowhere"},
        {"type": "reasoning-file", "url": "nowhere"},
        {"type": "of-a-later-version", "text": 7},
        {"type": 7},
        {},
    ]
    message = {**ui_assistant(*parts, text("Hi")), "metadata": {"usage": None}, "later": 1}
    assert convert(message) == [assistant("Hi")]
    assert convert(ui_assistant(STEP, *parts), MORE) == [{"role": "user", "content": "and?"}]


# Tools, by state


@pytest.mark.parametrize(
    ("output", "content"),
    [
        ("sunny", "sunny"),
        ("", ""),
        ("a\0\ud83d", "a\ufffd\ufffd"),
        (None, "null"),
        ([1, "\0"], '[1,"\\u0000"]'),
        ({"q": "ü\ud83d"}, '{"q":"ü\ufffd"}'),
    ],
)
def test_a_text_is_sent_as_it_is_and_any_other_output_as_json(output: Any, content: str) -> None:
    """What a tool returns needs no check: what is no text in it becomes U+FFFD."""
    for more in ({}, {"preliminary": True}, {"providerExecuted": True}, {"state": "of-a-later-version"}):
        assert convert(ui_assistant(tool("a", **{"output": output, **more}))) == [
            assistant("", call("a")),
            result("a", content),
        ]


def test_an_output_of_undefined_is_null() -> None:
    made = tool("a")
    del made["output"]
    assert convert(ui_assistant(made))[1] == result("a", "null")


def test_an_error_is_said_to_be_one() -> None:
    for error, content in (("no\0", '{"error":"no\\u0000"}'), (None, '{"error":"unknown error"}')):
        made = tool("a", state="output-error", errorText=error)
        assert convert(ui_assistant(made))[1] == result("a", content)


def test_a_dynamic_tool_names_itself() -> None:
    made = {**tool("a"), "type": "dynamic-tool", "toolName": "weather"}
    assert convert(ui_assistant(made)) == convert(ui_assistant(tool("a")))


@pytest.mark.parametrize("given", ["{", "[1]", "7", [1], 7, None, "[" * 5000, '{"a":NaN}'])
def test_arguments_that_are_no_object_are_none(given: Any) -> None:
    """The model wrote them wrong, and the API takes none but JSON of an object."""
    failed = {"state": "output-error", "errorText": "bad input", "input": None}
    for made in (tool("a", **{**failed, "rawInput": given}), tool("a", **{**failed, "input": given})):
        assert convert(ui_assistant(made))[0] == assistant("", call("a", "{}"))


def test_arguments_that_the_schema_refused_are_shown_to_the_model() -> None:
    failed = {"state": "output-error", "errorText": "bad input"}
    for given, arguments in (
        ({"x": 1}, '{"x":1}'),
        ('{"x": 1}', '{"x": 1}'),
        ('{"x":"\ud800"}', '{"x":"\ufffd"}'),
    ):
        assert convert(ui_assistant({**tool("a", **failed), "input": None, "rawInput": given}))[
            0
        ] == assistant("", call("a", arguments))
        assert convert(ui_assistant({**tool("a", **failed), "input": given}))[0] == assistant(
            "", call("a", arguments)
        )


def test_a_half_written_call_is_left_out() -> None:
    half = {"type": "tool-weather", "toolCallId": "a", "state": "input-streaming", "input": "{"}
    assert convert(ui_assistant(text("Let me"), half)) == [assistant("Let me")]


@pytest.mark.parametrize("state", ["input-available", "approval-requested", "of-a-later-version", None])
def test_an_unanswered_call_gets_an_answer(state: Any) -> None:
    """Or the API would refuse every further question of this chat."""
    open_call = tool("a", state=state, approval={"id": "x"})
    assert convert(ui_assistant(tool("b"), open_call)) == [
        assistant("", call("b"), call("a")),
        result("b", "sunny"),
        result("a", UNANSWERED),
    ]


def test_a_call_that_the_user_went_on_without_approving_is_left_out() -> None:
    asked = ui_assistant(text("May I?"), tool("a", state="approval-requested", approval={"id": "x"}))
    assert convert(asked, MORE)[0] == assistant("May I?")
    assert convert(asked)[0] == assistant("May I?", call("a"))


def answered(call_id: str, approved: Any, **more: Any) -> dict[str, Any]:
    approval = {"id": "x", "approved": approved, **more}
    return tool(call_id, state="approval-responded", approval=approval)


def test_the_model_reads_a_denial_with_its_reason() -> None:
    parts = [
        answered("a", approved=False, reason="too dear"),
        answered("b", approved=False),
        answered("c", approved=False, reason=""),
        tool("d", state="output-denied", approval={"id": "x", "approved": False, "reason": "no"}),
        tool("e", state="output-denied"),
    ]
    message = ui_assistant(*parts)
    for chat in ([message], [message, MORE]):
        assert convert(*chat)[1:6] == [
            result("a", "too dear"),
            result("b", DENIED),
            result("c", DENIED),
            result("d", '{"error":"no"}'),
            result("e", f'{{"error":"{DENIED}"}}'),
        ]
    assert denied_calls(message) == ("a", "b", "c")
    assert denied_calls(ui_assistant(answered("a", approved=True), tool("b"))) == ()
    assert denied_calls({"role": "assistant", "content": "v4"}) == ()


def test_a_call_is_denied_once_whatever_two_of_one_id_say() -> None:
    """A second denial of the same call can stand in no stream."""
    denied = answered("a", approved=False)
    assert denied_calls(ui_assistant(denied, answered("b", approved=False), denied)) == ("a", "b")
    assert denied_calls(ui_assistant(STEP, denied, STEP, denied)) == ("a",)


def test_an_approved_call_is_for_the_page_to_run_first() -> None:
    """Else the model would read that nobody answered what the user has just allowed."""
    message = ui_assistant(STEP, answered("a", approved=True))
    assert refusal(MORE, message) == (
        "messages[1].parts[1] is a call of 'weather' that was approved but has no output. The page runs its tools "
        "itself: run it, call addToolOutput, and send the messages then."
    )
    assert convert(message, MORE)[1] == result("a", UNANSWERED)
    by_provider = answered("a", approved=True) | {"providerExecuted": True}
    assert convert(ui_assistant(by_provider))[1] == result("a", UNANSWERED)


@pytest.mark.parametrize("approval", [None, 7, [], {}, {"approved": None}, {"approved": "no"}])
def test_an_approval_that_says_nothing_is_none(approval: Any) -> None:
    message = ui_assistant(tool("a", state="approval-responded", approval=approval))
    assert convert(message)[1] == result("a", UNANSWERED)
    assert denied_calls(message) == ()


# Users


def test_text_and_files_keep_their_order() -> None:
    """ai@5 and later put the files before the text."""
    pdf = "data:application/pdf;base64,AAAA"
    message = ui_user(
        text(""),
        IMAGE,
        {"type": "data-click", "data": 1},
        text("look"),
        {
            "type": "file",
            "mediaType": "text/plain",
            "filename": "n.txt",
            "url": "data:text/plain;base64,bm90ZXM=",
        },
        {"type": "file", "mediaType": "application/pdf", "filename": "d.pdf", "url": pdf},
        {"type": "file", "mediaType": "application/pdf", "url": pdf},
        {"type": "file", "mediaType": "image/png", "url": "https://a.test/b.png"},
    )
    assert convert(message)[0]["content"] == [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        text("look"),
        text("notes"),
        {"type": "file", "file": {"filename": "d.pdf", "file_data": pdf}},
        {"type": "file", "file": {"filename": "part-4.pdf", "file_data": pdf}},
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
    ]


def test_files_pass_the_same_gate_as_attachments() -> None:
    strict = Settings.from_environment({"CHAT_ATTACHMENT_TYPES": "image/png"})
    for url, media_type in (
        ("http://a.test/a.png", "image/png"),
        ("https://10.0.0.1/a.png", "image/png"),
        ("https://me:secret@a.test/a.png", "image/png"),
        ("data:application/pdf;base64,AAAA", "application/pdf"),
        ("data:application/pdf;base64,AAAA", "image/png"),
        ("blob:https://a.test/1", "image/png"),
        ("", "image/png"),
    ):
        file = {"type": "file", "mediaType": media_type, "url": url}
        said = refusal(ui_user(file), using=strict)
        assert said.startswith("messages[0].parts[0] ")
        assert "secret" not in said


def test_a_file_of_the_service_s_own_account_cannot_be_named() -> None:
    """ai@7's `providerReference`: the URL beside it counts."""
    named = {**IMAGE, "providerReference": {"openai": "file-1"}}
    assert convert(ui_user(named)) == convert(ui_user(IMAGE))
    assert "parts[0].url must be a string" in refusal(ui_user({**named, "url": None}))


EMPTY_FILE = {"type": "file", "mediaType": "text/plain", "url": "data:text/plain;base64,"}


@pytest.mark.parametrize(
    "parts", [[], [text("")], [EMPTY_FILE], [{"type": "data-click", "data": 1}], [STEP, {}]]
)
def test_a_user_message_that_says_nothing(parts: list[dict[str, Any]]) -> None:
    """In the history it is left out, as the API refuses a message of no parts; there is nothing to answer in it."""
    assert convert(ui_user(*parts), MORE) == convert(MORE)
    assert refusal(MORE, ui_user(*parts)) == (
        "messages[1] has neither text nor a file, so there is nothing to answer."
    )


def test_a_client_s_system_message() -> None:
    message = {"role": "system", "parts": [text("Be "), {"type": "data-x"}, text("brief.")]}
    assert convert(message) == [{"role": "system", "content": "Be brief."}]
    assert refusal(message, using=Settings.from_environment({})) == (
        "messages[0] has the role 'system', which this service does not accept."
    )


# Both generations


def test_each_message_counts_by_its_own_form() -> None:
    """A page that was migrated sends what it stored with what it makes now, in either direction."""
    chat = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "", "parts": [part("a"), text("Sunny.")]},
        {"role": "assistant", "parts": [part("b")]},
        ui_user(text("two")),
        ui_assistant(tool("c")),
        {"role": "data", "content": "", "data": 1},
        {"role": "user", "content": "three", "parts": [text("three")]},
    ]
    assert convert(*chat) == [
        {"role": "user", "content": "one"},
        assistant("", call("a")),
        result("a"),
        assistant("Sunny."),
        assistant("", call("b")),
        result("b"),
        {"role": "user", "content": "two"},
        assistant("", call("c")),
        result("c", "sunny"),
        {"role": "user", "content": "three"},
    ]


def test_parts_of_ai5_count_beside_a_content() -> None:
    """Pages keep `content` for what else reads their messages."""
    assert convert({**ui_user(text("look"), IMAGE), "content": "look"}) == convert(
        ui_user(text("look"), IMAGE)
    )
    assert convert({**ui_user(IMAGE), "content": "look"}) == convert(ui_user(text("look"), IMAGE))
    assert convert({**ui_assistant(tool("a")), "content": ""}) == convert(ui_assistant(tool("a")))


@pytest.mark.parametrize(
    ("message", "is_ui"),
    [
        (ui_user(), True),
        ({"parts": [text("a")], "content": None}, True),
        ({"parts": [{"type": "tool-invocation", "toolCallId": "a", "state": "output-available"}]}, True),
        ({"parts": [part("a")]}, False),
        ({"parts": [text("a")], "content": "a"}, False),
        ({"parts": [{"type": "file", "mimeType": "image/png", "data": PNG}], "content": ""}, False),
        ({"parts": None}, False),
        ({"parts": "x"}, False),
        ({"content": "a"}, False),
        ({}, False),
    ],
)
def test_whose_form_a_message_has(message: dict[str, Any], is_ui: bool) -> None:  # noqa: FBT001 - the expected answer
    """A tool named "invocation" is one of ai@5; ai@4's parts of that type have `toolInvocation` in them."""
    assert is_ui_message(message) is is_ui


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (ui_user(7), "messages[1].parts[0] must be an object, not a number."),  # type: ignore[arg-type]  # on purpose
        (ui_user({"type": "text"}), "messages[1].parts[0].text must be a string, not null."),
        (ui_user(text("a\0")), "messages[1].parts[0].text has a NUL character"),
        (ui_user({"type": "file"}), "messages[1].parts[0].url must be a string, not null."),
        (
            ui_user({**IMAGE, "mediaType": 1}),
            "messages[1].parts[0].mediaType must be a string, not a number.",
        ),
        (ui_user({**IMAGE, "filename": 1}), "messages[1].parts[0].filename must be a string, not a number."),
        (ui_assistant(tool(7)), "messages[1].parts[0].toolCallId must be a string, not a number."),  # type: ignore[arg-type]  # on purpose
        (ui_assistant({**tool("a"), "type": "tool-\0"}), "messages[1].parts[0].type has a NUL character"),
        (
            ui_assistant({**tool("a"), "type": "dynamic-tool"}),
            "messages[1].parts[0].toolName must be a string, not null.",
        ),
        ({**ui_user(), "role": "robot"}, "messages[1].role is 'robot'; known are user, assistant"),
        ({**ui_user(), "role": ["user"]}, "messages[1].role must be a string, not an array."),
        ({**ui_user(), "role": "tool"}, "messages[1].content must be an array, not null."),
    ],
)
def test_a_wrong_message_is_named(message: Any, sentence: str) -> None:
    assert sentence in refusal(MORE, message)
