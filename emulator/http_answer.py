"""Sends an invocation's answer as an HTTP response, for the fronts whose functions speak HTTP.

A response that has begun can only break off: an error after its head leaves it without an end, which ASGI servers
turn into a closed connection, and clients into "incomplete chunked read". So do Function URLs and API Gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.invocation import FunctionError, ResponseEnd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from starlette.types import Scope, Send

    from emulator.cors import Headers
    from emulator.invocation import ResponseEvent

# RFC 9110, sections 15.3.5 and 15.4.5.
_WITHOUT_BODY = (204, 304)


def encoded(headers: Iterable[tuple[str, str]]) -> Headers:
    """Headers as ASGI takes them. What HTTP can carry beyond ASCII is ISO 8859-1."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def remapped(headers: Iterable[tuple[str, str]], names: frozenset[str]) -> list[tuple[str, str]]:
    """A function's headers in lower case; those of `names`, which are the front's own, as `x-amzn-remapped-…`."""
    lower_case = ((name.lower(), value) for name, value in headers)
    return [(f"x-amzn-remapped-{name}" if name in names else name, value) for name, value in lower_case]


async def send_head(send: Send, status: int, headers: Headers) -> None:
    """Send status and headers, at once."""
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def send_payload(
    scope: Scope, send: Send, status: int, first: bytes, events: AsyncIterator[ResponseEvent]
) -> int:
    """Send `first` and what follows it, each piece at once, and return the payload's size in bytes.

    `status` is the one that `send_head` has sent. What answers HEAD, or a status without a body, is read and not sent.
    """
    without_body = scope["method"] == "HEAD" or status in _WITHOUT_BODY
    size = 0
    event: ResponseEvent = first
    while not isinstance(event, FunctionError):
        if isinstance(event, bytes):
            size += len(event)
            if event and not without_body:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        elif isinstance(event, ResponseEnd):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            break
        event = await anext(events)
    return size
