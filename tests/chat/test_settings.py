"""Settings: what the environment may say, and the sentence for each thing that it may not."""

from __future__ import annotations

import pytest

from chat.settings import Settings, SettingsError, environment_name


def test_the_defaults_answer_with_openai() -> None:
    settings = Settings.from_environment({})
    assert (settings.openai_base_url, settings.model) == ("https://api.openai.com/v1", "gpt-4o-mini")
    assert not settings.answers_with_litellm


def test_every_kind_of_value_is_read() -> None:
    settings = Settings.from_environment(
        {
            "OPENAI_API_KEY": " key ",
            "CHAT_MAX_MESSAGES": "7",
            "CHAT_KEEPALIVE": "2.5",
            "CHAT_ALLOW_CLIENT_SYSTEM": "true",
            "CHAT_PATHS": "/a, /b,",
            "CHAT_MODEL": "",
        }
    )
    assert settings.openai_api_key == "key"
    assert settings.max_messages == 7
    assert settings.keepalive == 2.5
    assert settings.allow_client_system
    assert settings.paths == ("/a", "/b")
    assert settings.model == "gpt-4o-mini"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CHAT_MAX_MESSAGES", "0", ">= 1"),
        ("CHAT_MAX_MESSAGES", "many", "a whole number"),
        ("CHAT_KEEPALIVE", "nan", "> 0"),
        ("CHAT_KEEPALIVE", "901", "<= 900"),
        ("CHAT_DEADLINE_MARGIN", "1", ">= 2.5"),
        ("CHAT_ALLOW_CLIENT_SYSTEM", "perhaps", "true or false"),
        ("CHAT_SOURCE", "magic", "auto, litellm or openai"),
        ("CHAT_ATTACHMENT_SCHEMES", "https,ftp", "data, http or https"),
        ("CHAT_PATHS", ",", "at least 1"),
        ("OPENAI_BASE_URL", "localhost:11434", "http or https URL"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({name: value})
    message = str(raised.value)
    assert message.startswith(f"{name} is {value!r}")
    assert words in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:abc/v1",
        "http://localhost:99999/v1",
        "http://[::1/v1",
        "https://ä..b/v1",
        "http://a b/v1",
        "ftp://api.example/v1",
    ],
)
def test_a_base_url_that_cannot_be_used_fails_at_init(value: str) -> None:
    with pytest.raises(SettingsError, match="http or https URL, for example") as raised:
        Settings.from_environment({"OPENAI_BASE_URL": value})
    assert str(raised.value).startswith(f"OPENAI_BASE_URL is {value!r}, but ")


@pytest.mark.parametrize("url", ["https://ann:secret@api.example/v1", "http://ann:secret@api.example:x/v1"])
def test_a_password_in_the_base_url_is_refused_and_not_shown(url: str) -> None:
    """No request would carry it: the key is what is sent."""
    with pytest.raises(SettingsError, match=r"OPENAI_BASE_URL is 'https?://…@api\.example") as raised:
        Settings.from_environment({"OPENAI_BASE_URL": url})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "model", "litellm"),
    [
        ("auto", "gpt-4o-mini", False),
        ("auto", "anthropic/claude", True),
        ("openai", "meta-llama/llama", False),
        ("litellm", "gpt-4o-mini", True),
    ],
)
def test_the_source_follows_the_models_name(source: str, model: str, *, litellm: bool) -> None:
    settings = Settings.from_environment({"CHAT_SOURCE": source, "CHAT_MODEL": model})
    assert settings.answers_with_litellm is litellm


@pytest.mark.parametrize("namespace", ["Chat", "a/b.c-d_e#f:g", "0" * 255, "MyAWS/x", ""])
def test_a_metrics_namespace_is_what_cloudwatch_takes(namespace: str) -> None:
    assert Settings.from_environment({"CHAT_METRICS_NAMESPACE": namespace}).metrics_namespace == namespace


@pytest.mark.parametrize("namespace", ["AWS/Lambda", ":a", "a b", "ä", "a" * 256, "a\nb"])
def test_any_other_namespace_fails_at_init(namespace: str) -> None:
    """CloudWatch would drop the metrics and say so only in metrics of its own."""
    with pytest.raises(SettingsError, match=r"up to 255 of .* beginning with neither : nor AWS/") as raised:
        Settings.from_environment({"CHAT_METRICS_NAMESPACE": namespace})
    assert repr(namespace) in str(raised.value)


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf"


def test_a_secret_in_place_of_the_key() -> None:
    settings = Settings.from_environment({"CHAT_SECRET_ARN": f" {ARN}\n", "OPENAI_API_KEY": " "})
    assert (settings.secret_arn, settings.openai_api_key, settings.secret_timeout) == (ARN, "", 5.0)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, False),
        ({"OPENAI_API_KEY": "sk-x"}, True),
        ({"CHAT_SECRET_ARN": ARN}, True),
        ({"CHAT_MODEL": "anthropic/claude"}, True),
        ({"CHAT_MODEL": "org/model", "CHAT_SOURCE": "openai"}, False),
    ],
)
def test_whether_a_key_is_named(environ: dict[str, str], *, named: bool) -> None:
    assert Settings.from_environment(environ).names_a_key is named


def test_a_key_and_a_secret_are_one_too_many() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY and CHAT_SECRET_ARN are both set") as raised:
        Settings.from_environment({"CHAT_SECRET_ARN": ARN, "OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["sk-proj-0123456789", "chat", ARN.replace(":aws:", ":aws-moon:"), f"{ARN} x"]
)
def test_what_is_no_arn_of_a_secret_is_not_shown(value: str) -> None:
    """It may be the key itself, put into the wrong variable."""
    with pytest.raises(SettingsError, match=r"^CHAT_SECRET_ARN .*; it must be like arn:aws:") as raised:
        Settings.from_environment({"CHAT_SECRET_ARN": value})
    assert value == "chat" or value not in str(raised.value)


def test_the_key_is_not_in_the_settings_repr() -> None:
    """A log line or a traceback with the settings must not tell it."""
    settings = Settings.from_environment({"OPENAI_API_KEY": "sk-secret"})
    assert "sk-secret" not in repr(settings)


def test_every_field_has_a_variable_of_its_own() -> None:
    names = [environment_name(field) for field in Settings.__struct_fields__]
    assert len(set(names)) == len(names)
    assert "CHAT_MODEL" in names
