"""What is asked: the endpoint and what can be told from its address, and the page that a browser would ask from.

Facts, with their sources:

- `https://ID.lambda-url.REGION.on.aws/` is a Function URL (AWS developer guide, "Creating and managing Lambda
  function URLs"), `https://ID.execute-api.REGION.amazonaws.com/STAGE` an API Gateway's. Requests are signed for the
  services `lambda` and `execute-api`.
- `/2015-03-31/functions/NAME/invocations` takes an event and gives a result: no HTTP status, no headers of the
  function's (AWS API reference, "Invoke"). AWS's own emulator hands that result on whole.
- An origin is a scheme, a host and a port where it is not the scheme's own (RFC 6454 §6.2); browsers compare it
  byte for byte with Access-Control-Allow-Origin.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

_FUNCTION_URL = re.compile(r"[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.[a-z.]+")
_API_GATEWAY = re.compile(r"[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?")
_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations")


class TargetError(Exception):
    """An endpoint cannot be asked so, or from such an origin; the message says what to do instead."""


class Kind(Enum):
    """What answers at an address, as far as the address says."""

    FUNCTION_URL = "a Function URL"
    API_GATEWAY = "API Gateway"
    INVOCATION = "a direct invocation"
    OTHER = "an HTTP server"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint. `service` and `region` are what a request to it is signed for, None where the address is silent."""

    url: str
    kind: Kind
    service: str
    region: str | None

    @property
    def host(self) -> str:
        """The host's name or address, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where no proxy leads."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """The address for a person; a query may hold a token and is not shown."""
        return self.url.partition("?")[0] + ("?…" if "?" in self.url else "")


def read_target(url: str) -> Target:
    """The endpoint at an address.

    Raises:
        TargetError: it is no http or https address, or has a name and a password in it.
    """
    url = url.strip().partition("#")[0]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetError(f"ENDPOINT is no address: {error}.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise TargetError(
            f"ENDPOINT is {_shown(url)}; it must be a whole address that begins with https:// or http://."
        )
    if "@" in parts.netloc:
        raise TargetError("ENDPOINT has a user name before its host, which the function would not look at.")
    if port == 0 or any(character.isspace() or not character.isprintable() for character in url):
        raise TargetError(f"ENDPOINT is {_shown(url)}; that is no address which could be asked.")
    if not parts.path:
        url = parts._replace(path="/").geturl()
    if match := _FUNCTION_URL.fullmatch(host):
        return Target(url, Kind.FUNCTION_URL, "lambda", match[1])
    if match := _API_GATEWAY.fullmatch(host):
        return Target(url, Kind.API_GATEWAY, "execute-api", match[1])
    kind = Kind.INVOCATION if _INVOCATION.fullmatch(parts.path) else Kind.OTHER
    return Target(url, kind, "lambda", None)


def read_origin(text: str) -> str:
    """An origin as a browser sends it.

    Raises:
        TargetError: it is something else; the message has the origin in it, where there is one.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) or "@" in parts.netloc:
        raise TargetError(f"ORIGIN is {_shown(text)}; it must be the page's, like https://chat.example.com.")
    host = f"[{host}]" if ":" in host else host
    own_port = {"http": 80, "https": 443}.get(parts.scheme)
    origin = f"{parts.scheme}://{host}" + ("" if port in (None, own_port) else f":{port}")
    if text != origin:
        raise TargetError(f"ORIGIN is {_shown(text)}; a browser would send {origin}.")
    return origin


def _shown(text: str) -> str:
    return repr(text if len(text) <= 100 else text[:100] + "…")
