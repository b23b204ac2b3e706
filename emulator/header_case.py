"""Keeps the case in which clients write header names, which ASGI does not and API Gateway's events do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from starlette.requests import Request

_NAMES = "emulator.header_names"


class HeaderCaseProtocol(HttpToolsProtocol):
    """uvicorn's protocol, for `serving`; the names are in the request's scope."""

    def on_message_begin(self) -> None:
        """Begin a request (httptools' callback)."""
        super().on_message_begin()
        self._names: list[bytes] = []
        self.scope["state"][_NAMES] = self._names

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer (httptools' callback)."""
        self._names.append(name)
        super().on_header(name, value)


def headers_as_written(request: Request) -> list[tuple[str, str]]:
    """The request's headers; to be asked before its body is read, behind which trailers may come."""
    names = request.scope["state"][_NAMES]
    values = (value for _, value in request.scope["headers"])
    return [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in zip(names, values, strict=True)
    ]
