"""What AWS accepts in a Function URL's CORS settings, checked before AWS is asked.

Facts (AWS's API reference, `Cors`): origins at most 100 of at most 253 characters; methods at most 6, each of GET,
PUT, HEAD, POST, PATCH, DELETE or `*`; headers and exposed headers at most 100; MaxAge from 0 to 86400 seconds.
`OPTIONS` is refused: AWS answers the preflight itself.
"""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from infra.allowed import Words

METHODS: Final = ("GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2


def _origin(value: str) -> str:
    if value == "*":
        return value
    parts = urlsplit(value)
    try:
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        port_is_sound = False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_sound:
        raise ValueError(value)
    # A browser compares the whole string: a path, a trailing slash or a capital letter never matches.
    if value != f"{parts.scheme}://{parts.netloc}" or value != value.lower() or "@" in parts.netloc:
        raise ValueError(value)
    if not value.isascii() or re.search(r"[\s,\"'<>\\]", value):
        raise ValueError(value)
    return value


def _method(value: str) -> str:
    if value not in METHODS:
        raise ValueError(value)
    return value


def _header(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError(value)
    return value


Origin = Annotated[
    str,
    Field(max_length=253),
    AfterValidator(_origin),
    Words(
        "an origin as a browser sends it, such as https://chat.example.com (no path, no slash at the end), or *"
    ),
]
Method = Annotated[
    str,
    AfterValidator(_method),
    Words(f"one of {', '.join(METHODS)} (never OPTIONS: AWS answers the preflight itself)"),
]
Header = Annotated[
    str,
    Field(max_length=1024),
    AfterValidator(_header),
    Words("the name of an HTTP header, or *"),
]
