"""HTTP/1.1 as a runtime client needs it, without I/O: requests to bytes, bytes to responses.

Facts that this module rests on:
- RFC 9112 §6.3: a response's length is that of its chunks, else Content-Length, else the connection's close;
  1xx, 204 and 304 have none. A 1xx response is followed by the real one.
- RFC 9112 §7.1: a chunk is its size in hex, CRLF, the bytes, CRLF; `0` CRLF, trailer fields, CRLF end the body.
- No Python HTTP library sends trailers, and Lambda takes a stream's error only there (the Node.js client's
  ResponseStream); hence this encoder.
- A synchronous event is 6 MB at most (AWS quotas), and emulators set no lower bound: 32 MiB leaves room for
  JSON's escapes. The client context header is 3,583 bytes at most, the others are short.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_HEAD: Final = 64 * 1024
MAX_BODY: Final = 32 * 1024 * 1024
_MAX_CHUNK_LINE: Final = 1024

_FORBIDDEN_IN_VALUE: Final = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE: Final = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;.*)?")

Headers = list[tuple[str, str]]


class ProtocolError(Exception):
    """What came is not HTTP/1.1, or beyond a limit."""


class Response(NamedTuple):
    """A whole response; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def encode_head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A request's head, with the blank line that ends it.

    Raises:
        ValueError: a name or value cannot be a header (it would split the message).
    """
    lines = [f"{method} {target} HTTP/1.1\r\n"]
    for name, value in headers:
        lines.append(f"{name}: {value}\r\n")
        if not _TOKEN.fullmatch(name) or _FORBIDDEN_IN_VALUE.search(value):
            raise ValueError(f"{name!r}: {value[:80]!r} is not a header that HTTP can carry.")
    lines.append("\r\n")
    return "".join(lines).encode("latin-1")


def encode_chunk(data: bytes | bytearray | memoryview) -> bytes:
    """One chunk of a body; `data` is not empty (an empty chunk would end the body)."""
    return b"".join((b"%x\r\n" % len(data), data, b"\r\n"))


def encode_end(trailers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The end of a chunked body."""
    return b"0\r\n" + b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in trailers) + b"\r\n"


class ResponseParser:
    """Bytes of one connection in, whole responses out. Feeding it in other pieces gives the same responses."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._state = self._head

    @property
    def started(self) -> bool:
        """Whether bytes of an unfinished response have come."""
        return bool(self._buffer) or self._state != self._head

    def feed(self, data: bytes) -> Response | None:
        """Take bytes; give the response that they complete, if any.

        Bytes behind a complete response stay for the next call (`feed(b"")` asks for it).

        Raises:
            ProtocolError: the connection is of no more use.
        """
        self._buffer += data
        while (step := self._state()) is None:
            pass
        return step if isinstance(step, Response) else None

    def eof(self) -> Response | None:
        """The connection has closed: give the response that this completes, if any.

        Raises:
            ProtocolError: it closed in the middle of a response.
        """
        if self._state == self._until_close:
            return self._finish()
        if self.started:
            raise ProtocolError("the connection closed in the middle of a response")
        return None

    # Each state takes what it can from the buffer. It gives a response where one is complete, False where it
    # needs more bytes, and None where the next state can go on.

    def _head(self) -> Response | bool | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEAD:
            if len(self._buffer) > MAX_HEAD:
                raise ProtocolError(f"a response's head is larger than {MAX_HEAD} bytes")
            return False
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        status_line = _STATUS_LINE.fullmatch(lines[0])
        if status_line is None:
            raise ProtocolError(f"a response begins with {lines[0][:80]!r}, not with a status line")
        self._status = int(status_line[1])
        self._headers = _parse_fields(lines[1:])
        if self._status < 200:  # noqa: PLR2004 - interim: the real response follows
            return None
        self._body = bytearray()
        if self._status in (204, 304):
            return self._finish()
        return self._begin_body()

    def _begin_body(self) -> Response | None:
        codings = self._headers.get("transfer-encoding", "").lower()
        if codings == "chunked":
            self._state = self._chunk_size
        elif codings:
            raise ProtocolError(f"the transfer coding {codings[:80]!r} is unknown")
        elif (length := self._headers.get("content-length")) is None:
            self._state = self._until_close
        else:
            if not length.isascii() or not length.isdigit() or int(length[:20]) > MAX_BODY:
                raise ProtocolError(f"a body of {length[:80]!r} bytes; at most {MAX_BODY} are taken")
            self._remaining = int(length)
            self._state = self._counted
        return None

    def _counted(self) -> Response | bool:
        self._remaining -= self._take(self._remaining)
        return self._finish() if self._remaining == 0 else False

    def _until_close(self) -> bool:
        self._take(len(self._buffer))
        return False

    def _chunk_size(self) -> bool | None:
        if (line := self._line()) is None:
            return False
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise ProtocolError(f"a chunk's size is {line[:80]!r}")
        self._remaining = int(size[1], 16)
        self._state = self._chunk if self._remaining else self._trailers
        return None

    def _chunk(self) -> bool | None:
        self._remaining -= self._take(self._remaining)
        if self._remaining or len(self._buffer) < 2:  # noqa: PLR2004 - the CRLF behind a chunk
            return False
        if self._buffer[:2] != b"\r\n":
            raise ProtocolError("a chunk is longer than its size says")
        del self._buffer[:2]
        self._state = self._chunk_size
        return None

    def _trailers(self) -> Response | bool | None:
        # Read and dropped: the Runtime API sends none that matter.
        if (line := self._line()) is None:
            return False
        return None if line else self._finish()

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _MAX_CHUNK_LINE)
        if end < 0:
            if len(self._buffer) >= _MAX_CHUNK_LINE:
                raise ProtocolError("a line of a chunked body has no end")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, count: int) -> int:
        taken = self._buffer[:count]
        if len(self._body) + len(taken) > MAX_BODY:
            raise ProtocolError(f"a body is larger than {MAX_BODY} bytes")
        self._body += taken
        del self._buffer[:count]
        return len(taken)

    def _finish(self) -> Response:
        response = Response(self._status, self._headers, bytes(self._body))
        self._body = bytearray()
        self._state = self._head
        return response


def _parse_fields(lines: list[bytes]) -> dict[str, str]:
    """Header lines to a dict; a repeated name keeps its last value (the Runtime API repeats none)."""
    headers = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise ProtocolError(f"{line[:80]!r} is not a header")
        headers[name.lower()] = value.strip(" \t")
    return headers
