"""The stack's configuration as one object: its defaults, its bounds beside AWS's own, and what follows from it."""

from __future__ import annotations

import functools
import re
from typing import Any

import botocore.session  # type: ignore[import-untyped] # it has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from chat import settings as function_settings
from infra import values
from infra.key_shapes import looks_secret
from infra.settings import Settings

_KEYED = {"openaiApiKey": "sk-1"}


def test_every_default_is_allowed() -> None:
    """A default is written by hand beside its type, and pydantic checks none by itself."""
    defaults = {
        str(field.alias): field.get_default(call_default_factory=True, validated_data={})
        for field in Settings.model_fields.values()
    }
    plain = {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in defaults.items()
    }
    assert Settings.model_validate({**plain, **_KEYED}) == Settings.model_validate(_KEYED)


@given(st.sets(st.sampled_from(sorted(str(each.alias) for each in Settings.model_fields.values()))))
def test_a_default_may_be_written_out(keys: set[str]) -> None:
    """Whichever keys a stack's file states with their defaults, the settings are the same."""
    bare = Settings.model_validate(_KEYED)
    stated = {
        str(field.alias): getattr(bare, name)
        for name, field in Settings.model_fields.items()
        if field.alias in keys - {"openaiApiKey"}
    }
    assert Settings.model_validate({**_KEYED, **stated}) == bare


def test_every_key_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_a_setting_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.model_validate(_KEYED).memory_size = 1024


def test_no_key_is_in_what_is_printed() -> None:
    keyed = Settings.model_validate({"openaiApiKey": "sk-secret", "providerKeys": {"A_API_KEY": "sk-other"}})
    assert "sk-" not in f"{keyed!r}{keyed}"


@functools.cache
def _shape(service: str, name: str) -> dict[str, Any]:
    return dict(botocore.session.get_session().get_service_model(service).shape_for(name).metadata)


def _bounds(field: str) -> dict[str, int]:
    limits = {}
    for each in Settings.model_fields[field].metadata:
        for ours, theirs in (("max_length", "max"), ("ge", "min"), ("le", "max")):
            if (value := getattr(each, ours, None)) is not None:
                limits[theirs] = value
    return limits


@pytest.mark.parametrize(
    ("field", "shape"),
    [
        ("cors_allow_origins", "AllowOriginsList"),
        ("cors_allow_methods", "AllowMethodsList"),
        ("cors_allow_headers", "HeadersList"),
        ("cors_expose_headers", "HeadersList"),
        ("cors_max_age", "MaxAge"),
    ],
)
def test_bounds_are_those_of_lambda(field: str, shape: str) -> None:
    assert _bounds(field)["max"] == _shape("lambda", shape)["max"]


def test_an_alarm_tells_as_many_as_cloudwatch_takes() -> None:
    assert _bounds("alarm_actions")["max"] == _shape("cloudwatch", "ResourceList")["max"]


@given(st.from_regex(r"[A-Za-z0-9_-]{1,130}", fullmatch=True))
def test_an_alias_is_what_lambda_takes(name: str) -> None:
    shape = _shape("lambda", "Alias")
    theirs = bool(re.fullmatch(shape["pattern"], name)) and shape["min"] <= len(name) <= shape["max"]
    assert _is_taken(alias=name) == theirs


@given(st.from_regex(r"[A-Z_]{1,8}[A-Z0-9_]{0,8}", fullmatch=True))
def test_a_variable_has_a_name_that_lambda_takes(name: str) -> None:
    if _is_taken(environment={name: "x"}):
        assert re.fullmatch(_shape("lambda", "EnvironmentVariableName")["pattern"], name)


def test_retention_is_what_the_logs_take() -> None:
    """The API's model knows no list; its documentation does, in words."""
    shape = botocore.session.get_session().get_service_model("logs").shape_for("PutRetentionPolicyRequest")
    words = shape.members["retentionInDays"].documentation
    assert list(values.RETENTION) == [int(each) for each in re.findall(r"\d+", words.partition("are:")[2])]


def test_the_stack_knows_every_variable_of_the_function() -> None:
    """`environment` refuses a misspelt CHAT_…, so it must know each; the rest has keys of its own."""
    reads = {
        function_settings.environment_name(name) for name in function_settings.Settings.__struct_fields__
    }
    ours = {name for name in values.FUNCTION_READS if name.startswith("CHAT_")}
    assert ours | values.STACK_SETS.keys() == reads
    assert not ours & values.STACK_SETS.keys()


@pytest.mark.parametrize("name", sorted(values.FUNCTION_READS))
def test_a_variable_of_the_function(name: str) -> None:
    value = {"CHAT_ATTACHMENT_SCHEMES": "data", "CHAT_DEADLINE_MARGIN": "5"}.get(name, "1")
    assert _is_taken(environment={name: value})


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "AZURE_API_BASE", "VERTEXAI_LOCATION"]
)
def test_a_variable_that_others_read(name: str) -> None:
    assert _is_taken(environment={name: "x"})


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "LD_LIBRARY_PATH", "AWS_LAMBDA_EXEC_WRAPPER", "_HANDLER", "CHAT_X", "A"]
)
def test_a_variable_that_nobody_may_set(name: str) -> None:
    assert not _is_taken(environment={name: "x"})


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop",
        "my key: sk-ant-api03-abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a" * 36,
        "hf_" + "a" * 34,
        "AIza" + "a" * 35,
        "-----BEGIN RSA PRIVATE KEY-----",
        "https://user:word@proxy.example.com:3128",
        "gsk_" + "A1b2" * 12,
        "pplx-" + "9f8e7d6c" * 6,
        "xai-" + "A1b2" * 20,
        "github_pat_" + "A1b2" * 6,
        "The key is abcdef0123456789abcdef0123456789.",
        "https://x.example.com/?api-key=ABCDEF0123456789ABCDEF0123456789",
    ],
)
def test_what_looks_like_a_secret(text: str) -> None:
    assert looks_secret(text)
    assert not _is_taken(systemPrompt=text)


@pytest.mark.parametrize(
    "text",
    [
        "Ask task-management questions, and risk-averse-people-everywhere.",
        "Write to me@example.com, or see https://example.com:8080/a@b.",
        "https://user@example.com",
        "sk-1",
        "pplx-70b-online",
        "https://gateway.example.com/v1/0123456789abcdef0123456789abcdef/chat/openai",
        "Images are chat@sha256:" + "0123456789abcdef" * 4,
        "replicate/meta/llama-2-70b-chat:" + "0123456789abcdef" * 4,
        "deadbeef " * 8,
        "1" * 40,
    ],
)
def test_what_does_not(text: str) -> None:
    assert not looks_secret(text)


@pytest.mark.parametrize(
    ("names", "source", "litellm", "openai", "other"),
    [
        (["gpt-4o"], "auto", False, True, ""),
        (["anthropic/claude"], "auto", True, False, "anthropic/claude"),
        (["gpt-4o", "anthropic/claude"], "auto", True, True, "anthropic/claude"),
        (["openai/gpt-4o"], "auto", True, True, ""),
        (["meta/llama"], "openai", False, True, ""),
        (["gpt-4o"], "litellm", True, True, ""),
        (["claude", "groq/llama"], "litellm", True, True, "groq/llama"),
    ],
)
def test_which_keys_the_models_need(
    names: list[str],
    source: str,
    litellm: bool,  # noqa: FBT001 - what is expected
    openai: bool,  # noqa: FBT001 - what is expected
    other: str,
) -> None:
    read = Settings.model_validate(
        {"model": names[0], "models": names[1:], "source": source, "allowMissingKey": True}
    )
    assert (read.uses_litellm, read.needs_openai_key, read.model_of_another_provider) == (
        litellm,
        openai,
        other,
    )


def test_the_variables_are_as_the_function_reads_them() -> None:
    """What the stack writes, the function's own settings understand, and mean the same by it."""
    stack = Settings.model_validate(
        {
            **_KEYED,
            "model": "gpt-4o",
            "models": ["gpt-4o-mini", "o3"],
            "source": "openai",
            "openaiBaseUrl": "https://api.example.com/v1",
            "systemPrompt": "Be brief.\nBe kind.",
            "maxOutputTokens": 99,
            "environment": {"CHAT_KEEPALIVE": "7", "CHAT_PATHS": "/a"},
        }
    )
    read = function_settings.Settings.from_environment(stack.variables)
    assert (read.model, read.models, read.source) == ("gpt-4o", ("gpt-4o-mini", "o3"), "openai")
    assert (read.openai_base_url, read.system_prompt) == ("https://api.example.com/v1", "Be brief.\nBe kind.")
    assert (read.max_output_tokens, read.keepalive, read.paths) == (99, 7.0, ("/a",))


def _is_taken(**keys: Any) -> bool:
    try:
        Settings.model_validate({**_KEYED, **keys})
    except ValidationError:
        return False
    return True
