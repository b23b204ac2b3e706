"""A proxy that holds answers back: until their end, or until a buffer is full. Many on the way of a stream are such."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import httpx
from starlette.requests import Request

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_HOP_BY_HOP = (b"connection", b"transfer-encoding", b"content-length")


class HoldingProxy:
    """The ASGI application before `target`.

    `buffer`: bytes that are collected before they are handed on, None for the whole answer. `gzip`: compresses what
    is handed on, as far as the compressor lets it go.
    """

    def __init__(self, target: str, *, buffer: int | None = None, gzip: bool = False) -> None:
        self._target = target.rstrip("/")
        self._buffer = buffer
        self._gzip = gzip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        async with (
            httpx.AsyncClient(timeout=None, trust_env=False) as client,
            client.stream(
                request.method,
                self._target + request.url.path,
                content=body,
                headers={
                    "content-type": request.headers.get("content-type", ""),
                    "accept-encoding": "identity",
                },
            ) as answer,
        ):
            headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _HOP_BY_HOP]
            headers.append((b"via", b"1.1 holding"))
            compressor = None
            if self._gzip and "gzip" in request.headers.get("accept-encoding", ""):
                compressor = zlib.compressobj(wbits=31)
                headers.append((b"content-encoding", b"gzip"))
            await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
            held = b""
            async for data in answer.aiter_raw():
                held += compressor.compress(data) if compressor else data
                if self._buffer is not None and len(held) >= self._buffer:
                    await send({"type": "http.response.body", "body": held, "more_body": True})
                    held = b""
            held += compressor.flush() if compressor else b""
            await send({"type": "http.response.body", "body": held, "more_body": False})
