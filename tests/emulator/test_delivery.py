"""A streamed answer on its way: nothing is lost or added, whatever cuts it; chunks are counted as they were sent."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.bandwidth import Bandwidth
from emulator.delivery import Delivery, GoneError
from emulator.faults import Fault, FaultKind
from emulator.invocation import Invocation
from emulator.prelude import CONTENT_TYPE

_CHUNKS = st.lists(st.binary(min_size=1, max_size=20), max_size=10)
_PRELUDES = st.sampled_from([None, [b"{}" + b"\0" * 8], [b"{}", b"\0" * 8], [b"{", b"}\0\0\0", b"\0" * 5]])


async def delivered(
    chunks: list[bytes],
    reads: list[int],
    *,
    has_prelude: bool,
    fault: Fault | None = None,
    bandwidth: Bandwidth | None = None,
) -> tuple[bytes, bool]:
    """Hand on the chunks, joined by reads of these lengths; what arrived, and whether `gone` came."""
    invocation = Invocation(payload=b"", timeout=3, arn="arn", trace_id="", fault=fault)
    invocation.deliver()
    content_type = CONTENT_TYPE if has_prelude else "text/plain"
    invocation.begin(streaming=True, content_type=content_type)
    ends: deque[int] = deque()
    delivery = Delivery(invocation, content_type, {"emulator.chunk_ends": ends}, bandwidth)
    arrived = bytearray()

    async def read() -> None:
        async for event in invocation.events():
            if isinstance(event, bytes):
                arrived.extend(event)

    reading = asyncio.create_task(read())
    came = False
    body, at, sent = b"".join(chunks), 0, 0
    pending = deque(chunks)
    try:
        await delivery.begin()
        for length in [*reads, len(body)]:
            read_now = body[at : at + length]
            at += len(read_now)
            while pending and sent + len(pending[0]) <= at:
                sent += len(pending.popleft())
                ends.append(sent)
            if read_now:
                await delivery.hand_on(read_now)
        await delivery.end()
    except GoneError:
        came = True
    invocation.end()
    await asyncio.wait_for(reading, 30)
    return bytes(arrived), came


@given(chunks=_CHUNKS, reads=st.lists(st.integers(1, 30), max_size=20), paced=st.booleans())
async def test_what_is_sent_arrives(chunks: list[bytes], reads: list[int], paced: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    bandwidth = Bandwidth(10**9, 1.0) if paced else None
    arrived = await delivered(chunks, reads, has_prelude=False, bandwidth=bandwidth)
    assert arrived == (b"".join(chunks), False)


@given(
    prelude=_PRELUDES,
    chunks=_CHUNKS,
    reads=st.lists(st.integers(1, 30), max_size=20),
    after=st.integers(0, 12),
)
async def test_a_fault_comes_after_so_many_chunks_however_they_are_read(
    prelude: list[bytes] | None, chunks: list[bytes], reads: list[int], after: int
) -> None:
    """Of an answer with fewer chunks all arrives."""
    fault = Fault(FaultKind.GONE, after)
    body, came = await delivered(
        [*(prelude or []), *chunks], reads, has_prelude=prelude is not None, fault=fault
    )
    assert came
    assert body == b"".join([*(prelude or []), *chunks[:after]])


async def test_payload_in_the_delimiter_s_chunk_is_payload() -> None:
    fault = Fault(FaultKind.GONE, 1)
    body, _ = await delivered([b"{}" + b"\0" * 8 + b"first", b"second"], [], has_prelude=True, fault=fault)
    assert body == b"{}" + b"\0" * 8 + b"first"


@pytest.mark.parametrize("kind", [FaultKind.KILL, FaultKind.TIMEOUT])
async def test_nothing_is_handed_on_once_the_environment_shall_end(kind: FaultKind) -> None:
    invocation = Invocation(payload=b"", timeout=3, arn="arn", trace_id="", fault=Fault(kind, 0))
    invocation.deliver()
    invocation.begin(streaming=True, content_type=None)
    delivery = Delivery(invocation, None, {"emulator.chunk_ends": deque()}, None)
    beginning = asyncio.create_task(delivery.begin())
    await asyncio.wait_for(invocation.fault_due.wait(), 30)
    assert not beginning.done()
    invocation.end()
    await asyncio.wait_for(beginning, 30)
