"""The Function URL: an HTTP request becomes an event (payload format 2.0), the answer an HTTP response.

Facts, with their sources:

- The event: AWS developer guide, "Invoking Lambda function URLs". Header names are lower-case, repeated headers
  and query parameters are joined by commas, `body`, `cookies` and `queryStringParameters` are absent when there
  is nothing in them; the cookie header stays beside `cookies` (aws-lambda-rust-runtime #586, measured on AWS).
- The body is text when the content type is `text/*` or `application/json`, else base64; bytes that are no UTF-8
  cannot be JSON text and are base64 as well.
- A function that fails before it answers is 502 with the text `Internal Server Error`; the reason is only in
  the log. One that fails later leaves a 200 with a body that breaks off: no trailer reaches the client.
- A URL answers in the mode in which its function does. A buffered result is read as the guide's "Response payload
  format": an object with `statusCode` is a response, anything else is the JSON body of a 200.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from emulator.prelude import Prelude, PreludeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

# Names that a URL does not pass on as they are but as x-amzn-remapped-…, as seen on AWS's answers.
_REMAPPED = frozenset(
    ("connection", "content-length", "date", "keep-alive", "transfer-encoding", "upgrade", "www-authenticate")
)
_HOP_BY_HOP = frozenset(("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"))


def event_of(request: Request, body: bytes, trace_id: str) -> dict[str, Any]:
    """The event that AWS makes of a request."""
    headers = _joined(
        (name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP
    )
    host = headers.get("host", "localhost")
    domain = host.rsplit(":", 1)[0]
    source_ip = request.client.host if request.client else "127.0.0.1"
    path = request.scope["raw_path"].decode("ascii")
    query = request.scope["query_string"].decode("latin-1")
    headers |= {
        "x-amzn-trace-id": trace_id,
        "x-forwarded-for": source_ip,
        "x-forwarded-port": host.rpartition(":")[2] if ":" in host else "80",
        "x-forwarded-proto": "http",
    }
    if body:
        headers["content-length"] = str(len(body))
    now = time.time()
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": domain.split(".")[0],
            "domainName": domain,
            "domainPrefix": domain.split(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": f"HTTP/{request.scope['http_version']}",
                "sourceIp": source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if parameters := _joined(parse_qsl(query, keep_blank_values=True)):
        event["queryStringParameters"] = parameters
    if cookies := [part.strip() for part in headers.get("cookie", "").split(";") if part.strip()]:
        event["cookies"] = cookies
    if body:
        event["body"], event["isBase64Encoded"] = encode_body(body, headers.get("content-type", ""))
    return event


def encode_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """`(body, isBase64Encoded)` of an event."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("text/") or media_type == "application/json":
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def response_headers(
    prelude: Prelude, default_type: str, request_id: str, trace_id: str
) -> list[tuple[bytes, bytes]]:
    """The head of the answer: the function's headers and cookies, and those that AWS adds."""
    names = {name.lower() for name in prelude.headers}
    pairs = [] if "content-type" in names else [("content-type", default_type)]
    for name, value in prelude.headers.items():
        pairs.append(
            (f"x-amzn-remapped-{name.lower()}" if name.lower() in _REMAPPED else name.lower(), value)
        )
    pairs += [("set-cookie", cookie) for cookie in prelude.cookies]
    pairs += [("x-amzn-requestid", request_id), ("x-amzn-trace-id", trace_id.partition(";")[0])]
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def buffered_response(payload: bytes) -> tuple[Prelude, bytes]:
    """Head and body of a buffered function's result.

    Raises:
        PreludeError: it looks like a response, and is not one.
    """
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError):
        raise PreludeError("The function's result is not JSON.") from None
    if not isinstance(result, dict) or "statusCode" not in result:
        return Prelude(), result.encode() if isinstance(result, str) else payload
    prelude = Prelude.from_object(result)
    body = result.get("body", "")
    body = "" if body is None else body
    if not isinstance(body, str):
        raise PreludeError(f"body is {type(body).__name__}; it must be a string.")
    if not result.get("isBase64Encoded"):
        return prelude, body.encode()
    try:
        return prelude, base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise PreludeError("isBase64Encoded is true, but body is not base64.") from None


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
