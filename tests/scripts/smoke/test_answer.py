from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.parts import Finish, TextDelta, Usage
from chat.protocols.data_stream import DataStream
from scripts.smoke.answer import StreamedAnswer


def read(*pieces: bytes) -> StreamedAnswer:
    answer = StreamedAnswer()
    for at, piece in enumerate(pieces):
        answer.feed(float(at), piece)
    answer.end()
    return answer


@given(st.lists(st.text(min_size=1), min_size=1), st.data())
def test_what_the_function_writes_is_read_however_it_is_cut(texts: list[str], data: st.DataObject) -> None:
    """The function's own encoder is the oracle: as many lines as texts, as many characters, the model's count."""
    stream = DataStream()
    written = b"".join(stream.encode([TextDelta(text)]) for text in texts)
    written += stream.encode([Finish("stop", Usage(3, len(texts)))])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=5)))
    pieces = [written[a:b] for a, b in zip([0, *cuts], [*cuts, len(written)], strict=True)]
    answer = read(*pieces)
    assert (len(answer.tokens), answer.characters) == (len(texts), sum(map(len, texts)))
    assert (answer.finish_reason, answer.counted, answer.foreign, answer.error) == (
        "stop",
        len(texts),
        None,
        None,
    )
    assert answer.tokens == sorted(answer.tokens)


def test_a_line_counts_when_its_end_is_there() -> None:
    answer = read(b'0:"a"\n0:"b', b'"', b'\n\ng:"c"\n')
    assert answer.tokens == [0.0, 2.0, 2.0]
    assert answer.lines == 3


def test_an_error_part() -> None:
    answer = read(b'0:"a"\n3:"It broke."\n')
    assert (answer.error, answer.is_complete) == ("It broke.", False)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"<!doctype html>\n", "<!doctype html>"),
        (b"Internal Server Error", "Internal Server Error"),
        (b'{"success": false}', '{"success": false}'),
        (b'data: {"type":"start"}\n\n', 'data: {"type":"start"}'),
        (b': ping\n0:"a"\n', ": ping"),
        (b'0:"a"\n0:a\n0:"b"\n', "0:a"),
        (b'{"statusCode":200}' + bytes(8) + b'0:"a"\n', '{"statusCode":200}        0:"a"'),
        (b"x" * 301 + b"\n", "x" * 300 + "…"),
    ],
)
def test_what_is_none_of_the_protocol_is_shown(data: bytes, shown: str) -> None:
    assert read(data).foreign == shown


def test_a_line_cut_off_is_no_foreign_one() -> None:
    answer = read(b'0:"a"\n0:"hal')
    assert (answer.foreign, len(answer.tokens), answer.is_complete) == (None, 1, False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(("finishReason", "usage", "completionTokens")), inner)
    ),
)


@given(st.lists(st.binary() | json_values.map(lambda value: b"0:" + json.dumps(value).encode() + b"\n")))
def test_any_bytes_are_read(pieces: list[bytes]) -> None:
    answer = read(*pieces)
    assert answer.lines >= len(answer.tokens)


@given(json_values)
def test_any_end_is_read(value: Any) -> None:
    answer = read(b"d:" + json.dumps(value).encode() + b"\n")
    assert answer.is_complete
    assert answer.counted is None or isinstance(answer.counted, int)
