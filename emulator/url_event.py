"""The event that a Function URL makes of an HTTP request: payload format 2.0.

Facts, with their sources:

- Header names are lower-case, repeated headers and query parameters are joined by commas; `body`, `cookies` and
  `queryStringParameters` are absent when there is nothing in them (AWS developer guide, "Invoking Lambda function
  URLs"). The cookie header stays beside `cookies` (aws-lambda-rust-runtime #586, measured on AWS).
- `rawPath` and `rawQueryString` are as the client wrote them, percent signs and all; unlike HTTP APIs of API Gateway,
  a URL decodes neither (hotsock/voker #8, captures from AWS).
- The body is text when the content type is `text/*` or `application/json`, else base64, forms included; bytes that
  are no UTF-8 cannot be JSON text and are base64 as well.
- Without IAM the account is `anonymous`, and `requestContext` has neither `authentication` nor `authorizer`.
"""

from __future__ import annotations

import base64
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from emulator.incoming import is_passed_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request


def event_of(request: Request, body: bytes, trace_id: str) -> dict[str, Any]:
    """The event that AWS makes of a request."""
    headers = _joined((name, value) for name, value in request.headers.items() if is_passed_on(name))
    host = headers.get("host", "localhost")
    domain = host.rsplit(":", 1)[0]
    source_ip = request.client.host if request.client else "127.0.0.1"
    path = request.scope["raw_path"].decode("ascii")
    query = request.scope["query_string"].decode("latin-1")
    headers |= {
        "x-amzn-trace-id": trace_id.partition(";")[0],
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


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
