"""What is taken for a secret, by its name or by its looks; and what is not."""

from __future__ import annotations

import base64
import secrets

import pytest

from policy.secrecy import is_secret
from tests.fakes.stack_configurations import program_with


@pytest.mark.parametrize(
    "name",
    [
        *(
            "OPENAI_API_KEY",
            "HF_TOKEN",
            "CLIENT_SECRET",
            "DB_PASSWORD",
            "KEY",
            "GOOGLE_CREDENTIALS",
            "A_APIKEY",
            "WATSONX_ZENAPIKEY",
        ),
        *("openaiApiKey", "token", "dbPassword", "clientSecret", "api_key"),
    ],
)
def test_a_name(name: str) -> None:
    assert is_secret(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        "CHAT_SECRET_ARN",
        "CHAT_MAX_OUTPUT_TOKENS",
        "CHAT_SECRET_TIMEOUT",
        "MONKEY",
        "turnkey",
        "endpoint",
        "keys",
    ],
)
def test_a_name_of_something_else(name: str) -> None:
    assert not is_secret(name, "x")


@pytest.mark.parametrize(
    "value",
    [
        "sk-proj-0123456789abcdef",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 11,
        "xoxb-1234567890-abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
        "-----BEGIN PRIVATE KEY-----\nMII",
        "postgres://app:word@db.example.com/chat",
        "abcdef0123456789abcdef0123456789",
        "ABCDEF0123456789ABCDEF0123456789",
        "gsk_" + "A1b2C3d4E5f6G7h8" * 3,
        "pplx-9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "xai-" + "A1b2" * 20,
        "https://x.example.com/?api-key=abcdef0123456789abcdef0123456789",
        "arn:sk-proj-aaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_a_value(value: str) -> None:
    assert is_secret("CHAT_MODEL", value)
    assert is_secret("CHAT_SYSTEM_PROMPT", f"The key is {value} .")


@pytest.mark.parametrize(
    "value",
    [
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6",
        "arn:aws and q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6",
        "https://x.example.com/?word=q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6",
        "path/of/q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6",
    ],
)
def test_a_value_of_chance_alone(value: str) -> None:
    """Where nobody chose words; in a prompt or a model's name, words run together look as mixed."""
    assert is_secret("CHAT_KEEPALIVE", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAT_SYSTEM_PROMPT", "See https://www.Example.com/Docs/Handbook2024/ChapterNine for details."),
        ("CHAT_SYSTEM_PROMPT", "See https://docs.example.com/Guides/GettingStarted2/Overview"),
        ("CHAT_SYSTEM_PROMPT", "Answer from https://en.example.org/wiki/AmazonWebServices/S3Buckets"),
        ("CHAT_MODEL", "accounts/fireworks/models/Llama3p1Instruct70BVersion"),
        ("CHAT_MODELS", "gpt-4o,openrouter/NousResearch/Hermes3Llama31405B"),
        ("CHAT_MODEL", "huggingface/together/deepseekai/DeepSeekR1Distill"),
        ("CHAT_MODEL", "replicate/meta/llama-2-70b-chat:" + "0123456789abcdef" * 4),
        ("OPENAI_BASE_URL", "https://MyBank.openai.azure.com/openai/deployments/ChatGpt4oMiniEu1"),
        ("OPENAI_BASE_URL", "https://gateway.example.com/v1/0123456789abcdef0123456789abcdef/chat"),
        ("AZURE_API_BASE", "https://MyBank.openai.azure.com/openai/deployments/ChatGpt4oMiniEu1"),
        ("dashboard", "https://Console.example.com/Cloudwatch/Home1/Dashboards2/LambdaTokenStreaming"),
        ("logGroup", "/Company/Team42/LambdaTokenStreaming/Production"),
    ],
)
def test_words_that_look_mixed(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_any_key_of_chance_is_found() -> None:
    """32 random bytes in base64 look as no word does."""
    found = [is_secret("X", base64.b64encode(secrets.token_bytes(32)).decode()) for _ in range(200)]
    # One in some thousands has too many of the same character, or none of a kind.
    assert sum(found) >= 195


@pytest.mark.parametrize(
    "value",
    [
        "",
        "gpt-4o-mini",
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:lambda-token-streaming-dev-3197152-AbCdEf",
        "https://0123456789abcdef0123456789abcdef.lambda-url.us-east-1.on.aws/",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/chat@sha256:" + "0123456789abcdef" * 4,
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/chat",
        "/aws/lambda/lambda-token-streaming-dev-streaming",
        "You are a helpful assistant for risk-averse readers. Answer in at most 3 sentences.",
        "https://user@example.com",
    ],
)
def test_what_is_none(value: str) -> None:
    assert not is_secret("CHAT_MODEL", value)


def test_nothing_of_the_program_is_taken_for_one() -> None:
    for name in ("prod", "environment", "IAM"):
        program = program_with(name)
        assert not [each for each in program.outputs.items() if is_secret(*each)]
