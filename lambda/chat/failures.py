"""What can go wrong between a request and its answer, and what the client may know of it."""

from __future__ import annotations

from enum import Enum


class FailureKind(Enum):
    """The kinds that a client can act on: (what the client reads, the HTTP status before the stream)."""

    NOT_CONFIGURED = ("OpenAI API key not configured", 500)
    KEY_UNAVAILABLE = ("The key for the model could not be read. Try again in a moment.", 503)
    BAD_KEY = ("The model provider refused this service's credentials.", 502)
    MODEL_NOT_FOUND = ("The configured model was not found at the provider.", 502)
    RATE_LIMITED = ("The model is rate limited. Try again in a moment.", 429)
    QUOTA_EXCEEDED = ("The model provider's quota for this service is used up.", 503)
    CONTENT_FILTER = ("The provider's content filter refused this request.", 400)
    CONTEXT_TOO_LONG = ("The conversation is too long for the model. Shorten it or start a new one.", 400)
    BAD_REQUEST = ("The model provider refused the request.", 502)
    UNAVAILABLE = ("The model provider is unavailable.", 502)
    TIMEOUT = ("The model took too long to answer.", 504)
    BROKEN_STREAM = ("The model's answer broke off.", 502)
    DEADLINE = ("The answer was cut off because the time allowed for it ran out.", 504)
    INTERRUPTED = ("The service was stopped during the answer. Try again.", 503)
    INTERNAL = ("Something went wrong.", 500)

    def __init__(self, message: str, status: int) -> None:
        self.message = message
        self.status = status


class SourceError(Exception):
    """An upstream failed.

    `kind` is for the client; `detail` (upstream's words, host, status) is for the log alone.
    """

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class RequestError(Exception):
    """The request is wrong. The message says what and where and is safe to show; `status` is 4xx.

    `allow` names the methods that are answered at the path, with a 405 alone (RFC 9110 §15.5.6).
    """

    def __init__(self, message: str, status: int = 400, *, allow: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.allow = allow
