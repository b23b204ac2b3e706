"""The connection's state without a socket: any split of a response means what the whole does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.http.connection import DRAIN_BYTES, HIGH_WATER, Connection, ConnectionLostError, HttpError


class Wire(asyncio.Transport):
    """A transport that notes what is done to it; the test plays the socket."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False
        self._reading = True

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        assert self._reading
        self._reading = False

    def resume_reading(self) -> None:
        assert not self._reading
        self._reading = True

    def is_reading(self) -> bool:
        return self._reading


HEADS = [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 404 Not Found\r\nX: a\r\nx: b\r\n", b"HTTP/1.1 204 None\r\n"]
INTERIM = [b"", b"HTTP/1.1 100 Continue\r\n\r\n"]
REST = [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"junk"]


def _chunked(pieces: list[bytes]) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\nTrailer: x\r\n\r\n"


def _counted(pieces: list[bytes]) -> bytes:
    body = b"".join(pieces)
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


bodies = st.lists(st.binary(max_size=20), max_size=5)
responses = st.tuples(
    st.sampled_from(INTERIM),
    st.sampled_from(HEADS),
    st.one_of(bodies.map(_chunked), bodies.map(_counted), bodies.map(b"\r\n".join).map(b"\r\n%b".__mod__)),
    st.sampled_from(REST),
).map(b"".join)
# Also what no server should send.
anything = st.one_of(responses, st.binary(max_size=80), responses.map(lambda response: response[:-3]))


async def play(pieces: list[bytes]) -> tuple[Any, ...]:
    """Feed a response and then the connection's end; what comes out of it, and whether it would be kept."""
    freed: list[Connection] = []
    connection = Connection(asyncio.get_running_loop(), freed.append)
    wire = Wire()
    connection.connection_made(wire)
    connection.send(b"request")
    assert wire.written == b"request"
    for piece in pieces:
        if not wire.aborted:
            connection.data_received(piece)
    complete = connection._complete
    kept = complete and connection._keep_alive
    connection.connection_lost(None)
    body, failure = b"", ""
    try:
        await connection.head(0)
        while data := await connection.read(0):
            body += data
    except HttpError as error:
        failure = str(error)
    connection.release()
    assert freed
    return connection.status, connection.headers, body, failure, kept


@given(anything, st.data())
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", None)
def test_any_split_is_the_whole(response: bytes, data: st.DataObject | None) -> None:
    if data is None:
        pieces = [response[i : i + 1] for i in range(len(response))]
    else:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(response)), max_size=8)))
        pieces = [response[a:b] for a, b in zip([0, *cuts], [*cuts, len(response)], strict=True) if a < b]

    async def both() -> tuple[Any, Any]:
        return await play(pieces), await play([response] if response else [])

    split, whole = asyncio.run(both())
    assert split == whole


@given(bodies)
def test_bodies_arrive_as_they_were_sent(pieces: list[bytes]) -> None:
    async def both() -> list[Any]:
        head = b"HTTP/1.1 200 OK\r\n"
        return [await play([head + framed(pieces)]) for framed in (_chunked, _counted)]

    for status, _, body, failure, kept in asyncio.run(both()):
        assert (status, body, failure, kept) == (200, b"".join(pieces), "", True)


def connected() -> tuple[Connection, Wire, list[Connection]]:
    freed: list[Connection] = []
    connection = Connection(asyncio.get_running_loop(), freed.append)
    wire = Wire()
    connection.connection_made(wire)
    connection.send(b"request")
    return connection, wire, freed


LARGE = b"x" * (HIGH_WATER + 1)


async def test_a_complete_body_that_nobody_read_keeps_the_connection() -> None:
    """Reading was paused for the reader's sake; the next answer must not find it so."""
    connection, wire, freed = connected()
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(LARGE), LARGE))
    assert not wire.is_reading()
    connection.release()
    assert wire.is_reading()
    assert connection.reusable
    assert freed == [connection]


async def test_the_rest_of_a_body_is_read_and_dropped() -> None:
    connection, wire, freed = connected()
    size = len(LARGE) + DRAIN_BYTES
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, LARGE))
    connection.release()
    assert wire.is_reading()
    assert not freed
    connection.data_received(b"x" * DRAIN_BYTES)
    assert connection.reusable
    assert freed == [connection]
    assert not connection._chunks


async def test_junk_after_the_answer_ends_the_connection() -> None:
    connection, wire, freed = connected()
    connection.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    connection.release()
    connection.data_received(b"junk\r\n")
    assert wire.aborted
    assert freed == [connection]


async def test_a_closed_connection_takes_no_request() -> None:
    connection, wire, _ = connected()
    connection.abort()
    connection.send(b"another")
    with pytest.raises(ConnectionLostError) as caught:
        await connection.head(0)
    assert caught.value.untouched
    assert wire.written == b"request"


async def test_letting_go_twice_is_letting_go_once() -> None:
    connection, _, freed = connected()
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    connection.release()
    connection.release()
    assert freed == [connection]
    connection.abort()
