"""The errors that OpenAI's API answers with, and the names that make the stand-in give them.

Source: OpenAI API reference, "Error codes"; statuses, `type` and `code` are what the openai SDK maps to its errors.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response


def request_id() -> str:
    """An `x-request-id`, as the SDK logs it."""
    return f"req_{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error answer of OpenAI's."""

    status: int
    message: str
    kind: str
    code: str | None
    param: str | None = None

    def response(self) -> Response:
        """The HTTP answer."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        headers = {"x-request-id": request_id()}
        if self.code == "rate_limit_exceeded":
            headers["retry-after"] = "1"
        return JSONResponse({"error": error}, self.status, headers)


NO_KEY = Failure(
    401,
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY).",
    "invalid_request_error",
    None,
)
FAILURES = {
    "error-401": Failure(
        401, "Incorrect API key provided: sk-****stand-in.", "invalid_request_error", "invalid_api_key"
    ),
    "error-404": Failure(
        404,
        "The model `error-404` does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    ),
    "error-429": Failure(
        429,
        "Rate limit reached for stand-in on requests per min (RPM): Limit 3, Used 3, Requested 1. "
        "Please try again in 1s.",
        "requests",
        "rate_limit_exceeded",
    ),
    "error-quota": Failure(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "error-500": Failure(
        500, "The server had an error while processing your request. Sorry about that!", "server_error", None
    ),
    "error-context": Failure(
        400,
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. "
        "Please reduce the length of the messages.",
        "invalid_request_error",
        "context_length_exceeded",
        "messages",
    ),
}


def bad_request(message: str, param: str | None) -> Failure:
    """The request is wrong: what, and in which parameter."""
    return Failure(400, message, "invalid_request_error", None, param)
