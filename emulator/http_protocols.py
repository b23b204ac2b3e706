"""uvicorn's protocol, made to tell an application what ASGI leaves out of a request; each is given to `serving`.

`ChunkedProtocol`, for the Runtime API: where the chunks of a body end. `HeaderCaseProtocol`, for API Gateway, whose
events have it: the case in which a client writes the names of headers.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.requests import Request

# Keys of the request's scope.
CHUNK_ENDS = "emulator.chunk_ends"
_NAMES = "emulator.header_names"


class ChunkedProtocol(HttpToolsProtocol):
    """uvicorn's own, which also tells the application at which bytes of a request's body its chunks end.

    uvicorn joins chunks that come in one read. httptools calls `on_chunk_complete` where there is one.
    """

    def on_message_begin(self) -> None:
        """Begin a request (httptools)."""
        super().on_message_begin()
        self._received = 0
        self._chunk_ends: deque[int] = deque()
        self._extended_scope[CHUNK_ENDS] = self._chunk_ends

    def on_body(self, body: bytes) -> None:
        """Take bytes of the body (httptools)."""
        self._received += len(body)
        super().on_body(body)

    def on_chunk_complete(self) -> None:
        """Note that a chunk is whole; the last one is empty and not noted (httptools)."""
        if not self._chunk_ends or self._chunk_ends[-1] != self._received:
            self._chunk_ends.append(self._received)

    @property
    def _extended_scope(self) -> MutableMapping[str, Any]:
        scope: MutableMapping[str, Any] = self.scope  # type: ignore[assignment]  # ASGI lets servers add keys
        return scope


class HeaderCaseProtocol(HttpToolsProtocol):
    """uvicorn's own, which also keeps the names of headers as they came: see `headers_as_written`."""

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
