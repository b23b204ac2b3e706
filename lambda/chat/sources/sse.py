"""Server-sent events out of bytes, in pieces of any size, without I/O.

The rules are WHATWG's "Interpreting an event stream": a line ends with LF, CRLF or CR; one BOM at the start is
dropped; a line that begins with a colon is a comment; the `data` lines of an event are joined by LF; an empty
line ends the event. `id` and `retry` serve reconnection, which a model's answer does not know: ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# One event may carry a generated image in base64; anything larger is no event of a model.
MAX_EVENT: Final = 8 * 1024 * 1024

_BOM: Final = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """An event has more bytes than allowed."""


class SSEDecoder:
    """Decodes one stream.

    Bytes stay bytes: JSON is read from them, and a character that is split between two reads is whole again
    when its line is.
    """

    def __init__(self, max_event: int = MAX_EVENT) -> None:
        self._max_event = max_event
        self._event = b""
        self._data: list[bytes] = []
        self._line: list[bytes] = []  # the pieces of a line whose end has not come
        self._data_size = 0  # of the event's data so far
        self._size = 0  # the same, with the unfinished line
        self._after_cr = False
        self._start: bytes | None = b""  # the first bytes, until it is known whether they are a BOM

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (event type, data) for each event that these bytes complete; the type is empty for "message".

        The iterator must be exhausted before the next call.

        Raises:
            EventTooLargeError: after the events before the one that is too large.
        """
        data = self._without_bom(data)
        if self._after_cr and data:
            self._after_cr = False
            if data[:1] == b"\n":
                data = data[1:]
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line.clear()
            self._size = self._data_size
        for line in lines:
            if line.startswith(b"data: "):
                self._add(line[6:])
            elif line:
                self._field(line)
            else:
                if self._data:
                    event = self._event, (self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                    self._data.clear()
                    self._size = self._data_size = 0
                    yield event
                self._event = b""
        if rest:
            self._size += len(rest)
            self._check()
            self._line.append(rest)

    def close(self) -> tuple[bytes, bytes] | None:
        """The event that the end of the stream left without its empty line, if there is one.

        WHATWG drops it. Servers exist that end with `data: [DONE]` and nothing more; and an event that was cut
        off is not valid JSON, so the reader notices.
        """
        if self._line:
            line = b"".join(self._line)
            self._line.clear()
            self._field(line)
        if not self._data:
            return None
        event = self._event, b"\n".join(self._data)
        self._data.clear()
        self._event = b""
        return event

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._add(value.removeprefix(b" "))
        elif name == b"event":
            self._event = value.removeprefix(b" ")

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._data_size += len(value) + 1  # with the line end that joins it
        self._size = self._data_size
        self._check()

    def _check(self) -> None:
        if self._size > self._max_event:
            raise EventTooLargeError(f"an event of the stream is larger than {self._max_event} bytes")

    def _without_bom(self, data: bytes) -> bytes:
        if self._start is None:
            return data
        self._start += data
        if len(self._start) < len(_BOM) and _BOM.startswith(self._start):
            return b""
        data, self._start = self._start.removeprefix(_BOM), None
        return data
