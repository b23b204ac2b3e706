"""What the Runtime API and the Extensions API have in common: the long poll, and the shape of an error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

_Event = TypeVar("_Event")


async def long_poll(request: Request, queue: asyncio.Queue[_Event]) -> _Event | None:
    """The next event of a long poll, or None when the one who polls has gone."""
    event = asyncio.create_task(queue.get())
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({event, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            return event.result()
        if event.done():
            queue.put_nowait(event.result())  # for the poll that comes after this one
        return None
    finally:
        for task in (event, gone):
            task.cancel()
        await asyncio.gather(event, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def error_document(status: int, error_type: str, message: str) -> Response:
    """An error as the APIs inside an environment give it."""
    return JSONResponse({"errorMessage": message, "errorType": error_type}, status)
