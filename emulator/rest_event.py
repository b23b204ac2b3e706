"""The event that a REST API of API Gateway makes of an HTTP request: the proxy integration's input, version 1.0.

Facts, with their sources:

- The fields, with null where there is nothing: API Gateway developer guide, "Set up Lambda proxy integrations", input
  format. Of repeated headers and parameters the plain maps have the last value, the `multiValue…` ones all, in order.
- Header names keep the client's case; the gateway's own are `X-Amzn-Trace-Id`, `X-Forwarded-For`, `-Port`, `-Proto`
  (the guide's example events). Over HTTP/2 clients write them in lower case, as a handler should expect.
- `path` has neither stage nor decoding (middleapi/standard-server #93, from captures); query and path parameters are
  decoded ("Amazon API Gateway important notes", REST APIs). `requestContext.path` has the stage.
- The body is text unless its content type is among the API's binary media types, which may have `*` for the type's
  part behind the slash, or for both ("Content type conversions in API Gateway"). A text's bytes that are no UTF-8 are
  lost.
- Without an authorizer `requestContext` has none, and what IAM or Cognito would say of the caller is null.
"""

from __future__ import annotations

import base64
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from emulator.http_protocols import headers_as_written
from emulator.incoming import is_passed_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

# fmt: off
_CALLER = (
    "accessKey", "accountId", "apiKey", "apiKeyId", "caller", "clientCert", "cognitoAuthenticationProvider",
    "cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
    "vpcId", "vpceId",
)
# fmt: on


class Arrival(NamedTuple):
    """What of a request is to be read before its body; `path` is as written, behind the stage."""

    headers: list[tuple[str, str]]
    path: str

    @classmethod
    def of(cls, request: Request, path: str) -> Arrival:
        """Read it."""
        return cls([header for header in headers_as_written(request) if is_passed_on(header[0])], path)


def event_of(
    request: Request,
    arrival: Arrival,
    body: bytes,
    *,
    stage: str,
    binary_types: tuple[str, ...],
    trace_id: str,
) -> dict[str, Any]:
    """The event that AWS makes of a request to `/STAGE` and `arrival.path`."""
    host = request.headers.get("host", "localhost")
    domain = host.rsplit(":", 1)[0]
    source_ip = request.client.host if request.client else "127.0.0.1"
    added = {
        "X-Amzn-Trace-Id": trace_id.partition(";")[0],
        "X-Forwarded-For": source_ip,
        "X-Forwarded-Port": host.rpartition(":")[2] if ":" in host else "80",
        "X-Forwarded-Proto": "http",
    }
    replaced = {name.lower() for name in added}
    headers = _listed(
        [*(header for header in arrival.headers if header[0].lower() not in replaced), *added.items()]
    )
    query = _listed(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    proxy = unquote(arrival.path).lstrip("/")
    resource = "/{proxy+}" if proxy else "/"
    text, is_base64 = encode_body(body, request.headers.get("content-type", ""), binary_types)
    now = time.time()
    return {
        "resource": resource,
        "path": arrival.path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": {"proxy": proxy} if proxy else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": domain.split(".")[0],
            "deploymentId": "local",
            "domainName": domain,
            "domainPrefix": domain.split(".")[0],
            "extendedRequestId": base64.b64encode(uuid.uuid4().bytes[:11]).decode(),
            "httpMethod": request.method,
            "identity": dict.fromkeys(_CALLER)
            | {"sourceIp": source_ip, "userAgent": request.headers.get("user-agent")},
            "path": f"/{stage}{arrival.path}",
            "protocol": f"HTTP/{request.scope['http_version']}",
            "requestId": str(uuid.uuid4()),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": "local",
            "resourcePath": resource,
            "stage": stage,
        },
        "body": text,
        "isBase64Encoded": is_base64,
    }


def encode_body(body: bytes, content_type: str, binary_types: tuple[str, ...]) -> tuple[str | None, bool]:
    """`(body, isBase64Encoded)` of an event."""
    if not body:
        return None, False
    media_type = content_type.partition(";")[0].strip().lower()
    if {media_type, media_type.partition("/")[0] + "/*", "*/*"} & {each.lower() for each in binary_types}:
        return base64.b64encode(body).decode(), True
    return body.decode(errors="replace"), False


def _listed(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for name, value in pairs:
        listed.setdefault(name, []).append(value)
    return listed


def _last(listed: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in listed.items()}
