"""Errors as each server words them, and the kind that a client can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.failures import FailureKind as Kind
from chat.sources.openai_errors import failure_of

# (who says it, status, body, kind, whether to try again)
ERRORS: list[tuple[str, int, Any, Kind, bool]] = [
    (
        "OpenAI, bad key",
        401,
        {
            "error": {
                "message": "Incorrect API key provided: sk-te**xx.",
                "type": "invalid_request_error",
                "param": None,
                "code": "invalid_api_key",
            }
        },
        Kind.BAD_KEY,
        False,
    ),
    (
        "OpenAI, no access to the model",
        403,
        {
            "error": {
                "message": "Project `p` does not have access to model `gpt-5`",
                "code": "model_not_found",
            }
        },
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    (
        "OpenAI, country",
        403,
        {"error": {"message": "Country not supported", "code": "unsupported_country_region_territory"}},
        Kind.BAD_KEY,
        False,
    ),
    (
        "OpenAI, rate",
        429,
        {
            "error": {
                "message": "Rate limit reached for gpt-4o",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
        Kind.RATE_LIMITED,
        True,
    ),
    (
        "OpenAI, quota",
        429,
        {
            "error": {
                "message": "You exceeded your current quota",
                "type": "insufficient_quota",
                "code": "insufficient_quota",
            }
        },
        Kind.QUOTA_EXCEEDED,
        False,
    ),
    (
        "OpenAI, context",
        400,
        {
            "error": {
                "message": "This model's maximum context length is 128000 tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
        Kind.CONTEXT_TOO_LONG,
        False,
    ),
    (
        "OpenAI, request",
        400,
        {"error": {"message": "Invalid 'messages[0].role'", "type": "invalid_request_error", "code": None}},
        Kind.BAD_REQUEST,
        False,
    ),
    (
        "OpenAI, server",
        500,
        {"error": {"message": "The server had an error", "type": "server_error"}},
        Kind.UNAVAILABLE,
        True,
    ),
    (
        "OpenAI, in a stream",
        200,
        {"error": {"message": "The server had an error", "type": "server_error"}},
        Kind.UNAVAILABLE,
        True,
    ),
    (
        "Azure, content filter",
        400,
        {
            "error": {
                "message": "The response was filtered due to the prompt triggering a policy.",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        Kind.CONTENT_FILTER,
        False,
    ),
    (
        "Azure, inner error alone",
        400,
        {"error": {"message": "no", "code": "400", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        Kind.CONTENT_FILTER,
        False,
    ),
    (
        "Azure, deployment",
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment for this resource does not exist.",
            }
        },
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    (
        "Azure, path",
        404,
        {"error": {"code": "404", "message": "Resource not found"}},
        Kind.BAD_REQUEST,
        False,
    ),
    (
        "Azure, rate",
        429,
        {"error": {"code": "429", "message": "Requests have exceeded call rate limit of your S0 tier."}},
        Kind.RATE_LIMITED,
        True,
    ),
    (
        "Ollama, model",
        404,
        {
            "error": {
                "message": 'model "x" not found, try pulling it first',
                "type": "api_error",
                "code": None,
            }
        },
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    ("Ollama, old form", 404, {"error": "model 'x' not found"}, Kind.MODEL_NOT_FOUND, False),
    (
        "vLLM, model",
        404,
        {
            "object": "error",
            "message": "The model `x` does not exist.",
            "type": "NotFoundError",
            "param": None,
            "code": 404,
        },
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    (
        "vLLM, context",
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
        Kind.CONTEXT_TOO_LONG,
        False,
    ),
    ("vLLM, key", 401, {"error": "Unauthorized"}, Kind.BAD_KEY, False),
    ("FastAPI, path", 404, {"detail": "Not Found"}, Kind.BAD_REQUEST, False),
    ("FastAPI, fields", 422, {"detail": [{"loc": ["body", "x"], "msg": "wrong"}]}, Kind.BAD_REQUEST, False),
    (
        "llama.cpp, context",
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
        Kind.CONTEXT_TOO_LONG,
        False,
    ),
    (
        "llama.cpp, loading",
        503,
        {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        Kind.UNAVAILABLE,
        True,
    ),
    (
        "LiteLLM proxy, key",
        401,
        {
            "error": {
                "message": "Authentication Error, Invalid proxy server token passed.",
                "type": "token_not_found_in_db",
                "param": "key",
                "code": "401",
            }
        },
        Kind.BAD_KEY,
        False,
    ),
    (
        "LiteLLM proxy, model",
        400,
        {"error": {"message": "Invalid model name passed in model=x.", "type": "None", "code": "400"}},
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    (
        "LiteLLM proxy, budget",
        429,
        {"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded", "code": "429"}},
        Kind.QUOTA_EXCEEDED,
        False,
    ),
    (
        "LiteLLM proxy, context",
        400,
        {
            "error": {
                "message": "litellm.ContextWindowExceededError: prompt too big",
                "type": None,
                "code": "400",
            }
        },
        Kind.CONTEXT_TOO_LONG,
        False,
    ),
    (
        "LiteLLM proxy, filter",
        400,
        {"error": {"message": "litellm.ContentPolicyViolationError: no", "type": None, "code": "400"}},
        Kind.CONTENT_FILTER,
        False,
    ),
    (
        "LiteLLM proxy, in a stream",
        200,
        {"error": {"message": "boom", "type": "None", "param": "None", "code": "500"}},
        Kind.UNAVAILABLE,
        True,
    ),
    (
        "OpenRouter, credits",
        402,
        {"error": {"code": 402, "message": "Insufficient credits"}},
        Kind.QUOTA_EXCEEDED,
        False,
    ),
    (
        "OpenRouter, model",
        400,
        {"error": {"code": 400, "message": "x/y is not a valid model ID"}},
        Kind.MODEL_NOT_FOUND,
        False,
    ),
    (
        "OpenRouter, moderation",
        403,
        {"error": {"code": 403, "message": "x requires moderation. Your input was flagged"}},
        Kind.CONTENT_FILTER,
        False,
    ),
    (
        "OpenRouter, in a stream",
        200,
        {"error": {"code": 429, "message": "Provider returned error", "metadata": {"raw": "slow down"}}},
        Kind.RATE_LIMITED,
        True,
    ),
    (
        "Groq, a request too large for the minute",
        413,
        {
            "error": {
                "message": "Request too large for model",
                "type": "tokens",
                "code": "rate_limit_exceeded",
            }
        },
        Kind.CONTEXT_TOO_LONG,
        False,
    ),
    (
        "Gemini, a list, quota by the minute",
        429,
        [
            {
                "error": {
                    "code": 429,
                    "message": "You exceeded your current quota",
                    "status": "RESOURCE_EXHAUSTED",
                }
            }
        ],
        Kind.RATE_LIMITED,
        True,
    ),
    ("DeepSeek, balance", 402, {"error": {"message": "Insufficient Balance"}}, Kind.QUOTA_EXCEEDED, False),
    (
        "Anthropic, overloaded",
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        Kind.UNAVAILABLE,
        True,
    ),
    (
        "Anthropic, credit",
        400,
        {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
        Kind.QUOTA_EXCEEDED,
        False,
    ),
    ("a gateway", 504, "<html>Gateway Time-out</html>", Kind.TIMEOUT, True),
    ("a gateway with nothing to say", 502, "", Kind.UNAVAILABLE, True),
    ("a request timeout", 408, "", Kind.TIMEOUT, True),
    ("a conflict", 409, {"error": {"message": "locked"}}, Kind.BAD_REQUEST, True),
    ("an error without a word, in a stream", 200, {"error": {}}, Kind.UNAVAILABLE, True),
    ("an odd code", 200, {"error": {"code": True, "message": {"message": "deep"}}}, Kind.UNAVAILABLE, True),
]


@pytest.mark.parametrize(
    ("status", "body", "kind", "transient"),
    [error[1:] for error in ERRORS],
    ids=[error[0] for error in ERRORS],
)
def test_what_an_error_means(status: int, body: Any, kind: Kind, *, transient: bool) -> None:
    found = failure_of(status, body.encode() if isinstance(body, str) else json.dumps(body).encode())
    assert (found.kind, found.transient) == (kind, transient)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "why"}}, "why"),
        ({"error": "why"}, "why"),
        ({"message": "why"}, "why"),
        ({"detail": "why"}, "why"),
        ({"error": {"message": {"message": "why"}}}, "why"),
        (
            {"error": {"message": "Provider returned error", "metadata": {"raw": "why"}}},
            "Provider returned error why",
        ),
        ({"detail": [{"loc": ["x"]}]}, '{"detail": [{"loc": ["x"]}]}'),
        ([], "[]"),
    ],
)
def test_the_words_of_an_error(body: Any, words: str) -> None:
    assert failure_of(400, json.dumps(body).encode()).words == words


def test_the_words_are_whole() -> None:
    """A key that was cut is none that could be taken out: who logs them cuts them."""
    assert failure_of(400, b"x" * 100_000).words == "x" * 100_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "type", "innererror", "metadata", "raw", "detail"]),
            inner,
        )
    ),
)


@given(st.integers(100, 599), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_nothing_that_a_server_says_is_a_crash(status: int, body: bytes) -> None:
    assert isinstance(failure_of(status, body).kind, Kind)
