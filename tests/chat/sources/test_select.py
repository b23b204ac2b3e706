"""Which source answers which model."""

from __future__ import annotations

from typing import Any

import pytest

from chat.http.dialing import tls_context
from chat.requests import ChatRequest
from chat.settings import Settings, SettingsError
from chat.sources.litellm_source import LiteLLMSource
from chat.sources.openai_wire import OpenAIWire
from chat.sources.select import Sources


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
    sources = Sources(Settings(source=source, model=model))
    chosen = sources.for_request(request(model))
    assert type(chosen) is kind
    assert sources.for_request(request(model)) is chosen
    await sources.aclose()


async def test_both_side_by_side() -> None:
    sources = Sources(Settings(models=("anthropic/claude",)))
    assert type(sources.for_request(request("gpt-4o-mini"))) is OpenAIWire
    assert type(sources.for_request(request("anthropic/claude"))) is LiteLLMSource
    await sources.aclose()


def test_what_is_wrong_is_said_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://h.example:1080")
    with pytest.raises(SettingsError, match="SOCKS"):
        Sources(Settings())
    Sources(Settings(model="anthropic/claude"))  # LiteLLM's to judge


async def test_a_model_of_the_wire_where_all_were_litellms() -> None:
    sources = Sources(Settings(model="anthropic/claude"))
    assert type(sources.for_request(request("gpt-4o-mini"))) is OpenAIWire
    await sources.aclose()


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        (Settings(), 1),
        (Settings(openai_base_url="http://localhost:11434/v1"), 0),
        (Settings(model="anthropic/claude", models=("gpt-4o-mini",)), 0),
        (Settings(model="anthropic/claude"), 0),
    ],
)
def test_preparing_makes_the_tls_context_where_it_is_needed(settings: Settings, made: int) -> None:
    tls_context.cache_clear()
    Sources(settings).prepare()
    assert tls_context.cache_info().currsize == made
