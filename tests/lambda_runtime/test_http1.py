"""The sans-I/O half: what is fed in any pieces gives what the whole gives; nothing illegal gets out."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_runtime import http1
from lambda_runtime.http1 import (
    ProtocolError,
    Response,
    ResponseParser,
    encode_chunk,
    encode_end,
    encode_head,
)

bodies = st.binary(max_size=300)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True).filter(
    lambda name: name.lower() not in ("content-length", "host", "transfer-encoding")
)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)
fields = st.lists(st.tuples(names, values), max_size=4)


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, Response]:
    """A response's bytes in one of HTTP's framings, and what it is."""
    status = draw(st.sampled_from([200, 202, 204, 304, 400, 410, 413, 500]))
    headers = draw(fields)
    body = b"" if status in (204, 304) else draw(bodies)
    framed = body
    if status not in (204, 304):
        if draw(st.booleans()):
            headers = [*headers, ("Content-Length", str(len(body)))]
        else:
            headers = [*headers, ("Transfer-Encoding", draw(st.sampled_from(["chunked", "Chunked"])))]
            cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
            pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a != b]
            extension = draw(st.sampled_from([b"", b";x=1", b" "]))
            framed = b"".join(b"%x%b\r\n%b\r\n" % (len(p), extension, p) for p in pieces) + b"0\r\n"
            framed += draw(st.sampled_from([b"", b"Trailer-A: 1\r\n"])) + b"\r\n"
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"])
    )
    head = f"HTTP/1.1 {status} Some Reason\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n"
    return interim + head.encode() + framed, Response(status, {n.lower(): v for n, v in headers}, body)


def feed_all(parser: ResponseParser, pieces: list[bytes]) -> list[Response]:
    found = []
    for piece in pieces:
        response = parser.feed(piece)
        while response is not None:
            found.append(response)
            response = parser.feed(b"")
    return found


@given(st.lists(responses(), min_size=1, max_size=3), st.data())
def test_any_split_gives_the_same_responses(
    messages: list[tuple[bytes, Response]], data: st.DataObject
) -> None:
    wire = b"".join(raw for raw, _ in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    expected = [response for _, response in messages]
    assert feed_all(ResponseParser(), [wire]) == expected
    assert feed_all(ResponseParser(), pieces) == expected
    assert feed_all(ResponseParser(), [wire[i : i + 1] for i in range(len(wire))]) == expected


@given(st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]))
def test_garbage_gives_a_response_or_a_protocol_error_and_nothing_else(tail: bytes, start: bytes) -> None:
    parser = ResponseParser()
    try:
        feed_all(parser, [start + tail])
        parser.eof()
    except ProtocolError:
        pass


@given(bodies)
def test_a_body_without_length_ends_with_the_connection(body: bytes) -> None:
    parser = ResponseParser()
    assert parser.feed(b"HTTP/1.1 200 OK\r\n\r\n" + body) is None
    assert parser.eof() == Response(200, {}, body)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_close_in_the_middle_is_an_error(wire: bytes) -> None:
    parser = ResponseParser()
    assert parser.feed(wire) is None
    assert parser.started
    with pytest.raises(ProtocolError, match="closed in the middle"):
        parser.eof()


def test_a_close_between_responses_is_none() -> None:
    parser = ResponseParser()
    assert parser.eof() is None
    assert not parser.started


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (b"SPDY/9 200 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "not a header"),
        (b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "not a header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "a body of"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "a body of"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer coding"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk's size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "longer than its size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 2000, "has no end"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000, "head is larger"),
    ],
)
def test_what_is_not_http_is_refused(wire: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        ResponseParser().feed(wire)


@pytest.mark.parametrize("framing", ["Transfer-Encoding: chunked\r\n", ""])
def test_a_body_beyond_the_limit_is_refused(framing: str) -> None:
    parser = ResponseParser()
    assert parser.feed(f"HTTP/1.1 200 OK\r\n{framing}\r\n".encode()) is None
    piece = b"x" * (1 << 20)
    for _ in range(http1.MAX_BODY // len(piece)):
        assert parser.feed(encode_chunk(piece) if framing else piece) is None
    with pytest.raises(ProtocolError, match="larger than"):
        parser.feed(encode_chunk(piece) if framing else piece)


@given(fields, st.lists(st.binary(min_size=1, max_size=50), max_size=5), fields)
def test_h11_reads_what_is_encoded(
    headers: list[tuple[str, str]], chunks: list[bytes], trailers: list[tuple[str, str]]
) -> None:
    """An independent parser sees the same head, body and trailers."""
    wire = encode_head("POST", "/path", [("Host", "h"), *headers, ("Transfer-Encoding", "chunked")])
    wire += b"".join(map(encode_chunk, chunks)) + encode_end(trailers)
    server = h11.Connection(h11.SERVER)
    server.receive_data(wire)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"POST", b"/path")
    seen = [(name.decode(), value.decode()) for name, value in request.headers]
    assert seen[1:-1] == [(name.lower(), value) for name, value in headers]
    body = b""
    while not isinstance(event := server.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += event.data
    assert body == b"".join(chunks)
    assert [(n.decode(), v.decode()) for n, v in event.headers] == [(n.lower(), v) for n, v in trailers]


@pytest.mark.parametrize(
    ("name", "value"),
    [("A", "x\r\nB: y"), ("A", "x\ny"), ("A", "\0"), ("A b", "x"), ("", "x"), ("A:", "x"), ("A", "ü€")],
)
def test_a_header_that_would_split_the_message_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        encode_head("GET", "/", [(name, value)])
