"""The decoder against the WHATWG's rules, written down a second time, and against the openai SDK's decoder."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openai._streaming import SSEDecoder as SDKDecoder

from chat.sources.sse import EventTooLargeError, SSEDecoder

# Streams made of what matters to the rules: fields, line ends, colons, spaces, BOMs, broken UTF-8.
_TOKENS = [b"data", b"data:", b"data: ", b"event: error", b"event:", b"id: 1", b"retry: 5", b":", b" ", b"x"]
_ENDS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef", "é🦜".encode(), b"\xf0\x9f"]
streams = st.lists(st.sampled_from(_TOKENS + _ENDS), max_size=40).map(b"".join)


def decode(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    decoder = SSEDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


def by_the_rules(stream: bytes) -> list[tuple[bytes, bytes]]:
    """WHATWG, 9.2.6 "Interpreting an event stream", line by line and on the whole stream."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events, data, event = [], b"", b""
    for line in text.split(b"\n")[:-1]:
        if line == b"":
            if data != b"":
                events.append((event, data.removesuffix(b"\n")))
            data, event = b"", b""
        elif line.startswith(b":"):
            continue
        else:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data += value + b"\n"
            elif name == b"event":
                event = value
    return events


@given(streams)
@example(b"\xef\xbb\xbfdata: x\n\n")
@example(b"event: error\n\ndata: x\n\n")
@example(b"data: a\r\rdata: b\r\n\r\n\ndata\n\n")
def test_a_stream_means_what_the_standard_says(stream: bytes) -> None:
    assert decode(stream) == by_the_rules(stream)


@given(streams, st.data())
def test_any_split_is_the_whole(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*pieces) == decode(stream)


@given(streams)
def test_byte_by_byte_is_the_whole(stream: bytes) -> None:
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == decode(stream)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=5))
def test_the_sdk_reads_the_same_data(texts: list[str]) -> None:
    stream = "".join(f": ping\n\ndata: {text}\n\n" for text in texts).encode()
    sdk = [event.data for event in SDKDecoder().iter_bytes(iter([stream]))]
    assert [data.decode() for _, data in decode(stream)] == sdk == texts


def test_an_event_without_its_empty_line_is_left_to_close() -> None:
    decoder = SSEDecoder()
    assert list(decoder.feed(b"event: error\ndata: a\ndata: b")) == []
    assert decoder.close() == (b"error", b"a\nb")
    assert decoder.close() is None


def test_close_after_whole_events_has_nothing() -> None:
    decoder = SSEDecoder()
    assert list(decoder.feed(b"data: a\n\n: bye")) == [(b"", b"a")]
    assert decoder.close() is None


def test_an_event_that_is_too_large_comes_after_those_before_it() -> None:
    decoder = SSEDecoder(max_event=100)
    events = decoder.feed(b"data: ok\n\ndata: " + b"x" * 100 + b"\n\n")
    assert next(events) == (b"", b"ok")
    with pytest.raises(EventTooLargeError, match="larger than 100 bytes"):
        next(events)


@pytest.mark.parametrize("piece", [b"x" * 30, b"data: x\n"])
def test_an_event_that_never_ends_is_bounded(piece: bytes) -> None:
    """Neither one endless line nor endless lines fill the memory."""
    decoder = SSEDecoder(max_event=100)
    with pytest.raises(EventTooLargeError):
        decode_with(decoder, *[piece] * 100)


def test_comments_are_no_part_of_an_event() -> None:
    """A server may keep an answer alive for hours with comments and no empty line."""
    decoder = SSEDecoder(max_event=100)
    for _ in range(100):
        assert list(decoder.feed(b": still here\n")) == []
    assert list(decoder.feed(b"data: x\n\n")) == [(b"", b"x")]


def test_a_line_in_many_pieces_is_as_large_as_it_is() -> None:
    """A line is counted once, not once more for each of its pieces."""
    decoder = SSEDecoder(max_event=100)
    for _ in range(10):
        assert decode_with(decoder, b"data: ", *[b"0123456789"] * 9) == []
        assert decode_with(decoder, b"\n\n") == [(b"", b"0123456789" * 9)]


def decode_with(decoder: SSEDecoder, *pieces: bytes) -> list[tuple[bytes, bytes]]:
    return [event for piece in pieces for event in decoder.feed(piece)]
