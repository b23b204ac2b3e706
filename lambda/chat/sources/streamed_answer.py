"""The bytes of a streamed answer as batches of parts, without I/O: events, their chunks, and how it all ends.

An upstream that ends without a finish reason and without `[DONE]`, or sends a malformed event, has failed; what
it sent until then is handed out first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat.failures import FailureKind, SourceError
from chat.sources.assembler import Assembler, stream_error
from chat.sources.sse import EventTooLargeError, SSEDecoder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chat.parts import Part


class StreamedAnswer:
    """One answer. `ended`: its last parts have been handed out; `moved`: the last bytes completed an event."""

    def __init__(self, taken_ids: Iterable[str] = ()) -> None:
        """`taken_ids`: see `ToolCalls`."""
        self.ended = False
        self.moved = False
        self._decoder = SSEDecoder()
        self._assembler = Assembler(taken_ids)

    def feed(self, data: bytes) -> tuple[list[Part], SourceError | None]:
        """Take what one read brought; empty bytes are the body's end.

        Returns:
            The parts, possibly none, and the failure that ends the answer after them.
        """
        failure: SourceError | None = None
        self.moved = False
        try:
            self._events(data)
        except SourceError as error:
            failure = error
        except EventTooLargeError as error:
            failure = SourceError(FailureKind.BROKEN_STREAM, f"The stream cannot be used: {error}.")
        batch = self._assembler.take()
        if failure is None and (self._assembler.done or not data):
            self.ended = True
            try:
                batch += self._assembler.finish()
            except SourceError as error:
                failure = error
        return batch, failure

    def _events(self, data: bytes) -> None:
        assembler = self._assembler
        if not data:
            last = self._decoder.close()
            if last is not None:
                self._event(*last)
            return
        for event, payload in self._decoder.feed(data):
            self.moved = True
            if event:
                self._event(event, payload)
            else:
                assembler.feed(payload)
            if assembler.done:
                return

    def _event(self, event: bytes, payload: bytes) -> None:
        # Groq and others name their error events; any other name says nothing.
        if event == b"error":
            raise stream_error(payload)
        self._assembler.feed(payload)
