"""Which source answers which model."""

from __future__ import annotations

from typing import Any

import pytest

from chat.http.dialing import tls_context
from chat.keys import Keys
from chat.requests import ChatRequest
from chat.settings import Settings, SettingsError
from chat.sources.litellm_source import LiteLLMSource
from chat.sources.openai_wire import OpenAIWire
from chat.sources.select import Sources


def made(**values: Any) -> Sources:
    settings = Settings(**values)
    return Sources(settings, Keys(settings))


def request(model: str) -> ChatRequest:
    return ChatRequest([], model)


@pytest.mark.parametrize(
    ("source", "model", "kind"),
    [
        ("auto", "gpt-4o-mini", OpenAIWire),
        ("auto", "anthropic/claude", LiteLLMSource),
        ("openai", "org/model", OpenAIWire),
        ("litellm", "gpt-4o-mini", LiteLLMSource),
    ],
)
async def test_the_name_and_the_setting_choose(source: Any, model: str, kind: type) -> None:
    sources = made(source=source, model=model)
    chosen = sources.for_request(request(model))
    assert type(chosen) is kind
    assert sources.for_request(request(model)) is chosen
    await sources.aclose()


async def test_both_side_by_side() -> None:
    sources = made(models=("anthropic/claude",))
    assert type(sources.for_request(request("gpt-4o-mini"))) is OpenAIWire
    assert type(sources.for_request(request("anthropic/claude"))) is LiteLLMSource
    await sources.aclose()


def test_what_is_wrong_is_said_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://h.example:1080")
    with pytest.raises(SettingsError, match="SOCKS"):
        made()
    made(model="anthropic/claude")  # LiteLLM's to judge


async def test_a_model_of_the_wire_where_all_were_litellms() -> None:
    sources = made(model="anthropic/claude")
    assert type(sources.for_request(request("gpt-4o-mini"))) is OpenAIWire
    await sources.aclose()


@pytest.mark.parametrize(
    ("values", "contexts"),
    [
        ({}, 1),
        ({"openai_base_url": "http://localhost:11434/v1"}, 0),
        ({"model": "anthropic/claude", "models": ("gpt-4o-mini",)}, 0),
        ({"model": "anthropic/claude"}, 0),
    ],
)
def test_preparing_makes_the_tls_context_where_it_is_needed(values: dict[str, Any], contexts: int) -> None:
    tls_context.cache_clear()
    made(**values).prepare()
    assert tls_context.cache_info().currsize == contexts


@pytest.mark.parametrize(
    ("values", "configured"),
    [
        ({}, False),
        ({"openai_api_key": "key"}, True),
        ({"model": "anthropic/claude"}, True),
        ({"model": "org/model", "source": "openai"}, False),
        ({"secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf"}, False),
        (
            {
                "secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf",
                "model": "anthropic/claude",
            },
            False,
        ),
    ],
)
def test_configured_is_what_can_be_asked_now(values: dict[str, Any], *, configured: bool) -> None:
    """A secret that has not been read configures nothing yet."""
    assert made(**values).configured is configured
