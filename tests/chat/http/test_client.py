"""The HTTP client against a server of real sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from chat.http.client import IDLE_SECONDS, MAX_IDLE, HttpClient
from chat.http.connection import (
    DRAIN_BYTES,
    HIGH_WATER,
    MAX_HEAD,
    Connection,
    ConnectionLostError,
    HttpError,
)
from tests.fakes.upstream import CLOSE, RESET, FakeUpstream, Raw, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from chat.http.client import Response

pytestmark = pytest.mark.usefixtures("upstream")


@pytest.fixture
async def client(upstream: FakeUpstream) -> AsyncIterator[HttpClient]:
    made = HttpClient(f"{upstream.url}/chat/completions", {"X-Fixed": "yes"}, 5.0, {})
    yield made
    await made.aclose()


def soon(seconds: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def post(client: HttpClient, body: bytes = b"{}") -> Response:
    return await client.post(body, soon())


async def body_of(response: Response) -> bytes:
    pieces = []
    while data := await response.read(soon()):
        pieces.append(data)
    response.done()
    return b"".join(pieces)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds; a test that waits in vain fails after 10 s."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0)


async def test_what_is_sent(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"ok"]))
    response = await post(client, b'{"a": 1}')
    assert (response.status, await body_of(response)) == (200, b"ok")
    assert response.headers["content-type"] == "text/event-stream"
    (request,) = upstream.requests
    assert (request.method, request.target, request.json) == ("POST", "/v1/chat/completions", {"a": 1})
    assert request.headers == {
        "host": f"127.0.0.1:{upstream.port}",
        "accept-encoding": "identity",
        "x-fixed": "yes",
        "content-length": "8",
    }


async def test_headers_of_one_request_are_of_no_other(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"one"]), Reply([b"two"]))
    await body_of(await client.post(b"{}", soon(), {"Authorization": "Bearer one", "X-Own": "1"}))
    await body_of(await client.post(b"{}", soon(), {"Authorization": "Bearer two"}))
    first, second = upstream.requests
    assert (first.headers["authorization"], first.headers["x-own"]) == ("Bearer one", "1")
    assert second.headers["authorization"] == "Bearer two"
    assert "x-own" not in second.headers
    assert first.headers["x-fixed"] == second.headers["x-fixed"] == "yes"
    assert upstream.connections == 1


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://h.example", "/", "h.example"),
        ("http://h.example:80/v1?api-version=1", "/v1?api-version=1", "h.example"),
        ("https://h.example:8443/a b/ü", "/a%20b/%C3%BC", "h.example:8443"),
        ("https://user:secret@h.example/v1", "/v1", "h.example"),
        ("http://[::1]:11434/v1", "/v1", "[::1]:11434"),
        ("https://bücher.example/v1", "/v1", "xn--bcher-kva.example"),
    ],
)
def test_the_request_line_and_host_of_a_url(url: str, target: str, host: str) -> None:
    client = HttpClient(url, {}, 5.0, {})
    assert (client.host, client.path) == (host, target.partition("?")[0])
    head = client._head.decode()
    assert head.split("\r\n")[:2] == [f"POST {target} HTTP/1.1", f"Host: {host}"]
    assert "secret" not in head


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_every_framing(framing: str, client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"one ", b"two"], framing=framing))  # type: ignore[arg-type]  # a literal by parametrize
    assert await body_of(await post(client)) == b"one two"


@pytest.mark.parametrize("status", [204, 304])
async def test_responses_without_a_body(status: int, client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply(head=b"HTTP/1.1 %d X\r\n\r\n" % status, framing="length"), Reply([b"next"]))
    response = await post(client)
    assert (response.status, await body_of(response)) == (status, b"")
    assert await body_of(await post(client)) == b"next"
    assert upstream.connections == 1


async def test_interim_responses_are_not_the_answer(client: HttpClient, upstream: FakeUpstream) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    upstream.enqueue(Reply([b"ok"], interim=interim))
    response = await post(client)
    assert (response.status, await body_of(response)) == (200, b"ok")
    assert "link" not in response.headers


async def test_repeated_headers_are_a_list_and_trailers_are_none(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    head = b"HTTP/1.1 200 OK\r\nVia: a\r\nVIA: b\r\nEmpty:\r\nTransfer-Encoding: chunked\r\n\r\n"
    upstream.enqueue(Reply([Raw(b"2\r\nok\r\n0\r\nVia: late\r\n\r\n")], head=head, framing="length"))
    response = await post(client)
    assert await body_of(response) == b"ok"
    assert (response.headers["via"], response.headers["empty"]) == ("a, b", "")


async def test_a_connection_is_kept(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"1"]), Reply([b"2"], framing="length"), Reply([b"3"]))
    for expected in (b"1", b"2", b"3"):
        assert await body_of(await post(client)) == expected
    assert upstream.connections == 1


@pytest.mark.parametrize(
    "last",
    [
        Reply([b"1"], keep_alive=False),
        Reply([b"1"], framing="close"),
        Reply([Raw(b"1")], head=b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", framing="length"),
        Reply([b"1", Raw(b"too much")], framing="length"),
        Reply([b"1", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")], framing="length"),
    ],
    ids=["asks to close", "ends by closing", "HTTP/1.0", "bytes too many", "a response too many"],
)
async def test_a_connection_is_not_kept(last: Reply, client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(last, Reply([b"2"]))
    for expected in (b"1", b"2"):
        assert await body_of(await post(client)) == expected
    assert upstream.connections == 2


async def test_answers_side_by_side_have_connections_of_their_own(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    go = asyncio.Event()
    upstream.enqueue(*(Reply([b"a", go, b"b"]) for _ in range(MAX_IDLE + 2)))
    responses = await asyncio.gather(*(post(client) for _ in range(MAX_IDLE + 2)))
    go.set()
    assert await asyncio.gather(*map(body_of, responses)) == [b"ab"] * (MAX_IDLE + 2)
    await until(lambda: len(client._all) == MAX_IDLE)
    assert len(client._idle) == MAX_IDLE


async def test_done_before_the_end_still_keeps_the_connection(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    """[DONE] ends an answer; the end of the chunked body comes when it comes."""
    go = asyncio.Event()
    upstream.enqueue(Reply([b"all of it", go, b"\n"]), Reply([b"next"]))
    response = await post(client)
    assert await response.read(soon()) == b"all of it"
    response.done()
    go.set()
    await until(lambda: bool(client._idle))
    assert await body_of(await post(client)) == b"next"
    assert upstream.connections == 1


async def test_done_does_not_wait_for_ever(client: HttpClient, upstream: FakeUpstream) -> None:
    reply = Reply([b"all of it", asyncio.Event()])
    upstream.enqueue(reply)
    response = await post(client)
    await response.read(soon())
    response.done()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_done_does_not_read_on_for_ever(client: HttpClient, upstream: FakeUpstream) -> None:
    reply = Reply([b"all of it", *[b"x" * 1024] * (4 * DRAIN_BYTES // 1024), asyncio.Event()])
    upstream.enqueue(reply)
    response = await post(client)
    await response.read(soon())
    response.done()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_the_server_ends_the_connection_after_done(client: HttpClient, upstream: FakeUpstream) -> None:
    go = asyncio.Event()
    upstream.enqueue(Reply([b"all of it", go, CLOSE]))
    response = await post(client)
    await response.read(soon())
    response.done()
    go.set()
    await until(lambda: not client._all)
    assert not client._idle


async def test_close_in_the_middle_is_at_once(client: HttpClient, upstream: FakeUpstream) -> None:
    reply = Reply([b"a", asyncio.Event()])
    upstream.enqueue(reply)
    response = await post(client)
    assert await response.read(soon()) == b"a"
    response.close()
    async with asyncio.timeout(10):
        await reply.client_closed.wait()
    response.done()  # nothing more to let go of
    assert not client._idle


async def test_a_connection_closed_while_idle_is_replaced(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"1"]), Reply([b"2"]))
    await body_of(await post(client))
    await upstream.close_connections()
    assert await body_of(await post(client)) == b"2"
    assert len(upstream.requests) == 2


async def test_a_close_that_the_loop_has_not_seen_is_noticed() -> None:
    """After a freeze the end of a connection lies in its socket; not a byte is sent into it."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        client = HttpClient(f"http://127.0.0.1:{server.getsockname()[1]}/", {}, 5.0, {})
        sides = []
        for body in (b"1", b"2"):
            posting = asyncio.ensure_future(post(client))
            side, _ = await loop.sock_accept(server)
            sides.append(side)
            assert (await loop.sock_recv(side, 65536)).startswith(b"POST / ")
            await loop.sock_sendall(side, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
            assert await body_of(await posting) == body
            assert len(client._idle) == 1
            side.shutdown(socket.SHUT_WR)  # and the next request is posted before the loop turns
        assert await loop.sock_recv(sides[0], 65536) == b""
        await client.aclose()
        for side in sides:
            side.close()


async def test_a_kept_connection_that_dies_unanswered_is_tried_once_more(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    """The server had closed it while the request was on its way."""
    upstream.enqueue(Reply([b"1"]), Reply([RESET], head=b""), Reply([b"2"]))
    await body_of(await post(client))
    assert await body_of(await post(client)) == b"2"
    assert [request.connection for request in upstream.requests] == [1, 1, 2]


async def test_a_fresh_connection_that_dies_is_not_tried_again(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    upstream.enqueue(Reply([CLOSE], head=b""))
    with pytest.raises(ConnectionLostError, match="without an answer") as caught:
        await post(client)
    assert (caught.value.untouched, caught.value.transient) == (True, True)
    assert len(upstream.requests) == 1


async def test_a_kept_connection_that_dies_in_its_answer_is_not_tried_again(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    """The server has begun to work on it."""
    upstream.enqueue(Reply([b"1"]), Reply([CLOSE], head=b"HTTP/1.1 200 OK\r\n"))
    await body_of(await post(client))
    with pytest.raises(ConnectionLostError) as caught:
        await post(client)
    assert not caught.value.untouched
    assert len(upstream.requests) == 2


async def test_an_old_connection_is_not_used(client: HttpClient, upstream: FakeUpstream) -> None:
    """Whatever stands between may have forgotten it without a word."""
    upstream.enqueue(Reply([b"1"]), Reply([b"2"]))
    await body_of(await post(client))
    ((connection, since),) = client._idle
    client._idle[0] = (connection, since - IDLE_SECONDS)
    assert await body_of(await post(client)) == b"2"
    assert upstream.connections == 2


async def test_words_without_a_question_end_the_connection(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    upstream.enqueue(Reply([b"1"]))
    await body_of(await post(client))
    (serving,) = upstream._open
    assert serving.transport is not None
    serving.transport.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    await until(lambda: not client._all)


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["closed", "reset"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_cut_off_body_gives_what_came_and_then_fails(
    end: object, framing: str, client: HttpClient, upstream: FakeUpstream
) -> None:
    steps = [b"one", end, b"two"]
    upstream.enqueue(Reply(steps, framing=framing))  # type: ignore[arg-type]  # a literal by parametrize
    response = await post(client)
    assert await response.read(soon()) == b"one"
    with pytest.raises(ConnectionLostError, match="in the middle"):
        await response.read(soon())
    response.close()


async def test_a_reset_is_no_end_of_a_body_without_a_length(
    client: HttpClient, upstream: FakeUpstream
) -> None:
    upstream.enqueue(Reply([b"one", RESET], framing="close"))
    response = await post(client)
    assert await response.read(soon()) == b"one"
    with pytest.raises(ConnectionLostError):
        await response.read(soon())
    response.close()


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2 * MAX_HEAD,
        (b"HTTP/1.1 103 Early\r\n\r\n") * MAX_HEAD,
    ],
    ids=["ssh", "http2", "two lengths", "negative", "upgrade", "endless header", "endless interim"],
)
async def test_what_is_not_http_is_refused(head: bytes, client: HttpClient, upstream: FakeUpstream) -> None:
    reply = Reply([asyncio.Event()], head=head, framing="length")
    upstream.enqueue(reply)
    with pytest.raises(HttpError, match="not valid HTTP") as caught:
        await post(client)
    assert not caught.value.transient
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


@pytest.mark.parametrize("junk", [b"zz\r\n", b"0\r\nX: " + b"x" * 2 * MAX_HEAD], ids=["size", "trailer"])
async def test_a_body_that_is_not_http_gives_what_came_and_then_fails(
    junk: bytes, client: HttpClient, upstream: FakeUpstream
) -> None:
    go = asyncio.Event()
    upstream.enqueue(Reply([b"one", go, Raw(junk), asyncio.Event()]))
    response = await post(client)
    assert await response.read(soon()) == b"one"
    go.set()
    with pytest.raises(HttpError, match="not valid HTTP"):
        await response.read(soon())
    response.close()


async def test_the_head_has_a_deadline(client: HttpClient, upstream: FakeUpstream) -> None:
    reply = Reply([asyncio.Event()], head=b"")
    upstream.enqueue(reply)
    with pytest.raises(TimeoutError):
        await client.post(b"", soon(0.05))
    async with asyncio.timeout(10):
        await reply.client_closed.wait()


async def test_a_deadline_that_has_passed_sends_nothing(client: HttpClient, upstream: FakeUpstream) -> None:
    with pytest.raises(TimeoutError):
        await client.post(b"", soon(-1))
    assert upstream.connections == 0


async def test_every_read_has_its_deadline(client: HttpClient, upstream: FakeUpstream) -> None:
    """A later deadline moves the timer out, an earlier one in."""
    go = asyncio.Event()
    upstream.enqueue(Reply([b"one", go, b"two", asyncio.Event()]))
    response = await post(client)
    assert await response.read(soon(0.05)) == b"one"
    reading = asyncio.ensure_future(response.read(soon(10)))
    await asyncio.sleep(0)
    go.set()
    assert await reading == b"two"
    latest = soon(5)
    with pytest.raises(TimeoutError):
        await response.read(soon(0.05))
    assert asyncio.get_running_loop().time() < latest
    response.close()


async def test_a_later_deadline_outlives_an_earlier_timer(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"one", asyncio.Event()]))
    response = await post(client)
    await response.read(soon())
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError):
        await response.read(soon(0.02))
    first = asyncio.ensure_future(response.read(soon(0.02)))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    deadline = soon(0.1)
    with pytest.raises(TimeoutError):
        await response.read(deadline)
    assert loop.time() >= deadline
    response.close()


async def test_part_of_an_error_body_is_enough(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(
        Reply([b"x" * 100]), Reply([b"half", CLOSE]), Reply([b"slow", asyncio.Event()]), Reply([b"all"])
    )
    for limit, deadline, expected in ((10, 10.0, b"x" * 10), (10, 10.0, b"half"), (10, 0.05, b"slow")):
        response = await post(client)
        assert await response.read_up_to(limit, soon(deadline)) == expected
        response.close()
    response = await post(client)
    assert await response.read_up_to(100, soon()) == b"all"
    response.done()


async def test_closing_the_client_fails_who_waits(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"one", asyncio.Event()]))
    response = await post(client)
    await response.read(soon())
    reading = asyncio.ensure_future(response.read(soon()))
    await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(HttpError, match="closed on this side"):
        await reading
    response.close()


async def test_a_slow_reader_holds_the_server_back(client: HttpClient, upstream: FakeUpstream) -> None:
    """Memory does not grow with the answer: what waits for the reader is bounded, the rest stays away."""
    piece, count = b"x" * 65536, 640
    reply = Reply([piece] * count)
    upstream.enqueue(reply)
    response = await post(client)
    first = await response.read(soon())
    # Server and client share this loop: when it turns and nothing moves, both have stopped.
    sent, still = -1, 0
    while still < 50:
        await asyncio.sleep(0)
        still = still + 1 if reply.sent == sent else 0
        sent = reply.sent
    assert 0 < reply.sent < len(piece) * count
    held: Connection = response._connection
    assert held._waiting_bytes <= HIGH_WATER + 256 * 1024
    assert len(first) + len(await body_of(response)) == len(piece) * count


async def test_a_large_request_is_sent_whole(client: HttpClient, upstream: FakeUpstream) -> None:
    upstream.enqueue(Reply([b"ok"]))
    body = bytes(range(256)) * 4096
    assert await body_of(await post(client, body)) == b"ok"
    assert upstream.requests[0].body == body
