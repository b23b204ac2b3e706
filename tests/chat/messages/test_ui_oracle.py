"""Messages of ai@5 and later against the conversion of six versions of the SDK, caught at its fetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.messages.builders import PNG, call, convert, text, tool, ui_assistant, ui_user
from tests.clients.ui import VERSIONS

if TYPE_CHECKING:
    from tests.clients.ui import Ui

_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=4,
)
_files: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "file", "mediaType": "image/png", "url": f"data:image/png;base64,{PNG}"},
        {"type": "file", "mediaType": "image/png", "filename": "b.png", "url": "https://a.test/b.png"},
        {"type": "file", "mediaType": "application/pdf", "url": "data:application/pdf;base64,JVBERi0="},
        {
            "type": "file",
            "mediaType": "application/pdf",
            "filename": "d.pdf",
            "url": "data:application/pdf;base64,JVBERi0=",
        },
        {"type": "file", "mediaType": "audio/wav", "url": "data:audio/wav;base64,UklGRg=="},
        {"type": "file", "mediaType": "audio/mpeg", "url": "data:audio/mpeg;base64,SUQz"},
    ]
)
_for_the_page: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"type": "reasoning", "text": "hm", "state": "done"},
        {"type": "source-url", "sourceId": "1", "url": "https://a.test/"},
        {"type": "source-document", "sourceId": "2", "mediaType": "application/pdf", "title": "D"},
        {"type": "data-weather", "id": "w", "data": {"t": 1}},
        {"type": "file", "mediaType": "image/png", "url": f"data:image/png;base64,{PNG}"},
    ]
)
_texts = st.builds(text, _words)
_users: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda first, more: ui_user(first, *more),
    _texts,
    st.lists(_texts | _files | st.just({"type": "data-click", "data": 1}), max_size=3),
)
_finished: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda output: {"state": "output-available", "output": output}, _json),
    st.just({"state": "output-available", "output": "…", "preliminary": True}),
    st.builds(lambda words: {"state": "output-error", "errorText": words}, _words),
)
# What ai@6 added.
_denied: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"state": "output-denied", "approval": {"id": "a", "approved": False, "reason": "too dear"}},
        {"state": "output-denied", "approval": {"id": "a", "approved": False}},
    ]
)
_approved: st.SearchStrategy[dict[str, Any]] = st.just(
    {"state": "output-available", "output": 1, "approval": {"id": "a", "approved": True, "reason": "ok"}}
)
_answered_denial: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"state": "approval-responded", "approval": {"id": "a", "approved": False, "reason": "too dear"}},
        {"state": "approval-responded", "approval": {"id": "a", "approved": False}},
    ]
)
_unfinished: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"state": "input-streaming", "input": None}, {"state": "approval-requested", "approval": {"id": "a"}}]
)


@st.composite
def _assistants(draw: st.DrawFn, states: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """As the page holds them: steps with what is for the page, text, and calls, each a part."""
    parts: list[dict[str, Any]] = []
    count = 0
    for _ in range(draw(st.integers(1, 3))):
        parts.append({"type": "step-start"})
        parts += draw(st.lists(_for_the_page | _texts, max_size=3))
        for state in draw(st.lists(states, max_size=2)):
            made = tool(f"c{count}", draw(st.dictionaries(_words, _json, max_size=2)), **state)
            if "approval" in made:
                made["approval"] = {**made["approval"], "id": f"a{count}"}
            is_dynamic: bool = draw(st.booleans())
            parts.append({**made, "type": "dynamic-tool", "toolName": "weather"} if is_dynamic else made)
            count += 1
        parts += draw(st.lists(_texts, max_size=1))
    return ui_assistant(*parts)


def _chats(
    states: st.SearchStrategy[dict[str, Any]], last: st.SearchStrategy[dict[str, Any]] | None = None
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Chats that begin with the user; `last`: how calls in a last message of the assistant stand."""
    system = st.just({"role": "system", "parts": [text("s"), text("t")]})
    history = st.lists(st.one_of(_users, _assistants(states), system), max_size=4)
    ending = _users if last is None else _assistants(last)
    return st.builds(lambda first, middle, end: [first, *middle, end], _users, history, ending)


@given(_chats(_finished) | _chats(_finished, _finished))
@settings(max_examples=60)
def test_messages_are_those_that_any_version_would_post(ui: Ui, chat: list[dict[str, Any]]) -> None:
    """`generateText({messages: convertToModelMessages(…)})` with the chat model of @ai-sdk/openai."""
    ours = _alike(convert(*chat))
    for version, (theirs,) in ui.openai(chat).items():
        assert "error" not in theirs, (version, theirs)
        assert _alike(_with_image_types(theirs["messages"])) == ours, version


@given(_chats(_finished | _denied | _approved))
@settings(max_examples=40)
def test_denials_are_read_as_ai6_and_later_do(ui: Ui, chat: list[dict[str, Any]]) -> None:
    ours = _alike(convert(*chat))
    for version, (theirs,) in ui.openai(chat, versions=VERSIONS[2:]).items():
        assert "error" not in theirs, (version, theirs)
        assert _alike(_with_image_types(theirs["messages"])) == ours, version


@pytest.mark.parametrize("approval", [{"reason": "too dear"}, {}])
def test_a_denial_that_the_page_has_just_sent(ui: Ui, approval: dict[str, Any]) -> None:
    """ai@6 reads it in the last step alone, ai@7 anywhere."""
    denied = tool("b", state="approval-responded", approval={"id": "x", "approved": False, **approval})
    chat = [ui_user(text("?")), ui_assistant({"type": "step-start"}, text("Let me see."), tool("a"), denied)]
    ours = _alike(convert(*chat))
    for version, (theirs,) in ui.openai(chat, versions=VERSIONS[2:]).items():
        assert _alike(theirs["messages"]) == ours, version


@given(_chats(_finished | _denied | _approved | _answered_denial | _unfinished))
@settings(max_examples=60)
def test_calls_that_the_user_went_on_without_are_read_as_the_newest_does(
    ui: Ui, chat: list[dict[str, Any]]
) -> None:
    """To the word: denials and errors are said as ai@7.0.173 says them."""
    (theirs,) = ui.openai(chat, versions=VERSIONS[-1:])[VERSIONS[-1]]
    assert "error" not in theirs
    assert _alike(theirs["messages"], exact=True) == _alike(convert(*chat), exact=True)


def _with_image_types(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As 4.0.118 sends them: @ai-sdk/openai@4.0.0 leaves the `data:…` before an image's base64 out, as no API reads."""
    for message in messages:
        if isinstance(message["content"], list):
            for part in message["content"]:
                if part.get("image_url") == {"url": PNG}:
                    part["image_url"] = {"url": f"data:image/png;base64,{PNG}"}
    return messages


def _alike(messages: list[dict[str, Any]], *, exact: bool = False) -> list[dict[str, Any]]:
    """Apart from empty assistant messages, which we leave out, and the spelling of JSON and of nothing.

    Unless `exact`, an error is its words, whether they stand in `{"error": …}` or alone, and so is the SDK's own
    word for a call that was denied without a reason.
    """
    kept = [m for m in messages if m["role"] != "assistant" or m["content"] or m.get("tool_calls")]
    for message in kept:
        if message["role"] == "assistant":
            message["content"] = message["content"] or ""
        if message["role"] == "tool":
            message["content"] = _said(message["content"], exact=exact)
        for made in message.get("tool_calls", ()):
            made["function"]["arguments"] = json.loads(made["function"]["arguments"])
    return kept


def _said(content: str, *, exact: bool) -> Any:
    try:
        value = json.loads(content)
    except ValueError:
        value = content
    if exact:
        return value
    if isinstance(value, dict) and list(value) == ["error"]:
        value = value["error"]
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value.replace("Tool call execution denied.", "Tool execution denied.")
    return value


TEXT_FILE = {"type": "file", "mediaType": "text/plain", "url": "data:text/plain;base64,bm90ZXM="}


@pytest.mark.parametrize(
    "message",
    [
        ui_assistant(tool("a", state="input-available")),
        ui_assistant(tool("a", state="approval-requested", approval={"id": "x"})),
        ui_user(TEXT_FILE),
    ],
)
def test_where_the_sdk_fails_and_we_do_not(ui: Ui, message: dict[str, Any]) -> None:
    """The exceptions that the module names are still exceptions; else it can be simpler."""
    assert convert(message)
    for version, (theirs,) in ui.openai([message]).items():
        # ai@5.0.277 and 6.0.0 post a call without a result, which the API refuses.
        alone = version in ("5.0.277", "6.0.0") and theirs.get("messages", [{}])[-1].get("tool_calls")
        assert "error" in theirs or alone, version


BY_THE_PROVIDER = ui_assistant(tool("a", {}, state="output-available", output=1, providerExecuted=True))


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        (ui_user({"type": "data-click", "data": 1}), {"role": "user", "content": []}),
        (BY_THE_PROVIDER, {"role": "assistant", "content": None, "tool_calls": [call("a", "{}")]}),
    ],
)
def test_where_the_sdk_posts_what_the_api_refuses(
    ui: Ui, message: dict[str, Any], refused: dict[str, Any]
) -> None:
    """A user message of no parts, and a call that is followed by no result."""
    (theirs,) = ui.openai([message], versions=VERSIONS[-1:])[VERSIONS[-1]]
    assert theirs["messages"] == [refused]
    assert len(convert(message, ui_user(text("?")))) == (3 if "tool_calls" in refused else 1)
