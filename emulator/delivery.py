"""A streamed answer on its way from the runtime's POST to the caller: paced, and broken off where that was asked for.

Without a fault or a bandwidth nothing is counted or cut: what came in one read goes on as one piece.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.bandwidth import Bandwidth, Pace
from emulator.faults import FaultKind
from emulator.http_protocols import CHUNK_ENDS
from emulator.prelude import CONTENT_TYPE

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator, MutableMapping
    from typing import Any

    from emulator.invocation import Invocation

_DELIMITER = b"\0" * 8
# Pieces that are paced: 32 ms at Lambda's rate, so that they flow and do not jerk.
_PIECE = 64 * 1024
_SLOW_READER = Bandwidth(free=0, rate=1024)
_SLOW_PIECE = 128


class GoneError(Exception):
    """The fault `gone` has come: the runtime's POST is to be answered 410."""


class Delivery:
    """Hands on one streamed answer whose request has `scope`."""

    def __init__(
        self,
        invocation: Invocation,
        content_type: str | None,
        scope: MutableMapping[str, Any],
        bandwidth: Bandwidth | None,
    ) -> None:
        self._invocation = invocation
        self._fault = invocation.fault
        self._ends: deque[int] = scope[CHUNK_ENDS]
        self._size = 0
        self._payload = _PayloadChunks(has_prelude=content_type == CONTENT_TYPE)
        self._pace = None if bandwidth is None else Pace(bandwidth)
        self._piece = _PIECE

    async def begin(self) -> None:
        """The answer has begun; a fault may be due before its first byte."""
        await self._suffer_if_due()

    async def hand_on(self, body: bytes) -> None:
        """Hand on what has come.

        Raises:
            GoneError: see there.
        """
        if self._fault is None and self._pace is None:
            self._ends.clear()
            await self._invocation.write(body)
            return
        for piece, completes_chunk in self._cut(body):
            if self._pace is not None and not self._invocation.abandoned:
                await asyncio.sleep(self._pace.delay(len(piece)))
            await self._invocation.write(piece)
            self._payload.take(piece, completes_chunk=completes_chunk)
            await self._suffer_if_due()

    async def end(self) -> None:
        """The answer is at its end; a fault that is not come by now comes here.

        Raises:
            GoneError: see there.
        """
        if self._fault is not None and self._fault.kind is not FaultKind.SLOW_READER:
            await suffer(self._invocation)

    def _cut(self, body: bytes) -> Iterator[tuple[bytes, bool]]:
        """Its chunks, large ones in pieces, and whether each is the last of its chunk."""
        at = 0
        while at < len(body):
            chunk_end = self._ends[0] - self._size if self._ends else len(body) + 1
            end = min(chunk_end, at + self._piece, len(body))
            if end == chunk_end:
                self._ends.popleft()
            yield body[at:end], end == chunk_end
            at = end
        self._size += len(body)

    async def _suffer_if_due(self) -> None:
        fault = self._fault
        if fault is None or not self._payload.begun or self._payload.chunks < (fault.after or 0):
            return
        if fault.kind is FaultKind.SLOW_READER:
            self._fault = None
            self._pace = Pace(_SLOW_READER)
            self._piece = _SLOW_PIECE
        else:
            await suffer(self._invocation)


async def suffer(invocation: Invocation) -> None:
    """Have the invocation's fault come now; returns when the environment has ended the answer.

    Raises:
        GoneError: the fault is `gone`, which the Runtime API itself has to say.
    """
    if invocation.fault is not None and invocation.fault.kind is FaultKind.GONE:
        raise GoneError
    invocation.fault_due.set()
    await invocation.answered()


class _PayloadChunks:
    """Counts `chunks` of payload; `begun` once the prelude, if there is one, is past."""

    def __init__(self, *, has_prelude: bool) -> None:
        self.begun = not has_prelude
        self.chunks = 0
        self._tail = b""
        self._open = False

    def take(self, piece: bytes, *, completes_chunk: bool) -> None:
        """Take bytes of the body."""
        if not self.begun:
            seen = self._tail + piece
            at = seen.find(_DELIMITER)
            self._tail = seen[1 - len(_DELIMITER) :]
            if at < 0:
                return
            self.begun = True
            piece = seen[at + len(_DELIMITER) :]
        self._open = self._open or bool(piece)
        if completes_chunk and self._open:
            self.chunks += 1
            self._open = False
