"""A payload as a whole: which fields count, what they become, and what any other JSON gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec import to_builtins

from chat.failures import RequestError
from chat.requests import ChatRequest, read_chat_request
from chat.settings import Settings

HI = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "weather"}}


def read(payload: dict[str, Any], **environment: str) -> ChatRequest:
    return read_chat_request(payload, Settings.from_environment(environment))


def refusal(payload: dict[str, Any], **environment: str) -> str:
    with pytest.raises(RequestError) as caught:
        read(payload, **environment)
    assert caught.value.status == 400
    return caught.value.message


def test_the_least_request() -> None:
    assert read({"messages": [HI]}) == ChatRequest([HI], "gpt-4o-mini")


def test_everything_that_a_request_may_say() -> None:
    payload = {"id": "c1", "messages": [HI], "model": "gpt-4.1", "tools": [TOOL], "tool_choice": "required"}
    assert read(payload, CHAT_MODELS="gpt-4.1") == ChatRequest([HI], "gpt-4.1", [TOOL], "required")


UI = {"id": "u1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}
DENIED = {
    "type": "tool-weather",
    "toolCallId": "c1",
    "state": "approval-responded",
    "input": {},
    "approval": {"id": "x", "approved": False, "reason": "too dear"},
}


def test_the_least_request_of_ai5() -> None:
    assert read({"id": "c", "messages": [UI], "trigger": "submit-message"}) == ChatRequest(
        [HI], "gpt-4o-mini", protocol="ui-message-stream"
    )


def test_a_further_round_after_tools_that_the_page_ran() -> None:
    answer = {"id": "a1", "role": "assistant", "parts": [{"type": "step-start"}, DENIED]}
    payload = {
        "messages": [UI, answer],
        "trigger": "submit-message",
        "messageId": "a1",
        "tools": {"weather": {"inputSchema": {"type": "object"}, "needsApproval": True}},
        "toolChoice": {"type": "tool", "toolName": "weather"},
    }
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    assert read(payload) == ChatRequest(
        messages=[
            HI,
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "too dear"},
        ],
        model="gpt-4o-mini",
        tools=[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        protocol="ui-message-stream",
        continues="a1",
        needs_approval=frozenset({"weather"}),
        denied=("c1",),
    )
    for more in (
        {"protocol": "sse"},
        {"messages": [UI, answer, UI]},
        {"trigger": "regenerate-message", "messageId": "a1"},
    ):
        request = read({**payload, **more})
        assert (request.continues, request.denied) == (None, ())


def test_a_message_that_is_made_anew_is_not_shown_to_the_model() -> None:
    answer = {"id": "a1", "role": "assistant", "parts": [{"type": "text", "text": "No."}]}
    payload = {"messages": [UI, answer, UI], "trigger": "regenerate-message", "messageId": "a1"}
    assert read(payload).messages == [HI]
    assert refusal({**payload, "messages": [answer]}) == "messages has nothing that a model could answer."


def test_openai_s_name_of_the_choice_goes_before_the_sdk_s() -> None:
    both = {"messages": [HI], "tools": [TOOL], "tool_choice": "none", "toolChoice": "required"}
    assert read(both).tool_choice == "none"
    assert read({**both, "tool_choice": None}).tool_choice == "required"


def test_unknown_fields_are_ignored() -> None:
    """Hooks add fields of any name, and later versions of the client new ones."""
    extras = {"action": "chat-v2-stream", "data": {"x": 1}, "temperature": "hot", "trigger": 7}
    assert read({"messages": [{**HI, "annotations": 3, "createdAt": None}], **extras}) == read(
        {"messages": [HI]}
    )
    nulls = dict.fromkeys(("id", "model", "tools", "tool_choice"))
    assert read({"messages": [HI], **nulls}) == read({"messages": [HI]})


def test_the_system_prompt_comes_first() -> None:
    request = read({"messages": [HI]}, CHAT_SYSTEM_PROMPT="Be brief.")
    assert request.messages == [{"role": "system", "content": "Be brief."}, HI]


PICTURES: list[dict[str, Any]] = [
    {"experimental_attachments": [{"url": "https://a.test/b.png", "contentType": "image/png"}]},
    {"content": [{"type": "image", "image": "https://a.test/b.png"}]},
    {"content": [{"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}]},
    {"content": [{"type": "file", "data": "https://a.test/b.png", "mimeType": "image/png"}]},
]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_model_of_litellm_is_given_no_web_address(picture: dict[str, Any]) -> None:
    """For some providers LiteLLM fetches it in this process, inside this service's network."""
    payload = {"messages": [{**HI, **picture}]}
    sent = read(payload).messages[0]["content"][-1]
    assert sent == {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}
    for environment in (
        {"CHAT_MODEL": "ollama/llava"},
        {"CHAT_SOURCE": "litellm"},
        {"CHAT_MODEL": "ollama/llava", "CHAT_ATTACHMENT_SCHEMES": "http,https,data"},
    ):
        assert refusal(payload, **environment).endswith("allowed schemes: data. Send it as a data URL.")


def test_the_model_that_a_request_names_decides_on_web_addresses() -> None:
    payload = {"messages": [{**HI, **PICTURES[0]}], "model": "ollama/llava"}
    assert "Send it as a data URL." in refusal(payload, CHAT_MODELS="ollama/llava")
    assert read(payload, CHAT_MODELS="ollama/llava", CHAT_SOURCE="openai").model == "ollama/llava"


def test_a_client_s_system_message_comes_after_it() -> None:
    system = {"role": "system", "content": "In French."}
    allowed = {"CHAT_ALLOW_CLIENT_SYSTEM": "true", "CHAT_SYSTEM_PROMPT": "Be brief."}
    assert read({"messages": [system, HI]}, **allowed).messages == [
        {"role": "system", "content": "Be brief."},
        system,
        HI,
    ]
    assert "does not accept" in refusal({"messages": [system, HI]}, CHAT_SYSTEM_PROMPT="Be brief.")


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({}, 'The request has no "messages".'),
        ({"messages": None}, "messages must be an array, not null."),
        ({"messages": "hi"}, "messages must be an array, not a string."),
        ({"messages": []}, "messages is empty; it must have at least one message."),
        ({"messages": [HI] * 101}, "messages has 101 entries; at most 100 are accepted."),
        ({"messages": [HI] * 1000}, "messages has 1000 entries; at most 100 are accepted."),
        ({"messages": [{"role": "data", "content": ""}]}, "messages has nothing that a model could answer."),
        ({"messages": [HI], "model": 7}, "model must be a string, not a number."),
        ({"messages": [HI], "model": "gpt-5"}, "model is 'gpt-5'; allowed are: gpt-4o-mini."),
        ({"messages": [HI], "tools": 7}, "tools must be an array or an object, not a number."),
        (
            {"messages": [HI], "protocol": "ndjson"},
            "protocol is 'ndjson'; known are: data-stream, ui-message-stream, sse, text.",
        ),
        (
            {"messages": [HI], "tools": {"a": {"needsApproval": 1}}},
            "tools['a'].needsApproval must be a boolean, not a number.",
        ),
        (
            {"messages": [{**UI, "role": "assistant", "id": 7}]},
            "The last message's id must be a string, not a number.",
        ),
        ({"messages": [HI], "tool_choice": "required"}, "tool_choice asks for a tool, but tools names none."),
    ],
)
def test_what_is_wrong_is_named(payload: dict[str, Any], sentence: str) -> None:
    assert refusal(payload) == sentence


def test_the_limit_of_messages_is_a_setting() -> None:
    assert len(read({"messages": [HI] * 3}, CHAT_MAX_MESSAGES="3").messages) == 3
    assert refusal({"messages": [HI] * 4}, CHAT_MAX_MESSAGES="3").startswith(
        "messages has 4 entries; at most 3"
    )


def test_all_allowed_models_are_named() -> None:
    assert refusal({"messages": [HI], "model": "x"}, CHAT_MODELS="b,gpt-4o-mini,a").endswith(
        "gpt-4o-mini, b, a."
    )


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)

_FIELDS = (
    "messages",
    "id",
    "model",
    "tools",
    "tool_choice",
    "toolChoice",
    "protocol",
    "trigger",
    "messageId",
)


@given(
    st.dictionaries(st.sampled_from(_FIELDS), _json),
    st.sampled_from([None, HI, UI, {"role": "assistant", "id": "a1", "parts": [DENIED]}]),
)
@hypothesis_settings(max_examples=300)
def test_any_json_is_a_request_or_refused(noise: dict[str, Any], message: dict[str, Any] | None) -> None:
    payload = noise if message is None else {**noise, "messages": [message]}
    try:
        request = read(payload)
    except RequestError as error:
        outcome: RequestError | ChatRequest = error
    else:
        outcome = request
    if isinstance(outcome, RequestError):
        assert outcome.status == 400
        assert len(outcome.message) < 400
        outcome.message.encode()
    else:
        json.dumps(to_builtins(outcome), ensure_ascii=False, allow_nan=False).encode()
