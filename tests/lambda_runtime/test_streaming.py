"""Streaming responses as they stand on the Runtime API's wire."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fakes.runtime_api import FakeRuntimeApi, Received
    from tests.fakes.runtime_process import Starter


NULS = b"\0" * 8
HTTP = "application/vnd.awslambda.http-integration-response"


def error_of(received: Received) -> dict[str, Any]:
    """The error that a stream's trailers tell."""
    error = json.loads(base64.b64decode(received.trailers["Lambda-Runtime-Function-Error-Body"]))
    assert error["errorType"] == received.trailers["Lambda-Runtime-Function-Error-Type"]
    return dict(error)


async def test_a_stream_has_the_headers_that_lambda_wants(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"pieces": ["a", "b"]}, headers={"Lambda-Runtime-Invocation-Id": "inv-1"})
    await start("functions.streaming")
    received = await invocation.result()
    assert received.method == "POST"
    assert received.target == f"/2018-06-01/runtime/invocation/{invocation.request_id}/response"
    assert received.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    assert received.headers["Transfer-Encoding"] == "chunked"
    assert (
        received.headers["Trailer"]
        == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"
    )
    assert received.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert received.headers["Lambda-Runtime-Invocation-Id"] == "inv-1"
    assert "Content-Length" not in received.headers
    assert received.chunks == [b"a", b"b"]
    assert received.complete
    assert received.trailers == {}


async def test_the_invocation_id_is_not_sent_where_none_came(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("x")
    await start("functions.streaming")
    assert "Lambda-Runtime-Invocation-Id" not in (await invocation.result()).headers


async def test_a_direct_stream_has_no_prelude(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke("plain")
    await start("functions.streaming")
    received = await invocation.result()
    assert received.chunks == [b"plain"]
    assert received.headers["Content-Type"] == "application/octet-stream"


async def test_prelude_and_delimiter_are_chunks_of_their_own(api: FakeRuntimeApi, start: Starter) -> None:
    """One emulator refuses them joined, and joined with the payload streams were seen buffered."""
    metadata = {"statusCode": 201, "headers": {"x-a": "1", "Set-Cookie": "s=1"}, "cookies": ["t=2"]}
    invocation = api.invoke({"http": metadata})
    await start("functions.streaming")
    received = await invocation.result()
    prelude, delimiter, payload = received.chunks
    assert json.loads(prelude) == {"statusCode": 201, "headers": {"x-a": "1"}, "cookies": ["t=2", "s=1"]}
    assert delimiter == NULS
    assert payload == b"hello"
    assert received.headers["Content-Type"] == HTTP


async def test_a_prelude_is_never_without_a_payload_byte(api: FakeRuntimeApi, start: Starter) -> None:
    """Function URLs hang on one."""
    invocation = api.invoke({"http_empty": {"statusCode": 204}})
    await start("functions.streaming")
    prelude, delimiter, payload = (await invocation.result()).chunks
    assert json.loads(prelude) == {"statusCode": 204, "headers": {}, "cookies": []}
    assert (delimiter, payload) == (NULS, b"\n")


async def test_a_failure_behind_the_prelude_still_sends_a_payload_byte(
    api: FakeRuntimeApi, start: Starter
) -> None:
    invocation = api.invoke({"http_raise": {}})
    await start("functions.streaming")
    received = await invocation.result()
    assert received.chunks[1:] == [NULS, b"\n"]
    assert error_of(received)["errorMessage"] == "after the prelude"


async def test_a_chunk_is_on_the_wire_before_the_next_is_made(api: FakeRuntimeApi, start: Starter) -> None:
    """The handler writes once and then waits for a minute; what it wrote is here nonetheless."""
    invocation = api.invoke({"wait": 1})
    await start("functions.streaming")
    assert await invocation.chunk() == b"waiting"
    assert not invocation.done.done()


async def test_every_kind_of_value_can_be_written(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"kinds": 1})
    await start("functions.streaming")
    assert (await invocation.result()).chunks == [
        b"bytes",
        b"array",
        b"view",
        "té😀xt".encode(),
        '{"json": "ü"}'.encode(),
        b"7",
    ]


async def test_an_empty_write_does_not_end_the_body(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"pieces": ["", "a", "", "b", ""]})
    await start("functions.streaming")
    assert (await invocation.result()).chunks == [b"a", b"b"]


async def test_an_error_behind_the_first_byte_is_told_in_the_trailers(
    api: FakeRuntimeApi, start: Starter
) -> None:
    invocation = api.invoke({"raise_after": ["a"], "message": "boom ü"})
    process = await start("functions.streaming")
    received = await invocation.result()
    assert received.chunks == [b"a"]
    error = error_of(received)
    assert error["errorType"] == "Function.ValueError"
    assert error["errorMessage"] == "boom ü"
    assert "functions.py" in error["trace"][0]
    assert "lambda/lambda_runtime" not in "".join(error["trace"])
    again = api.invoke("still here")
    assert (await again.result()).chunks == [b"still here"]
    assert "[ERROR] ValueError: boom ü" in await process.stop()


async def test_an_error_too_large_for_a_trailer_is_cut(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"raise_after": ["a"], "message": "m" * 100_000})
    await start("functions.streaming")
    received = await invocation.result()
    assert len(received.trailers["Lambda-Runtime-Function-Error-Body"]) <= 8192
    assert set(error_of(received)["errorMessage"]) == {"m"}


async def test_an_error_before_the_first_byte_is_posted_as_an_error(
    api: FakeRuntimeApi, start: Starter
) -> None:
    invocation = api.invoke({"raise_after": [], "message": "early"})
    await start("functions.streaming")
    received = await invocation.result()
    assert received.target.endswith("/error")
    assert received.json()["errorMessage"] == "early"


async def test_an_error_behind_the_end_is_logged_alone(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"raise_after_end": 1})
    process = await start("functions.streaming")
    received = await invocation.result()
    assert received.chunks == [b"whole"]
    assert received.trailers == {}
    assert (await api.invoke("next").result()).body == b"next"
    assert "too late to tell" in await process.stop()


async def test_a_stream_left_open_is_an_error(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"never_end": 1})
    await start("functions.streaming")
    assert error_of(await invocation.result())["errorType"] == "Runtime.StreamNotEnded"


@pytest.mark.parametrize("what", ["content_type", "prelude", "write"])
async def test_use_out_of_order_is_an_invalid_operation(
    api: FakeRuntimeApi, start: Starter, what: str
) -> None:
    invocation = api.invoke({"late": what})
    process = await start("functions.streaming")
    received = await invocation.result()
    if what == "write":  # the stream has ended well by then: nothing but the log can tell
        assert received.trailers == {}
    else:
        assert error_of(received)["errorType"] == "Runtime.InvalidStreamingOperation"
    assert (await api.invoke("next").result()).body == b"next"
    assert "Runtime.InvalidStreamingOperation" in await process.stop()


async def test_a_return_value_is_ignored_with_a_warning(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"returns": [1]})
    process = await start("functions.streaming")
    assert (await invocation.result()).chunks == [b"x"]
    await api.invoke("x").result()
    assert "return value is ignored (it returned list)" in await process.stop()


async def test_a_handler_that_exits_tells_before_it_goes(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"exit": 3})
    process = await start("functions.streaming")
    received = await invocation.result()
    assert received.chunks == [b"begun"]
    assert error_of(received)["errorType"] == "Function.SystemExit"
    assert (await process.exited())[0] == 3


async def test_writing_waits_for_the_reader(api: FakeRuntimeApi, start: Starter) -> None:
    """200 MB to a reader that stands still: all of it arrives, and memory has not grown with it."""
    invocation = api.invoke({"peak": 400, "size": 512 * 1024})
    await start("functions.streaming")
    await invocation.chunk()
    invocation.reading.clear()
    await invocation.chunk()
    invocation.reading.set()
    received = await invocation.result()
    growth = int(received.chunks.pop())
    assert len(received.body) == 400 * 512 * 1024
    assert growth < 4096, f"grew by {growth} KiB"


async def test_little_stands_between_a_write_and_its_reader(api: FakeRuntimeApi, start: Starter) -> None:
    """To a reader that stands still, the kernel would take megabytes by itself; a last part would wait behind them."""
    invocation = api.invoke({"fill": 16 * 1024})
    invocation.reading.clear()
    process = await start("functions.streaming")
    await process.printed("stuck")
    invocation.reading.set()
    body = (await invocation.result()).body
    assert int(body.rpartition(b"written ")[2]) < 1024 * 1024


async def test_a_large_write_arrives_whole(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"large": 3_000_001})
    await start("functions.streaming")
    received = await invocation.result()
    assert received.body == b"x" * 3_000_001
    assert max(map(len, received.chunks)) <= 64 * 1024


async def test_writes_of_several_tasks_do_not_mix(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"together": 300_000})
    await start("functions.streaming")
    body = (await invocation.result()).body.decode()
    assert body == "".join(letter * 300_000 for letter in dict.fromkeys(body))
    assert set(body) == set("abcd")


async def test_a_cancelled_write_is_not_torn(api: FakeRuntimeApi, start: Starter) -> None:
    """What is written behind it (a terminal part, say) must not land in the middle of a line."""
    size = 12_000_000
    invocation = api.invoke({"cancel_write": size})
    invocation.reading.clear()
    process = await start("functions.streaming")
    await process.printed("cancelled")
    invocation.reading.set()
    assert (await invocation.result()).body == b"a" * size + b"terminal"


async def test_a_platform_that_closes_ends_the_handler(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({"many": 10_000, "size": 10_000}, cut_after_chunks=3)
    process = await start("functions.streaming")
    assert not (await invocation.result()).complete
    assert (await api.invoke("next").result()).body == b"next"
    assert "Runtime.StreamClosed" in await process.stop()


@pytest.mark.parametrize("status", [410, 413, 400, 403])
async def test_an_early_answer_ends_the_handler(api: FakeRuntimeApi, start: Starter, status: int) -> None:
    """The platform has timed the invocation out, or refuses the rest; the runtime serves on."""
    invocation = api.invoke({"many": 10_000, "size": 10_000}, answer_after_head=status)
    process = await start("functions.streaming")
    await invocation.result()
    assert (await api.invoke("next").result()).body == b"next"
    expected = {410: "had timed out", 413: "larger than Lambda takes"}.get(status, f"with {status}")
    assert expected in await process.stop()


async def test_an_early_answer_that_is_no_error_cuts_nothing(api: FakeRuntimeApi, start: Starter) -> None:
    """RFC 9112, 9.6: a response before the request's end, without close, leaves the request to be sent whole."""
    invocation = api.invoke({"many": 1_000, "size": 10_000}, answer_after_head=200)
    process = await start("functions.streaming")
    received = await invocation.result()
    assert (received.complete, len(received.body)) == (True, 10_000_000)
    assert (await api.invoke("next").result()).body == b"next"
    assert "Runtime.StreamClosed" not in await process.stop()


@pytest.mark.parametrize(
    "event", ["x", {"raise_after": ["a"], "message": "m"}, {"raise_after": [], "message": "m"}]
)
async def test_a_container_error_ends_the_process(api: FakeRuntimeApi, start: Starter, event: Any) -> None:
    """AWS: a 500 is a non-recoverable state, the runtime should exit promptly."""
    api.invoke(event, status=500)
    process = await start("functions.streaming")
    code, output = await process.exited()
    assert code == 1
    assert "answered 500" in output


@pytest.mark.parametrize("event", [{}, {"raise": 1}])
async def test_a_blocking_handler_streams(api: FakeRuntimeApi, start: Starter, event: Any) -> None:
    """It may even run a loop of its own between its writes."""
    invocation = api.invoke(event)
    await start("functions.blocking")
    received = await invocation.result()
    assert json.loads(received.chunks[0])["statusCode"] == 201
    if event:
        assert received.chunks[2:] == [b"one", b"two"]
        assert error_of(received)["errorMessage"] == "between"
    else:
        assert received.chunks[2:] == [b"one", b"two", b"three"]


async def test_a_blocking_handler_sets_its_content_type(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({})
    await start("functions.blocking_typed")
    received = await invocation.result()
    assert received.headers["Content-Type"] == "text/csv"
    assert received.body == b"text/csv"


async def test_a_blocking_handler_that_returns_a_coroutine_is_told_so(
    api: FakeRuntimeApi, start: Starter
) -> None:
    invocation = api.invoke({"coroutine": 1})
    await start("functions.blocking")
    assert "not itself async def" in (await invocation.result()).json()["errorMessage"]


@pytest.mark.parametrize(
    ("handler", "pieces", "message", "closed"),
    [
        ("generator", [b"first", b'{"second": 2}'], "in a generator", "generator closed"),
        ("async_generator", [b"first", b"second"], "in an async generator", "async generator closed"),
    ],
)
async def test_generators_stream_what_they_yield(
    api: FakeRuntimeApi, start: Starter, handler: str, pieces: list[bytes], message: str, closed: str
) -> None:
    invocation = api.invoke({})
    process = await start(f"functions.{handler}")
    received = await invocation.result()
    assert received.chunks[-2:] == pieces
    assert received.complete
    failing = await api.invoke({"raise": 1}).result()
    assert failing.chunks[-1] == pieces[0]
    assert error_of(failing)["errorMessage"] == message
    assert (await process.stop()).count(closed) == 2


async def test_a_generator_is_closed_when_the_platform_closes(api: FakeRuntimeApi, start: Starter) -> None:
    invocation = api.invoke({}, cut_after_chunks=1)
    process = await start("functions.generator")
    await invocation.result()
    await api.invoke({}).result()
    assert (await process.stop()).count("generator closed") == 2


async def test_a_path_prefix_in_the_address_is_kept(start: Starter) -> None:
    """Some emulators tell several functions apart by it."""
    from tests.fakes.runtime_api import FakeRuntimeApi  # noqa: PLC0415 - a second server beside the fixture's

    async with FakeRuntimeApi("/.rt/chat") as prefixed:
        invocation = prefixed.invoke("x")
        process = await start("functions.streaming", AWS_LAMBDA_RUNTIME_API=prefixed.address)
        assert (await invocation.result()).target.startswith("/.rt/chat/2018-06-01/runtime/invocation/")
        assert (await prefixed.invoke({"raise_after": [], "message": "m"}).result()).target.endswith("/error")
        await process.stop()
