"""What every front does about an invocation: takes a bounded body and the fault wished for, and sends the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from emulator.faults import HEADER, Fault, FaultError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

# An event may have 6 MB (AWS developer guide, "Lambda quotas").
MAX_EVENT = 6 * 1024 * 1024
# They concern one connection, not the message (RFC 9110, section 7.6.1), and a wish for a fault only the emulator.
_NOT_PASSED_ON = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", HEADER)
)


class BodyTooLarge(Exception):  # noqa: N818 - it says what is the case, and a front makes its own error of it
    """A request's body has more bytes than its front takes."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body; what is beyond `limit` bytes is not kept in memory.

    Raises:
        BodyTooLarge: it has more.
        ClientDisconnect: the client left before it had sent all.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge
    return bytes(body)


def wished_fault(request: Request) -> Fault | None:
    """The fault that the request's header asks for.

    Raises:
        FaultError: there is no such fault.
    """
    text = request.headers.get(HEADER)
    return None if text is None else Fault.parse(text)


def is_passed_on(name: str) -> bool:
    """Whether a request's header of this name, in any case, is part of the event."""
    return name.lower() not in _NOT_PASSED_ON


async def respond(answering: Awaitable[ASGIApp], scope: Scope, receive: Receive, send: Send) -> None:
    """Send what `answering` gives; nothing to a client that is gone, and a sentence of a fault that is none."""
    try:
        answer = await answering
    except ClientDisconnect:
        return
    except FaultError as error:
        answer = JSONResponse({"Message": str(error)}, 400)
    await answer(scope, receive, send)
