from __future__ import annotations

import asyncio

import pytest

from emulator.invocation import (
    FunctionError,
    IllegalTransition,
    Invocation,
    Phase,
    ResponseEnd,
    ResponseStart,
)

_ERROR = FunctionError.of("Function.Odd", "no")


@pytest.fixture
def invocation() -> Invocation:
    invocation = Invocation(payload=b"{}", timeout=3, arn="arn", trace_id="Root=1-2-3")
    invocation.deliver()
    return invocation


async def events(invocation: Invocation) -> list[object]:
    return [event async for event in invocation.events()]


async def test_an_answer_in_order(invocation: Invocation) -> None:
    invocation.begin(streaming=True, content_type="text/plain")
    await invocation.write(b"a")
    await invocation.write(b"")
    await invocation.write(b"b")
    invocation.end()

    assert await events(invocation) == [
        ResponseStart(streaming=True, content_type="text/plain"),
        b"a",
        b"b",
        ResponseEnd(),
    ]


async def test_a_response_can_begin_once(invocation: Invocation) -> None:
    invocation.begin(streaming=True, content_type=None)
    with pytest.raises(IllegalTransition, match="from InvocationResponse to InvocationResponse"):
        invocation.begin(streaming=True, content_type=None)
    with pytest.raises(IllegalTransition, match="from InvocationResponse to InvocationErrorResponse"):
        invocation.error(_ERROR)
    invocation.end()
    with pytest.raises(IllegalTransition, match="from ResponseSent"):
        invocation.begin(streaming=True, content_type=None)


async def test_nothing_can_be_answered_before_it_is_delivered() -> None:
    invocation = Invocation(payload=b"{}", timeout=3, arn="arn", trace_id="Root=1-2-3")
    with pytest.raises(IllegalTransition, match="from Ready"):
        invocation.begin(streaming=False, content_type=None)
    with pytest.raises(IllegalTransition, match="from Ready"):
        invocation.error(_ERROR)


async def test_an_error_is_the_last_event(invocation: Invocation) -> None:
    invocation.begin(streaming=True, content_type=None)
    await invocation.write(b"a")
    invocation.fail(_ERROR)
    await invocation.write(b"b")
    invocation.end()
    invocation.fail(FunctionError.of("Another", "too late"))

    assert await events(invocation) == [ResponseStart(streaming=True, content_type=None), b"a", _ERROR]


async def test_a_write_waits_while_the_caller_is_slow(invocation: Invocation) -> None:
    """Memory stays bounded: what the caller has not read holds the function's sends."""
    invocation.begin(streaming=True, content_type=None)
    written = 0

    async def write() -> None:
        nonlocal written
        for _ in range(100):
            await invocation.write(b"x")
            written += 1
        invocation.end()

    writing = asyncio.create_task(write())
    for _ in range(1000):
        await asyncio.sleep(0)
    assert written == 16
    assert len(await events(invocation)) == 102
    await writing


async def test_a_caller_who_leaves_lets_the_function_go_on(invocation: Invocation) -> None:
    invocation.begin(streaming=True, content_type=None)

    async def write() -> None:
        for _ in range(100):
            await invocation.write(b"x")
        invocation.end()

    writing = asyncio.create_task(write())
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not writing.done()
    invocation.abandon()
    await asyncio.wait_for(writing, 30)
    assert invocation.phase is Phase.ANSWERED
    await asyncio.wait_for(invocation.answered(), 30)


async def test_a_failure_does_not_wait_for_a_slow_caller(invocation: Invocation) -> None:
    """An environment must be free to go on even if nobody reads the answer that it broke off."""
    invocation.begin(streaming=True, content_type=None)
    writing = asyncio.create_task(_fill(invocation))
    for _ in range(1000):
        await asyncio.sleep(0)
    invocation.fail(_ERROR)
    received = await events(invocation)
    assert received[-1] == _ERROR
    await asyncio.wait_for(writing, 30)


async def _fill(invocation: Invocation) -> None:
    for _ in range(30):
        await invocation.write(b"x")


async def test_the_log_s_tail_is_its_last_4_kb(invocation: Invocation) -> None:
    invocation.log("the first line")
    assert invocation.log_tail() == b"the first line\n"
    for number in range(2000):
        invocation.log(f"line {number} with ü")
    tail = invocation.log_tail()
    assert len(tail) == 4096
    assert tail.endswith("line 1998 with ü\nline 1999 with ü\n".encode())


async def test_finished_is_after_the_environment_s_work(invocation: Invocation) -> None:
    waiting = asyncio.create_task(invocation.finished())
    invocation.end()
    await asyncio.wait_for(invocation.answered(), 30)
    assert not waiting.done()
    invocation.finish()
    await asyncio.wait_for(waiting, 30)
