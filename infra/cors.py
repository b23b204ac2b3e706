"""What AWS accepts in a Function URL's CORS settings, checked before AWS is asked.

Facts (AWS's API reference, `Cors`): origins at most 100 of at most 253 characters; methods at most 6, each of GET,
PUT, HEAD, POST, PATCH, DELETE or `*`; headers and exposed headers at most 100; MaxAge from 0 to 86400 seconds.
`OPTIONS` is refused: AWS answers the preflight itself.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from infra.allowed import Words

METHODS: Final = ("GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
# As browsers send it (RFC 6454 §6.2): lower case, no path, international names in their ASCII form. AWS compares the
# whole text, so that anything else, a * within it too, would never match.
_ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?"
)
_HIGHEST_PORT: Final = 65_535
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}  # browsers leave them out


def _origin(value: str) -> str:
    if value == "*":
        return value
    found = _ORIGIN.fullmatch(value)
    if (
        not found
        or found["port"] == _DEFAULT_PORTS[found["scheme"]]
        or int(found["port"] or 0) > _HIGHEST_PORT
    ):
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
        "an origin as a browser sends it, such as https://chat.example.com or http://localhost:5173 (lower case, no "
        "path, no slash at the end), or * alone"
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
