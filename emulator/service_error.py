"""The Lambda API's errors, in the form that its REST-JSON protocol gives them and AWS's clients make exceptions of.

Facts, with their sources:

- The exception's name is in the header `x-amzn-errortype`, what it says in `message` or `Message` of the body
  (botocore, `parsers.py`, `RestJSONParser`).
- Throttling: `TooManyRequestsException` with `Reason` and "Rate Exceeded."; of the reasons, the one for reserved
  concurrency, which is what `--concurrency` is (AWS API reference, `TooManyRequestsException`).
- Size: AWS answers `RequestEntityTooLargeException`, which the API's own model calls `RequestTooLargeException`; the
  former is what clients report.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import JSONResponse

from emulator.incoming import MAX_EVENT


def service_error(status: int, kind: str, message: str) -> JSONResponse:
    """An error of the caller's making."""
    return _error(status, kind, {"Type": "User", "Message": message})


def rate_exceeded() -> JSONResponse:
    """429: as many invocations run as the function may have at once."""
    body = {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    return _error(429, "TooManyRequestsException", body)


def request_too_large(limit: int = MAX_EVENT) -> JSONResponse:
    """413: the event is larger than `limit` bytes."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return _error(413, "RequestEntityTooLargeException", {"Message": message})


def _error(status: int, kind: str, body: dict[str, Any]) -> JSONResponse:
    headers = {"x-amzn-errortype": kind, "x-amzn-requestid": str(uuid.uuid4())}
    return JSONResponse(body, status, headers)
