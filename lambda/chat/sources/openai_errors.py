"""What an upstream's error means, whoever made it: OpenAI, Azure, Ollama, vLLM, LiteLLM's proxy, OpenRouter.

They agree on little: OpenAI and Azure have `code`; vLLM, OpenRouter and LiteLLM put the HTTP status there;
Ollama has a sentence; LiteLLM wraps a provider's sentence. So the code decides first, then words that only one
meaning has, then the status.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from chat.failures import FailureKind, SourceError

# `code` and `type` of error objects, compared in lower case.
_CODES: Final = {
    # OpenAI, as its guide to error codes lists them
    "invalid_api_key": FailureKind.BAD_KEY,
    "invalid_issuer": FailureKind.BAD_KEY,
    "authentication_error": FailureKind.BAD_KEY,
    "permission_error": FailureKind.BAD_KEY,
    "unsupported_country_region_territory": FailureKind.BAD_KEY,
    "model_not_found": FailureKind.MODEL_NOT_FOUND,
    "insufficient_quota": FailureKind.QUOTA_EXCEEDED,
    "billing_hard_limit_reached": FailureKind.QUOTA_EXCEEDED,
    "billing_not_active": FailureKind.QUOTA_EXCEEDED,
    "context_length_exceeded": FailureKind.CONTEXT_TOO_LONG,
    "string_above_max_length": FailureKind.CONTEXT_TOO_LONG,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "content_filter": FailureKind.CONTENT_FILTER,
    "content_policy_violation": FailureKind.CONTENT_FILTER,
    "invalid_prompt": FailureKind.CONTENT_FILTER,
    "server_error": FailureKind.UNAVAILABLE,
    # Azure
    "responsibleaipolicyviolation": FailureKind.CONTENT_FILTER,
    "deploymentnotfound": FailureKind.MODEL_NOT_FOUND,
    "invalidapikey": FailureKind.BAD_KEY,
    # vLLM, llama.cpp, LiteLLM's proxy, Anthropic, Groq
    "notfounderror": FailureKind.MODEL_NOT_FOUND,
    "exceed_context_size_error": FailureKind.CONTEXT_TOO_LONG,
    "budget_exceeded": FailureKind.QUOTA_EXCEEDED,
    "auth_error": FailureKind.BAD_KEY,
    "token_not_found_in_db": FailureKind.BAD_KEY,
    "key_model_access_denied": FailureKind.BAD_KEY,
    "overloaded_error": FailureKind.UNAVAILABLE,
    "timeout_error": FailureKind.TIMEOUT,
    "throttling_error": FailureKind.RATE_LIMITED,
    "rate_limit_error": FailureKind.RATE_LIMITED,
}

# Words that have one meaning, of servers whose code says nothing ("invalid_request_error", "400", null).
_WORDS: Final = (
    ("contentpolicyviolation", FailureKind.CONTENT_FILTER),
    ("content management policy", FailureKind.CONTENT_FILTER),
    ("content filter", FailureKind.CONTENT_FILTER),
    ("content_filter", FailureKind.CONTENT_FILTER),
    ("requires moderation", FailureKind.CONTENT_FILTER),
    ("safety system", FailureKind.CONTENT_FILTER),
    ("contextwindowexceeded", FailureKind.CONTEXT_TOO_LONG),
    ("context length", FailureKind.CONTEXT_TOO_LONG),
    ("context window", FailureKind.CONTEXT_TOO_LONG),
    ("context size", FailureKind.CONTEXT_TOO_LONG),
    ("context_length_exceeded", FailureKind.CONTEXT_TOO_LONG),
    ("prompt is too long", FailureKind.CONTEXT_TOO_LONG),
    ("input is too long", FailureKind.CONTEXT_TOO_LONG),
    ("reduce the length", FailureKind.CONTEXT_TOO_LONG),
    ("insufficient_quota", FailureKind.QUOTA_EXCEEDED),
    ("insufficient credits", FailureKind.QUOTA_EXCEEDED),
    ("insufficient balance", FailureKind.QUOTA_EXCEEDED),
    ("credit balance is too low", FailureKind.QUOTA_EXCEEDED),
    ("budget has been exceeded", FailureKind.QUOTA_EXCEEDED),
    ("invalid model name", FailureKind.MODEL_NOT_FOUND),
    ("llm provider not provided", FailureKind.MODEL_NOT_FOUND),
    ("not a valid model", FailureKind.MODEL_NOT_FOUND),
    ("no endpoints found", FailureKind.MODEL_NOT_FOUND),
    ("incorrect api key", FailureKind.BAD_KEY),
    ("invalid api key", FailureKind.BAD_KEY),
)

_STATUSES: Final = {
    401: FailureKind.BAD_KEY,
    402: FailureKind.QUOTA_EXCEEDED,
    403: FailureKind.BAD_KEY,
    408: FailureKind.TIMEOUT,
    413: FailureKind.CONTEXT_TOO_LONG,
    429: FailureKind.RATE_LIMITED,
    504: FailureKind.TIMEOUT,
}

# Of an upstream's words, when its meaning is looked for in them.
MAX_READ: Final = 2000

_FINAL: Final = (
    FailureKind.QUOTA_EXCEEDED,
    FailureKind.BAD_KEY,
    FailureKind.MODEL_NOT_FOUND,
    FailureKind.CONTENT_FILTER,
    FailureKind.CONTEXT_TOO_LONG,
)


class UpstreamError(SourceError):
    """A failure of one try.

    `transient`: another may succeed; the server asks for it to be at least `retry_after` seconds later.
    """

    def __init__(
        self, kind: FailureKind, detail: str, *, transient: bool, retry_after: float | None = None
    ) -> None:
        super().__init__(kind, detail)
        self.transient = transient
        self.retry_after = retry_after


class UpstreamFailure(NamedTuple):
    """An error response: its kind, the upstream's words in full, and whether trying again may help.

    The words are whatever the upstream quotes, keys too: `log_words.for_log` makes them fit for the log.
    """

    kind: FailureKind
    words: str
    transient: bool


def failure_of(status: int, body: bytes) -> UpstreamFailure:
    """Read an error.

    Args:
        status: The response's status; 200 where the error came in the body of a good one.
        body: The response's body, or the data of an event.
    """
    try:
        error = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        error = None
    if isinstance(error, list) and error:
        error = error[0]  # Gemini wraps the object in a list
    if isinstance(error, dict) and error.get("error"):
        error = error["error"]
    words = _message(error) or body.decode("utf-8", "replace").strip()
    codes = _codes(error)
    if status == 200:  # noqa: PLR2004 - a good response, so the status is in the error if anywhere
        status = next((int(code) for code in codes if code.isascii() and code.isdigit()), 0)
    kind = _kind(status, codes, words[:MAX_READ].lower())
    return UpstreamFailure(kind, words, kind not in _FINAL and is_transient(status, kind))


def is_transient(status: int, kind: FailureKind = FailureKind.UNAVAILABLE) -> bool:
    """Whether the same request may succeed in a moment: OpenAI's rule, 408, 409, 429 and 5xx."""
    if not status:
        return kind in (FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED, FailureKind.TIMEOUT)
    return status in (408, 409, 429) or status >= 500  # noqa: PLR2004 - the class of server errors


def _kind(status: int, codes: list[str], words: str) -> FailureKind:
    for code in codes:
        if code in _CODES:
            # Groq's 413 "rate_limit_exceeded" is a request larger than a minute's allowance.
            if status == 413 and _CODES[code] is FailureKind.RATE_LIMITED:  # noqa: PLR2004 - content too large
                continue
            return _CODES[code]
    for word, kind in _WORDS:
        if word in words:
            return kind
    if status in _STATUSES:
        return _STATUSES[status]
    # A 404 without a word of a model is a wrong path: OPENAI_BASE_URL, not the model, is to blame.
    if "model" in words and ("not found" in words or "does not exist" in words or status == 404):  # noqa: PLR2004
        return FailureKind.MODEL_NOT_FOUND
    if 300 <= status < 500:  # noqa: PLR2004 - redirects and the class of client errors
        return FailureKind.BAD_REQUEST
    return FailureKind.UNAVAILABLE


def _message(error: Any) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    # OpenAI; FastAPI's own errors; llama.cpp and proxies.
    message = error.get("message") or error.get("detail") or error.get("error")
    if isinstance(message, dict):
        return _message(message)
    text = message if isinstance(message, str) else ""
    # OpenRouter says "Provider returned error" and has the provider's words in the metadata.
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and isinstance(raw := metadata.get("raw"), str):
        text = f"{text} {raw}".strip()
    return text


def _codes(error: Any) -> list[str]:
    """Every code and type of an error object, Azure's inner error first: it is the exact one."""
    if not isinstance(error, dict):
        return []
    inner = error.get("innererror")
    found = _codes(inner) if isinstance(inner, dict) else []
    for key in ("code", "type", "status"):
        value = error.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            found.append(str(value).lower())
    return found
