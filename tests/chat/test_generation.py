"""Ends that no upstream can bring about: a source with a fault of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from chat.generation import AnswerError, generate, stream_answer
from chat.metrics import Measurement
from chat.parts import (
    Abort,
    Finish,
    Part,
    TextDelta,
    ToolApprovalRequest,
    ToolCall,
    ToolDenied,
    ToolResult,
    Usage,
)
from chat.protocols.choice import encoder_for
from chat.protocols.data_stream import DataStream
from chat.requests import ChatRequest
from lambda_runtime import StreamClosed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from chat.sources import ModelSource

REQUEST = ChatRequest([{"role": "user", "content": "Hi"}], "gpt-4o-mini")


@dataclass
class ScriptedSource:
    """Yields batches, raises exceptions; it is its own `Sources`."""

    script: Sequence[list[Part] | BaseException]
    closing: BaseException | Callable[[], object] | None = None
    """What its close raises, or does before it waits for ever."""
    closed: bool = False

    def for_request(self, _request: ChatRequest) -> ModelSource:
        return self

    async def stream(self, request: ChatRequest) -> AsyncGenerator[list[Part], None]:
        try:
            for step in self.script:
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed = True
            if isinstance(self.closing, BaseException):
                raise self.closing
            if self.closing is not None:
                self.closing()
                await asyncio.Event().wait()

    async def aclose(self) -> None:
        pass


@dataclass
class MemoryStream:
    """What a response stream does, without a platform; it may be gone."""

    gone: bool = False
    written: list[bytes] = field(default_factory=list)
    ended: bool = False

    @property
    def started(self) -> bool:
        return bool(self.written)

    async def write(self, data: bytes) -> None:
        if self.gone:
            raise StreamClosed("the platform is gone")
        self.written.append(data)

    async def end(self) -> None:
        self.ended = True


async def answer(source: ScriptedSource, stream: MemoryStream) -> list[bytes]:
    deadline = asyncio.get_running_loop().time() + 30
    typed: Any = (source, stream)
    await stream_answer(
        *(typed[0], REQUEST, DataStream("m"), typed[1]),
        deadline=deadline,
        keepalive=10,
        measured=Measurement(),
    )
    return b"".join(stream.written).split(b"\n")


async def test_a_source_that_raises_ends_in_one_error_part(caplog: pytest.LogCaptureFixture) -> None:
    """The text until then stays; what it raised is in the log with its stack, and nowhere else."""
    source, stream = ScriptedSource([[TextDelta("a")], ZeroDivisionError("secret")]), MemoryStream()
    lines = await answer(source, stream)
    assert lines[:2] == [b'f:{"messageId":"m"}', b'0:"a"']
    assert lines[2].startswith(b'3:"Something went wrong.')
    assert lines[3:] == [b""]
    assert stream.ended
    assert source.closed
    assert "ZeroDivisionError('secret')" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_source_that_just_stops_has_failed() -> None:
    lines = await answer(ScriptedSource([[TextDelta("a")]]), MemoryStream())
    assert [line[:2] for line in lines] == [b"f:", b"0:", b"3:", b""]


async def test_parts_out_of_order_become_an_error_part_behind_what_was_in_order() -> None:
    source = ScriptedSource([[TextDelta("a"), ToolResult("never called", 1)], [Finish("stop")]])
    lines = await answer(source, MemoryStream())
    assert [line[:2] for line in lines] == [b"f:", b"0:", b"3:", b""]
    assert source.closed


async def test_a_failure_before_the_first_byte_leaves_the_stream_unused() -> None:
    stream = MemoryStream()
    with pytest.raises(AnswerError, match="Something went wrong") as raised:
        await answer(ScriptedSource([ZeroDivisionError("secret")]), stream)
    assert (raised.value.status, stream.written, stream.ended) == (500, [], False)


async def test_a_platform_that_is_gone_closes_the_source() -> None:
    source = ScriptedSource([[TextDelta("a")], [Finish("stop")]])
    with pytest.raises(StreamClosed):
        await answer(source, MemoryStream(gone=True))
    assert source.closed


async def test_a_timeout_that_is_not_the_deadlines_is_an_internal_error() -> None:
    async def consume(parts: list[Part]) -> None:
        raise TimeoutError("of some library")

    source: Any = ScriptedSource([[TextDelta("a")]])
    with pytest.raises(AnswerError, match="Something went wrong"):
        await generate(source, REQUEST, consume, asyncio.get_running_loop().time() + 30, Measurement())


async def test_a_failure_behind_parts_that_show_nothing_yet_still_has_a_status() -> None:
    """An encoder may hold parts back; what it gives no bytes for must not open the stream."""
    stream = MemoryStream()
    with pytest.raises(AnswerError):
        await answer(ScriptedSource([[TextDelta("")], ZeroDivisionError()]), stream)
    assert not stream.started


async def test_nothing_is_read_behind_the_finish() -> None:
    source = ScriptedSource([[TextDelta("a"), Finish("stop")], ZeroDivisionError("never reached")])
    lines = await answer(source, MemoryStream())
    assert [line[:2] for line in lines] == [b"f:", b"0:", b"e:", b"d:", b""]
    assert source.closed


async def test_nothing_is_read_behind_an_abort() -> None:
    source = ScriptedSource([[TextDelta("a"), Abort()], ZeroDivisionError("never reached")])
    lines = await answer(source, MemoryStream())
    assert [line[:2] for line in lines] == [b"f:", b"0:", b"e:", b"d:", b""]
    assert source.closed


async def test_approval_is_told_among_the_parts() -> None:
    asked = ChatRequest(
        REQUEST.messages, REQUEST.model, needs_approval=frozenset({"delete"}), denied=("earlier",)
    )
    told: list[Part] = []

    async def consume(parts: list[Part]) -> None:
        told.extend(parts)

    source: Any = ScriptedSource([[ToolCall("c", "delete", {})], [Finish("tool-calls")]])
    await generate(source, asked, consume, asyncio.get_running_loop().time() + 30, Measurement())
    kinds = [type(part) for part in told]
    assert kinds == [ToolDenied, ToolCall, ToolApprovalRequest, Finish]


OUT_OF_ORDER: list[list[Part] | BaseException] = [
    [TextDelta("words"), ToolResult("never called", 1)],
    [Finish("stop")],
]
RAISES: list[list[Part] | BaseException] = [[TextDelta("words")], ZeroDivisionError("secret")]
STOPS: list[list[Part] | BaseException] = [[TextDelta("words")]]


@pytest.mark.parametrize(
    ("protocol", "script"),
    [
        *((protocol, OUT_OF_ORDER) for protocol in ("data-stream", "ui-message-stream", "sse")),
        *(
            (protocol, script)
            for protocol in ("data-stream", "ui-message-stream", "sse", "text")
            for script in (RAISES, STOPS)
        ),
    ],
)
async def test_every_protocol_ends_in_one_error_whatever_the_source_does(
    protocol: Any, script: list[list[Part] | BaseException]
) -> None:
    """What was in order stays, and the error is the last. Text alone has no order of its parts to break."""
    source, stream = ScriptedSource(script), MemoryStream()
    encoder = encoder_for(ChatRequest(REQUEST.messages, REQUEST.model, protocol=protocol))
    typed: Any = (source, stream)
    await stream_answer(
        *(typed[0], REQUEST, encoder, typed[1]),
        deadline=asyncio.get_running_loop().time() + 30,
        keepalive=10,
        measured=Measurement(),
    )
    written = b"".join(stream.written)
    assert b"words" in written
    assert written.count(b"(error id ") == 1
    assert b"secret" not in written
    assert (stream.ended, source.closed) == (True, True)


PROTOCOLS = ("data-stream", "ui-message-stream", "sse", "text")
WHOLE: list[list[Part] | BaseException] = [[TextDelta("words")], [Finish("stop", Usage(3, 2))]]
# The last bytes of a whole answer; text has no end of its own.
ENDS = {
    "data-stream": b"}\n",
    "ui-message-stream": b"data: [DONE]\n\n",
    "sse": b'"totalTokens":5}}\n\n',
    "text": b"words",
}


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward: a deadline passes when the test says so."""

    skipped = 0.0

    def time(self) -> float:
        return super().time() + self.skipped


def let_the_deadline_pass() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    loop.skipped += 3600


@dataclass
class SlowStream(MemoryStream):
    """Takes every write at once, as a socket's buffer does; once `slow`, it then waits for a reader for ever."""

    on_wait: Callable[[], object] = lambda: None
    slow: bool = False

    async def write(self, data: bytes) -> None:
        await super().write(data)
        if self.slow:
            self.on_wait()
            await asyncio.Event().wait()


async def stream_whole(source: ScriptedSource, stream: MemoryStream, protocol: Any) -> dict[str, Any]:
    """Stream an answer that does not fail for its reader; what is measured of it."""
    encoder = encoder_for(ChatRequest(REQUEST.messages, REQUEST.model, protocol=protocol))
    typed: Any = (source, stream)
    with Measurement() as measured:
        await stream_answer(
            *(typed[0], REQUEST, encoder, typed[1]),
            deadline=asyncio.get_running_loop().time() + 30,
            keepalive=10,
            measured=measured,
        )
    members = measured.members()
    assert members is not None
    return members


def assert_whole(stream: MemoryStream, protocol: str, measured: dict[str, Any]) -> None:
    written = b"".join(stream.written)
    assert written.endswith(ENDS[protocol])
    assert b"error" not in written.lower()
    assert stream.ended
    assert (measured["Errors"], measured["DeadlineCuts"]) == (0, 0)
    assert (measured["finishReason"], measured["OutputTokens"]) == ("stop", 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_source_that_closes_badly_behind_its_finish_leaves_the_answer_whole(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client has all of it: nothing is written behind the end, nothing counts as failed, the log has why."""
    source, stream = ScriptedSource(WHOLE, closing=ZeroDivisionError("of the close")), MemoryStream()
    assert_whole(stream, protocol, await stream_whole(source, stream, protocol))
    assert "did not close well: ZeroDivisionError('of the close')" in caplog.text


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_source_that_never_closes_holds_the_stream_until_the_deadline_alone(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    source, stream = ScriptedSource(WHOLE, closing=let_the_deadline_pass), MemoryStream()
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        assert_whole(stream, protocol, runner.run(stream_whole(source, stream, protocol)))
    assert "did not close well: TimeoutError" in caplog.text


@dataclass
class SlowingSource(ScriptedSource):
    """Its reader reads no more from the `Finish` on."""

    reader: SlowStream = field(default_factory=SlowStream)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[list[Part], None]:
        async for batch in super().stream(request):
            self.reader.slow = isinstance(batch[-1], Finish)
            yield batch


def slowly_read(protocol: str, reader: SlowStream) -> SlowingSource:
    # Text has no bytes of its own for its end: there the last words come with it.
    last: list[Part] = [TextDelta("words"), Finish("stop", Usage(3, 2))]
    script: list[list[Part] | BaseException] = [[TextDelta("first ")], last]
    return SlowingSource(script if protocol == "text" else WHOLE, reader=reader)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_deadline_comes_too_late_for_an_end_that_a_slow_reader_has_not_taken(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The end is in the socket: nothing can be said behind it, and the reader may still get all of it."""
    stream = SlowStream(on_wait=let_the_deadline_pass)
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        answering = stream_whole(slowly_read(protocol, stream), stream, protocol)
        assert_whole(stream, protocol, runner.run(answering))
    assert "its reader had not taken all of it" in caplog.text


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_so_does_a_stop_of_the_process(protocol: str) -> None:
    waiting = asyncio.Event()
    stream = SlowStream(on_wait=waiting.set)
    answering = asyncio.create_task(stream_whole(slowly_read(protocol, stream), stream, protocol))
    await waiting.wait()
    answering.cancel()
    assert_whole(stream, protocol, await answering)


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_parts_behind_the_end_are_left_out(protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    """The log names their types and not what they say."""
    source = ScriptedSource([[TextDelta("words"), Finish("stop", Usage(3, 2)), TextDelta("hidden")]])
    stream = MemoryStream()
    assert_whole(stream, protocol, await stream_whole(source, stream, protocol))
    assert b"hidden" not in b"".join(stream.written)
    assert "behind the end of the answer, which are left out: TextDelta" in caplog.text
    assert "hidden" not in caplog.text


async def test_a_source_that_closes_badly_does_not_fail_a_collected_answer() -> None:
    """The buffered function hands out what it has."""
    told: list[Part] = []

    async def consume(parts: list[Part]) -> None:
        told.extend(parts)

    source: Any = ScriptedSource(WHOLE, closing=ZeroDivisionError("of the close"))
    await generate(source, REQUEST, consume, asyncio.get_running_loop().time() + 30, Measurement())
    assert [type(part) for part in told] == [TextDelta, Finish]


async def test_a_stop_while_the_stream_still_opens_is_a_failure_with_a_status() -> None:
    """The end was encoded, but nothing of it has been sent: the client reads why, not an empty 200."""

    @dataclass
    class Opening(MemoryStream):
        opening: asyncio.Event = field(default_factory=asyncio.Event)

        async def write(self, data: bytes) -> None:
            self.opening.set()
            await asyncio.Event().wait()

    stream = Opening()
    whole = ScriptedSource([[TextDelta("words"), Finish("stop")]])
    answering = asyncio.create_task(stream_whole(whole, stream, "sse"))
    await stream.opening.wait()
    answering.cancel()
    with pytest.raises(AnswerError) as raised:
        await answering
    assert (raised.value.status, stream.ended) == (503, False)
