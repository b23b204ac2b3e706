"""The JSON that tells Lambda's HTTP front a streaming response's status, headers and cookies. No I/O."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HTTP_INTEGRATION: Final = "application/vnd.awslambda.http-integration-response"
DELIMITER: Final = b"\0" * 8
_MAX_PRELUDE: Final = 16 * 1024  # API Gateway looks for the delimiter within 16 KB

# RFC 9110 §7.6.1, RFC 9112 §6: they describe one connection, and the platform makes its own.
_CONNECTION_HEADERS: Final = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_KEYS: Final = frozenset({"statusCode", "headers", "cookies", "multiValueHeaders"})
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NOT_IN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def encode_prelude(metadata: Mapping[str, Any]) -> bytes:
    """Metadata of `HttpResponseStream.from_` to the prelude's JSON.

    All three keys are always there, `cookies` even where empty: the platform's parsers want them.

    Raises:
        ValueError: a key, status, header or cookie is not what HTTP can carry, or all are over 16 KB.
    """
    if unknown := metadata.keys() - _KEYS:
        raise ValueError(f"{min(unknown)!r} is not part of an HTTP response; known are {sorted(_KEYS)}.")
    status = metadata.get("statusCode", 200)
    if not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004 - HTTP's final statuses
        raise ValueError(f"statusCode is {status!r}; it must be an int from 200 to 599.")
    cookies = [_checked("Set-Cookie", cookie) for cookie in _listed(metadata.get("cookies") or ())]
    headers = {}
    for name, value in (metadata.get("headers") or {}).items():
        if name.lower() == "set-cookie":
            cookies += [_checked(name, cookie) for cookie in _listed(value)]
        elif name.lower() not in _CONNECTION_HEADERS:
            headers[name] = _checked(name, value)
    prelude: dict[str, Any] = {"statusCode": int(status), "headers": headers, "cookies": cookies}
    if multiple := metadata.get("multiValueHeaders"):
        prelude["multiValueHeaders"] = {
            name: [_checked(name, value) for value in _listed(values)]
            for name, values in multiple.items()
            if name.lower() not in _CONNECTION_HEADERS
        }
    encoded = json.dumps(prelude).encode()
    if len(encoded) + len(DELIMITER) > _MAX_PRELUDE:
        raise ValueError(
            f"The response's headers and cookies take {len(encoded)} bytes; Lambda's front reads 16 KB."
        )
    return encoded


def _listed(value: str | Iterable[Any]) -> Iterable[Any]:
    return (value,) if isinstance(value, str) else value


def _checked(name: str, value: object) -> str:
    text = str(value)
    if not _NAME.fullmatch(name) or _NOT_IN_VALUE.search(text):
        raise ValueError(
            f"The header {name[:80]!r}: {text[:80]!r} holds characters that HTTP headers cannot."
        )
    return text
