"""Where clients come in: the Lambda API on its paths, the Function URL on every other.

A front has `owns(request)`, whether a request is its own, and `answer(request)`, an ASGI application that sends the
response. The first that owns a request answers it. A client that leaves is not noticed by the function, which runs to
its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request

from emulator.function_url import FunctionUrl
from emulator.incoming import respond
from emulator.lambda_api import LambdaApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from emulator.cors import Cors
    from emulator.function import Function


class _OneFront(Protocol):
    def owns(self, request: Request) -> bool: ...

    async def answer(self, request: Request) -> ASGIApp: ...


class Front:
    """The ASGI application before `function`.

    `warn` gets sentences for the log, `cors` is the Function URL's, `tell` gets what AWS would not log: which
    origins were refused.
    """

    def __init__(
        self,
        function: Function,
        warn: Callable[[str], None],
        cors: Cors | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._fronts: tuple[_OneFront, ...] = (
            LambdaApi(function),
            FunctionUrl(function, warn, cors, tell),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        front = next(front for front in self._fronts if front.owns(request))
        await respond(front.answer(request), scope, receive, send)
