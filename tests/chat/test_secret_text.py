"""What a secret's text may be, and that none of it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.secret_text import SECRET_ENDINGS, SecretTextError, read_secret_text, sendable

KEY = "sk-proj-0123456789_ABC-"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (KEY, {"OPENAI_API_KEY": KEY}),
        (f" {KEY}\r\n", {"OPENAI_API_KEY": KEY}),
        (f'{{"OPENAI_API_KEY": "{KEY}"}}', {"OPENAI_API_KEY": KEY}),
        (f'\n{{"OPENAI_API_KEY": " {KEY}\\n"}}', {"OPENAI_API_KEY": KEY}),
        ('{"OPENAI_API_KEY": ""}', {}),
        ("{}", {}),
        (
            '{"ANTHROPIC_API_KEY": "a", "HF_TOKEN": "b", "WATSONX_APIKEY": "c", "AZURE_CLIENT_SECRET": "d"}',
            {"ANTHROPIC_API_KEY": "a", "HF_TOKEN": "b", "WATSONX_APIKEY": "c", "AZURE_CLIENT_SECRET": "d"},
        ),
    ],
)
def test_keys(text: str, keys: dict[str, str]) -> None:
    assert read_secret_text(text) == (keys, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("two words", "neither a JSON object"),
        ("clé", "neither a JSON object"),
        (f'"{KEY}"', "neither a JSON object"),
        (f'["{KEY}"]', "neither a JSON object"),
        (f'{{"OPENAI_API_KEY": "{KEY}"', "not valid JSON"),
        (f"{{OPENAI_API_KEY: {KEY}}}", "not valid JSON"),
        ('{"a":' * 100_000, "not valid JSON"),
    ],
)
def test_what_is_no_secret_of_this_function(text: str, words: str) -> None:
    with pytest.raises(SecretTextError, match=words) as raised:
        read_secret_text(text)
    assert KEY not in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_BASE_URL",
        "AZURE_API_BASE",
        "HTTPS_PROXY",
        "PATH",
        "LD_PRELOAD",
        "PYTHONPATH",
        "SSL_CERT_FILE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "CHAT_ADMIN_TOKEN",
        "LAMBDA_KEY",
        "_HIDDEN_KEY",
    ],
)
def test_a_secret_leads_the_function_nowhere_else(name: str) -> None:
    """Whoever may write it can replace keys, not addresses, paths, the role or the settings."""
    found = read_secret_text(json.dumps({name: "https://evil.example", "OPENAI_API_KEY": KEY}))
    assert found.keys == {"OPENAI_API_KEY": KEY}
    (complaint,) = found.complaints
    if name.startswith("_"):
        assert complaint.startswith("1 of its names are ignored")
    else:
        assert complaint.startswith(f"{name} is ignored: of a secret, variables that end in _KEY, ")
    assert "evil" not in complaint


@pytest.mark.parametrize("value", [7, None, True, [KEY], {"a": KEY}, "two words", "clé", "a\x00b"])
def test_one_value_that_is_no_key_spares_the_others(value: Any) -> None:
    found = read_secret_text(json.dumps({"ANTHROPIC_API_KEY": value, "OPENAI_API_KEY": KEY}))
    assert found.keys == {"OPENAI_API_KEY": KEY}
    (complaint,) = found.complaints
    assert complaint.startswith("ANTHROPIC_API_KEY is ignored: ")
    assert KEY not in complaint


@pytest.mark.parametrize(
    "name", [KEY, "openai_api_key", "apiKey", "username", "", "A" * 65 + "_KEY", "KEY\n"]
)
def test_names_that_are_no_variables_are_counted_and_not_shown(name: str) -> None:
    """A key may stand in the place of a name."""
    found = read_secret_text(json.dumps({name: "value"}))
    assert found == (
        {},
        ["1 of its names are ignored: variables have names such as OPENAI_API_KEY."],
    )


@given(st.text() | JSON.map(json.dumps) | st.dictionaries(st.text(), JSON).map(json.dumps))
def test_any_text_gives_usable_keys_or_a_sentence(text: str) -> None:
    try:
        found = read_secret_text(text)
    except SecretTextError:
        return
    for name, key in found.keys.items():
        assert name.endswith(SECRET_ENDINGS)
        assert key
        assert sendable(key)


def test_the_repr_shows_no_key() -> None:
    assert repr(read_secret_text(KEY)) == "SecretKeys(OPENAI_API_KEY)"
